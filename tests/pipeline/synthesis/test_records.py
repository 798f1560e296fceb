"""What a model may answer is what is sent as a schema and what is let in, and nothing else."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from pipeline.llm.structured import MOST_REPEATED, schema_of
from pipeline.subdomains import SUB_DOMAINS
from pipeline.synthesis.records import Judgement, WrittenQuery
from tests.pipeline.synthesis.rows import ACCEPTS, WRITTEN

RECORDS = [(WrittenQuery, WRITTEN), (Judgement, ACCEPTS)]


@pytest.mark.parametrize(("kind", "value"), RECORDS)
def test_a_whole_answer_is_let_in(kind: type[BaseModel], value: dict[str, Any]) -> None:
    assert kind.model_validate(value).model_dump() == value


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"query": "too short"}, "query"),
        ({"query": "x" * 1_901}, "query"),
        ({"query": " " * 30}, "query"),
        ({"query": ["a list", "of texts"]}, "query"),
        ({"domain": "vibe coding"}, "domain"),
        ({"sub_domain": "security"}, "sub_domain"),
        ({"acceptance_criteria": []}, "acceptance_criteria"),
        ({"acceptance_criteria": ["A criterion of some length."] * 9}, "acceptance_criteria"),
        ({"acceptance_criteria": ["A criterion." * 30]}, "acceptance_criteria"),
        ({"acceptance_criteria": "A criterion of some length."}, "acceptance_criteria"),
        ({"needed_context": ["phrase"] * 7}, "needed_context"),
        ({"difficulty": "HARD"}, "difficulty"),
        ({"rationale": "x" * 801}, "rationale"),
        ({"rationale": None}, "rationale"),
        ({"query_id": "gh-000000000000"}, "query_id"),
        ({"pr_id": "acme/other#1"}, "pr_id"),
        ({"writer": "me"}, "writer"),
    ],
)
def test_a_query_with_anything_else_is_not(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationError) as raised:
        WrittenQuery.model_validate(WRITTEN | changes)
    assert {error["loc"][0] for error in raised.value.errors()} == {place}


@pytest.mark.parametrize(
    "changes",
    [
        {"fidelity": 0},
        {"fidelity": 6},
        {"realism": "5"},
        {"realism": 4.5},
        {"leakage": True},
        {"verdict": "Accept"},
        {"reasons": ["a reason"] * 7},
        {"reasons": ["x" * 201]},
        {"accepted": True},
    ],
)
def test_a_judgement_with_anything_else_is_not(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Judgement.model_validate(ACCEPTS | changes)


@pytest.mark.parametrize(("kind", "value"), RECORDS)
@pytest.mark.parametrize("missing", [*WRITTEN, *ACCEPTS])
def test_no_field_may_be_left_out(kind: type[BaseModel], value: dict[str, Any], missing: str) -> None:
    less = {name: said for name, said in value.items() if name != missing}
    if less != value:
        with pytest.raises(ValidationError):
            kind.model_validate(less)
    assert schema_of(kind)["required"] == list(value)


def bounds(schema: dict[str, Any]) -> list[int]:
    """The largest number of characters or items of everything in a schema."""
    inner = [bound for field in schema.get("properties", {}).values() for bound in bounds(field)]
    inner += bounds(schema["items"]) if "items" in schema else []
    return inner + [schema[keyword] for keyword in ("maxLength", "maxItems") if keyword in schema]


@pytest.mark.parametrize(("kind", "most"), [(WrittenQuery, 6), (Judgement, 2)])
def test_every_text_and_list_is_bounded_below_what_a_grammar_can_repeat(kind: type[BaseModel], most: int) -> None:
    assert len(bounds(schema_of(kind))) == most
    assert max(bounds(schema_of(kind))) <= MOST_REPEATED


def test_the_sub_domains_are_those_of_the_pipeline() -> None:
    assert schema_of(WrittenQuery)["properties"]["sub_domain"]["enum"] == list(SUB_DOMAINS)


def test_texts_are_stripped_and_those_that_no_check_reads_are_made_visible() -> None:
    written = WrittenQuery.model_validate(
        WRITTEN | {"query": f"\n {WRITTEN['query']} \n", "rationale": "a\u202eb <|x|>"}
    )
    assert written.query == WRITTEN["query"]
    assert written.rationale == "a«U+202E»b <·|x|>"
    assert Judgement.model_validate(ACCEPTS | {"reasons": [" a\x00b "]}).reasons == ["a«U+0000»b"]


def test_the_query_keeps_its_characters_for_the_checks() -> None:
    assert "\u202e" in WrittenQuery.model_validate(WRITTEN | {"query": WRITTEN["query"] + "\u202e."}).query
