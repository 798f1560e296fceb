"""Of what Label Studio stored, nothing becomes a row that the form does not ask or that another than the contributor wrote."""

import json
import re
from typing import Any

import pytest

from annotation.intake.form import form_xml, guide_html, questions
from annotation.intake.submitted import Collected, Submission, collect
from pipeline.real_world import DOMAINS, RealWorldQuery, query_of
from tests.annotation.intake.forms import TEXT, answer, filled

AT = "2025-09-17T10:00:00.123456Z"


def collected(result: Any = None, account: int | None = 5, **fields: Any) -> Collected:
    raw = {"id": 7, "completed_by": 5, "updated_by": 5, "created_at": AT, "updated_at": AT, "was_cancelled": False}
    raw |= {"result": filled() if result is None else result} | fields
    return collect([Submission("amara", 3, 11, raw)], {"amara": account} if account else {})


def reason(result: Any = None, **fields: Any) -> str:
    found = collected(result, **fields)
    assert found.queries == []
    (refused,) = found.refused
    json.dumps(refused, ensure_ascii=False).encode()
    assert refused["reason"].isprintable()
    return str(refused["reason"])


def test_a_filled_form_is_a_whole_row() -> None:
    (entry,) = collected().queries
    row = query_of(entry["row"])
    assert isinstance(row, RealWorldQuery)
    assert row.query == TEXT and row.consent and len(row.success_criteria) == 2
    assert (entry["contributor"], entry["annotation"], entry["submitted_at"]) == (
        "amara",
        7,
        "2025-09-17T10:00:00.123456+00:00",
    )


def test_the_form_asks_for_every_column_and_offers_what_the_record_takes() -> None:
    assert set(questions()) == set(RealWorldQuery.model_fields) - {"id"}
    assert questions()["sub_domain"] == {part for parts in DOMAINS.values() for part in parts}
    assert questions()["domain"] == set(DOMAINS)


def test_the_id_stays_when_the_text_is_mended_and_names_nobody() -> None:
    first, mended = (collected(filled(query=text)).queries[0]["row"]["id"] for text in (TEXT, TEXT + " Please."))
    assert first == mended and "amara" not in first
    assert collected(created_at="2025-09-18T10:00:00Z").queries[0]["row"]["id"] != first


def test_what_is_not_answered_is_missing_in_the_row() -> None:
    (entry,) = collected(filled(without="consent")).queries
    assert query_of(entry["row"]) == [("consent", "Field required")]


def test_a_skipped_form_is_none() -> None:
    assert collected(was_cancelled=True) == Collected([], [])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"account": None}, "amara has no account"),
        ({"completed_by": 6}, "account 6 wrote it, and amara's is 5"),
        ({"updated_by": 6}, "account 6 wrote it"),
        ({"completed_by": True}, "consent is given by nobody else"),
        ({"unreadable": True}, "Label Studio itself fails"),
        ({"id": None}, "no number or no date"),
        ({"created_at": "yesterday"}, "no number or no date"),
    ],
)
def test_what_the_contributor_did_not_write_is_refused(fields: dict[str, Any], said: str) -> None:
    assert said in reason(**fields)


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (None, "not in the form"),
        ([{"from_name": 3}], "not in the form"),
        ([*filled(), answer("\x1b[2J", "x")], r"answers '\x1b[2J', which the form does not ask"),
        ([*filled(), answer("licence", "CC0-1.0")], "answers licence more than once"),
        (filled(licence="\u202eMIT"), r"answers licence with '\u202eMIT', which is not offered"),
        (filled(consent="no"), "not offered"),
        (filled(query="half \ud800"), "half a surrogate pair"),
        (filled(query="x" * 2**21), "endless"),
    ],
)
def test_an_answer_to_nothing_is_refused(result: Any, said: str) -> None:
    assert said in (reason({}) if result is None else reason(result))


def test_no_single_key_says_yes_or_chooses_a_licence() -> None:
    choices = re.findall(r'<Choice value="(CC[^"]+|yes)" hotkey="([^"]+)"', form_xml())
    assert {value for value, _ in choices} == questions()["licence"] | questions()["consent"]
    assert all(keys.startswith("ctrl+alt+shift+") for _, keys in choices)


def test_contributors_are_told_what_is_theirs_and_not_what_is_for_others() -> None:
    guide = guide_html()
    assert "Licence in plain words" in guide and "limi intake add" not in guide
