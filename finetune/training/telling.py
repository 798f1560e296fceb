"""What a run says in the terminal: one line for each step, on the first rank, with the time that is left."""

import sys
import time
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments


class Telling(TrainerCallback):
    """Takes the place of transformers' own lines, which are Python dictionaries."""

    def __init__(self) -> None:
        self.began = self.first = 0.0

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """The time that is left is reckoned from the steps of this run, not from those before a checkpoint."""
        self.began, self.first = time.monotonic(), state.global_step

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """The Trainer's last log is of the whole run and no step's."""
        if not state.is_world_process_zero or not logs or "loss" not in logs:
            return
        seconds = (time.monotonic() - self.began) / (state.global_step - self.first)
        left = seconds * (state.max_steps - state.global_step)
        print(  # noqa: T201
            f"step {state.global_step} of {state.max_steps}  loss {logs['loss']:.4f}  gradient {logs['grad_norm']:.3f}  "
            f"rate {logs['learning_rate']:.2e}  {seconds:.1f} s a step  {duration(left)} left",
            file=sys.stderr,
            flush=True,
        )


def duration(seconds: float) -> str:
    """Such as `40 s`, `12 min` or `3 h 05 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
