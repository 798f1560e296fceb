"""The learning rate of each step: a warmup whose first step is not 0, then half a cosine down to the lowest."""

import math

from pipeline.train_sections import Optimizer


def learning_rate(step: int, steps: int, optimizer: Optimizer) -> float:
    """The rate of step `step` (from 0) of `steps`.

    In the warmup it rises evenly, from 1 / (warmup_steps + 1) of the highest: transformers' schedules begin at 0, so that one of
    LIMI's eight steps would change nothing. The first step after it has the highest, the last one the lowest.
    """
    highest, lowest, warmup = optimizer.learning_rate, optimizer.min_learning_rate, optimizer.warmup_steps
    if step < warmup:
        return highest * (step + 1) / (warmup + 1)
    falling = steps - 1 - warmup
    way = min(1.0, (step - warmup) / falling) if falling > 0 else 0.0
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * way)) / 2
