"""Play the demo's annotators: enter the judgements of demo/reviews.jsonl in Label Studio, each through an account of its own.

    limi annotate up                          a local Label Studio with the demo's accounts
    limi annotate push
    python -m demo.review annotators          asks for the accounts' passwords
    limi annotate pull; dvc repro; limi annotate push --disputed
    python -m demo.review adjudicators
    limi annotate pull; dvc repro

The judgements were written for the demo, by language models that read every task; no person judged. Whoever is handed a task next takes
the next judgement of its pull request, so the seeded assignment of `limi annotate push` decides who says what. No time spent is
claimed: `lead_time` stays empty.
"""

import getpass
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, Literal

from pipeline.errors import LimiError, UserError
from pipeline.params import read_params

REVIEWS = Path(__file__).parent / "reviews.jsonl"
_CHOICES = ("alignment", "domain", "sub_domain", "verdict", "reject_reason")
Role = Literal["annotators", "adjudicators"]


class Account:
    """One account of a Label Studio, with a session of its own, as its owner's browser would have it."""

    def __init__(self, server: str, email: str, password: str) -> None:
        """Log in. Raises UserError if the server does not know the two."""
        self._server = server
        self._cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self._cookies)
        )
        self._open("/user/login/")
        form = {"email": email, "password": password, "csrfmiddlewaretoken": self._csrf()}
        self._open("/user/login/", urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded")
        if self.ask("/api/current-user/whoami") is None:
            raise UserError(f"{server} does not let {email} in with this password")

    def ask(self, path: str, body: Any = None) -> Any:
        """The JSON that the server answers; a `body` is posted. None where it says that nothing is there, or nobody."""
        data = None if body is None else json.dumps(body).encode()
        try:
            return json.loads(self._open(path, data, "application/json"))
        except urllib.error.HTTPError as error:
            if error.code in (401, 404):
                return None
            raise LimiError(f"{self._server}{path} answered {error.code}") from None

    def _open(self, path: str, data: bytes | None = None, kind: str = "") -> bytes:
        headers = {"Content-Type": kind, "X-CSRFToken": self._csrf(), "Referer": self._server} if data else {}
        # params.yaml lets in addresses of http(s) alone
        request = urllib.request.Request(self._server + path, data, headers)  # noqa: S310
        with self._opener.open(request, timeout=60) as reply:
            content: bytes = reply.read()
        return content

    def _csrf(self) -> str:
        return next((cookie.value or "" for cookie in self._cookies if cookie.name == "csrftoken"), "")

    def work(self, project: int, texts: dict[str, list[dict[str, Any]]]) -> int:
        """Submit a judgement for every task that the project hands out; how many."""
        done = 0
        while task := self.ask(f"/api/projects/{project}/next"):
            judgement = texts[task["data"]["pr_ref"]].pop(0)
            result = answers(judgement, task["data"]["query"])
            self.ask(f"/api/tasks/{task['id']}/annotations/", {"result": result})
            done += 1
        return done


def answers(judgement: dict[str, Any], query: str) -> list[dict[str, Any]]:
    """A judgement as Label Studio's interface would send it."""

    def answer(name: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
        return {"from_name": name, "to_name": "query", "type": kind, "value": value}

    said = [answer("realism", "rating", {"rating": judgement["realism"]})]
    for name in _CHOICES:
        if given := judgement.get(name):
            said.append(answer(name, "choices", {"choices": given if isinstance(given, list) else [given]}))
    for name in ("edited_query", "notes"):
        if given := judgement.get(name):
            said.append(answer(name, "textarea", {"text": [given]}))
    for mark in judgement.get("marks", ()):
        start = query.index(mark["text"])
        end = start + len(mark["text"])
        value = {"start": start, "end": end, "text": mark["text"], "labels": [mark["label"]]}
        said.append(answer("leak", "labels", value))
    return said


def read_texts(role: Role) -> dict[str, list[dict[str, Any]]]:
    """Pull request -> its judgements in their order, or its adjudication alone."""
    rows = [json.loads(line) for line in REVIEWS.read_text(encoding="utf-8").splitlines()]
    if role == "annotators":
        return {row["pr"]: list(row["judgements"]) for row in rows}
    return {row["pr"]: [row["adjudication"]] for row in rows if "adjudication" in row}


def play(role: Role, server: str, people: dict[str, str], title: str, passwords: dict[str, str]) -> dict[str, int]:
    """Let every one of the people (name -> e-mail address) judge what their project hands out; how many tasks each judged."""
    texts = read_texts(role)
    done = {}
    for name, email in people.items():
        account = Account(server, email, passwords[name])
        projects = account.ask("/api/projects/?page_size=1000")["results"]
        own = [project["id"] for project in projects if project["title"] == f"{title} · {name}"]
        if not own:
            raise UserError(f"{server} has no project {title} · {name}; `limi annotate push` makes it")
        done[name] = account.work(own[0], texts)
    return done


def main(role: str) -> None:
    """See the module's docstring."""
    if role not in ("annotators", "adjudicators"):
        raise UserError("say python -m demo.review annotators, or adjudicators")
    review = read_params().review
    people = review.annotators if role == "annotators" else review.adjudicators
    passwords = {name: getpass.getpass(f"password of {email}: ") for name, email in people.items()}
    done = play(
        "annotators" if role == "annotators" else "adjudicators", review.server, people, review.project, passwords
    )
    print(", ".join(f"{name} judged {count}" for name, count in done.items()))  # noqa: T201


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) == 2 else "")
    except LimiError as error:
        print(f"demo.review: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
