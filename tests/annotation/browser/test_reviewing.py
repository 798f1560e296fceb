"""An annotator reviews by keys in a real browser, and what Label Studio keeps is what was typed."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from annotation.judgements import read_judgement
from annotation.render.diff import render_diff
from tests.annotation.browser.chromium import Screen, chromium, screen
from tests.annotation.browser.projects import PATCH, QUERY, ask, new_project, task, task_ids
from tests.annotation.server.running import Running

TYPED = 'Blank lines make sieve fail.\nIt says "IndexError" <b>&amp; stops</b>: 1 2 3 t a d x l s ü 漢 🙂'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def amara(browser: Browser, label_studio: Running) -> Iterator[Screen]:
    with screen(browser, label_studio.url, label_studio.accounts["amara"]) as shown:
        yield shown
        assert shown.foreign == []


def annotation(running: Running, made: int) -> dict[str, Any]:
    """An annotation as its author reads it back from the server."""
    found: dict[str, Any] = ask(running, "GET", f"/api/annotations/{made}/", token=running.accounts["amara"].token)
    return found


def values(found: dict[str, Any]) -> dict[str, Any]:
    return {item["from_name"]: item["value"] for item in found["result"]}


def test_a_review_by_keys_is_kept_as_it_was_typed_and_what_is_typed_presses_no_keys(
    amara: Screen, label_studio: Running
) -> None:
    amara.open_tasks(new_project(label_studio, "by keys", [task()]))
    amara.press("2")
    amara.press("Control+Enter")
    amara.dismiss("2. Realism: give one to five stars")
    amara.press("t", "t", "t", "t", "4", "9", "d")
    amara.press_alt("q")
    amara.press("Tab", "Control+a")
    amara.page.keyboard.type(TYPED)
    amara.press_alt("n")
    amara.press("Tab")
    amara.page.keyboard.type("3 t t 5 9 x d l n s c")
    amara.press_alt("p")
    amara.press("l")
    amara.drag_over(".limi-query", "stop on blank")
    amara.press("s")
    amara.drag_over(".limi-diff", "if not cells:")
    kept = annotation(label_studio, amara.submit())
    given = values(kept)
    assert given.pop("leak") == {"start": 17, "end": 30, "text": "stop on blank", "labels": ["leaks-solution"]}
    evidence = given.pop("evidence")
    assert (evidence["text"], evidence["hypertextlabels"]) == ("if not cells:", ["supports"])
    assert given == {
        "alignment": {"choices": ["partial"]},
        "realism": {"rating": 4},
        "domain": {"choices": ["vibe-coding"]},
        "sub_domain": {"choices": ["debugging"]},
        "verdict": {"choices": ["edit"]},
        "edited_query": {"text": [TYPED]},
        "notes": {"text": ["3 t t 5 9 x d l n s c"]},
    }
    assert QUERY[17:30] == "stop on blank"
    judgement, problems = read_judgement("gh-1", "amara", kept)
    assert problems == []
    assert judgement is not None
    assert (judgement.verdict, judgement.edited_query, judgement.notes) == ("edit", TYPED, "3 t t 5 9 x d l n s c")
    assert [mark.text for mark in judgement.marks] == ["stop on blank", "if not cells:"]
    assert (
        kept["completed_by"]
        == ask(label_studio, "GET", "/api/current-user/whoami", token=label_studio.accounts["amara"].token)["id"]
    )


def test_every_question_that_must_be_answered_is_asked_for(amara: Screen, label_studio: Running) -> None:
    amara.open_tasks(new_project(label_studio, "missing answers", [task()]))
    amara.press("1", "t", "5", "0", "d")
    amara.press_alt("q")
    amara.press("Tab", "Control+a", "Delete")
    amara.press_alt("p")
    # Then one answer after another is taken back, the last question first.
    for keys, said in (
        ([], "Write the query as it should be, or"),
        (["x"], "Choose at least one reason"),
        (["x"], "5. Verdict: choose"),
        (["0"], "4. Sub-domain: choose"),
        (["5"], "3. Domain: choose"),
        (["1"], "1. Alignment: choose"),
        (["1", *"ttttt"], "2. Realism: give"),
    ):
        amara.press(*keys, "Control+Enter")
        amara.dismiss(said)
    amara.press("t", "5", "0", "x", "Shift+V", "Shift+T")
    given = values(annotation(label_studio, amara.submit()))
    assert given["reject_reason"] == {"choices": ["too vague", "trivial"]}


def test_a_key_does_one_thing_and_pressed_again_takes_it_back(amara: Screen, label_studio: Running) -> None:
    amara.open_tasks(new_project(label_studio, "keys", [task()]))
    amara.press("1", "3", "t", "t", "t", "t", "t", "t", "t", "4", "4", "5", "6", "7", "8", "9", "0", "a")
    given = values(annotation(label_studio, amara.submit()))
    assert given["alignment"] == {"choices": ["none"]}
    assert given["realism"] == {"rating": 1}  # five, none, one
    assert (given["domain"], given["sub_domain"]) == ({"choices": ["research-workflow"]}, {"choices": ["optimization"]})


def test_a_mark_can_be_changed_and_deleted_by_keys(amara: Screen, label_studio: Running) -> None:
    amara.open_tasks(new_project(label_studio, "marks", [task()]))
    amara.press("1", "t", "4", "6", "a", "y")
    amara.drag_over(".limi-query", "short rows")
    amara.press("c")
    amara.drag_over(".limi-diff", "continue")
    amara.page.click(".limi-diff .htx-highlight")
    amara.press("Backspace")
    amara.page.click(".limi-query .htx-highlight")
    amara.press("n", "Escape")
    found = annotation(label_studio, amara.submit())
    assert [item["value"]["labels"] for item in found["result"] if "labels" in item["value"]] == [["not-in-pr"]]
    assert "evidence" not in values(found)


def test_the_diff_is_scrolled_and_folded_by_keys(amara: Screen, label_studio: Running) -> None:
    amara.open_tasks(
        new_project(label_studio, "folding", [task(body_html="<br>" * 30, diff_html=render_diff(PATCH * 9))])
    )
    amara.press_alt("p")
    amara.press("PageDown")
    amara.until("document.querySelector('.lsf-main-content').scrollTop > 300")
    amara.press("Tab", "Space", "Tab", "Space", "Space")
    opened = "[...document.querySelectorAll('.limi-diff details')].slice(0, 3).map(file => file.open)"
    assert amara.page.evaluate(opened) == [False, True, True]


def test_a_skipped_task_is_no_judgement_and_does_not_come_back(amara: Screen, label_studio: Running) -> None:
    project = new_project(label_studio, "skipping", [task(query="Skip this."), task(query="Judge this.")])
    amara.open_tasks(project)
    amara.page.get_by_text("Skip this.").first.wait_for()
    amara.press("Control+Space")
    amara.page.get_by_text("Judge this.").first.wait_for()
    amara.press("1", "t", "4", "6", "a")
    amara.submit()
    amara.page.get_by_text("All tasks in the queue have been completed").wait_for()
    first, second = (
        ask(label_studio, "GET", f"/api/tasks/{found}/")["annotations"] for found in task_ids(label_studio, project)
    )
    assert [[kept["was_cancelled"] for kept in found] for found in (first, second)] == [[True], [False]]
