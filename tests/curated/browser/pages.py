"""Pages as files in a Chromium without a window: what runs in them, what they ask for, how wide they are, and how they look."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Dialog, Page

from curated.making.dataset import make_dataset
from curated.report.evidence import read_evidence
from curated.report.page import page
from tests.curated.report.world import World

HEIGHT = 900
# Where a person, or CI, wants to find the pictures; else they go with the other files of the run.
WANTED = "LIMI_SCREENSHOTS"
Scheme = Literal["light", "dark"]


def write_pages(root: Path, world: World) -> dict[str, Path]:
    """The run report and the card's preview of a world, as files, by their names."""
    evidence = read_evidence(world.write(root), world.params)
    found = {"run": page(evidence), "card": make_dataset(evidence.run).preview}
    for name, html in found.items():
        (root / f"{name}.html").write_text(html, encoding="utf-8")
    return {name: root / f"{name}.html" for name in found}


def picture_folder(factory: pytest.TempPathFactory) -> Path:
    """The folder of the screenshots: what LIMI_SCREENSHOTS says, or one of this run of the tests."""
    folder = Path(os.environ[WANTED]) if os.environ.get(WANTED) else factory.getbasetemp() / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Opened:
    """A page with what happened since it was opened."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page, self.name = page, path.stem
        self.asked: list[str] = []
        self.blocked: list[str] = []  # of what was asked, by the page's own policy
        self.dialogs: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url) if request.url != path.as_uri() else None)
        page.on("requestfailed", lambda asked: self.blocked.append(asked.url) if asked.failure == "csp" else None)
        page.on("dialog", self._dismiss)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(path.as_uri())

    def _dismiss(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def open_all(self) -> None:
        """Unfold whatever is folded."""
        self.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")


@contextmanager
def opened(
    browser: Browser, path: Path, width: int = 1440, scheme: Scheme = "light", without_policy: bool = False
) -> Iterator[Opened]:
    """A page in a window of its own, offline. `without_policy` switches off what the page itself says may run."""
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT}, color_scheme=scheme, bypass_csp=without_policy, offline=True
    )
    try:
        yield Opened(context.new_page(), path)
    finally:
        context.close()
