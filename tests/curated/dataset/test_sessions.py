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
    assert "## Sessions" in card and "1 session of work on 1 of the 3 queries. Of 1 it is said that the query" in card
    assert 'load_dataset("FOLDER_OR_REPOSITORY", "trajectories", split="train")' in card
    assert '"train": false' in card


def test_the_card_says_how_tokens_were_counted_and_by_which_policies_the_rows_were_made() -> None:
    def card(**changed: Any) -> str:
        run = with_sessions("gh-000000000001").with_params("trajectories", **changed)
        return make_dataset(run.inputs()).files["README.md"].decode()

    assert "counted by o200k\\_base, plainly rendered" in card()
    assert "counted by the chat template of `some/model`" in card(tokenizer="some/model")
    assert "`rejected: user`, `commands: user`" in card()
    assert "Many chat templates render only what of it follows the last user message" in card()
    export = Run().params.trajectories.export.model_copy(update={"reasoning": "drop"})
    assert "Many chat templates" not in card(export=export) and "`reasoning: drop`" in card(export=export)


def test_a_session_that_nobody_calls_solved_is_not_called_so() -> None:
    card = make_dataset(with_sessions("gh-000000000001", success=None).inputs()).files["README.md"].decode()
    assert "Of 0 it is said that the query was solved" in card


def test_an_agent_without_a_model_is_said_to_have_none_or_not_told_it() -> None:
    card = make_dataset(with_sessions("gh-000000000001", model="").inputs()).files["README.md"].decode()
    assert "| none or not told" in card.replace("`", "")


def test_sessions_of_the_demo_are_said_to_be_written_by_hand_and_others_are_not() -> None:
    def said_of(**changed: Any) -> str:
        run = with_sessions("gh-000000000001", **changed).with_params("source", kind="demo")
        files = make_dataset(run.inputs()).files
        return files["README.md"].decode() + files["croissant.json"].decode()

    by_hand, recorded = said_of(agent="limi-demo 1"), said_of(agent="mini-swe-agent 2.4.6")
    for sentence in (
        "Of its 1 sessions 1 were written by hand, and no model took part.",
        "Written by hand for the demo, so that no model took part: 1 of them.",
        "queries, reviews and sessions were authored",
    ):
        assert sentence in by_hand and sentence not in recorded


@pytest.mark.parametrize("changed", [{"query_id": "gh-000000000009"}, {"query_sha256": "0" * 64}])
def test_a_session_of_another_run_is_refused(changed: dict[str, str]) -> None:
    run = with_sessions("gh-000000000001", **changed)
    with pytest.raises(UserError, match=r"made-0 in sft/train.parquet is no work on a query of curated/pool.jsonl"):
        check_one_run(run.inputs())
