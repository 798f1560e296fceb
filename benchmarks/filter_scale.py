"""Whether the filter's memory stays the same from a hundred thousand rows to ten million.

    python -m benchmarks.filter_scale PULLS [--rows 100000 1000000 10000000] [--workers 2]

Needs: PULLS, a folder with parts of the table pulls (data/pulls of a run over real clones); no account, no network; some 250 MB of
disk for a million rows, and ten minutes for ten million on two cores. The parts are cut into repositories of 1,000 rows and given
to the filter again and again, each time as another repository's, until there are so many rows. Measured is the whole of what
stages/filter_prs.py does: the cluster, the verdicts, the ledger, the counts. The peak is that of all processes together (this
one, the scheduler in it and the workers), looked at ten times a second.

Prints one JSON object on its last line: peak_mb{rows: mb}, rows_per_second{rows: n}, largest_process_mb{rows: mb}.
"""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import chdir
from itertools import cycle
from pathlib import Path

import polars as pl
import psutil

from benchmarks.filter_speed import in_pieces, rules
from pipeline.filtering import STAGE, judge_file
from pipeline.ledger import write_fates_by_repository
from pipeline.partitions import run_partitions
from pipeline.sections import Dask
from pipeline.tables import LEDGER, VERDICTS

PIECE = 1000  # rows: what the paper lists of a repository


class Memory:
    """The most memory that this process and its children hold together (proportional set size, so that shared pages count once)."""

    def __init__(self) -> None:
        self.peak = self.largest = 0
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """Look no more."""
        self._done.set()
        self._watcher.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._done.wait(0.1):
            sizes = []
            for process in (me, *me.children(recursive=True)):
                try:
                    sizes.append(process.memory_full_info().pss)
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue
            self.peak, self.largest = max(self.peak, sum(sizes)), max(self.largest, *sizes)


def filtered(pieces: list[Path], rows: int, workers: int) -> dict[str, float]:
    """Filter so many rows in an empty folder: peak in MB, rows a second, and the largest process."""
    per_piece = [pl.scan_parquet(piece).select(pl.len()).collect().item() for piece in pieces]
    wanted, seen = [], 0
    for piece, height in cycle(zip(pieces, per_piece, strict=True)):
        if seen >= rows:
            break
        wanted.append(piece)
        seen += height
    chosen, out = rules(every=False), Path("data/verdicts").absolute()
    tasks = [(piece, chosen, "", out / f"{at:06}.parquet", "") for at, piece in enumerate(wanted)]
    memory, started = Memory(), time.monotonic()
    for _ in run_partitions(
        judge_file, tasks, Dask(scheduler="local", workers=workers, memory_per_worker="4GiB"), f"{seen:,}"
    ):
        pass
    parts = [out for _, _, _, out, _ in tasks]
    write_fates_by_repository(STAGE, _fates(parts))
    VERDICTS.scan_parts(parts).group_by("fate").len().collect(engine="streaming")
    seconds = time.monotonic() - started
    memory.stop()
    return {"peak": memory.peak / 2**20, "speed": seen / seconds, "largest": memory.largest / 2**20}


def _fates(parts: list[Path]) -> Iterator[pl.DataFrame]:
    for at, part in enumerate(parts):
        # Each copy stands for a repository of its own.
        yield VERDICTS.read(part, list(LEDGER.schema)).with_columns(
            pr_id=f"{at:06}/" + pl.col("pr_id"), repo=pl.lit(f"{at:06}")
        )


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.filter_scale",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("pulls", type=Path, metavar="PULLS")
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    parts = sorted(arguments.pulls.absolute().glob("*.parquet"))
    if not parts:
        raise SystemExit(f"{arguments.pulls} holds no part of pulls; name the folder data/pulls of a run")
    os.environ |= {"POLARS_MAX_THREADS": "1", "RAYON_NUM_THREADS": "1"}
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "pieces").mkdir()
        pieces = in_pieces(Path(scratch) / "pieces", parts, PIECE)
        for rows in arguments.rows:
            with tempfile.TemporaryDirectory() as empty, chdir(empty):
                found[rows] = filtered(pieces, rows, arguments.workers)
            print(f"{rows:,} rows: {found[rows]}", file=sys.stderr)
    print(
        json.dumps(
            {
                "peak_mb": {rows: round(one["peak"]) for rows, one in found.items()},
                "rows_per_second": {rows: round(one["speed"]) for rows, one in found.items()},
                "largest_process_mb": {rows: round(one["largest"]) for rows, one in found.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
