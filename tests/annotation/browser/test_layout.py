"""On the screens that annotators have everything can be read: nothing overlaps or runs out of the page, colours are far enough apart."""

import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from annotation.interface import interface
from annotation.render.diff import MOST_ROWS, render_diff
from annotation.render.panels import render_criteria
from annotation.render.title import render_title
from tests.annotation.browser.chromium import Screen, chromium, screen
from tests.annotation.browser.projects import PATCH, QUERY, new_project, task, task_ids
from tests.annotation.server.running import Running

SIZES = {"1440": (1440, 900), "1920": (1920, 1080)}
LONG = "a_name_without_any_blank_" * 40
PATCHES = f"""{PATCH}diff --git a/{LONG} b/{LONG}
--- a/{LONG}
+++ b/{LONG}
@@ -1,3 +1,3 @@
-\t\t{LONG}
+\t\t{LONG} {LONG}
 one = 1
-two = rows(one, 2)
+two = rows(one, 3)
"""
HARD = task(
    pr_ref=f"{LONG[:39]}/{LONG[:100]}#123456",
    title_html=render_title(f"Make {LONG} shorter `{LONG}`"),
    query=f"{QUERY} {LONG}",
    criteria_html=render_criteria([LONG, "The tests that pass today still pass."]),
    diff_html=render_diff(PATCHES),
)
# Boxes of elements, by what they are; those that are not shown have none.
BOXES = """() => Object.fromEntries(Object.entries({
  header: ".lsf-menu-header, [class*=menu-header]", pull: ".limi-pull", review: ".limi-review", bottom: ".lsf-bottombar",
  query: ".limi-query", judged: ".limi-judged", reviewed: ".limi-reviewed", about: ".limi-about", diff: ".limi-diff",
  marks: ".limi-marks", question: ".limi-question", file: ".limi-diff .file", answer: ".limi-question .lsf-choice",
}).map(([name, selector]) => [name, [...document.querySelectorAll(selector)].map(found => found.getBoundingClientRect())
  .filter(box => box.width && box.height).map(box => [box.left, box.top, box.right, box.bottom])]))"""
# Elements that are wider than what shows them.
OVERFLOWING = """() =>
  ["html", "body", ".lsf-main-content", ".limi", ".limi-pull", ".limi-review", ".limi-about", ".limi-diff", ".limi-diff .code"]
  .flatMap(selector => [...document.querySelectorAll(selector)].filter(found => found.scrollWidth > found.clientWidth + 1)
  .map(found => selector + " " + found.scrollWidth + " > " + found.clientWidth))"""
# The contrast of each text in the page by the formula of WCAG 2, over all the backgrounds behind it.
CONTRASTS = """() => {
  const parts = colour => (colour.match(/[0-9.]+/g) || [0, 0, 0, 0]).map(Number);
  const over = (top, under) => { const a = top.length > 3 ? top[3] : 1; return [0, 1, 2].map(i => top[i] * a + under[i] * (1 - a)); };
  const light = colour => { const [r, g, b] = colour.map(c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const background = element => { const chain = [];
    for (let at = element; at; at = at.parentElement) chain.unshift(parts(getComputedStyle(at).backgroundColor));
    return chain.reduce((under, top) => over(top, under), [255, 255, 255]); };
  const found = {};
  for (const name of ["added .code", "removed .code", "context .code", "hunk .code", "added mark", "path", "plus", "minus"])
    for (const element of document.querySelectorAll(".limi-diff ." + name)) {
      const behind = background(element), front = parts(getComputedStyle(element).color);
      const [bright, dark] = [light(over(front, behind)), light(behind)].sort((a, b) => b - a);
      found[name] = Math.min(found[name] ?? 99, (bright + .05) / (dark + .05));
    }
  return found;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def project(label_studio: Running) -> int:
    """The fullest there is: panels of the judge and of reviews, names without an end."""
    return new_project(label_studio, "layout", [HARD, task()], reviews=True, judge=True)


@pytest.fixture(scope="module")
def bo(browser: Browser, label_studio: Running) -> Iterator[Screen]:
    with screen(browser, label_studio.url, label_studio.accounts["bo"]) as shown:
        yield shown


@pytest.fixture(scope="module", params=[f"{size} {scheme}" for size in SIZES for scheme in ("light", "dark")])
def shown(request: pytest.FixtureRequest, bo: Screen, project: int) -> Screen:
    """The first task of the project in a window of each size and colour, with the box for an edited query open."""
    size, scheme = request.param.split()
    bo.resize(SIZES[size])
    bo.page.evaluate("scheme => localStorage.setItem('preferred-color-scheme', scheme)", scheme.capitalize())
    bo.open_tasks(project)
    assert bo.page.evaluate("document.documentElement.dataset.colorScheme") == scheme
    bo.press("1", "t", "4", "6", "d")
    bo.page.wait_for_selector(".limi-edit textarea")
    return bo


def apart(one: list[float], other: list[float]) -> bool:
    return one[2] <= other[0] + 1 or other[2] <= one[0] + 1 or one[3] <= other[1] + 1 or other[3] <= one[1] + 1


def overlapping(boxes: dict[str, list[list[float]]], *names: str) -> list[tuple[Any, Any]]:
    found = [(name, box) for name in names for box in boxes[name]]
    return [(one, other) for at, one in enumerate(found) for other in found[:at] if not apart(one[1], other[1])]


def test_no_panel_lies_over_another(shown: Screen) -> None:
    boxes = shown.page.evaluate(BOXES)
    assert all(
        boxes[name] for name in ("pull", "review", "bottom", "query", "judged", "reviewed", "about", "diff", "file")
    )
    assert overlapping(boxes, "pull", "review") == []
    assert overlapping(boxes, "review", "bottom") == []
    assert overlapping(boxes, "query", "judged", "reviewed", "question") == []
    assert overlapping(boxes, "about", "diff") == []
    assert overlapping(boxes, "file") == []
    assert overlapping(boxes, "answer") == []


def test_nothing_has_to_be_scrolled_sideways(shown: Screen) -> None:
    assert shown.page.evaluate(OVERFLOWING) == []


def test_the_whole_width_is_used(shown: Screen) -> None:
    boxes = shown.page.evaluate(BOXES)
    width = shown.page.evaluate("document.documentElement.clientWidth")
    assert boxes["pull"][0][0] < 30
    assert boxes["review"][0][2] > width - 30
    assert boxes["pull"][0][2] - boxes["pull"][0][0] > 0.55 * width


def test_the_questions_are_all_in_reach_while_the_diff_is_scrolled(shown: Screen) -> None:
    shown.page.evaluate("document.querySelector('.lsf-main-content').scrollTop = 1e6")
    boxes = shown.page.evaluate(BOXES)
    height = shown.page.evaluate("document.documentElement.clientHeight")
    assert 40 < boxes["review"][0][1] < 80
    assert boxes["review"][0][3] <= height - 50


def test_the_diff_is_readable(shown: Screen) -> None:
    found = shown.page.evaluate(CONTRASTS)
    assert set(found) == {
        "added .code",
        "removed .code",
        "context .code",
        "hunk .code",
        "added mark",
        "path",
        "plus",
        "minus",
    }
    assert {
        name: round(value, 2) for name, value in found.items() if value < (3 if name in ("plus", "minus") else 4.5)
    } == {}
    font = shown.page.evaluate("getComputedStyle(document.querySelector('.limi-diff .code mark')).fontFamily")
    assert "monospace" in font


def test_every_answer_shows_its_key(shown: Screen) -> None:
    said = shown.page.evaluate(
        """[...document.querySelectorAll(".limi-question .lsf-choice, .limi-marks .lsf-label")].map(
          answer => answer.innerText.replace(/\\s+/g, "").replace("[", "").replace("]", ""))"""
    )
    root = ElementTree.fromstring(interface())  # noqa: S314 - our own text
    keys = {
        answer.get("value", "").replace(" ", "") + answer.get("hotkey", "")
        for tag in ("Choice", "Label")
        for answer in root.iter(tag)
    }
    assert {"full1", "supportss", "notanswerablefromdiffshift+n"} < keys
    assert set(said) == keys
    assert "[t]" in shown.page.inner_text(".limi-review")


def test_numbers_of_lines_stand_beside_the_code(shown: Screen) -> None:
    drawn = shown.page.evaluate(
        "[...document.querySelectorAll('.limi-diff .added .number')].slice(0, 2).map(cell => getComputedStyle(cell, '::before').content)"
    )
    assert drawn == ['""', '"43"']


def test_what_can_be_marked_in_the_diff_holds_no_line_numbers(shown: Screen) -> None:
    selected = shown.page.evaluate(
        "(getSelection().selectAllChildren(document.querySelector('.limi-diff .lines')), getSelection().toString())"
    )
    assert "+        if not cells:" in selected
    assert not any(number in selected.replace("@@ -41,4 +41,6 @@", "") for number in ("41", "42", "43", "44", "45"))


def test_a_narrow_window_has_one_column(bo: Screen, label_studio: Running, project: int) -> None:
    bo.resize((900, 900))
    bo.open_task(project, task_ids(label_studio, project)[1])
    boxes = bo.page.evaluate(BOXES)
    assert boxes["review"][0][1] >= boxes["pull"][0][3]
    assert bo.page.evaluate(OVERFLOWING) == []


def test_the_largest_diff_that_is_shown_opens_soon(bo: Screen, label_studio: Running) -> None:
    lines = "".join(f"-    removed(line, {at})\n+    added(line, {at}, again)\n" for at in range(MOST_ROWS // 2))
    patch = f"diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1,{MOST_ROWS // 2} +1,{MOST_ROWS // 2} @@\n{lines}"
    project = new_project(label_studio, "large diff", [task(diff_html=render_diff(patch))])
    before = time.monotonic()
    bo.open_tasks(project)
    bo.press("1")
    bo.until("document.querySelector('.limi-question input[name=full]').checked")
    assert (
        time.monotonic() - before < 30
    )  # 6 to 12 s on two cores with a load of five, where a small one takes 3 to 5 s
    assert bo.page.evaluate("document.querySelectorAll('.limi-diff tr').length") >= MOST_ROWS
