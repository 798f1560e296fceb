"""A run that was killed, at whatever moment, or told to stop, ends as one that was not, to the last bit."""

import hashlib
import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch.distributed.checkpoint.format_utils import dcp_to_torch_save

from finetune.plan import Plan
from finetune.runs.checkpoints import checkpoints, choose
from finetune.runs.live import metrics_folder
from finetune.runs.manifest import is_final_of
from finetune.runs.stopping import is_asked_to_stop
from tests.finetune.runs.conftest import MOMENTS, PART, PARTS_ON_RANKS, RANKS, Runs
from tests.finetune.runs.killing import kept

SAME = ("loss", "grad_norm", "learning_rate", "tokens", "loss_tokens")  # the others are of time and memory


def figures(folder: Path) -> dict[str, str]:
    return {name: (folder / f"{name}.tsv").read_text() for name in SAME}


def hashes(folder: Path, *names: str) -> dict[str, str]:
    found = [path for pattern in names for path in sorted(folder.rglob(pattern))]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def weights(folder: Path) -> dict[str, str]:
    """Of a checkpoint, in one file or in parts."""
    found = hashes(folder, "model.safetensors", "adapter_model.safetensors", "pytorch_model_fsdp_0/*.distcp")
    assert found
    return found


def whole_weights(checkpoint: Path, folder: Path) -> dict[str, torch.Tensor]:
    """Of a checkpoint in one file, or in parts, which are put together in `folder`."""
    if (checkpoint / "model.safetensors").is_file():
        return load_file(checkpoint / "model.safetensors")
    dcp_to_torch_save(checkpoint / "pytorch_model_fsdp_0", folder / "whole.pt")
    found: dict[str, torch.Tensor] = torch.load(folder / "whole.pt", weights_only=True)["model"]
    return found


def saved(plan: Plan) -> list[str]:
    return [path.name for path in checkpoints(plan.checkpoints)]


def test_the_whole_run_takes_every_step_and_ends_with_a_model(runs: Runs) -> None:
    plan = runs.plans["whole"]
    assert runs.ends["whole"].how == "done"
    assert "starting at the first step" in runs.ends["whole"].said
    assert len(figures(metrics_folder(plan))["loss"].splitlines()) == 1 + plan.steps
    assert is_final_of(plan)


def test_killed_at_every_moment_it_ends_the_same_to_the_last_bit(runs: Runs) -> None:
    whole, chain = runs.plans["whole"], runs.plans["chain"]
    ends = [runs.ends[f"chain {moment}"].how for moment in MOMENTS]
    assert ends == ["killed"] * 4 + ["stopped", "killed", "killed", "done"]
    assert figures(metrics_folder(chain)) == figures(metrics_folder(whole))
    assert hashes(chain.final, "*") == hashes(whole.final, "*")


@pytest.mark.parametrize(
    ("moment", "passed_over", "begins"),
    [
        ("without_state@2", (), "starting at the first step"),
        ("step@4", (2,), "starting at the first step"),
        ("without_optimizer@4", (), "after step 2"),
        ("unmarked@4", (4,), "after step 2"),
        ("stop_file@5", (4,), "after step 2"),
        ("removing@4", (), "after step 5"),
        ("final", (4,), "after step 6"),
        ("", (), "after step 6"),
    ],
)
def test_each_start_says_where_it_begins_and_what_it_passes_over(
    runs: Runs, moment: str, passed_over: tuple[int, ...], begins: str
) -> None:
    said = runs.ends[f"chain {moment}"].said
    assert begins in said
    assert said.count("is not whole") == len(passed_over)
    assert all(f"checkpoint-{step} is not whole" in said for step in passed_over)


def test_a_request_to_stop_is_obeyed_after_the_step_and_taken_back(runs: Runs) -> None:
    assert "stopped as asked after step 5 of 6" in runs.ends["chain stop_file@5"].said
    assert not is_asked_to_stop(Path(runs.plans["chain"].output))


def test_only_as_many_checkpoints_stay_as_were_asked_for(runs: Runs) -> None:
    for name in ("whole", "chain"):
        plan = runs.plans[name]
        assert len(list(plan.checkpoints.glob("checkpoint-*"))) == plan.train.schedule.keep_checkpoints == 2
        assert choose(plan.checkpoints, plan).path == plan.checkpoints / "checkpoint-6"


def test_a_state_that_does_not_come_back_ends_the_run(runs: Runs) -> None:
    assert re.search(r"the optimizer's state did not come back from .*checkpoint-2", runs.ends["fresh 2"].how)


def test_a_run_that_forgets_adam_is_told_from_one_that_does_not(runs: Runs) -> None:
    """The control: what the Trainer would do in silence is seen by the comparison above."""
    fresh, whole = (figures(metrics_folder(runs.plans[name]))["loss"].splitlines() for name in ("fresh", "whole"))
    assert runs.ends["fresh 3"].how == "done"
    assert fresh[:4] == whole[:4]
    assert fresh[4:] != whole[4:]


def test_what_ended_within_an_epoch_trains_no_further_step_however_often_it_is_started(runs: Runs) -> None:
    part, again = runs.plans["part"], runs.plans["part again"]
    assert [runs.ends[f"part again {start}"].how for start in (1, 2, 3)] == ["killed", "done", "done"]
    assert all(f"after step {PART}" in runs.ends[f"part again {start}"].said for start in (2, 3))
    assert saved(again) == ["checkpoint-2", "checkpoint-4"]
    assert figures(metrics_folder(again)) == figures(metrics_folder(part))
    assert hashes(again.final, "*") == hashes(part.final, "*")


def test_without_our_end_such_a_run_takes_one_step_more_and_is_another_model(runs: Runs) -> None:
    """The control: what the Trainer would do in silence is seen by the comparison above."""
    part, more = runs.plans["part"], runs.plans["part and more"]
    assert runs.ends["part and more 2"].how == "done"
    assert hashes(more.final, "model.safetensors") != hashes(part.final, "model.safetensors")


def test_a_step_too_many_that_was_saved_is_refused_with_what_to_do(runs: Runs) -> None:
    assert saved(runs.plans["part and more"]) == ["checkpoint-4", "checkpoint-5"]
    assert re.search(
        r"checkpoint-5 is beyond step 4, the last of its plan.* remove it,", runs.ends["part and more 3"].how
    )


@pytest.mark.parametrize("kind", PARTS_ON_RANKS)
def test_on_two_ranks_as_well_it_trains_no_further_step(runs: Runs, tmp_path: Path, kind: str) -> None:
    plan = runs.plans[f"part {kind}"]
    assert (runs.ends[f"part {kind} 1"].how, runs.ends[f"part {kind} 2"].how) == ("killed", "done")
    assert f"after step {PART}" in runs.ends[f"part {kind} 2"].said
    assert saved(plan) == ["checkpoint-2", "checkpoint-4"]
    assert len(figures(metrics_folder(plan))["loss"].splitlines()) == 1 + PART
    assert is_final_of(plan)
    final = load_file(plan.final / "model.safetensors")
    last = whole_weights(plan.checkpoints / f"checkpoint-{PART}", tmp_path)
    assert all(torch.equal(weight, last[name]) for name, weight in final.items())


def test_lora_goes_on_from_its_adapter(runs: Runs) -> None:
    assert "after step 2" in runs.ends["lora 2"].said
    assert (runs.ends["lora 1"].how, runs.ends["lora 2"].how) == ("killed", "done")
    assert is_final_of(runs.plans["lora"])


def test_a_run_that_goes_on_saves_as_often_as_it_is_told_now(runs: Runs) -> None:
    plan = runs.plans["lora"]
    assert plan.train.schedule.save_steps == 2
    assert sorted(path.name for path in plan.checkpoints.glob("checkpoint-*")) == ["checkpoint-5", "checkpoint-6"]


def test_lora_in_parts_goes_on_from_its_adapter_to_the_last_bit(runs: Runs) -> None:
    plan, before = runs.plans["lora in parts"], kept(runs.folder, "lora in parts 1")
    assert (runs.ends["lora in parts 1"].how, runs.ends["lora in parts 2"].how) == ("killed", "done")
    assert "after step 4" in runs.ends["lora in parts 2"].said
    assert figures(metrics_folder(plan)) == figures(before / "plots/metrics")
    parts = hashes(plan.checkpoints / "checkpoint-6", "adapter_parts/*.pt", "optimizer_0/*.distcp")
    assert parts == hashes(before / "checkpoint", "adapter_parts/*.pt", "optimizer_0/*.distcp") and len(parts) == 4


@pytest.mark.parametrize("kind", sorted(RANKS))
def test_on_two_ranks_the_steps_after_a_resume_are_the_same_to_the_last_bit(runs: Runs, kind: str) -> None:
    plan, before = runs.plans[kind], kept(runs.folder, f"{kind} 1")
    assert (runs.ends[f"{kind} 1"].how, runs.ends[f"{kind} 2"].how) == ("killed", "done")
    assert "checkpoint-6 is not whole" in runs.ends[f"{kind} 2"].said
    assert "after step 4" in runs.ends[f"{kind} 2"].said
    assert figures(metrics_folder(plan)) == figures(before / "plots/metrics")
    assert weights(plan.checkpoints / "checkpoint-6") == weights(before / "checkpoint")
    assert is_final_of(plan)


def test_a_full_disk_on_the_first_rank_ends_the_others_too(runs: Runs) -> None:
    assert "No space left on device" in runs.ends["full disk"].how
    assert "rank 0 failed: OSError: [Errno 28] No space left on device" in (runs.folder / "process-1.log").read_text()


def test_a_full_disk_for_the_last_ranks_part_of_an_adapter_ends_all_of_them(runs: Runs) -> None:
    assert runs.ends["full disk for a part"].how == "rank 1 failed: OSError: [Errno 28] No space left on device"


def test_a_sigterm_while_the_model_is_written_changes_nothing(runs: Runs) -> None:
    assert runs.ends["lora 2"].how == "done"


def test_a_newest_checkpoint_without_its_optimizer_ends_all_ranks_with_one_sentence(runs: Runs) -> None:
    assert re.search(r"checkpoint-6 was whole and has lost optimizer\.pt since", runs.ends["lost"].how)


def test_a_sigterm_to_one_rank_stops_all_of_them_after_the_same_step(runs: Runs) -> None:
    assert runs.ends["stopped"].how == "stopped", "a model of the same plan from before does not pass for this run's"
    assert "stopped as asked after step 3 of 6" in runs.ends["stopped"].said
    assert "after step 3" in runs.ends["ddp 1"].said
