"""The model writer asks one question of one pull request, and again with the reasons; a reply becomes a draft and no more."""

import asyncio
from collections.abc import Sequence
from typing import Any

from pipeline.llm.structured import Unusable, schema_of
from pipeline.synthesis.checks import Finding
from pipeline.synthesis.leakage import solution_of
from pipeline.synthesis.model_writer import ModelWriter, first_request, messages
from pipeline.synthesis.prompting import version
from pipeline.synthesis.records import WrittenQuery
from pipeline.synthesis.rewriting import WithoutModel
from pipeline.synthesis.writers import Draft
from tests.pipeline.llm.chosen import Chosen
from tests.pipeline.llm.replaying import ReplayingDoor, reply
from tests.pipeline.synthesis.rows import WRITTEN, pull, said

REASONS = [Finding("leakage", 0.5, 0.25, "names: server_delay"), Finding("judge", 3, 4, "It is vague.")]


def write(door: ReplayingDoor, reasons: Sequence[Finding] = (), earlier: Draft | None = None) -> Draft | Unusable:
    row = pull()
    writer = ModelWriter(door, Chosen())
    return asyncio.run(writer.write(row, solution_of(row["patch"], row["files"]), reasons, earlier))


def draft(**changes: Any) -> Draft:
    found = write(ReplayingDoor(said(WRITTEN, **changes)))
    assert isinstance(found, Draft)
    return found


def test_a_reply_becomes_a_draft_with_all_that_it_says() -> None:
    assert draft() == Draft(
        query=WRITTEN["query"],
        domain="vibe-coding",
        success_criteria=WRITTEN["acceptance_criteria"],
        sub_domain="back-end",
        needed_context=["how the client sends uploads"],
        difficulty="easy",
        rationale="The change waits for the delay that the server names.",
        replies=(reply(said(WRITTEN)),),
    )


def test_the_writer_is_named_by_its_model_and_its_prompts() -> None:
    assert ModelWriter(ReplayingDoor(), Chosen(name="gpt-5-mini")).name == f"gpt-5-mini {version('writer')}"


def test_the_question_is_two_messages_with_everything_of_the_pull_request() -> None:
    system, user = messages(pull())
    assert (system["role"], user["role"]) == ("system", "user")
    assert "acme" not in system["content"]
    for told in ("repository: acme/uploads", "Honour the server's delay", "backoff_seconds = server_delay(request)"):
        assert told in user["content"]
    assert "the sub-domain back-end." in user["content"]


def test_the_request_of_an_estimate_is_the_one_that_is_sent() -> None:
    door = ReplayingDoor(said(WRITTEN))
    write(door)
    assert door.asked == [first_request(pull(), Chosen())]
    assert door.asked[0].schema == schema_of(WrittenQuery)


def test_a_rewrite_goes_on_from_the_question_with_the_earlier_draft_and_the_reasons() -> None:
    asked = messages(pull(), REASONS, draft())
    assert asked[:2] == messages(pull())
    assert [message["role"] for message in asked[2:]] == ["assistant", "user"]
    assert WRITTEN["query"] in asked[2]["content"]
    assert WrittenQuery.model_validate_json(asked[2]["content"]) == WrittenQuery.model_validate(WRITTEN)
    assert (
        "leakage: 0.5, limit 0.25. names: server_delay\njudge: 3, limit 4. It is vague.\n</findings "
        in asked[3]["content"]
    )


def test_a_rewrite_without_the_earlier_draft_says_so() -> None:
    assert messages(pull(), REASONS)[2]["content"] == "(the earlier request is not kept)"


def test_other_reasons_or_another_draft_are_another_question() -> None:
    asked = [
        str(messages(pull(), reasons, earlier))
        for reasons in (REASONS, REASONS[:1])
        for earlier in (draft(), draft(difficulty="hard"))
    ]
    assert len(set(asked)) == 4


def test_an_unusable_reply_is_handed_on_with_its_raw_text() -> None:
    lost = write(ReplayingDoor("no", "no again"))
    assert isinstance(lost, Unusable)
    assert (lost.raw, len(lost.replies)) == ("no again", 2)


class Parrot:
    """A writer without a model: it says the title, or nothing."""

    name = "parrot/1"

    def write(self, pull: dict[str, Any], solution: object, reasons: Sequence[Finding] = ()) -> Draft | None:
        return Draft(f"{pull['title']}{len(reasons)}", "vibe-coding", []) if pull["title"] else None


def test_a_writer_without_a_model_stands_behind_the_same_call() -> None:
    writer = WithoutModel(Parrot())
    row = pull(title="A")
    solution = solution_of(row["patch"], row["files"])
    assert writer.name == "parrot/1"
    assert asyncio.run(writer.write(row, solution)) == Draft("A0", "vibe-coding", [])
    assert asyncio.run(writer.write(row, solution, REASONS, draft())) == Draft("A2", "vibe-coding", [])
    assert asyncio.run(writer.write(pull(title=""), solution)) is None
