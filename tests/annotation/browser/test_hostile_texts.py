"""No text of a stranger runs or fetches anything in an annotator's browser, on any page and with the server's policy switched off.

The policy would stop most of it, and is off so that the renderer has to do it alone. The same texts without the renderer do run.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from annotation.render.body import render_body
from annotation.render.diff import render_diff
from annotation.render.panels import render_criteria, render_judge, render_reviews
from annotation.render.title import render_title
from tests.annotation.browser.chromium import Screen, chromium, screen
from tests.annotation.browser.projects import ask, new_project, task, task_ids
from tests.annotation.render.page import TAGS
from tests.annotation.render.payloads import HTML, MARKDOWN
from tests.annotation.server.running import Running

PAYLOADS = [*HTML.values(), *MARKDOWN.values()]
LINES = [payload.replace("\n", " ") for payload in PAYLOADS]
PLAIN = [line.replace("\0", "\ufffd").replace("\ud800", "\ufffd").replace("\udfff", "\ufffd") for line in LINES]
PATCH = "".join(
    f"diff --git a/{line} b/{line}\n--- a/{line}\n+++ b/{line}\n@@ -1,2 +1,2 @@ {line}\n {line}\n-long before {line}\n+long after {line}\n"
    for line in LINES
)
REVIEWS = [
    {
        "annotator": payload,
        "verdict": payload,
        "answers": {payload: payload},
        "reject_reasons": [payload],
        "marks": [payload],
        "edited_query": payload,
        "notes": payload,
    }
    for payload in PAYLOADS
]
HOSTILE = task(
    pr_ref=" ".join(PLAIN),
    title_html="".join(map(render_title, PAYLOADS)),
    body_html="".join(render_body(f"{payload}\n\n- {payload}\n\n> `{payload}`") for payload in PAYLOADS),
    diff_html=render_diff(PATCH) + "".join(map(render_diff, PAYLOADS)),
    query="\n".join(PLAIN),
    criteria_html="".join(render_criteria([payload]) for payload in PAYLOADS),
    judge_html="".join(render_judge(payload, {payload: 1.0}) for payload in PAYLOADS),
    reviews_html=render_reviews(REVIEWS, PAYLOADS),
)
FIELDS = [name for name in HOSTILE["data"] if name.endswith("_html")]
# Label Studio's own cleaning lets this through: the address is of a host it trusts, and the document beside it wins.
RAW = (
    '<iframe src="https://www.youtube.com/embed/x" srcdoc="<script>parent.alert(&quot;{0}&quot;)</script>"></iframe>'
    '<img src="https://evil.example/{0}.png">'
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def project(label_studio: Running) -> int:
    guide = "".join(render_body(payload, wrapped=True) for payload in PAYLOADS)
    return new_project(label_studio, "hostile", [HOSTILE], guide=guide, reviews=True, judge=True)


@pytest.fixture(scope="module")
def unprotected(browser: Browser, label_studio: Running) -> Iterator[Screen]:
    with screen(browser, label_studio.url, label_studio.accounts["dana"], without_policy=True) as dana:
        yield dana


@pytest.fixture(scope="module")
def visited(unprotected: Screen, label_studio: Running, project: int) -> Screen:
    """Every page that shows the texts: the table, one task beside it, the guide, the tasks one after another, with all files open."""
    dana = unprotected
    dana.page.goto(f"{dana.url}/projects/{project}/data")
    dana.page.get_by_text("evil.example").first.wait_for(state="attached")
    dana.open_task(project, task_ids(label_studio, project)[0])
    dana.open_tasks(project)
    dana.press("1", "t", "4", "6", "d", "l")
    dana.page.evaluate("document.querySelectorAll('details').forEach(file => file.open = true)")
    dana.drag_over(".limi-query", "alert")
    dana.page.mouse.move(300, 300)
    dana.page.wait_for_timeout(500)
    return dana


def test_nothing_runs(visited: Screen) -> None:
    assert visited.dialogs == []


def test_nothing_is_fetched(visited: Screen) -> None:
    assert visited.foreign == []


def test_the_page_holds_what_the_renderer_writes_and_nothing_else(visited: Screen) -> None:
    found = visited.page.evaluate(
        """[...document.querySelectorAll(".limi .lsf-htx-richtext :not(.htx-highlight)")].map(
          element => [element.localName, ...[...element.attributes].map(attribute => attribute.name)])"""
    )
    assert len(found) > 1_000
    assert {tag for tag, *_ in found} <= TAGS
    # The last two are the interface's own.
    allowed = {"class", "data-line", "open", "start", "title", "tabindex", "accesskey"}
    assert {name for _, *names in found for name in names} <= allowed


def test_the_query_is_shown_as_it_is_written(visited: Screen) -> None:
    shown = visited.page.evaluate("document.querySelector('.limi-query .lsf-richtext__container').textContent")
    assert [line for line in PLAIN if line.replace("\t", " ") not in shown.replace("\t", " ")] == []


def test_the_box_of_the_edited_query_holds_the_query(visited: Screen) -> None:
    assert visited.page.input_value(".limi-edit textarea") == "\n".join(PLAIN)


def test_what_an_annotator_types_runs_nothing_either(visited: Screen, label_studio: Running, project: int) -> None:
    visited.page.fill(".limi-notes textarea", "\n".join(PLAIN))
    visited.press_alt("p")
    visited.submit()
    visited.open_task(project, task_ids(label_studio, project)[0])
    (kept,) = ask(label_studio, "GET", f"/api/tasks/{task_ids(label_studio, project)[0]}/annotations/")
    assert [item["value"]["text"] for item in kept["result"] if item["from_name"] == "notes"] == [["\n".join(PLAIN)]]
    assert (visited.dialogs, visited.foreign) == ([], [])


def test_the_policy_forbids_nothing_that_these_texts_do(browser: Browser, label_studio: Running, project: int) -> None:
    harmless = new_project(label_studio, "harmless", [task()])
    found: list[Any] = []
    with screen(browser, label_studio.url, label_studio.accounts["chidi"]) as chidi:
        for shown in (harmless, project):
            chidi.open_task(shown, task_ids(label_studio, shown)[0])
            chidi.page.wait_for_timeout(300)
            found.append(sorted(set(chidi.violations())))
        assert (chidi.dialogs, chidi.foreign) == ([], [])
    assert found[0] == found[1]


def test_the_same_without_the_renderer_runs_and_fetches(label_studio: Running, browser: Browser) -> None:
    raw = task(**{name: RAW.format(name) for name in FIELDS})
    project = new_project(
        label_studio, "raw", [raw], guide='<img src="https://evil.example/guide.png">', reviews=True, judge=True
    )
    with screen(browser, label_studio.url, label_studio.accounts["dana"], without_policy=True) as dana:
        dana.page.goto(f"{dana.url}/projects/{project}/data?labeling=1")
        dana.page.wait_for_selector(".limi-notes textarea")
        dana.page.get_by_text("Labeling Instructions").wait_for()
        dana.page.wait_for_timeout(500)
        assert set(dana.dialogs) == set(FIELDS)
        fetched = {address.rpartition("/")[2].removesuffix(".png") for address in dana.foreign}
        assert fetched >= {*FIELDS, "guide"}
