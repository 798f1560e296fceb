"""Accounts on a Label Studio that somebody else runs: each person is signed up by the link with which its organisation invites.

Its interface for programs can make an account, but not one with a password. So this fills in the page that the link leads to.
"""

import http.cookiejar
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from typing import Any

from annotation.server.accounts import Account, Person, check_email, new_password
from pipeline.errors import LimiError, UserError

PATIENCE = 60.0  # seconds for one answer
MOST_BYTES = 10_000_000  # of an answer
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([A-Za-z0-9]{1,200})"')


class _StayHere(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer: the key is not taken along to wherever it points."""

    def redirect_request(self, *arguments: Any) -> None:
        """Never."""


class _Caller:
    """Somebody who calls the server: with the owner's key, or as a browser with cookies of its own."""

    def __init__(self, server: str, key: str = "") -> None:
        self.server = server.rstrip("/")
        self.headers = {"Authorization": f"Token {key}"} if key else {}
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(cookies, _StayHere)

    def call(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and text of the answer; with a form it is sent."""
        data = urllib.parse.urlencode(form).encode() if form else None
        headers = {**self.headers, "Referer": f"{self.server}{path}"}
        request = urllib.request.Request(f"{self.server}{path}", data, headers)  # noqa: S310  a section's `Address` is HTTP
        try:
            with self.opener.open(request, timeout=PATIENCE) as response:
                return response.status, response.read(MOST_BYTES).decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(MOST_BYTES).decode("utf-8", "replace")
        except (OSError, ValueError) as error:
            raise LimiError(f"{self.server} cannot be reached: {getattr(error, 'reason', error)}") from error

    def read(self, path: str) -> Any:
        """The JSON at a path; UserError when the key does not open it."""
        status, text = self.call(path)
        if status in (401, 403):
            raise UserError(
                f"{self.server} does not accept the key in LABEL_STUDIO_API_KEY for {path} (status {status})"
            )
        try:
            return json.loads(text) if status == 200 else _broken(self.server, path, status)
        except (ValueError, RecursionError):
            return _broken(self.server, path, status)


def _broken(server: str, path: str, status: int) -> Any:
    raise LimiError(f"{server} does not answer {path} as a Label Studio does (status {status})")


def invite(server: str, key: str, people: Sequence[Person]) -> list[Account]:
    """Accounts for `people` on the server, in their order; who has one keeps it, with no password and no token to show.

    `key` is the owner's legacy token. Raises UserError when it is refused, LimiError when the server cannot be reached or does not
    let somebody sign up. Safe to repeat: whoever was signed up before it broke off is found the next time, without a password; the
    owner sets a new one then.
    """
    for person in people:
        check_email(person)
    owner = _Caller(server, key)
    there = {str(user.get("email")).lower() for user in owner.read("/api/users/") if isinstance(user, dict)}
    invitation = owner.read("/api/invite")
    token = urllib.parse.quote(str(invitation.get("token", "")) if isinstance(invitation, dict) else "", safe="")
    return [
        Account(person.name, person.email, person.role, "", "")
        if person.email.lower() in there
        else _sign_up(server, f"/user/signup/?token={token}", person)
        for person in people
    ]


def _sign_up(server: str, path: str, person: Person) -> Account:
    browser, password = _Caller(server), new_password()
    found = _CSRF.search(browser.call(path)[1])
    form = {
        "csrfmiddlewaretoken": found.group(1) if found else "",
        "email": person.email.lower(),
        "password": password,
        "allow_newsletters": "false",
    }
    status, _ = browser.call(path, form)
    if status != 302:
        raise LimiError(
            f"{server} does not let {person.name} sign up by invitation (status {status}); make the account by hand"
        )
    status, text = browser.call("/api/current-user/token")
    # Where the server has switched these tokens off there is none; people log in by password anyway.
    token = re.search(r'"token": ?"([0-9a-f]{40})"', text) if status == 200 else None
    return Account(person.name, person.email, person.role, password, token.group(1) if token else "")
