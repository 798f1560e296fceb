"""The run report and the card's preview can be read on every screen: nothing runs out sideways, colours are far enough apart."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.curated.browser.pages import HEIGHT, Opened, Scheme, opened, picture_folder, write_pages
from tests.curated.report.world import World

WIDTHS = (360, 800, 1440, 1920)
PICTURED = (360, 1440)  # a picture takes a second or more
LONG = "a_name_without_any_blank_" * 12
# What is wider than the window, and is no table that scrolls by itself.
WIDER = """() => [document.documentElement, ...document.querySelectorAll('body *')].filter(one => {
  if (one.closest('.wide, details:not([open])') && !one.classList.contains('wide')) return false;
  const box = one.getBoundingClientRect();
  return box.right > innerWidth + 1 || box.left < -1 || (one === document.documentElement && one.scrollWidth > innerWidth);
}).map(one => one.localName + '.' + one.className + ' ' + one.textContent.slice(0, 40))"""
SCROLLED = "() => [...document.querySelectorAll('.wide')].filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.ariaLabel)"
# Text over text: blocks of one section that lie over another.
OVERLAPPING = """() => { const found = [];
  for (const one of document.querySelectorAll('body, main, section, article, .tiles, .funnel, .funnel li, figure')) {
    const boxes = [...one.children].map(child => [child, child.getBoundingClientRect()]).filter(([, box]) => box.width && box.height);
    boxes.forEach(([child, box], at) => boxes.slice(0, at).forEach(([other, before]) => {
      if (box.left < before.right - 1 && before.left < box.right - 1 && box.top < before.bottom - 1 && before.top < box.bottom - 1)
        found.push(child.localName + '.' + child.className + ' over ' + other.localName + '.' + other.className); })); }
  return found; }"""
# The contrast of each text by the formula of WCAG 2, over all the backgrounds behind it; the lowest, with the text.
CONTRAST = """() => {
  const parts = colour => (colour.match(/[0-9.]+/g) || [0, 0, 0, 0]).map(Number);
  const over = (top, under) => { const a = top.length > 3 ? top[3] : 1; return [0, 1, 2].map(i => top[i] * a + under[i] * (1 - a)); };
  const light = colour => { const [r, g, b] = colour.map(c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const background = element => { const chain = [];
    for (let at = element; at; at = at.parentElement) chain.unshift(parts(getComputedStyle(at).backgroundColor));
    return chain.reduce((under, top) => over(top, under), [255, 255, 255]); };
  let lowest = [99, ''];
  for (const element of document.querySelectorAll('body *')) {
    if (![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()) || !element.getClientRects().length) continue;
    if (element.closest('svg')) continue;
    const behind = background(element), front = parts(getComputedStyle(element).color);
    const [bright, dark] = [light(over(front, behind)), light(behind)].sort((a, b) => b - a);
    const found = (bright + .05) / (dark + .05);
    if (found < lowest[0]) lowest = [found, element.localName + '.' + element.className + ' ' + element.textContent.slice(0, 40)];
  }
  return lowest; }"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_pages(tmp_path_factory.mktemp("plain"), World())


@pytest.fixture(scope="module")
def long_pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_pages(tmp_path_factory.mktemp("long"), World(text=LONG))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return picture_folder(tmp_path_factory)


@pytest.fixture(scope="module", params=["run", "card"])
def seen(request: pytest.FixtureRequest, browser: Browser, pages: dict[str, Path]) -> Iterator[Opened]:
    """One window for all sizes and schemes of a page: a new one takes longer than all that is asked of it."""
    with opened(browser, pages[request.param]) as found:
        found.open_all()
        yield found


def look(seen: Opened, width: int, scheme: Scheme = "light") -> None:
    seen.page.set_viewport_size({"width": width, "height": HEIGHT})
    seen.page.emulate_media(color_scheme=scheme)


def fits(seen: Opened) -> None:
    assert seen.page.evaluate(WIDER) == []
    assert seen.page.evaluate(OVERLAPPING) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_and_can_be_read(seen: Opened, width: int, scheme: Scheme) -> None:
    look(seen, width, scheme)
    fits(seen)
    contrast, where = seen.page.evaluate(CONTRAST)
    assert contrast >= 4.5, where


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", PICTURED)
def test_its_picture_is_taken(seen: Opened, pictures: Path, width: int, scheme: Scheme) -> None:
    look(seen, width, scheme)
    picture = pictures / f"{seen.name}-{width}-{scheme}.jpg"
    seen.page.screenshot(path=picture, full_page=True, type="jpeg", quality=70)
    assert picture.stat().st_size > 50_000


def test_texts_without_an_end_do_not_break_it(browser: Browser, long_pages: dict[str, Path]) -> None:
    for path in long_pages.values():
        with opened(browser, path) as seen:
            seen.open_all()
            for width in WIDTHS:
                look(seen, width)
                fits(seen)


def test_the_reports_own_tables_need_no_scrolling(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["run"]) as seen:
        for width in WIDTHS:
            look(seen, width)
            assert (width, seen.page.evaluate(SCROLLED)) == (width, [])


def test_both_schemes_differ(seen: Opened) -> None:
    colours = set()
    for scheme in ("light", "dark"):
        look(seen, 800, scheme)
        colours.add(seen.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(colours) == 2


def test_the_check_finds_what_is_too_wide(browser: Browser, pages: dict[str, Path], tmp_path: Path) -> None:
    broken = tmp_path / "run.html"
    broken.write_text(pages["run"].read_text().replace("<main>", '<main><div style="width:2000px">x</div>'))
    with opened(browser, broken) as seen:
        assert len(seen.page.evaluate(WIDER)) >= 2


def test_on_paper_it_is_light_and_nothing_is_cut_off(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["run"], 794, "dark") as seen:
        seen.page.emulate_media(media="print")
        assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_contents_lead_to_the_sections_by_keyboard(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["run"]) as seen:
        seen.page.focus("nav a")
        seen.page.keyboard.press("Tab")
        seen.page.keyboard.press("Enter")
        assert seen.page.url.endswith("#sizes")
        assert seen.page.evaluate("document.getElementById('sizes').getBoundingClientRect().top") < 200
