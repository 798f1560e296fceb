"""Rejected queries on their way back to synthesis, with what their reviewers said."""

from typing import Any

from pipeline.synthesis.returned import LONGEST, MOST_REASONS, Returned


def returned(rows: list[dict[str, Any]]) -> list[Returned]:
    """The rejected ones among rows of REVIEWED: their reasons first, then what was marked, then notes; names of people are left out."""
    return [
        Returned(query_id=row["query_id"], query_sha256=row["query_sha256"], reasons=_reasons(row))
        for row in rows
        if row["verdict"] == "reject"
    ]


def _reasons(row: dict[str, Any]) -> list[str]:
    marks = [f"{mark['label']}: “{_line(mark['text'])[: LONGEST - 40]}”" for mark in row["marked"]]
    notes = [_line(note["text"])[:LONGEST] for note in row["notes"]]
    return list(dict.fromkeys([*row["reject_reasons"], *marks, *filter(None, notes)]))[:MOST_REASONS]


def _line(text: str) -> str:
    return " ".join(text.split())
