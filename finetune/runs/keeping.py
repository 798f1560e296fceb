"""Keep checkpoints while a run goes on: mark a new one as whole, then remove older ones; and let all ranks begin at the same one."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from accelerate import PartialState
from accelerate.utils import broadcast_object_list, gather_object
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from finetune.plan import Plan
from finetune.runs.checkpoints import PREFIX, check_read_back, choose, mark, remove, remove_old
from finetune.runs.checksums import checksums
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

        if state.global_step:
            path, sums = self._path(state), gather_object([checksums(model, optimizer)])
            everyone(lambda: check_read_back(path, sums))

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

    Without this, ranks would wait for ever for one that has ended with a sentence.
    """
    state = PartialState()
    state.wait_for_everyone()
    told: list[Any] = [None, None]
    if state.is_main_process:
        try:
            told = [do(), None]
        except LimiError as error:
            told = [None, (isinstance(error, UserError), str(error))]
    told = broadcast_object_list(told)
    if told[1] is not None:
        mended_by_user, sentence = told[1]
        raise (UserError if mended_by_user else LimiError)(sentence)
    result: Result = told[0]
    return result
