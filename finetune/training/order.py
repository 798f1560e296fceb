"""In which order rows are seen: of seed and epoch alone, so that it is the same on any number of ranks and after any resume."""

import random
from collections.abc import Iterator


def rows_of_epoch(rows: int, seed: int, epoch: int) -> list[int]:
    """Every row's index once, in an order drawn by seed and epoch."""
    order = list(range(rows))
    random.Random(f"{seed} {epoch}").shuffle(order)  # noqa: S311 - an order
    return order


class Order:
    """A sampler: an epoch's rows, then as many times the filler (index `rows`) until every rank gets equally many.

    Accelerate fills up with the first rows of the epoch, which these ranks would then train on twice; the filler is a row without loss.
    """

    def __init__(self, rows: int, seed: int, ranks: int) -> None:
        self.rows, self.seed, self.epoch = rows, seed, 0
        self.length = -(-rows // ranks) * ranks

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer at the begin of each epoch, also of the one that a resumed run goes on with."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[int]:
        yield from rows_of_epoch(self.rows, self.seed, self.epoch)
        yield from [self.rows] * (self.length - self.rows)
