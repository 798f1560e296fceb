"""Which sessions are trained on, and what is told of the others; the queries that they are held against."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from pipeline.files import sha256_text, write_jsonl
from pipeline.tables import SAMPLED
from tests.trajectories.made import said, session
from trajectories.archive.session import Session
from trajectories.checks.limits import Limits
from trajectories.collecting.assignment import find_assignment
from trajectories.export.counting import Once
from trajectories.export.policy import Policy
from trajectories.export.rows import rows_of
from trajectories.queries import Query, pool_queries
from trajectories.selection import Selection, chosen, counting_by, metrics

TEXT = "Please make the search of our notes fast, and add a test."
POOL = {
    "real-001": Query("real-001", TEXT, "", "", "", "CC0-1.0"),
    "real-002": Query("real-002", TEXT, "", "", "", "MIT"),
}
SOLVED = {"success": True, "checks": [{"name": "tests", "passed": True, "round": 1}]}


def worked(query_id: str = "real-001", answer: str = "It is fast now.", **provenance: Any) -> Session:
    facts = {"query_id": query_id, "query_sha256": sha256_text(TEXT), "outcome": SOLVED} | provenance
    return session(said("user", TEXT, limi={"kind": "request"}), said("agent", answer), **facts)


def choose(*sessions: Session, limits: Limits | None = None) -> tuple[list[Session], Selection]:
    selection = Selection()
    named = [one.model_copy(update={"trajectory_id": f"made-{at}"}) for at, one in enumerate(sessions)]
    return list(chosen(named, POOL, limits or Limits(), Policy(), selection)), selection


def test_a_good_session_on_a_query_of_the_pool_is_trained_on() -> None:
    taken, selection = choose(worked())
    assert [one.trajectory_id for one in taken] == ["made-0"]
    assert (selection.left_out, dict(selection.by_query), dict(selection.rounds)) == ({}, {"real-001": 1}, {1: 1})


def test_a_session_on_another_query_is_left_out() -> None:
    taken, selection = choose(worked("gh-0123456789ab"), worked())
    assert [one.trajectory_id for one in taken] == ["made-1"]
    assert selection.left_out == {"made-0": "not_in_pool"}


def test_a_refused_session_is_left_out_with_its_rule() -> None:
    taken, selection = choose(worked(outcome={"success": False}), worked(query_sha256="0" * 64))
    assert taken == []
    assert selection.reasons() == {"not_success": 1, "other_text": 1}


def test_a_flagged_session_is_trained_on_and_counted() -> None:
    taken, selection = choose(worked(outcome={"success": True}))
    assert len(taken) == 1
    assert selection.flagged == {"unchecked": 1}


def test_a_rule_that_is_broken_twice_flags_one_session() -> None:
    facts = {"query_id": "real-001", "query_sha256": sha256_text(TEXT), "outcome": SOLVED}
    copied = said("agent", "I look.") | {"is_copied_context": True}
    asked, answer = said("user", TEXT, limi={"kind": "request"}), said("agent", "It is fast now.")
    _, selection = choose(session(asked, copied, copied, answer, **facts))
    assert selection.flagged == {"copied": 1}


def test_the_same_work_is_trained_on_once_however_often_and_under_whatever_query_it_is_archived() -> None:
    taken, selection = choose(worked(), worked(), worked("real-002"), worked(answer="Done."))
    assert [one.trajectory_id for one in taken] == ["made-0", "made-3"]
    assert selection.left_out == {"made-1": "repeated", "made-2": "repeated"}


def test_a_copy_that_lost_why_a_turn_carries_no_loss_is_the_same_work() -> None:
    asked, answer = said("user", TEXT, limi={"kind": "request"}), said("agent", "It is fast now.")
    facts: dict[str, Any] = {"query_id": "real-001", "query_sha256": sha256_text(TEXT), "outcome": SOLVED}
    taken, selection = choose(session(asked, answer | {"is_copied_context": True}, **facts), worked())
    assert (len(taken), selection.reasons()) == (1, {"repeated": 1})


def test_a_refused_session_does_not_take_the_place_of_a_good_one() -> None:
    taken, _ = choose(worked(outcome={"success": False}), worked())
    assert [one.trajectory_id for one in taken] == ["made-1"]


def test_a_rows_tokens_are_counted_once_for_checks_and_export() -> None:
    counted: list[int] = []

    def count(messages: list[Any], tools: list[Any]) -> int:
        counted.append(1)
        return 7

    counting = Once(count)
    other = worked(answer="Done.").model_copy(update={"trajectory_id": "made-1"})
    taken = chosen([worked(), other], POOL, Limits(), Policy(), Selection(), counting)
    assert [row["tokens"] for row in rows_of(taken, Policy(), counting=counting)] == [7, 7]
    assert counted == [1, 1]


def test_a_rule_that_is_off_leaves_nothing_out() -> None:
    taken, _ = choose(worked(outcome={"success": False}), limits=Limits(severity={"not_success": "off"}))
    assert len(taken) == 1


def test_the_metrics_add_up() -> None:
    taken, selection = choose(
        worked(), worked(answer="Done."), worked("gh-0123456789ab"), worked(outcome={"success": False})
    )
    found = metrics(selection, [30_000, 10_000], len(POOL))
    assert found["sessions"] == len(taken) == 2
    assert found["left_out"] == {"not_in_pool": 1, "not_success": 1}
    assert (found["queries"], found["queries_without"], found["rounds"]) == (1, 1, {"1": 2})
    assert (found["tokens"]["mean"], found["tokens"]["shorter"]) == (20_000, 1)
    assert json.loads(json.dumps(found)) == found


def test_a_tokenizer_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no tokenizer in"):
        counting_by(str(tmp_path / "no-such-model"))


def written(root: Path, *rows: dict[str, Any]) -> Path:
    (root / "curated").mkdir()
    (root / "curated/pool.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return root


REAL: dict[str, Any] = {
    "id": "real-001",
    "query": TEXT,
    "source": "somebody",
    "licence": "MIT",
    "success_criteria": [],
    "pull_request": None,
}


def test_a_querys_patch_comes_from_the_sample(tmp_path: Path) -> None:
    pull = {
        "id": "gh-0123456789ab",
        "query": "Q",
        "source": "owner/name#7",
        "licence": "MIT",
        "success_criteria": ["It is fast."],
        "pull_request": {"base_sha": "a" * 40, "repo": "owner/name", "number": 7},
    }
    root = written(tmp_path, REAL, pull)
    blank = {"String": "", "Int64": 0, "Float64": 0.0, "Boolean": False}
    row: dict[str, Any] = {name: blank.get(str(kind)) for name, kind in SAMPLED.schema.items()}
    SAMPLED.write(SAMPLED.frame([row | {"pr_id": "owner/name#7", "patch": "+added"}]), root / "data/sampled.parquet")
    found = pool_queries(root)
    assert (found["gh-0123456789ab"].patch, found["gh-0123456789ab"].pr_id) == ("+added", "owner/name#7")
    assert (found["real-001"].patch, found["real-001"].pr_id, found["real-001"].known.query) == ("", "", TEXT)


def test_a_query_may_hold_what_other_readers_take_for_the_end_of_a_line(tmp_path: Path) -> None:
    text = "One.\u2028Two.\x85Three.\x0b\x0c\x1c Four."
    (tmp_path / "curated").mkdir()
    write_jsonl(tmp_path / "curated/pool.jsonl", [REAL | {"query": text}])
    assert pool_queries(tmp_path)["real-001"].text == text
    assert find_assignment("real-001", tmp_path / "curated/pool.jsonl").query == text


@pytest.mark.parametrize("changed", [{"query": 7}, {"success_criteria": None}, {"pull_request": {"base_sha": "a"}}])
def test_a_line_of_the_pool_that_lacks_something_is_named_to_whoever_reads_it(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    root = written(tmp_path, REAL, REAL | {"id": "real-002"} | changed)
    for reader in (lambda: pool_queries(root), lambda: find_assignment("real-001", root / "curated/pool.jsonl")):
        with pytest.raises(UserError, match=r"curated/pool.jsonl line 2 is not what `dvc repro build_pool` writes"):
            reader()


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"id": "x"}', "\x00"])
def test_a_broken_line_of_the_pool_is_named(tmp_path: Path, line: str) -> None:
    root = written(tmp_path, REAL)
    with (root / "curated/pool.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(UserError, match=r"curated/pool.jsonl line 2 is not what `dvc repro build_pool` writes"):
        pool_queries(root)


def test_without_a_pool_the_stage_that_writes_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="`dvc repro build_pool` writes it"):
        pool_queries(tmp_path)
