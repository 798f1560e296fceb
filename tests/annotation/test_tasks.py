"""Tasks hold plain text, stable ids and one hash over all that is shown."""

import hashlib
import json
import re
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.interface import INTERFACE
from annotation.tasks import MOST_DIFF, build_tasks, tasks_sha256
from pipeline.errors import UserError
from pipeline.files import sha256_text

HTML = "<img src=x onerror=alert(1)> & </textarea><script>x</script>"


def query(query_id: str = "gh-1", **fields: Any) -> dict[str, Any]:
    row = {"query_id": query_id, "pr_id": f"acme/parser#{query_id[3:]}", "query": "Please handle it."}
    row |= {"query_sha256": sha256_text("Please handle it."), "success_criteria": ["It works.", "It is tested."]}
    return row | fields


def pull(query_id: str = "gh-1", **fields: Any) -> dict[str, Any]:
    row = {"pr_id": f"acme/parser#{query_id[3:]}", "title": "Handle it", "body": "It fails.", "patch": "diff --git"}
    return row | fields


def tasks(*ids: str, **fields: Any) -> list[dict[str, Any]]:
    ids = ids or ("gh-1",)
    return build_tasks(
        pl.DataFrame([query(name) for name in ids]), pl.DataFrame([pull(name, **fields) for name in ids])
    )


def shown(**fields: Any) -> dict[str, Any]:
    return tasks(**fields)[0]["data"]


def whole(built: list[dict[str, Any]]) -> str:
    (hashed,) = {task["meta"]["tasks_sha256"] for task in built}
    return hashed


def test_a_task_shows_exactly_what_the_interface_asks_for_and_its_ids() -> None:
    asked = set(re.findall(r'"\$(\w+)"', INTERFACE.read_text(encoding="utf-8")))
    assert set(shown()) == asked | {"query_id", "query_sha256"}


def test_a_task_shows_the_query_beside_its_pull_request() -> None:
    assert shown() == {
        "query_id": "gh-1",
        "query_sha256": hashlib.sha256(b"Please handle it.").hexdigest(),
        "query": "Please handle it.",
        "criteria": "- It works.\n- It is tested.",
        "pr_ref": "acme/parser#1",
        "pr_title": "Handle it",
        "pr_body": "It fails.",
        "diff": "diff --git",
    }


def test_tasks_are_sorted_by_query_whatever_the_order() -> None:
    assert [task["data"]["query_id"] for task in tasks("gh-2", "gh-9", "gh-1")] == ["gh-1", "gh-2", "gh-9"]
    assert tasks("gh-2", "gh-1") == tasks("gh-1", "gh-2")


def test_a_task_shows_its_own_pull_request() -> None:
    sampled = pl.DataFrame([pull("gh-2", title="Two"), pull("gh-1", title="One")])
    built = build_tasks(pl.DataFrame([query("gh-1"), query("gh-2")]), sampled)
    assert [task["data"]["pr_title"] for task in built] == ["One", "Two"]


def test_the_hash_is_of_everything_shown() -> None:
    built = tasks("gh-1", "gh-2", title="Größe")
    text = json.dumps(
        [task["data"] for task in built], sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    assert whole(built) == hashlib.sha256(text.encode()).hexdigest() == tasks_sha256([task["data"] for task in built])


@pytest.mark.parametrize("field", ["title", "body", "patch"])
def test_one_changed_character_changes_the_hash(field: str) -> None:
    assert whole(tasks(**{field: "a b"})) != whole(tasks(**{field: "a  b"}))
    assert whole(tasks(**{field: "a b"})) == whole(tasks(**{field: "a b"}))


def test_one_task_more_changes_the_hash_of_all() -> None:
    assert whole(tasks("gh-1")) != whole(tasks("gh-1", "gh-2"))


def test_html_is_shown_as_it_was_written() -> None:
    data = shown(title=HTML, body=HTML, patch=HTML)
    assert (data["pr_title"], data["pr_body"], data["diff"]) == (HTML, HTML, HTML)


@pytest.mark.parametrize(
    "character", ["\x00", "\x1b", "\x07", "\x08", "\r", "\x7f", "\x9b", "\u202e", "\u2066", "\u200e"]
)
def test_a_control_character_is_shown_as_a_replacement(character: str) -> None:
    data = shown(title=f"a{character}b", body=f"a{character}b", patch=f"a{character}b")
    assert (data["pr_title"], data["pr_body"], data["diff"]) == ("a\ufffdb", "a\ufffdb", "a\ufffdb")


def test_line_ends_and_tabs_stay() -> None:
    assert shown(body="a\r\n\tb\nc")["pr_body"] == "a\n\tb\nc"


@pytest.mark.parametrize(
    "text",
    ["Größe", "修复登录", "Исправить", "🎉", "e\u0301", "a\u00a0b", "全角\u3000空白", "👩\u200d💻", "\U0001fae8"],
)
def test_text_that_is_no_control_character_stays(text: str) -> None:
    assert shown(body=text)["pr_body"] == text


def test_an_empty_body_is_named() -> None:
    assert shown(body="")["pr_body"] == "(no description)"


def test_a_diff_of_the_most_characters_stays_whole_and_a_longer_one_is_cut() -> None:
    assert shown(patch="x" * MOST_DIFF)["diff"] == "x" * MOST_DIFF
    assert shown(patch="x" * (MOST_DIFF + 1))["diff"] == "x" * MOST_DIFF + "\n… cut"


def test_no_query_is_the_users_to_mend() -> None:
    empty = pl.DataFrame(schema={"query_id": pl.String(), "pr_id": pl.String()})
    with pytest.raises(UserError, match="there is no query to review"):
        build_tasks(empty, pl.DataFrame([pull()]))


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_whatever_a_body_holds_a_task_is_text_that_a_database_takes(body: str) -> None:
    text = shown(body=body)["pr_body"]
    assert not any((ord(character) < 32 and character not in "\n\t") or ord(character) == 127 for character in text)
    assert json.loads(json.dumps(text)) == text
