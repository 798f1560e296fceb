"""One rank's run: join the others, hold what is there against the plan, load, go on from the newest checkpoint, train, save."""

import sys
from collections.abc import Sequence
from pathlib import Path

from transformers import TrainerCallback
from transformers.utils import logging as transformers_logging

from finetune.data import prepared
from finetune.plan import Plan
from finetune.runs.final import write_final
from finetune.runs.keeping import KeepCheckpoints, agree_on_checkpoint, on_each
from finetune.runs.live import LiveCallback
from finetune.runs.signals import SaveOnTerm, unstopped
from finetune.training.arguments import sft_config
from finetune.training.base import tokenizer_of
from finetune.training.base_weights import hold_weights
from finetune.training.model import load
from finetune.training.ranks import hold_gpus, hold_to
from finetune.training.trainer import Trainer


def run(plan: Plan) -> None:
    """Run the plan to its end and write model/final; where it stopped on the way, as it was asked to, there is none."""
    trainer, finished = train(plan)
    if finished:
        with unstopped():
            write_final(trainer, plan, tokenizer_of(plan.train.base))


def train(plan: Plan, watching: Sequence[TrainerCallback] = ()) -> tuple[Trainer, bool]:
    """Train from the newest whole checkpoint, and give the trainer and whether the last step was taken."""
    trainer, stop = trainer_of(plan, watching)
    checkpoint = agree_on_checkpoint(plan)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    return trainer, not stop.stopped


def trainer_of(plan: Plan, watching: Sequence[TrainerCallback] = ()) -> tuple[Trainer, SaveOnTerm]:
    """The trainer of this rank, held to the plan, and what says whether it was stopped.

    The order matters: making the arguments joins the ranks, and only ranks that are joined leave it to the first to read the weights.
    """
    if not sys.stderr.isatty():
        transformers_logging.disable_progress_bar()
    hold_gpus(plan)
    arguments = sft_config(plan)
    hold_to(plan)
    on_each(lambda: hold_weights(plan.train.base, plan.base_weights))
    rows = prepared.read(Path(plan.prepared), plan.prepared_sha256)
    stop = SaveOnTerm(plan)
    trainer = Trainer(
        plan,
        arguments,
        load(plan.train, plan.seed),
        tokenizer_of(plan.train.base),
        rows,
        [LiveCallback(plan, rows), KeepCheckpoints(plan), stop, *watching],
    )
    return trainer, stop
