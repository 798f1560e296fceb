"""Only a whole checkpoint of this very plan is gone on from; what is not one is passed over, or said with what to do."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from finetune.plan import Plan
from finetune.runs import checkpoints
from finetune.runs.checkpoints import MARK, check_read_back, choose, lacking, mark, remove_old
from pipeline.errors import LimiError, UserError
from tests.finetune.runs.made import plan_in

SUMS = [[1, 2]]
WHOLE = ("model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan_in(tmp_path_factory.mktemp("plan"))


@pytest.fixture
def plan(made: Plan, tmp_path: Path) -> Plan:
    return made.model_copy(update={"output": str(tmp_path / "model")})


def written(plan: Plan, step: int, names: tuple[str, ...] = WHOLE) -> Path:
    """A checkpoint as the Trainer writes it."""
    path = plan.checkpoints / f"checkpoint-{step}"
    path.mkdir(parents=True)
    for name in names:
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_bytes(b"some")
    (path / "trainer_state.json").write_text(json.dumps({"global_step": step}))
    return path


def marked(plan: Plan, *steps: int) -> Path:
    for step in steps:
        mark(written(plan, step), plan, SUMS)
    return plan.checkpoints


def test_without_any_the_first_step_is_next(plan: Plan) -> None:
    assert choose(plan.checkpoints, plan).path is None


def test_the_newest_by_its_step_and_not_by_its_name_or_time_is_chosen(plan: Plan) -> None:
    long = plan.model_copy(update={"steps": 10})
    folder = marked(long, 10, 9, 2)
    assert choose(folder, long).path == folder / "checkpoint-10"


def test_one_without_a_mark_is_passed_over_and_named(plan: Plan) -> None:
    folder = marked(plan, 2)
    written(plan, 4)
    written(plan, 1)
    choice = choose(folder, plan)
    assert (choice.path, choice.step) == (folder / "checkpoint-2", 2)
    assert [path.name for path in choice.unfinished] == ["checkpoint-4", "checkpoint-1"]
    assert choice.sentences()[0].startswith(f"{folder}/checkpoint-4 is not whole")
    assert choice.sentences()[-1] == f"going on from {folder}/checkpoint-2, after step 2"


@pytest.mark.parametrize("name", [*WHOLE, "trainer_state.json"])
def test_a_newest_one_that_lost_a_file_is_refused_and_not_replaced_by_an_older(plan: Plan, name: str) -> None:
    folder = marked(plan, 2, 4)
    (folder / "checkpoint-4" / name).unlink()
    with pytest.raises(
        UserError, match=rf"checkpoint-4 was whole and has lost {name} since.*remove .*checkpoint-4 to go on"
    ):
        choose(folder, plan)


def test_one_beyond_the_last_step_is_refused_and_not_taken_for_the_end(plan: Plan) -> None:
    folder = marked(plan, plan.steps, plan.steps + 1)
    with pytest.raises(UserError, match=r"checkpoint-7 is beyond step 6, the last of its plan.* remove it,"):
        choose(folder, plan)
    checkpoints.remove(folder / "checkpoint-7")
    assert choose(folder, plan).path == folder / "checkpoint-6"


def test_one_beyond_the_last_step_that_was_not_finished_is_passed_over(plan: Plan) -> None:
    folder = marked(plan, plan.steps)
    written(plan, plan.steps + 1)
    assert choose(folder, plan).path == folder / "checkpoint-6"


def test_a_file_of_another_size_is_as_good_as_lost(plan: Plan) -> None:
    folder = marked(plan, 4)
    (folder / "checkpoint-4/optimizer.pt").write_bytes(b"som")
    with pytest.raises(UserError, match=r"has lost optimizer\.pt"):
        choose(folder, plan)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"prepared_sha256": "f" * 64}, "prepared_sha256 was"),
        ({"steps": 7}, "steps was 6 and is 7"),
        ({"seed": 2}, "seed was 1 and is 2"),
        ({"processes": 8}, "processes was 1 and is 8"),
        ({"train.optimizer.learning_rate": 0.001}, r"train\.optimizer\.learning_rate was 0\.003 and is 0\.001"),
        ({"base_weights": "b" * 40}, "base_weights was '[^']*' and is 'bbbb"),
    ],
)
def test_one_of_another_plan_is_refused_with_what_differs(plan: Plan, change: dict[str, Any], sentence: str) -> None:
    folder = marked(plan, 4)
    with pytest.raises(UserError, match=f"checkpoint-4 is of another run: {sentence}"):
        choose(folder, changed(plan, change))


@pytest.mark.parametrize(
    "change",
    [
        {"train.schedule.save_steps": 1},
        {"train.schedule.keep_checkpoints": 9},
        {"train.hardware.gpu_memory_gb": 141},
        {"train.rows.max_tokens": 99},
        {"train.base.name": "elsewhere/model"},
        {"train.base.revision": "0123abc"},
        {"plots": "elsewhere"},
        {"output": "elsewhere"},
        {"file_sha256": "f" * 64},
    ],
)
def test_what_does_not_change_the_training_may_change(plan: Plan, change: dict[str, Any]) -> None:
    folder = marked(plan, 4)
    assert choose(folder, changed(plan, change)).path == folder / "checkpoint-4"


def changed(plan: Plan, change: dict[str, Any]) -> Plan:
    told = plan.model_dump()
    for name, value in change.items():
        *parts, last = name.split(".")
        place = told
        for part in parts:
            place = place[part]
        place[last] = value
    return Plan.model_validate(told)


def test_a_mark_that_cannot_be_read_is_said(plan: Plan) -> None:
    folder = marked(plan, 4)
    (folder / "checkpoint-4" / MARK).write_text("[]")
    with pytest.raises(UserError, match=r"complete\.json cannot be read; remove .*checkpoint-4"):
        choose(folder, plan)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("model.safetensors", "the weights"),
        ("optimizer.pt", "the optimizer's state"),
        ("scheduler.pt", "the learning rate's state"),
        ("rng_state.pth", "the random generators' state"),
        ("trainer_state.json", "trainer_state.json of step 4"),
    ],
)
@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_nothing_is_marked_that_lacks_a_part(plan: Plan, name: str, said: str, spoil: Callable[[Path], object]) -> None:
    path = written(plan, 4)
    spoil(path / name)
    with pytest.raises(LimiError, match=f"was written without {said}"):
        mark(path, plan, SUMS)
    assert not (path / MARK).exists()


def test_every_rank_must_have_written_its_generators(plan: Plan) -> None:
    path = written(plan, 4, ("model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state_0.pth"))
    assert lacking(path, 2) == ["the random generators' state (rng_state_1.pth)"]


def test_a_state_of_another_step_is_none(plan: Plan) -> None:
    path = written(plan, 4)
    (path / "trainer_state.json").write_text('{"global_step": 3}')
    assert lacking(path, 1) == ["trainer_state.json of step 4"]


def test_parts_of_ranks_need_their_metadata_which_is_written_last(plan: Plan) -> None:
    parts = ("pytorch_model_fsdp_0/__0_0.distcp", "optimizer_0/__0_0.distcp", "optimizer_0/.metadata")
    path = written(plan, 4, (*parts, "scheduler.pt", "rng_state.pth"))
    assert lacking(path, 1) == ["the weights"]
    (path / "pytorch_model_fsdp_0/.metadata").write_bytes(b"some")
    assert lacking(path, 1) == []


def test_of_an_adapter_in_parts_every_ranks_part_must_be_there(plan: Plan) -> None:
    shared_out = changed(plan, {"train.lora.rank": 4, "train.hardware.launch": "eight-gpus", "processes": 2})
    empty = ("pytorch_model_fsdp_0/__0_0.distcp", "pytorch_model_fsdp_0/.metadata")  # as accelerate writes it then
    parts = ("adapter_parts/rank-0.pt", "adapter_parts/rank-1.pt")
    path = written(
        shared_out, 4, (*empty, *parts, "optimizer.pt", "scheduler.pt", "rng_state_0.pth", "rng_state_1.pth")
    )
    (path / parts[1]).write_bytes(b"")
    with pytest.raises(LimiError, match=r"was written without a rank's adapter \(adapter_parts/rank-1\.pt\);"):
        mark(path, shared_out, SUMS * 2)
    (path / parts[1]).write_bytes(b"some")
    mark(path, shared_out, SUMS * 2)


def test_weights_in_several_files_need_all_of_them(plan: Plan) -> None:
    names = ("model-1.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth")
    path = written(plan, 4, names)
    index = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    (path / "model.safetensors.index.json").write_text(json.dumps(index))
    assert lacking(path, 1) == ["the weights"]
    (path / "model-2.safetensors").write_bytes(b"some")
    assert lacking(path, 1) == []


def test_old_ones_go_and_unfinished_ones_are_not_counted(plan: Plan) -> None:
    folder = marked(plan, 2, 4, 6)
    written(plan, 8)
    remove_old(folder, 2)
    assert sorted(path.name for path in folder.iterdir()) == ["checkpoint-4", "checkpoint-6", "checkpoint-8"]


def test_a_removal_that_is_cut_short_leaves_an_unfinished_one_and_no_damaged_one(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = marked(plan, 2, 4)

    def cut(path: Path) -> None:
        (path / "model.safetensors").unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", cut)
    with pytest.raises(KeyboardInterrupt):
        remove_old(folder, 1)
    monkeypatch.undo()
    (folder / "checkpoint-4" / MARK).unlink()
    assert choose(folder, plan).path is None
    assert [path.name for path in checkpoints.choose(folder, plan).unfinished] == ["checkpoint-4", "checkpoint-2"]


def test_what_did_not_come_back_is_said_though_every_file_is_whole(plan: Plan) -> None:
    path = marked(plan, 4) / "checkpoint-4"
    check_read_back(path, SUMS)
    with pytest.raises(LimiError, match=r"the weights did not come back from .*checkpoint-4"):
        check_read_back(path, [[3, 2]])
    with pytest.raises(LimiError, match="the optimizer's state did not come back"):
        check_read_back(path, [[1, 3]])
    with pytest.raises(LimiError, match="the weights and the optimizer's state did not"):
        check_read_back(path, [[1, 2], [1, 2]])


def test_other_folders_beside_are_none_of_its_business(plan: Plan) -> None:
    folder = marked(plan, 4)
    for name in ("checkpoint-", "checkpoint-x", "runs", "6"):
        (folder / name).mkdir()
    (folder / "checkpoint-9").write_text("a file")
    assert choose(folder, plan).unfinished == ()
