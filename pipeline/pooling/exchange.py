"""For every candidate the best pool that one swap with another candidate gives: counted exactly, all swaps, no solver."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.pooling.choice import Choice
from pipeline.pooling.program import Whole


@dataclass(frozen=True)
class Swap:
    """The candidate to swap with, and what the pool loses by it: so much at the first level where anything is lost."""

    other: int
    level: int
    loss: int


class Exchange:
    """All swaps of one chosen with one other candidate that keep every quota."""

    def __init__(self, choice: Choice) -> None:
        model = choice.model
        self._count, self._chosen = len(model.candidates), choice.chosen
        self._inside = np.zeros(self._count, bool)
        self._inside[list(choice.chosen)] = True
        self._parts = [
            np.array([level.part(one, model.seed) for one in model.candidates], np.int64) for level in model.levels
        ]
        self._codes = [
            self._codes_of([one.attributes.get(level.name, "") for one in model.candidates])
            if level.kind == "spread"
            else None
            for level in model.levels
        ]
        self._full: list[npt.NDArray[np.bool_]] = []  # who is in each rule that has no place left
        self._needy: list[npt.NDArray[np.bool_]] = []  # who is in each rule that can spare nobody
        for rule in model.rules:
            members = np.zeros(self._count, bool)
            members[list(rule.members)] = True
            chosen = int(np.count_nonzero(members & self._inside))
            if chosen == rule.most:
                self._full.append(members)
            if chosen == rule.least:
                self._needy.append(members)
        self._in_full = np.sum(self._full, axis=0, dtype=np.int64) if self._full else np.zeros(self._count, np.int64)

    def best(self) -> dict[int, Swap]:
        """The best swap of each candidate that has one, by its place."""
        size = len(self._parts)
        best_level = np.full(self._count, size)
        best_loss, best_other = np.zeros(self._count, np.int64), np.full(self._count, -1)
        found: dict[int, Swap] = {}
        for leaving in self._chosen:
            allowed = self._allowed(leaving)
            if not allowed.any():
                continue
            losses = np.array([self._loss(level, leaving) for level in range(size)])
            first = np.argmax(losses != 0, axis=0)
            loss = losses[first, np.arange(self._count)]
            # The pool is the best: the first difference of every swap is a loss. Later levels and less loss are better.
            better = allowed & ((best_other < 0) | (first > best_level) | ((first == best_level) & (loss < best_loss)))
            best_level[better], best_loss[better], best_other[better] = first[better], loss[better], leaving
            latest = first[allowed].max()
            among = np.flatnonzero(allowed & (first == latest))
            other = int(among[np.argmin(loss[among])])
            found[leaving] = Swap(other, int(latest), int(loss[other]))
        for place in np.flatnonzero(best_other >= 0).tolist():
            found[place] = Swap(int(best_other[place]), int(best_level[place]), int(best_loss[place]))
        return found

    def _allowed(self, leaving: int) -> npt.NDArray[np.bool_]:
        """Who may come where one leaves."""
        allowed = ~self._inside
        for members in self._needy:
            if members[leaving]:
                allowed &= members
        excused = np.zeros(self._count, np.int64)
        for members in self._full:
            if members[leaving]:
                excused += members
        return np.asarray(allowed & (self._in_full == excused), np.bool_)

    def _loss(self, level: int, leaving: int) -> Whole:
        """What a pool loses at a level with each other candidate in the place of the one that leaves."""
        codes = self._codes[level]
        if codes is None:
            found: Whole = self._parts[level][leaving] - self._parts[level]
            return found
        counts = np.bincount(codes[self._inside] + 1, minlength=int(codes.max(initial=0)) + 2)
        counts[0] = 0  # those that belong to no group
        if codes[leaving] >= 0:
            counts[codes[leaving] + 1] -= 1
        return np.asarray(counts[codes + 1] - counts[codes[leaving] + 1], np.int64)

    @staticmethod
    def _codes_of(values: list[str]) -> Whole:
        names = {name: at for at, name in enumerate(sorted(set(values) - {""}))}
        return np.array([names.get(value, -1) for value in values], np.int64)
