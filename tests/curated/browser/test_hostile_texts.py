"""No text of a stranger runs or fetches anything in the run report or the card's preview, with the pages' policy switched off.

The policy would stop it, and is off so that the escaping has to do it alone. The same texts unescaped do run.
"""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from pipeline.html import text
from tests.annotation.report.test_page import PAYLOADS
from tests.curated.browser.pages import opened, write_pages
from tests.curated.report.world import World

# All at once, for each stands for itself: none of them ends another one.
TEXT = " ".join(payload.encode("utf-8", "replace").decode() for payload in PAYLOADS)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_pages(tmp_path_factory.mktemp("hostile"), World(text=TEXT))


@pytest.mark.parametrize("name", ["run", "card"])
def test_nothing_runs_and_nothing_is_fetched(browser: Browser, pages: dict[str, Path], name: str) -> None:
    with opened(browser, pages[name], without_policy=True) as seen:
        seen.open_all()
        seen.page.mouse.move(300, 300)
        assert "<script>alert(1)</script>" in seen.page.inner_text("body")
        assert (seen.dialogs, seen.asked, seen.errors) == ([], [], [])
        assert seen.page.evaluate("document.querySelectorAll('script, img, iframe, link, base, object').length") == 0


def let_through(page: Path, to: Path) -> Path:
    """A copy of a page in which the texts stand in three places as they came, as if nothing had escaped them."""
    html, escaped = page.read_text(encoding="utf-8"), str(text(TEXT))
    assert html.count(escaped) > 5
    to.write_text(html.replace(escaped, TEXT, 3), encoding="utf-8")
    return to


@pytest.mark.parametrize("name", ["run", "card"])
def test_the_same_texts_unescaped_do_run(browser: Browser, pages: dict[str, Path], name: str, tmp_path: Path) -> None:
    with opened(browser, let_through(pages[name], tmp_path / "raw.html"), without_policy=True) as seen:
        assert "1" in seen.dialogs
        assert any("evil.example" in address for address in seen.asked)


@pytest.mark.parametrize("name", ["run", "card"])
def test_under_the_policy_not_even_those_do(
    browser: Browser, pages: dict[str, Path], name: str, tmp_path: Path
) -> None:
    with opened(browser, let_through(pages[name], tmp_path / "raw.html")) as seen:
        assert seen.dialogs == []
        assert [address for address in seen.asked if address not in seen.blocked] == []
