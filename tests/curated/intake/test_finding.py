"""What refuses a query stops whoever needs the file, with every sentence; what is flagged stops nobody."""

from pathlib import Path

import pytest

from curated.intake.finding import MOST_TOLD, Finding, refuse
from pipeline.errors import UserError

FILE = Path("queries.jsonl")
BAD = Finding(
    "rw-a", "query", "email", True, "it holds an e-mail address", evidence="ask [EMAIL_1]", line=2, character=7
)
ODD = Finding("rw-b", "query", "markup", False, "it has the markup of a page")


def test_a_refused_finding_is_told_with_file_query_column_and_place() -> None:
    with pytest.raises(UserError) as raised:
        refuse([ODD, BAD], FILE)
    assert str(raised.value) == (
        "queries.jsonl: query rw-a, column query: line 2, character 7: it holds an e-mail address [ask [EMAIL_1]]"
    )


def test_a_flagged_finding_stops_nobody() -> None:
    refuse([ODD], FILE)
    refuse([], FILE)


def test_of_many_some_are_told_and_the_rest_is_counted() -> None:
    with pytest.raises(UserError) as raised:
        refuse([BAD] * (MOST_TOLD + 3), FILE)
    lines = str(raised.value).splitlines()
    assert len(lines) == MOST_TOLD + 1
    assert lines[-1] == "queries.jsonl: and 3 more; `limi intake check queries.jsonl` names all"
    with pytest.raises(UserError) as raised:
        refuse([BAD] * MOST_TOLD, FILE)
    assert len(str(raised.value).splitlines()) == MOST_TOLD
