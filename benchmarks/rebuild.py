"""Rebuild the pool twice from nothing, in two folders, and once more with nothing to do.

    python -m benchmarks.rebuild

Needs: the installed project and git; no account, no network. Clones this checkout twice (committed state), runs `dvc repro` in both up to
the dataset and its report, and compares pool and ledger byte by byte. Prints progress, and one JSON object on its last line:
pool_rows, real_world, github_pr, seconds, noop_seconds, identical.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAST = ("build_dataset", "report_run")  # all but the training
COMPARED = ("curated/pool.jsonl", "curated/candidates.jsonl", "data/ledger.parquet")


def fresh_clone(folder: Path) -> Path:
    """A clone of this checkout's last commit."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


def repro(folder: Path) -> float:
    """Run `dvc repro` and return its wall time in seconds."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "dvc", "repro", "--quiet", *LAST], cwd=folder, check=True, env=environment)
    return time.monotonic() - started


def main() -> None:
    """See the module's docstring."""
    argparse.ArgumentParser(prog="python -m benchmarks.rebuild", description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        first, second = (fresh_clone(Path(scratch) / name) for name in ("first", "second-in-another-place"))
        seconds = repro(first)
        noop_seconds = repro(first)
        repro(second)
        pool = [json.loads(line) for line in (first / "curated/pool.jsonl").read_text(encoding="utf-8").splitlines()]
        identical = all((first / name).read_bytes() == (second / name).read_bytes() for name in COMPARED)
    print(
        json.dumps(
            {
                "pool_rows": len(pool),
                "real_world": sum(row["origin"] == "real_world" for row in pool),
                "github_pr": sum(row["origin"] == "github_pr" for row in pool),
                "seconds": round(seconds, 1),
                "noop_seconds": round(noop_seconds, 2),
                "identical": identical,
            }
        )
    )


if __name__ == "__main__":
    main()
