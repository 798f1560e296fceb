"""Secrets and personal data refuse a query; the finding says where they stand and never what they are."""

from dataclasses import asdict

import pytest

from curated.intake.personal import MOST_PLACES, personal
from curated.intake.texts import texts_of
from tests.curated.intake.brought import TEXT, demo_rules, findings, found, query
from tests.pipeline.masking.planted import IN_LINES, PERSONAL, TOKENS

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
PLANTED = [
    ("secret", TOKEN),
    ("email", "joe.miller@acme-corp.io"),
    ("ip", "81.2.69.160"),
    ("phone", "+49 30 901820"),
    ("handle", "@joemiller"),
]


@pytest.mark.parametrize(("kind", "value"), PLANTED)
def test_a_value_is_refused_with_its_place_and_not_shown(kind: str, value: str) -> None:
    (one,) = findings(query(f"First line.\n{TEXT} Ask {value} for more."))
    assert (one.check, one.column, one.refused, one.line) == (kind, "query", True, 2)
    assert one.character == len(TEXT) + 6
    assert f"{kind.upper()}_1]" in one.evidence
    assert value.strip("@") not in str(asdict(one))


@pytest.mark.parametrize(("kind", "value"), PLANTED)
def test_a_kind_that_is_not_masked_is_not_looked_for(kind: str, value: str) -> None:
    others = tuple(name for name, _ in PLANTED if name != kind)
    assert found(query(f"{TEXT} Ask {value} for more."), kinds=others) == []


@pytest.mark.parametrize(
    "value", ["joe@example.org", "127.0.0.1", "version 10.2.0.1", "`@app.route`", "[the key]", "+ 49"]
)
def test_what_only_looks_like_one_is_not_found(value: str) -> None:
    assert found(query(f"{TEXT} Ask {value} for more.")) == []


@pytest.mark.parametrize("column", ["contributor_role", "source"])
def test_the_other_columns_are_looked_at_as_well(column: str) -> None:
    assert found(query(**{column: "developer, joe.miller@acme-corp.io"})) == [("email", column, True)]
    given = ["The page loads in one second.", f"The log has no {TOKEN} any more."]
    assert found(query(success_criteria=given)) == [("secret", "success_criteria.1", True)]


def test_no_other_finding_quotes_a_value() -> None:
    told = [
        one.told() for one in findings(query(f"Ask joe.miller@acme-corp.io, key {TOKEN}"), query("x " * 500, id="rw-b"))
    ]
    assert any("too_few" in one or "too few" in one for one in told)
    assert not any("joe.miller" in one or TOKEN[:12] in one for one in told)


def test_not_even_a_value_of_a_kind_that_is_not_masked_is_quoted() -> None:
    told = [one.told() for one in findings(query(f"Ask for the key {TOKEN}"), kinds=("email",))]
    assert told and not any(TOKEN[:12] in one for one in told)


def test_a_placeholder_that_stood_there_is_one_to_fill_in() -> None:
    assert found(query(f"{TEXT} Ask [EMAIL_1] and joe.miller@acme-corp.io for more.")) == [
        ("placeholder", "query", False),
        ("email", "query", True),
    ]


def test_the_same_value_is_told_at_each_place() -> None:
    assert (
        found(query(f"{TEXT} Ask joe.miller@acme-corp.io.\r\nOr joe.miller@acme-corp.io."))
        == [("email", "query", True)] * 2
    )


def test_a_text_full_of_them_is_told_in_some_lines() -> None:
    told = findings(query(f"{TEXT} {'@joemiller ' * 500}"), max_words=1_000)
    assert len(told) == MOST_PLACES
    assert "and 480 more such places" in told[-1].told()


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_all_that_masking_would_change_is_refused(ends: str) -> None:
    planted = [*TOKENS.values(), *(line for line, _ in IN_LINES), *(line for _, line, _ in PERSONAL)]
    kinds = demo_rules().kinds
    texts = [texts_of(query(f"{TEXT}{ends}{line}{ends}"), kinds) for line in planted]
    missed = [line for line, one in zip(planted, texts, strict=True) if not list(personal("rw-a", one, kinds))]
    assert missed == [line for line, one in zip(planted, texts, strict=True) if one.masked == one.given]
    assert len(missed) < len(planted) / 20


def test_a_version_that_was_named_is_no_address_elsewhere_either() -> None:
    assert found(query(f"{TEXT} With jruby-9.1.15.0 it runs, and 9.1.15.0 is old. joe.miller@acme-corp.io")) == [
        ("email", "query", True)
    ]
