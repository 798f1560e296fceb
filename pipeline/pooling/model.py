"""The program of one choice: candidates as columns, quotas as rows, and for each spread the columns that count its pairs."""

from collections.abc import Sequence

import numpy as np

from pipeline.pooling.candidates import Candidate
from pipeline.pooling.levels import Level, groups
from pipeline.pooling.program import Face, Program, Whole
from pipeline.pooling.quotas import Rule


class Model:
    """The program, the face of all pools that keep the rules, and the costs of each level.

    A group of a spread has further columns, one for the first of it in the pool, one for the second and so on; the n-th costs the n - 1
    pairs that it makes. Their sum is the number of the group in the pool, and as later ones cost more, the first are used first.
    """

    def __init__(
        self, candidates: Sequence[Candidate], rules: Sequence[Rule], size: int, levels: Sequence[Level], seed: int
    ) -> None:
        self.candidates, self.rules, self.levels, self.seed, self.size = candidates, rules, levels, seed, size
        count = len(candidates)
        self._groups: list[tuple[str, Whole, Whole]] = []  # attribute, places of candidates, places of their columns
        columns = count
        for level in levels:
            if level.kind == "spread":
                for members in groups(candidates, level.name).values():
                    ranks = min(len(members), size)
                    self._groups.append(
                        (level.name, np.array(members, np.int64), np.arange(columns, columns + ranks, dtype=np.int64))
                    )
                    columns += ranks
        self.program = Program(columns)
        limits = [(size, size)]
        self.program.add(np.arange(count), np.ones(count, np.int64))
        for rule in rules:
            self.program.add(rule.members, np.ones(len(rule.members), np.int64))
            limits.append((rule.least, rule.most))
        for _, places, numbers in self._groups:
            self.program.add(
                np.concatenate([places, numbers]),
                np.concatenate([np.ones(len(places), np.int64), -np.ones(len(numbers), np.int64)]),
            )
            limits.append((0, 0))
        least, most = np.array(limits, np.int64).T
        self.face = Face(np.zeros(columns, np.int64), np.ones(columns, np.int64), least.copy(), most.copy())

    def costs(self, level: Level) -> Whole:
        """What each column adds to a level."""
        found = np.zeros(self.program.columns, np.int64)
        if level.kind == "spread":
            for attribute, _, ranks in self._groups:
                if attribute == level.name:
                    found[ranks] = -np.arange(len(ranks))
        else:
            found[: len(self.candidates)] = [level.part(one, self.seed) for one in self.candidates]
        return found

    def mend(self, point: Whole) -> Whole:
        """A point whose counting columns are those that its candidates ask for."""
        mended = point.copy()
        for _, members, ranks in self._groups:
            mended[ranks] = np.arange(len(ranks)) < int(mended[members].sum())
        return mended

    def pool(self, point: Whole) -> list[int]:
        """The places of the candidates that a point chooses."""
        return [int(place) for place in np.flatnonzero(point[: len(self.candidates)])]
