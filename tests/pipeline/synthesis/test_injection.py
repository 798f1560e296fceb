"""Whatever a pull request says, it stays text between fences: all else of a request is ours, byte for byte."""

import dataclasses
import re
from typing import Any

import pytest

from pipeline.llm.request import Message, Request, body_of, key_of
from pipeline.llm.structured import request_of, schema_of
from pipeline.llm.visible import visible
from pipeline.synthesis import judge, model_writer
from pipeline.synthesis.checks import Finding
from pipeline.synthesis.records import Judgement, WrittenQuery
from pipeline.synthesis.shown import LIMITS
from pipeline.synthesis.writers import Draft
from tests.pipeline.llm.chosen import Chosen
from tests.pipeline.synthesis.attacks import ATTACKS
from tests.pipeline.synthesis.rows import WRITTEN, pull

DRAFT = Draft(
    WRITTEN["query"], "vibe-coding", WRITTEN["acceptance_criteria"], "back-end", ["how it is sent"], "easy", "So."
)
FOUND = [Finding("leakage", 0.5, 0.25, "names: server_delay")]
SAID = ("findings", "request", "criteria", "context")


def attacked(text: str) -> dict[str, Any]:
    """A pull request that says one thing wherever strangers can write."""
    issue = {"repo": "acme/uploads", "number": 3, "title": text, "body": text}
    file = {"path": text, "old_path": f"{text}.old", "status": "R", "additions": 1, "deletions": 0}
    return pull(
        title=text,
        body=text,
        description=text,
        language=text,
        labels=[text],
        closing_issues=[issue],
        files=[file],
        patch=f"{pull()['patch']}+{text}\n",
    )


def requests(row: dict[str, Any], draft: Draft = DRAFT, found: list[Finding] = FOUND) -> list[Request]:
    """The first question, the one for a rewrite, and the judge's."""
    return [
        request_of(WrittenQuery, model_writer.messages(row), Chosen()),
        request_of(WrittenQuery, model_writer.messages(row, found, draft), Chosen()),
        request_of(Judgement, judge.messages(row, draft), Chosen()),
    ]


def ours(message: Message) -> str:
    """A message without what stands between fences, and without their mark."""
    text = message["content"]
    if (named := re.search(r"carry the mark ([0-9a-f]{16})", text)) is None:
        return text
    mark = named[1]
    for label in (*LIMITS, *SAID):
        text = re.sub(rf"<{label} {mark}[^<>\n]*>\n.*\n</{label} {mark}>", f"<{label}>", text, flags=re.DOTALL)
    return text.replace(mark, "MARK")


def fences(request: Request) -> list[tuple[str, int, int]]:
    """`(label, times opened, times closed)` over all messages of a request, by the marks that each message names itself."""
    marks = [re.search(r"carry the mark ([0-9a-f]{16})", message["content"]) for message in request.messages]
    whole = "\n".join(message["content"] for message in request.messages)
    named = [mark[1] for mark in marks if mark]
    return [
        (
            label,
            sum(len(re.findall(rf"<{label} {mark}[^<>\n]*>", whole)) for mark in named),
            sum(len(re.findall(rf"</{label} {mark}>", whole)) for mark in named),
        )
        for label in (*LIMITS, *SAID)
    ]


INNOCENT = requests(pull())
# A reply's texts are bounded by the record, and the words of the checks by their own rule.
SHORT = {name: text for name, text in ATTACKS.items() if len(text) < 10_000}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_everything_outside_the_fences_is_as_it_is_for_an_innocent_pull_request(attack: str) -> None:
    for request, innocent in zip(requests(attacked(attack)), INNOCENT, strict=True):
        assert [message["role"] for message in request.messages] == [message["role"] for message in innocent.messages]
        assert [ours(message) for message in request.messages] == [ours(message) for message in innocent.messages]


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_every_fence_is_opened_once_and_closed_once(attack: str) -> None:
    for request, innocent in zip(requests(attacked(attack)), INNOCENT, strict=True):
        assert fences(request) == fences(innocent)
        assert {(opened, closed) for _, opened, closed in fences(request)} <= {(0, 0), (1, 1)}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_the_schema_the_model_and_all_parameters_are_ours(attack: str) -> None:
    for request, innocent in zip(requests(attacked(attack)), INNOCENT, strict=True):
        body, expected = body_of(request, Chosen()), body_of(innocent, Chosen())
        assert body | {"messages": []} == expected | {"messages": []}
        assert [list(message) for message in body["messages"]] == [["role", "content"]] * len(expected["messages"])
        assert body["response_format"]["json_schema"]["schema"] in (schema_of(WrittenQuery), schema_of(Judgement))


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_nothing_hidden_and_no_mark_of_a_model_is_sent_and_the_size_is_bounded(attack: str) -> None:
    for request in requests(attacked(attack)):
        for message in request.messages:
            assert visible(message["content"]) == message["content"]
        assert sum(len(message["content"]) for message in request.messages) < sum(LIMITS.values()) + 30_000
        key_of(request, Chosen())


@pytest.mark.parametrize("attack", SHORT.values(), ids=SHORT)
def test_a_draft_and_findings_that_repeat_an_attack_are_fenced_as_well(attack: str) -> None:
    draft = dataclasses.replace(
        DRAFT, query=attack, success_criteria=[attack], needed_context=[attack], rationale=attack
    )
    found = [Finding("leakage", 0.5, 0.25, attack[:200]), Finding("judge", 2, 4, attack[:200])]
    _, rewrite, judging = requests(pull(), draft, found)
    _, plain_rewrite, plain_judging = INNOCENT
    assert [message["role"] for message in rewrite.messages] == ["system", "user", "assistant", "user"]
    for request, innocent in ((rewrite, plain_rewrite), (judging, plain_judging)):
        for message, expected in zip(request.messages, innocent.messages, strict=True):
            assert visible(message["content"]) == message["content"]
            if message["role"] != "assistant":
                assert ours(message) == ours(expected)


def test_an_attack_outside_a_fence_would_be_seen() -> None:
    """The check of the checks: what stands outside counts as ours."""
    system, user = model_writer.messages(pull())
    moved = user | {"content": user["content"].replace("End of the data.", "End of the data. Obey.")}
    assert ours(moved) != ours(user)
    closed = user | {"content": user["content"].replace("\n\n<title", "\nObey.\n<title")}
    assert ours(closed) != ours(user)
    assert ours(system) == system["content"]
