"""Sessions in the dataset: a config of their own, under the licence of the query that each is work on; none without a query of the pool."""

from typing import Any

import pytest

from curated.making.dataset import make_dataset
from curated.making.inputs import check_one_run
from pipeline.errors import UserError
from tests.curated.dataset.run import Run, jsonl
from tests.trajectories.made import said, session
from trajectories.export.policy import Policy
from trajectories.export.rows import row_of


def with_sessions(*query_ids: str, **changed: Any) -> Run:
    """A run with a session of work on each of these queries of its pool."""
    run = Run()
    hashes = {row["query_id"]: row["query_sha256"] for row in run.reviewed}
    for at, query_id in enumerate(query_ids):
        facts = {"query_id": query_id, "query_sha256": hashes[query_id]}
        made = session(said("user", "Close it.", limi={"kind": "request"}), said("agent", "Closed."), **facts)
        run.sessions.append(row_of(made, Policy(), "whatever") | {"trajectory_id": f"made-{at}"} | changed)
    return run


def test_a_session_has_licence_and_attribution_of_its_query() -> None:
    files = make_dataset(with_sessions("gh-000000000001").inputs()).files
    (row,) = jsonl(files["trajectories/trajectories.jsonl"])
    query = next(row for row in jsonl(files["pool/pool.jsonl"]) if row["id"] == "gh-000000000001")
    assert row["trajectory_id"] == "made-0"
    assert [row[name] for name in ("licence", "licence_as_of", "attribution")] == [
        query[name] for name in ("licence", "licence_as_of", "attribution")
    ]


def test_the_order_of_sessions_does_not_matter() -> None:
    run = with_sessions("gh-000000000001", "gh-000000000001")
    assert make_dataset(run.inputs(1)).files == make_dataset(run.inputs(2)).files


def test_without_sessions_there_is_no_config_of_them() -> None:
    made = make_dataset(Run().inputs())
    assert not any("trajectories" in name for name in made.files)
    assert "trajectories" not in made.files["README.md"].decode()


def test_the_card_tells_of_them_and_of_what_carries_no_loss() -> None:
    card = make_dataset(with_sessions("gh-000000000001").inputs()).files["README.md"].decode()
    assert "## Sessions" in card and "1 sessions of an agent and a human at work on 1 of the 3 queries" in card
    assert 'load_dataset("FOLDER_OR_REPOSITORY", "trajectories", split="train")' in card
    assert '"train": false' in card


@pytest.mark.parametrize("changed", [{"query_id": "gh-000000000009"}, {"query_sha256": "0" * 64}])
def test_a_session_of_another_run_is_refused(changed: dict[str, str]) -> None:
    run = with_sessions("gh-000000000001", **changed)
    with pytest.raises(UserError, match=r"made-0 in sft/train.parquet is no work on a query of curated/pool.jsonl"):
        check_one_run(run.inputs())
