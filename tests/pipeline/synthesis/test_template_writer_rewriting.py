"""Given reasons, the template writer writes again without what was found; without any, nothing changes."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from annotation.tasks import facts_sha256
from demo.authored import read_repository
from demo.build import WORLD, build_repository
from pipeline.clones.collect import collect_clone
from pipeline.files import sha256_text
from pipeline.masking.mask import KINDS, mask
from pipeline.sections import Checks, Collect, SubDomain
from pipeline.synthesis.checks import Finding, findings
from pipeline.synthesis.leakage import solution_of
from pipeline.synthesis.queries import query_id
from pipeline.synthesis.template_writer import TemplateWriter
from pipeline.synthesis.writers import Draft
from tests.pipeline.synthesis.rows import LIMITS, patch_adding

ROOT = Path(__file__).resolve().parents[3]


def pull(title: str, body: str = "", added: str = "", paths: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    files = [{"path": path, "old_path": path, "status": "M", "additions": 1, "deletions": 0} for path in paths]
    row = {
        "pr_id": "acme/parser#7",
        "repo": "acme/parser",
        "title": title,
        "body": body,
        "files": files,
        "patch": patch_adding(added),
    }
    return row | {"sub_domain": "back-end"} | fields


def found(row: dict[str, Any], draft: Draft, limits: Checks = LIMITS) -> list[Finding]:
    return findings(draft.query, draft.success_criteria, solution_of(row["patch"], row["files"]), limits)


def twice(row: dict[str, Any], limits: Checks = LIMITS) -> tuple[Draft, list[Finding], Draft | None]:
    """The first draft, what was found in it (something was), and the draft written anew with that."""
    solution = solution_of(row["patch"], row["files"])
    first = TemplateWriter().write(row, solution)
    assert first is not None
    reasons = found(row, first, limits)
    assert reasons
    return first, reasons, TemplateWriter().write(row, solution, reasons)


def mended(row: dict[str, Any], limits: Checks = LIMITS) -> Draft:
    """The draft written anew, in which nothing is found."""
    _, _, second = twice(row, limits)
    assert second is not None
    assert found(row, second, limits) == []
    return second


def test_leaking_names_are_said_in_plain_words() -> None:
    second = mended(pull("Add read_all and ReaderPool to the parser", added="read_all ReaderPool"))
    assert "add read all and reader pool to the parser" in second.query
    assert second.success_criteria[0] == "Done when this holds: add read all and reader pool to the parser."


def test_names_in_another_spelling_are_said_in_plain_words() -> None:
    second = mended(pull("Add read_all and reader_pool to the parser", added="readAll ReaderPool"))
    assert "add read all and reader pool to the parser" in second.query


def test_leaking_paths_are_said_in_plain_words() -> None:
    second = mended(pull("Fix typos in reader.py and pool.py", paths=("src/reader.py", "src/pool.py")))
    assert "typos in the reader file and the pool file" in second.query


def test_an_area_that_leaks_is_left_out() -> None:
    second = mended(pull("reader.py: Add read_all to the parser", added="read_all", paths=("src/reader.py",)))
    assert "reader" not in second.query.replace("read all", "")


def test_a_title_that_stands_in_the_patch_loses_as_few_clauses_as_it_can() -> None:
    title = "Keep quoted commas together on old servers when the last field is empty"
    second = mended(pull(title, added="# keep quoted commas together on old servers when the last field is empty"))
    assert "eep quoted commas together" in second.query
    assert "when the last" not in second.query


def test_a_title_that_cannot_be_said_otherwise_stays_and_is_found_again() -> None:
    row = pull(
        "Keep quoted commas and everything else together", added="# keep quoted commas and everything else together"
    )
    _, reasons, second = twice(row)
    assert second is not None
    assert "eep quoted commas and everything else together" in second.query
    assert {finding.check for finding in found(row, second)} == {finding.check for finding in reasons}


def test_names_go_even_if_the_words_around_them_stay() -> None:
    title = "Keep read_all and everything else together"
    row = pull(
        title,
        added="read_all\n+# keep read_all and everything else together keep read all and everything else together",
    )
    _, _, second = twice(row)
    assert second is not None
    assert "eep read all and everything else together" in second.query


def test_a_name_below_the_limit_stays_where_the_reason_is_another() -> None:
    second = mended(pull("minor #12 Add read_all to the parser (ann)", added="read_all"))
    assert "add read_all to the parser" in second.query
    assert "12" not in second.query
    assert "ann" not in second.query


def test_a_sentence_in_which_something_is_found_is_left_out() -> None:
    body = "The parser fails on empty input. The reader can now skip such files. It happens on every second run."
    second = mended(pull("Handle empty input", body))
    assert "The parser fails on empty input. It happens on every second run." in second.query


def test_a_sentence_with_a_name_in_another_spelling_is_left_out() -> None:
    body = "The parser fails on empty input. A call of read_all would be enough here. A ReaderPool helps."
    row = pull("Handle empty input with reader_pool", body, added="readAll ReaderPool")
    assert "read_all" in twice(row)[0].query
    assert "read_all" not in mended(row).query


def test_a_criterion_that_repeats_another_is_left_out() -> None:
    second = mended(
        pull("Handle empty input", "- keeps the old order of rows\n- keeps the old order of rows\n- is quick for all")
    )
    assert second.success_criteria == [
        "Done when this holds: handle empty input.",
        "Keeps the old order of rows.",
        "Is quick for all.",
        "The tests that pass today still pass.",
    ]


def test_equal_criteria_do_not_come_back_for_another_reason() -> None:
    row = pull("Handle empty input", "- keeps the old order of rows\n- keeps the old order of rows")
    draft = TemplateWriter().write(row, solution_of(row["patch"], []), [Finding("judge", 1, 2, "too vague")])
    assert draft is not None
    assert found(row, draft) == []


def test_a_criterion_that_nobody_could_check_is_left_out() -> None:
    row = pull("Handle empty input", "- everything works as expected\n- keeps the old order of rows")
    assert "Everything works as expected." in twice(row)[0].success_criteria
    assert "Everything works as expected." not in mended(row).success_criteria


def test_a_draft_that_is_too_short_gets_the_longest_turns_of_phrase() -> None:
    number = next(n for n in range(99) if len(first_of(f"acme/parser#{n}").query.split()) < 12)
    second = mended(pull("Handle empty input", pr_id=f"acme/parser#{number}"))
    assert len(second.query.split()) >= 14


def first_of(pr_id: str) -> Draft:
    row = pull("Handle empty input", pr_id=pr_id)
    draft = TemplateWriter().write(row, solution_of(row["patch"], []))
    assert draft is not None
    return draft


def test_a_draft_that_is_too_long_keeps_as_much_background_as_fits() -> None:
    body = " ".join(f"The parser fails on empty input number {n}." for n in range(20))
    second = mended(pull("Handle empty input", body), LIMITS.model_copy(update={"max_words": 45}))
    assert 45 - 8 < len(second.query.split()) <= 45


@pytest.mark.parametrize("title", ["Merge pull request #9 from @[HANDLE_1]/topic", "Merge branch 'a', this PR, into b"])
def test_a_title_that_only_tells_of_a_merge_asks_for_nothing_at_the_second_look(title: str) -> None:
    assert twice(pull(title))[2] is None


def test_a_rewrite_is_the_same_every_time_and_for_the_reasons_of_the_next_draft() -> None:
    row = pull("minor #12 Add read_all and ReaderPool (ann)", added="read_all ReaderPool")
    first, reasons, second = twice(row)
    assert twice(row) == (first, reasons, second)
    solution = solution_of(row["patch"], row["files"])
    for reason in reasons:
        again = TemplateWriter().write(row, solution, [reason])
        assert again == second


def test_a_reason_of_a_judge_does_not_bring_anything_back() -> None:
    row = pull("Add read_all and ReaderPool to the parser", added="read_all ReaderPool")
    draft = TemplateWriter().write(row, solution_of(row["patch"], row["files"]), [Finding("judge", 1, 2, "too vague")])
    assert draft == mended(row)


EXPORT = json.loads((ROOT / "annotation/reviews/demo.json").read_text(encoding="utf-8"))
REVIEWED = {task["query_id"]: task for task in EXPORT["tasks"]}
NAMES = sorted(path.name for path in WORLD.iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def again() -> set[str]:
    """The queries that the tests below found again; the last one counts them."""
    return set()


@pytest.mark.parametrize("name", NAMES)
def test_without_reasons_the_demo_is_word_for_word_what_was_reviewed(
    name: str, tmp_path: Path, again: set[str]
) -> None:
    """The reviews name what was shown by its hash, so a changed word would void them."""
    authored = read_repository(WORLD / name)
    clone = tmp_path / "clone.git"
    head = build_repository(authored, clone)
    collect = Collect(max_listed=100, max_patch_bytes=1_000_000, max_changed_lines=1200)
    rows = collect_clone(authored.facts.full_name, clone, head, collect).iter_rows(named=True)
    compared = [row for row in rows if query_id(row["pr_id"]) in REVIEWED]
    assert compared
    for row in compared:
        reviewed = REVIEWED[query_id(row["pr_id"])]
        masked = mask(row["title"], row["body"], row["patch"], KINDS)
        row |= {"title": masked.title, "body": masked.body, "patch": masked.patch}
        solution = solution_of(row["patch"], row["files"])
        # The export does not say the sub-domain, which decides the last sentence.
        drafts = [TemplateWriter().write(row | {"sub_domain": name}, solution) for name in get_args(SubDomain)]
        written = {facts_sha256(draft.query, draft.success_criteria, row): draft.query for draft in drafts if draft}
        assert reviewed["task_sha256"] in written
        assert reviewed["query_sha256"] == sha256_text(written[reviewed["task_sha256"]])
        again.add(reviewed["query_id"])


def test_that_was_every_reviewed_query(again: set[str]) -> None:
    assert again == set(REVIEWED)
