"""Stop a run without losing a step: all ranks end the step they are at, write a checkpoint, and leave with a sentence.

Two ways to ask: SIGTERM to a rank (what a cluster sends before it takes a machine away), or the file `stop` in the output folder. The
file is what `limi train` writes when it is interrupted, and what works over several nodes: torchrun passes a SIGTERM on to its ranks
but kills them 30 seconds later, and a step of long rows takes minutes.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import reduce
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from finetune.plan import Plan
from finetune.runs.stopping import forget, is_asked_to_stop


class SaveOnTerm(TrainerCallback):
    """Ends the training after the present step, with a checkpoint, once any rank was asked to. `stopped` says whether it did."""

    def __init__(self, plan: Plan) -> None:
        self.output = Path(plan.output)
        self.steps = plan.steps
        self.stopped = False
        self._asked = False
        self._before: Any = None

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """From here on a SIGTERM is a request; before, there is nothing to save, and it ends the process as always."""
        self._before = signal.signal(signal.SIGTERM, self._note)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """All ranks learn whether one was asked, so that they stop after the same step."""
        asked = torch.tensor([int(self._asked or is_asked_to_stop(self.output))], device=PartialState().device)
        if int(reduce(asked, "sum").item()) and state.global_step < self.steps:
            self.stopped = True
            control.should_save = True
            control.should_training_stop = True

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Give the signal back, and say what was done. The checkpoint is marked by now (finetune/runs/keeping.py)."""
        signal.signal(signal.SIGTERM, self._before)
        if state.is_world_process_zero:
            forget(self.output)
            if self.stopped:
                print(  # noqa: T201
                    f"limi: stopped as asked after step {state.global_step} of {self.steps}; what was learnt is saved, and the same "
                    "command goes on from there",
                    file=sys.stderr,
                    flush=True,
                )

    def _note(self, number: int, frame: FrameType | None) -> None:
        """Once or more often: a scheduler and a launcher may both send it."""
        self._asked = True


@contextmanager
def unstopped() -> Iterator[None]:
    """SIGTERM does nothing while the block runs: there is no step left to save, and what the block writes would be made anew.

    A scheduler sends it to the ranks too, long before it kills them; the launcher's second signal kills them as always.
    """
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
