"""The page shows every text of a session as text: nothing is lost, nothing becomes markup."""

import json
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings

from pipeline.html import text
from tests.trajectories.made import answer, call, observed, said, session, sessions, worked
from tests.trajectories.viewing.hostile import PAYLOADS, hostile
from trajectories.archive.session import Session, json_of, session_of
from trajectories.checks.finding import Finding
from trajectories.viewing.page import page
from trajectories.viewing.step_html import MOST_LINES

TAGS = set(
    "html head meta title style body h1 h2 h3 section article header nav div span b p a ul li dl dt dd details summary".split()
)
ATTRIBUTES = set("lang charset http-equiv content name class id href open".split())


class Seen(HTMLParser):
    """What a browser's parser would make of the page, as far as the standard library's can tell."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.strange: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.strange.append(f"tag {tag}")
        for name, value in attrs:
            if name not in ATTRIBUTES:
                self.strange.append(f"attribute {name}")
            if name == "href" and not re.fullmatch(r"#(step|round)-[0-9]+", value or ""):
                self.strange.append(f"address {value}")
            if name == "http-equiv" and value != "Content-Security-Policy":
                self.strange.append(f"meta {value}")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.strange.append("a comment")

    def unknown_decl(self, data: str) -> None:
        self.strange.append("a declaration")


def seen(html: str) -> Seen:
    """Read a page by two parsers: the tolerant one of HTML, as browsers are, and the strict one of XML."""
    parser = Seen()
    parser.feed(html)
    parser.close()
    tree = ElementTree.fromstring(html.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own page
    once = {"style": 1, "meta": 4, "body": 1, "title": 1}
    parser.strange += [f"{tag} again" for tag, times in once.items() if len(list(tree.iter(tag))) != times]
    return parser


def texts_in(data: Any) -> list[str]:
    """Every text and key of a JSON value."""
    if isinstance(data, str):
        return [data]
    if isinstance(data, dict):
        return [found for key, part in data.items() for found in [key, *texts_in(part)]]
    return [found for part in data for found in texts_in(part)] if isinstance(data, list | tuple) else []


def free_texts(session: Session) -> list[str]:
    """What people, the model and commands wrote: everything but the archive's own field names and words."""
    data = json_of(session)
    found: list[str] = [session.trajectory_id, *texts_in(data.get("notes")), *texts_in(data.get("session_id"))]
    for step in session.steps:
        parts = [step.text, step.reasoning_content, step.model_name, step.notes.comment, step.notes.command]
        for called in step.calls:
            parts += [called.tool_call_id, called.function_name, called.notes.raw_arguments]
            parts += texts_in(called.arguments)
        for result in step.results:
            parts += [result.text, result.notes.raw_output]
        records = [step, step.metrics, *step.calls, *step.results]
        extras = [record.extra for record in records if record is not None and record.extra]
        parts += [
            one
            for extra in extras
            for one in texts_in([extra.limi.kept_aside if extra.limi else {}, extra.model_extra])
        ]
        found += [part for part in parts if part is not None]
    for tool in session.agent.tool_definitions or ():
        found += [tool.function.name, *texts_in([tool.function.description, tool.function.parameters])]
    where = session.provenance
    found += [*texts_in(where.kept_aside), *texts_in([where.pr_id, where.base_commit, where.outcome.submission])]
    return found + [one for absence in where.absent for one in (absence.field, absence.reason)]


def shown(html: str) -> str:
    return "".join(seen(html).texts)


def plain(said: str) -> str:
    """A text as the page can show it."""
    found = Seen()
    found.feed(text(said))
    found.close()
    return "".join(found.texts)


@settings(max_examples=60)
@given(sessions)
def test_every_text_of_a_session_is_on_its_page(drawn: Session) -> None:
    whole = shown(page(drawn))
    lost = [
        said
        for said in free_texts(drawn)
        if plain(said) not in whole and plain(json.dumps(said, ensure_ascii=False)[1:-1]) not in whole
    ]
    assert lost == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_hostile_text_becomes_no_markup_wherever_it_stands(payload: str) -> None:
    found = seen(page(*hostile(payload)))
    assert found.strange == []
    assert "".join(found.texts).count(plain(payload).strip()) >= 20


def test_a_page_with_markup_in_it_is_found_by_this_test() -> None:
    assert seen(page(*hostile("x")).replace("<h1>", "<h1><img src='//evil.example'/>")).strange == [
        "tag img",
        "attribute src",
    ]


def test_the_same_session_gives_the_same_page() -> None:
    assert page(session_of(worked(), "made")) == page(session_of(worked(), "made"))


def test_a_long_output_is_folded_with_its_count_and_whole() -> None:
    output = "".join(f"line {number}\n" for number in range(100))
    step = said("agent", "", tool_calls=[call("c1", "ls")], observation=observed(answer("c1", output)))
    html = page(session(step))
    assert f"{100 - MOST_LINES} more lines" in html
    assert all(shown(html).count(f"line {number}\n") == 1 for number in range(100) if number != MOST_LINES - 1)


def test_a_finding_stands_at_its_step_and_before_all_with_the_way_to_it() -> None:
    found = Finding("results", "refused", 7, "tool_calls[0]", "call c4 has no result")
    html = page(session_of(worked(), "made"), [found])
    step = html[html.index('id="step-7"') : html.index('id="step-8"')]
    assert "call c4 has no result" in step
    assert '<a href="#step-7">step 7</a>: <b>results</b>' in html[: html.index('id="step-1"')]


def test_rounds_are_sections_and_a_check_stands_after_its_round() -> None:
    html = page(session_of(worked(), "made"))
    assert [
        title in html
        for title in ("Before the first request: step 1", "Round 1: steps 2 to 7", "Round 2: steps 8 to 9")
    ]
    order = [
        html.index(part)
        for part in ('id="round-1"', 'id="step-7"', 'id="round-2"', 'id="step-9"', "after round 2: tests")
    ]
    assert order == sorted(order)


def test_a_check_of_a_round_that_never_was_is_shown() -> None:
    check = {"name": "late", "passed": False, "round": 9}
    assert "after round 9: late" in page(session(said("agent", "x"), outcome={"checks": [check]}))
