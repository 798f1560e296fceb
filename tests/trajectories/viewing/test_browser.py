"""In a browser: no text of a session runs or fetches, even with the page's policy off, and the page fits every width."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser

from tests.annotation.browser.chromium import Screen, chromium, screen
from tests.trajectories.made import answer, call, observed, said, session
from tests.trajectories.viewing.hostile import PAYLOADS, hostile
from trajectories.viewing.page import page

LONG = "a_name_without_any_blank_" * 40
# Elements that are wider than what shows them; each text must break within its own.
OVERFLOWING = """() => [...document.querySelectorAll("html, body, body *")].filter(
  found => found.scrollWidth > found.clientWidth + 1 && getComputedStyle(found).display !== "inline").map(
  found => found.localName + "." + found.className + " " + found.scrollWidth + " > " + found.clientWidth)"""
# The least contrast of any text by the formula of WCAG 2, over the backgrounds behind it.
CONTRASTS = """() => {
  const parts = colour => (colour.match(/[0-9.]+/g) || [0, 0, 0, 0]).map(Number);
  const over = (top, under) => { const a = top.length > 3 ? top[3] : 1; return [0, 1, 2].map(i => top[i] * a + under[i] * (1 - a)); };
  const light = colour => { const [r, g, b] = colour.map(c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const behind = element => { const chain = [];
    for (let at = element; at; at = at.parentElement) chain.unshift(parts(getComputedStyle(at).backgroundColor));
    return chain.reduce((under, top) => over(top, under), [255, 255, 255]); };
  return [...document.querySelectorAll("body *")].filter(
    found => [...found.childNodes].some(node => node.nodeType === 3 && node.data.trim())).map(found => {
      const back = behind(found), front = parts(getComputedStyle(found).color);
      const [bright, dark] = [light(over(front, back)), light(back)].sort((a, b) => b - a);
      return [(bright + .05) / (dark + .05), found.localName + "." + found.className]; }).filter(one => one[0] < 4.5);
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def long_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of everything there is, with texts that have no blank to break at."""
    made, findings = hostile(LONG)
    path = tmp_path_factory.mktemp("long") / "page.html"
    path.write_text(page(made, findings), encoding="utf-8")
    return path


def opened(browser: Browser, path: Path, html: str) -> Screen:
    """What happened in a window that shows this page, all its folds open, with the page's policy switched off."""
    path.write_text(html, encoding="utf-8")
    with screen(browser, path.as_uri(), without_policy=True) as shown:
        shown.page.goto(path.as_uri())
        shown.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        shown.page.wait_for_timeout(300)
        return shown


def test_no_text_of_a_session_runs_or_fetches(browser: Browser, tmp_path: Path) -> None:
    for at, payloads in enumerate(("\n".join(PAYLOADS), "".join(PAYLOADS[::-1]))):
        shown = opened(browser, tmp_path / f"{at}.html", page(*hostile(payloads)))
        assert (shown.dialogs, shown.foreign) == ([], [])


def test_the_same_texts_as_markup_run_and_fetch(browser: Browser, tmp_path: Path) -> None:
    raw = page(*hostile("HERE")).replace("HERE", "<img src=x onerror=alert(1)><img src='http://evil.example/x.png'>")
    shown = opened(browser, tmp_path / "raw.html", raw)
    assert shown.dialogs
    assert shown.foreign


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_every_width_and_can_be_read(
    browser: Browser, long_page: Path, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(color_scheme=scheme)
    try:
        shown = context.new_page()
        shown.goto(long_page.as_uri())
        shown.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        for width in (360, 768, 1100, 1920):
            shown.set_viewport_size({"width": width, "height": 900})
            assert (width, shown.evaluate(OVERFLOWING)) == (width, [])
        assert shown.evaluate(CONTRASTS) == []
    finally:
        context.close()


@pytest.mark.parametrize(("width", "beside"), [(1440, True), (800, False)])
def test_a_call_stands_beside_its_result_where_there_is_room(
    browser: Browser, tmp_path: Path, width: int, beside: bool
) -> None:
    step = said("agent", "", tool_calls=[call("c1", "ls")], observation=observed(answer("c1", "src")))
    (tmp_path / "page.html").write_text(page(session(step)), encoding="utf-8")
    with screen(browser, (tmp_path / "page.html").as_uri()) as shown:
        shown.resize((width, 900))
        shown.page.goto(shown.url)
        made, came = shown.page.evaluate(
            "[...document.querySelectorAll('.call > div')].map(found => found.getBoundingClientRect()).map(box => [box.left, box.top])"
        )
        assert (came[0] > made[0], came[1] > made[1]) == (beside, not beside)


def test_on_paper_the_page_is_light_and_nothing_is_folded(browser: Browser, tmp_path: Path) -> None:
    output = "".join(f"line {number}\n" for number in range(100))
    step = said("agent", "", tool_calls=[call("c1", "ls")], observation=observed(answer("c1", output)))
    (tmp_path / "page.html").write_text(page(session(step)), encoding="utf-8")
    with screen(browser, (tmp_path / "page.html").as_uri()) as shown:
        shown.page.emulate_media(media="print", color_scheme="dark")
        shown.page.goto(shown.url)
        folded = "document.querySelector('.more > .code').checkVisibility({contentVisibilityAuto: true})"
        height = shown.page.evaluate("document.querySelector('.more').getBoundingClientRect().height")
        assert shown.page.evaluate(folded)
        assert height > 500
        assert shown.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
