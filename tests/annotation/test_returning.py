"""Rejected queries go back with what was said of them, and with nobody's name."""

from typing import Any

from annotation.returning import returned
from pipeline.synthesis.returned import LONGEST, MOST_REASONS


def row(verdict: str = "reject", **fields: Any) -> dict[str, Any]:
    known: dict[str, Any] = {"query_id": "gh-0123456789ab", "query_sha256": "ab" * 32, "verdict": verdict}
    known |= {"reject_reasons": ["too vague"], "marked": [], "notes": []}
    return known | fields


def reasons(**fields: Any) -> list[str]:
    (one,) = returned([row(**fields)])
    return one.reasons


def test_only_rejected_queries_go_back() -> None:
    assert returned([row("accept"), row("disputed")]) == []
    (one,) = returned([row("accept"), row("reject")])
    assert (one.query_id, one.query_sha256) == ("gh-0123456789ab", "ab" * 32)


def test_reasons_marks_and_notes_are_told_in_this_order_without_names() -> None:
    said = reasons(
        marked=[{"annotator": "ada", "label": "leaks-solution", "text": "use a\nset"}],
        notes=[{"annotator": "bo", "text": "Never says\n what is wrong."}, {"annotator": "ada", "text": " "}],
    )
    assert said == ["too vague", "leaks-solution: “use a set”", "Never says what is wrong."]


def test_the_same_is_told_once_and_never_more_than_fits() -> None:
    notes = [{"annotator": "ada", "text": "x" * 5000}, {"annotator": "bo", "text": "x" * 5000}]
    marked = [{"annotator": "ada", "label": "unnatural", "text": f"{at} " + "y" * 5000} for at in range(50)]
    assert reasons(notes=notes) == ["too vague", "x" * LONGEST]
    said = reasons(marked=marked)
    assert len(said) == MOST_REASONS
    assert max(map(len, said)) <= LONGEST
