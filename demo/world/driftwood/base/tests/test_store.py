import pytest

from driftwood.store import Store


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "runs.db")
    yield store
    store.close()


def test_a_run_keeps_its_parameters(store):
    run_id = store.create_run("melt", {"seed": 4, "viscosity": 0.2})
    assert store.run(run_id).params == {"seed": 4, "viscosity": 0.2}
    assert store.run(run_id).status == "running"


def test_runs_are_filtered_by_status(store):
    first = store.create_run("a", {})
    store.create_run("b", {})
    store.finish(first, "finished")
    assert [run.id for run in store.runs("finished")] == [first]


def test_a_series_comes_back_in_step_order(store):
    run_id = store.create_run("melt", {})
    store.log(run_id, "energy", 2, 0.5)
    store.log(run_id, "energy", 1, 0.7)
    assert store.series(run_id, "energy") == [(1, 0.7), (2, 0.5)]


def test_an_unknown_run_is_an_error(store):
    with pytest.raises(KeyError, match="no run 99"):
        store.run(99)
