"""Keep checkpoints while a run goes on: mark a new one as whole, then remove older ones; and let all ranks begin at the same one."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list, gather_object
from torch.distributed.tensor import DTensor
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from finetune.plan import Plan
from finetune.runs.checkpoints import (
    PREFIX,
    adapter_in_parts,
    check_read_back,
    choose,
    mark,
    part_of_adapter,
    remove,
    remove_old,
)
from finetune.runs.checksums import checksums
from finetune.runs.manifest import withdraw
from pipeline.errors import LimiError, UserError

Result = TypeVar("Result")


class KeepCheckpoints(TrainerCallback):
    """Marks each checkpoint after all ranks have written their part, and holds what was read back against its mark.

    The Trainer's own removal of old ones must be off:

    The Trainer removes the old before the new one is on the disk; a kill between them would leave nothing to go on from.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: Any = None,
        optimizer: Any = None,
        **_: Any,
    ) -> None:
        """Refuse arguments with which the Trainer itself would remove checkpoints or write less than a whole one, and a state that did
        not come back from the checkpoint. Raises LimiError on all ranks."""
        if args.save_total_limit is not None or args.save_only_model:
            raise ValueError(
                "checkpoints are removed by finetune.runs.keeping alone, and are always whole: leave both arguments out"
            )

        state.save_steps = args.save_steps  # a state that was read back has those of the run before
        if state.global_step:
            path = self._path(state)
            if adapter_in_parts(self.plan):
                on_each(lambda: read_parts(path, model, args.process_index))
            sums = gather_object([checksums(model, optimizer)])
            everyone(lambda: check_read_back(path, sums))
        everyone(lambda: withdraw(self.plan))

    def on_save(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: Any = None,
        optimizer: Any = None,
        **_: Any,
    ) -> None:
        """All ranks come here after each has written what it has to write."""
        if adapter_in_parts(self.plan):
            on_each(lambda: write_parts(self._path(state), model, args.process_index))
        sums = gather_object([checksums(model, optimizer)])
        everyone(lambda: self._mark(self._path(state), sums))

    def _path(self, state: TrainerState) -> Path:
        return self.plan.checkpoints / f"{PREFIX}{state.global_step}"

    def _mark(self, path: Path, sums: list[list[int]]) -> None:
        mark(path, self.plan, sums)
        remove_old(self.plan.checkpoints, self.plan.train.schedule.keep_checkpoints)


def agree_on_checkpoint(plan: Plan) -> Path | None:
    """The checkpoint that all ranks go on from, and None for the first step; rank 0 looks, tells, and removes unfinished ones.

    Raises UserError on all ranks alike where `finetune.runs.checkpoints.choose` does.
    """
    return everyone(lambda: _choose(plan))


def _choose(plan: Plan) -> Path | None:
    choice = choose(plan.checkpoints, plan)
    for sentence in choice.sentences():
        print(f"limi: {sentence}", file=sys.stderr, flush=True)  # noqa: T201
    for path in choice.unfinished:
        remove(path)
    return choice.path


def everyone(do: Callable[[], Result]) -> Result:
    """Wait for all ranks, do it on rank 0, and give its result, or raise its error, on all of them.

    Without this, ranks would wait for one that has failed: for two hours, over several nodes. Where the error is none of ours, as of a
    full disk, rank 0 raises it as it is, and the others a LimiError that says what it was.
    """
    state = PartialState()
    state.wait_for_everyone()
    told: list[Any] = [None, None]
    unknown: Exception | None = None
    if state.is_main_process:
        try:
            told = [do(), None]
        except LimiError as error:
            told = [None, (isinstance(error, UserError), str(error))]
        except Exception as error:
            told, unknown = [None, (False, f"rank 0 failed: {type(error).__name__}: {error}")], error
    told = broadcast_object_list(told)
    if unknown is not None:
        raise unknown
    if told[1] is not None:
        mended_by_user, sentence = told[1]
        raise (UserError if mended_by_user else LimiError)(sentence)
    result: Result = told[0]
    return result


def on_each(do: Callable[[], None]) -> None:
    """Do it on every rank. Raises a UserError or LimiError on all of them where one failed, so that none waits for it."""
    said, unknown = None, None
    try:
        do()
    except LimiError as error:
        said = isinstance(error, UserError), str(error)
    except Exception as error:
        said, unknown = (False, f"{type(error).__name__}: {error}"), error
    for rank, of_rank in enumerate(gather_object([said])):
        if of_rank is not None:
            mended_by_user, sentence = of_rank
            raise (UserError if mended_by_user else LimiError)(f"rank {rank} failed: {sentence}") from unknown


def write_parts(checkpoint: Path, model: torch.nn.Module, rank: int) -> None:
    """Write this rank's parts into a checkpoint that has no mark yet.

    With accelerate 1.15 and peft 0.21 an adapter of LoRA that FSDP2 has shared out comes back fresh, without a word. So each rank writes
    its own parts beside what they write, and reads them again: a run goes on with as many ranks as it began with.
    """
    path = part_of_adapter(checkpoint, rank)
    path.parent.mkdir(exist_ok=True)
    torch.save({name: _local(weight).cpu() for name, weight in _trained(model).items()}, path)


def read_parts(checkpoint: Path, model: torch.nn.Module, rank: int) -> None:
    """Put this rank's parts in their place. Raises LimiError if they are not those of this model."""
    path = part_of_adapter(checkpoint, rank)
    try:
        parts = torch.load(path, weights_only=True)
    except OSError as error:
        raise LimiError(f"{path} cannot be read: {error}; remove {checkpoint} to go on from an older one") from None
    trained = _trained(model)
    if {name: weight.shape for name, weight in parts.items()} != {
        name: _local(weight).shape for name, weight in trained.items()
    }:
        raise LimiError(
            f"{path} holds other parts of an adapter than this run has; remove {checkpoint} to train without it"
        )
    with torch.no_grad():
        for name, weight in trained.items():
            _local(weight).copy_(parts[name])


def _trained(model: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def _local(weight: torch.Tensor) -> torch.Tensor:
    return weight.to_local() if isinstance(weight, DTensor) else weight
