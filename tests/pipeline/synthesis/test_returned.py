"""What reviewers sent back is written anew with their reasons: that text alone, once for each time it came back."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from pipeline.synthesis.queries import Synthesized, query_id, synthesize
from pipeline.synthesis.returned import (
    LONGEST,
    MOST_REASONS,
    Returned,
    read_returned,
    reasons_by_text,
    returned_file,
    write_returned,
)
from pipeline.synthesis.rewriting import WithoutModel, Writer
from pipeline.synthesis.template_writer import TemplateWriter
from pipeline.tables import SAMPLED
from tests.pipeline.synthesis.rows import LIMITS
from tests.pipeline.synthesis.samples import sampled
from tests.pipeline.synthesis.test_queries import DROPPING, GOOD, KEEPING, LEAKING, OTHER, Telling

ROW = sampled(title="Handle empty input")
ID = query_id(ROW["pr_id"])
THIRD = (
    "Our nightly job stops at an input without a single line in it; it should go on and tell that nothing was there."
)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def back(text: str, *reasons: str, of: str = ID) -> Returned:
    return Returned(query_id=of, query_sha256=sha(text), reasons=list(reasons or ("too vague",)))


def run(writer: Writer, *rows: Returned, chosen: Any = KEEPING) -> Synthesized:
    return asyncio.run(
        synthesize(SAMPLED.frame([ROW]), writer, None, chosen, LIMITS, 1, returned=reasons_by_text(rows))
    )


def test_a_text_that_came_back_is_written_anew_with_the_reasons() -> None:
    writer = Telling(GOOD, OTHER)
    found = run(writer, back(GOOD, "too vague", "several asks"))
    assert found.queries["query"].to_list() == [OTHER]
    assert writer.told == [[], ["review", "review"]]
    assert found.drafts["query"].to_list() == [GOOD, OTHER]
    assert found.drafts["chosen"].to_list() == [False, True]


def test_a_text_can_come_back_again() -> None:
    found = run(Telling(GOOD, OTHER, THIRD), back(GOOD), back(OTHER))
    assert found.queries["query"].to_list() == [THIRD]
    assert found.queries["drafts"].to_list() == [3]


def test_another_text_or_query_is_not_touched() -> None:
    assert run(Telling(GOOD), back(OTHER)).queries["query"].to_list() == [GOOD]
    assert run(Telling(GOOD), back(GOOD, of="gh-000000000000")).queries["query"].to_list() == [GOOD]


def test_a_writer_that_says_the_same_again_is_not_asked_for_ever() -> None:
    assert run(Telling(GOOD, GOOD), back(GOOD)).queries["query"].to_list() == [GOOD]


def test_two_texts_that_came_back_do_not_chase_each_other() -> None:
    assert run(Telling(GOOD, OTHER, GOOD), back(GOOD), back(OTHER)).queries["query"].to_list() == [GOOD]


def test_what_is_written_anew_passes_the_same_checks() -> None:
    found = run(Telling(GOOD, LEAKING, OTHER), back(GOOD), chosen=DROPPING)
    assert found.queries["query"].to_list() == [OTHER]
    dropped = run(Telling(GOOD, LEAKING, LEAKING), back(GOOD), chosen=DROPPING)
    assert dropped.queries.height == 0
    assert [(fate["fate"], fate["reason"]) for fate in dropped.fates] == [("dropped", "checks")]


def template(row: dict[str, Any], *rows: Returned) -> str:
    writer = WithoutModel(TemplateWriter())
    found = synthesize(SAMPLED.frame([row]), writer, None, KEEPING, LIMITS, 1, returned=reasons_by_text(rows))
    text: str = asyncio.run(found).queries["query"][0]
    return text


def test_the_template_writer_says_less_of_the_solution_where_reviewers_saw_it() -> None:
    row = sampled(title="Add `read_all` to the parser", body="Reading an input that is empty fails with an error.")
    first = template(row)
    assert "read_all" in first
    assert "read_all" not in template(row, back(first, "leaks solution", of=query_id(row["pr_id"])))
    assert template(row, back(first, "trivial", of=query_id(row["pr_id"]))) == first


@pytest.mark.parametrize(
    ("reason", "check"),
    [
        ("leaks solution", "leakage"),
        ("leaks-solution: “x”", "leakage"),
        ("too vague", "review"),
        ("it leaks", "review"),
    ],
)
def test_a_leak_is_told_as_the_check_for_leaks_tells_it(reason: str, check: str) -> None:
    ((finding,),) = reasons_by_text([back(GOOD, reason)]).values()
    assert (finding.check, finding.evidence) == (check, reason)


def test_the_file_belongs_to_the_export() -> None:
    assert returned_file("annotation/reviews/demo.json") == Path("annotation/returned/demo.jsonl")


def test_what_is_written_is_read_sorted(tmp_path: Path) -> None:
    rows = [back(GOOD, of="gh-bbbbbbbbbbbb"), back(OTHER, of="gh-aaaaaaaaaaaa")]
    write_returned(tmp_path / "r.jsonl", rows)
    assert read_returned(tmp_path / "r.jsonl") == rows[::-1]


def test_no_file_means_nothing_came_back(tmp_path: Path) -> None:
    assert read_returned(tmp_path / "none.jsonl") == []


GOOD_LINE = back(GOOD).model_dump()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "1",
        "[" * 5000,
        json.dumps(GOOD_LINE | {"query_id": "x"}),
        json.dumps(GOOD_LINE | {"query_sha256": "ab"}),
        json.dumps(GOOD_LINE | {"reasons": []}),
        json.dumps(GOOD_LINE | {"reasons": [""]}),
        json.dumps(GOOD_LINE | {"reasons": ["x" * (LONGEST + 1)]}),
        json.dumps(GOOD_LINE | {"reasons": ["x"] * (MOST_REASONS + 1)}),
        json.dumps(GOOD_LINE | {"reasons": [1]}),
        json.dumps(GOOD_LINE | {"extra": 1}),
    ],
)
def test_a_line_that_is_none_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(json.dumps(GOOD_LINE) + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"r\.jsonl, line 2, is no returned query"):
        read_returned(path)


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="cannot be read"):
        read_returned(tmp_path / "r.jsonl")
