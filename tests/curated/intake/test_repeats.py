"""Two who ask for the same count as one wish."""

import pytest

from curated.intake.check import check
from curated.intake.identity import derived_id
from tests.curated.intake.brought import TEXT, findings, found, query, rules

NEAR = TEXT.replace("eleven", "twelve")


@pytest.mark.parametrize("text", [TEXT.upper(), f"  {TEXT.replace(' ', '  ')}\n", TEXT.replace("O", "\uff2f")])
def test_the_same_text_is_refused_whatever_its_case_and_blanks(text: str) -> None:
    (one,) = findings(query(), query(text, id="rw-later"))
    assert (one.query_id, one.check, one.refused) == ("rw-later", "duplicate", True)
    assert "query rw-orders" in one.said


def test_nearly_the_same_text_is_refused_and_the_pair_named() -> None:
    (one,) = findings(query(), query(NEAR, id="rw-later"))
    assert (one.query_id, one.check, one.refused, one.limit) == ("rw-later", "near_duplicate", True, 0.8)
    assert "query rw-orders" in one.said and 0.8 < one.value < 1


def test_only_what_is_asked_about_has_findings_and_all_is_compared() -> None:
    three = [query(), query(NEAR, id="rw-b"), query(f"{TEXT} Please.", id="rw-c", licence="none")]
    assert check(three, rules(), {"rw-orders"}) == []
    assert [(one.query_id, one.check) for one in check(three, rules(), {"rw-c"})] == [
        ("rw-c", "licence"),
        ("rw-c", "near_duplicate"),
    ]


def test_above_the_limit_it_is_not() -> None:
    assert found(query(), query(NEAR, id="rw-later"), similarity=1.0) == []


def test_another_wish_is_not() -> None:
    assert (
        found(
            query(),
            query(
                "Write a checker for our menus that finds dishes without a price, and tell the cook which.", id="rw-b"
            ),
        )
        == []
    )


def test_a_query_of_a_pull_request_that_is_nearly_the_same_is_flagged() -> None:
    pulls = {"gh-1": NEAR, "gh-2": TEXT, "gh-3": "Something else altogether, about menus."}
    (one,) = findings(query(), pulls=pulls)
    assert (one.check, one.refused, one.value) == ("near_pull_request", False, 1.0)
    assert "gh-2" in one.said
    assert found(query(), pulls={"gh-3": pulls["gh-3"]}) == []


def test_an_id_comes_from_the_text_alone() -> None:
    assert derived_id(TEXT) == derived_id(f" {TEXT.upper()}\r\n") == "rw-" + derived_id(TEXT)[3:]
    assert derived_id(TEXT) != derived_id(NEAR)
    assert query(id=derived_id(TEXT)).id == derived_id(TEXT)
