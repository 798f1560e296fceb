"""Tasks hold what an annotator sees and nothing besides, with stable ids and a hash of the facts."""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation import tasks as module
from annotation.interface import INTERFACE
from annotation.render.body import render_body
from annotation.render.diff import render_diff
from annotation.render.panels import render_criteria
from annotation.render.title import render_title
from annotation.tasks import build_tasks, judge_verdict, tasks_sha256
from pipeline.errors import UserError
from pipeline.files import sha256_text
from tests.annotation.render.page import read

PATCH = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
SCORES = {"judged_fidelity": 5.0, "judged_realism": 3.5, "judged_leakage": None}
JUDGED = {"judge": "a-model", "findings": [], **SCORES}
UNJUDGED = {"judge": "", "findings": [], "judged_fidelity": None, "judged_realism": None, "judged_leakage": None}


def query(query_id: str = "gh-1", **fields: Any) -> dict[str, Any]:
    row = {"query_id": query_id, "pr_id": f"acme/parser#{query_id[3:]}", "query": "Please handle it."}
    row |= {"query_sha256": sha256_text("Please handle it."), "success_criteria": ["It works.", "It is tested."]}
    return row | UNJUDGED | fields


def pull(query_id: str = "gh-1", **fields: Any) -> dict[str, Any]:
    row = {"pr_id": f"acme/parser#{query_id[3:]}", "title": "Handle it", "body": "It fails.", "patch": PATCH}
    return row | fields


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema_overrides={"findings": pl.List(pl.String())}, infer_schema_length=None)


def tasks(*ids: str, show_judge: bool = False, **fields: Any) -> list[dict[str, Any]]:
    """Tasks of these queries; a field is the pull request's if that has one of this name, else the query's."""
    of_pull = {name: value for name, value in fields.items() if name in pull()}
    of_query = {name: value for name, value in fields.items() if name not in of_pull}
    named = ids or ("gh-1",)
    return build_tasks(
        frame([query(name, **of_query) for name in named]), frame([pull(name, **of_pull) for name in named]), show_judge
    )


def shown(**fields: Any) -> dict[str, Any]:
    return tasks(**fields)[0]["data"]


def hashed(**fields: Any) -> str:
    return tasks(**fields)[0]["meta"]["task_sha256"]


def test_a_task_shows_exactly_what_the_interface_asks_for() -> None:
    asked = set(re.findall(r'"\$(\w+)"', INTERFACE.read_text(encoding="utf-8")))
    assert set(shown()) == asked - {"reviews_html"}


def test_a_task_shows_the_query_beside_its_pull_request() -> None:
    (task,) = tasks()
    assert task["data"] == {
        "pr_ref": "acme/parser#1",
        "title_html": render_title("Handle it"),
        "body_html": render_body("It fails."),
        "diff_html": render_diff(PATCH),
        "query": "Please handle it.",
        "criteria_html": render_criteria(["It works.", "It is tested."]),
        "judge_html": "",
    }
    assert set(task) == {"data", "meta"}
    assert set(task["meta"]) == {"query_id", "query_sha256", "task_sha256"}
    assert task["meta"]["query_id"] == "gh-1"
    assert task["meta"]["query_sha256"] == hashlib.sha256(b"Please handle it.").hexdigest()


def test_tasks_are_sorted_by_query_whatever_the_order() -> None:
    assert [task["meta"]["query_id"] for task in tasks("gh-2", "gh-9", "gh-1")] == ["gh-1", "gh-2", "gh-9"]
    assert tasks("gh-2", "gh-1") == tasks("gh-1", "gh-2")


def test_a_task_shows_its_own_pull_request() -> None:
    sampled = frame([pull("gh-2", title="Two"), pull("gh-1", title="One"), pull("gh-3", title="Three")])
    built = build_tasks(frame([query("gh-1"), query("gh-2")]), sampled, False)
    assert [read(task["data"]["title_html"]).text for task in built] == ["One", "Two"]


def test_the_hash_of_a_task_is_of_the_facts_that_are_shown() -> None:
    facts = ["Please handle it.", ["It works.", "It is tested."], "acme/parser#1", "Größe", "It fails.", PATCH]
    text = json.dumps(facts, separators=(",", ":"), ensure_ascii=False)
    assert hashed(title="Größe") == hashlib.sha256(text.encode()).hexdigest()


FACTS: dict[str, tuple[Any, Any]] = {
    **dict.fromkeys(("title", "body", "patch", "query"), ("a b", "a  b")),
    "success_criteria": (["a", "b"], ["a\nb"]),
    "pr_id": ("acme/parser#1", "acme/parser#11"),
}


@pytest.mark.parametrize("fact", FACTS)
def test_one_changed_fact_changes_the_hash(fact: str) -> None:
    def of(value: Any) -> str:
        if fact == "pr_id":
            return build_tasks(frame([query(pr_id=value)]), frame([pull(pr_id=value)]), False)[0]["meta"]["task_sha256"]
        return hashed(**{fact: value})

    before, after = FACTS[fact]
    assert of(before) == of(before)
    assert of(before) != of(after)


def test_words_that_move_from_one_fact_to_another_change_the_hash() -> None:
    assert hashed(title="a", body="b") != hashed(title="b", body="a")
    assert hashed(title="a", body="") != hashed(title="", body="a")
    assert hashed(success_criteria=["a", "b"]) != hashed(success_criteria=["b", "a"])


def test_what_is_not_shown_does_not_change_the_hash() -> None:
    assert hashed(query_sha256="00" * 32, findings=["judge_realism"]) == hashed()


def test_what_the_judge_said_does_not_change_the_hash() -> None:
    assert hashed(show_judge=True, **JUDGED) == hashed(**JUDGED) == hashed()


RENDERERS: dict[str, Callable[..., str]] = {
    "render_title": lambda text: f"<h1>{text}</h1>",
    "render_body": lambda text: f"<p class=new>{text}</p>",
    "render_diff": lambda text: f"<pre>{text}</pre>",
    "render_criteria": lambda criteria: str(criteria),
}


def test_another_look_makes_no_review_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    before = tasks()
    for name, renderer in RENDERERS.items():
        monkeypatch.setattr(module, name, renderer)
    (after,) = tasks()
    assert after["meta"] == before[0]["meta"]
    assert [name for name in after["data"] if after["data"][name] != before[0]["data"][name]] == [
        *("title_html", "body_html", "diff_html", "criteria_html")
    ]


def test_the_hash_of_all_tasks_is_of_their_ids_and_hashes() -> None:
    built = tasks("gh-1", "gh-2")
    named = [["gh-1", built[0]["meta"]["task_sha256"]], ["gh-2", built[1]["meta"]["task_sha256"]]]
    text = json.dumps(named, separators=(",", ":"))
    assert tasks_sha256(built) == hashlib.sha256(text.encode()).hexdigest()
    assert len({tasks_sha256(built), tasks_sha256(built[:1]), tasks_sha256([]), tasks_sha256(built[::-1])}) == 4
    assert tasks_sha256(tasks("gh-1", "gh-2", title="Else")) != tasks_sha256(built)


def test_nothing_of_the_judge_is_in_a_task_that_is_judged_blind() -> None:
    (task,) = tasks(judge="a-model", findings=["judge_realism", "judge"], judged_fidelity=1.0, judged_realism=4.5)
    assert task["data"]["judge_html"] == ""
    assert task == tasks()[0]
    assert not re.search("a-model|judge_realism|rewrite|of 5", json.dumps(task))


def test_what_the_judge_said_is_shown_where_it_is_asked_for() -> None:
    data = shown(show_judge=True, **JUDGED)
    assert read(data["judge_html"]).text == "accept · fidelity 5 of 5 · realism 3.5 of 5"
    data = shown(show_judge=True, **(JUDGED | {"findings": ["judge_realism"]}))
    assert read(data["judge_html"]).text.startswith("rewrite · ")


def test_without_a_judge_there_is_nothing_to_show() -> None:
    assert shown(show_judge=True)["judge_html"] == ""


@pytest.mark.parametrize(
    ("judge", "findings", "verdict"),
    [
        ("a-model", [], "accept"),
        ("a-model", ["judge"], "rewrite"),
        ("a-model", ["leakage", "judge_realism"], "rewrite"),
        ("a-model", ["leakage"], "accept"),
        ("a-model", ["the judge"], "accept"),
        ("", [], ""),
        ("", ["judge"], ""),
    ],
)
def test_the_judges_verdict_is_read_from_what_it_found(judge: str, findings: list[str], verdict: str) -> None:
    assert judge_verdict({"judge": judge, "findings": findings}) == verdict


def test_html_is_shown_as_it_was_written_and_never_as_html() -> None:
    html = "<img src=x onerror=alert(1)> & </textarea><script>x</script>"
    data = shown(title=html, body=html, patch=html, query=html, success_criteria=[html])
    assert data["query"] == html  # Label Studio's Text tag escapes it
    for name in ("title_html", "body_html", "diff_html", "criteria_html"):
        page = read(data[name])
        assert [problem for problem in page.problems if "limi-" not in problem] == []
        assert "onerror=alert(1)" in page.text
    assert {name for name, value in data.items() if "<" in value} == {
        *("title_html", "body_html", "diff_html", "criteria_html", "query")
    }


@pytest.mark.parametrize(
    "character", ["\x00", "\x1b", "\x07", "\x08", "\r", "\x7f", "\x9b", "\u202e", "\u2066", "\u200e", "\u061c"]
)
def test_a_control_character_in_a_query_is_shown_as_a_replacement(character: str) -> None:
    assert shown(query=f"a{character}b")["query"] == "a\ufffdb"
    everywhere = shown(**dict.fromkeys(("title", "body", "patch", "query"), f"a{character}b"))
    assert character not in "".join(everywhere.values())


def test_line_ends_and_tabs_stay() -> None:
    assert shown(query="a\r\n\tb\nc")["query"] == "a\n\tb\nc"


@pytest.mark.parametrize(
    "text",
    ["Größe", "修复登录", "Исправить", "🎉", "e\u0301", "a\u00a0b", "全角\u3000空白", "👩\u200d💻", "\U0001fae8"],
)
def test_text_that_is_no_control_character_stays(text: str) -> None:
    assert shown(query=text)["query"] == text


def test_no_query_is_the_users_to_mend() -> None:
    empty = pl.DataFrame(schema={"query_id": pl.String(), "pr_id": pl.String()})
    with pytest.raises(UserError, match="there is no query to review"):
        build_tasks(empty, frame([pull()]), False)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_whatever_a_query_or_a_body_holds_a_task_is_text_that_a_database_takes(text: str) -> None:
    data = shown(query=text, body=text)
    for value in (data["query"], data["body_html"]):
        assert not any(
            (ord(character) < 32 and character not in "\n\t") or ord(character) == 127 for character in value
        )
    assert json.loads(json.dumps(data)) == data
