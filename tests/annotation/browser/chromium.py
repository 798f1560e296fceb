"""Chromium as annotators use it, without a window: logged in to a real Label Studio, with everything that it asks for written down."""

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from annotation.server.accounts import Account

# The system's; where there is none, Playwright's own, and where that is missing too, an error that says so.
PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps"),
    # No other host is ever reached. Playwright's own way to say so, routes, would switch off the browser's cache, which annotators have.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
PATIENCE = 30_000  # milliseconds; a loaded machine of two cores takes a tenth of it


class Screen:
    """One person's browser window, and what happened in it: foreign hosts asked, dialogs opened, violations of the page's policy."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url = url
        self.foreign: list[str] = []
        self.dialogs: list[str] = []
        self.context = context
        context.set_default_timeout(PATIENCE)
        context.add_init_script(
            "window.violations = [];"
            "addEventListener('securitypolicyviolation', e => window.violations.push(e.effectiveDirective + ' ' + e.blockedURI))"
        )
        context.on("request", lambda request: self._asked(request.url))
        context.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        self.page: Page = context.new_page()

    def _asked(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != urlsplit(self.url).netloc:
            self.foreign.append(address)

    def log_in(self, account: Account) -> None:
        """By the form, as people do."""
        self.page.goto(f"{self.url}/user/login/")
        self.page.fill("input[name=email]", account.email)
        self.page.fill("input[name=password]", account.password)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda address: "login" not in address, wait_until="commit")

    def resize(self, size: tuple[int, int]) -> None:
        """Make the window this wide and high, in pixels."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})

    def open_tasks(self, project: int) -> None:
        """What the button "Label all tasks" opens, without the guide that stands before the first task."""
        self.page.goto(f"{self.url}/projects/{project}/data?labeling=1")
        self.ready()
        self.dismiss("Labeling Instructions")

    def open_task(self, project: int, task: int) -> None:
        """One task out of the table, which stays beside it."""
        self.page.goto(f"{self.url}/projects/{project}/data?task={task}")
        self.ready()

    def dismiss(self, said: str) -> None:
        """Wait for a message that says this, and close it by Escape, which it does not hear while it is still coming up."""
        message = self.page.get_by_text(said)
        message.wait_for()
        last = time.monotonic() + PATIENCE / 1000
        while message.is_visible():
            assert time.monotonic() < last, f"Escape does not close {said!r}"
            self.press("Escape")
            self.page.wait_for_timeout(100)

    def ready(self) -> None:
        """Wait until a task can be worked on: its diff is there, and the questions are."""
        self.page.wait_for_selector(".limi-diff", state="attached")
        self.page.wait_for_selector(".limi-notes textarea")

    def press(self, *keys: str) -> None:
        """Keys one after another, in Playwright's names."""
        for key in keys:
            self.page.keyboard.press(key)

    def press_alt(self, letter: str) -> None:
        """An access key. Playwright's own `press` leaves out the letter that Chromium looks for."""
        session = self.context.new_cdp_session(self.page)
        said = {
            "modifiers": 1,
            "key": letter,
            "code": f"Key{letter.upper()}",
            "windowsVirtualKeyCode": ord(letter.upper()),
        }
        session.send("Input.dispatchKeyEvent", {"type": "keyDown", "unmodifiedText": letter, "text": letter, **said})
        session.send("Input.dispatchKeyEvent", {"type": "keyUp", **said})
        session.detach()

    def until(self, expression: str) -> None:
        """Wait until JavaScript says true. Playwright's own waiting is forbidden by the page's policy."""
        last = time.monotonic() + PATIENCE / 1000
        while not self.page.evaluate(expression):
            assert time.monotonic() < last, f"never true: {expression}"
            self.page.wait_for_timeout(50)

    def drag_over(self, within: str, words: str) -> None:
        """Draw with the mouse over the first place in an element that holds these words, which stand in one line."""
        left, right, middle = self.page.evaluate(
            """([within, words]) => {
              const walker = document.createTreeWalker(document.querySelector(within), NodeFilter.SHOW_TEXT);
              for (let node = walker.nextNode(); node; node = walker.nextNode()) {
                const at = node.data.indexOf(words);
                if (at < 0) continue;
                node.parentElement.scrollIntoView({block: "center"});
                const range = document.createRange();
                range.setStart(node, at);
                range.setEnd(node, at + words.length);
                const box = range.getClientRects()[0];
                return [box.left, box.right, (box.top + box.bottom) / 2];
              }
            }""",
            [within, words],
        )
        self.page.mouse.move(left + 1, middle)
        self.page.mouse.down()
        self.page.mouse.move((left + right) / 2, middle)
        self.page.mouse.move(right - 1, middle)
        self.page.mouse.up()

    def submit(self) -> int:
        """Submit by key; the id of the annotation that Label Studio made of it."""
        with self.page.expect_response(
            lambda answer: bool(re.search(r"/tasks/\d+/annotations", answer.url))
        ) as answered:
            self.press("Control+Enter")
        made: int = answered.value.json()["id"]
        return made

    def violations(self) -> list[str]:
        """What the page's policy forbade since it was loaded, in all its frames."""
        return [said for frame in self.page.frames for said in frame.evaluate("window.violations || []")]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium without a window. Its driver keeps an event loop running in this thread, so it is not kept longer than needed."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def screen(
    browser: Browser,
    url: str,
    account: Account | None = None,
    without_policy: bool = False,
) -> Iterator[Screen]:
    """A window of its own; logged in if an account is given. `without_policy` switches off what the server says may run."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=without_policy)
    try:
        shown = Screen(context, url)
        if account is not None:
            shown.log_in(account)
        yield shown
    finally:
        context.close()
