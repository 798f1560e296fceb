"""What every stage shares: how it begins, warns and ends."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from pipeline.errors import LimiError


def run_stage(stage: Callable[[], None]) -> None:
    """Run a stage's main function; an expected error becomes its sentence and its exit code (2 the user's, 1 a failure)."""
    name = Path(sys.argv[0]).stem
    # DVC runs one stage at a time here, so unfinished files are those of a run that was killed, or afterwards of a killed worker.
    _remove_unfinished()
    try:
        stage()
        _remove_unfinished()
    except LimiError as error:
        print("\n".join(f"{name}: {line}" for line in str(error).splitlines()), file=sys.stderr)  # noqa: T201
        _leave(error.exit_code)
    except KeyboardInterrupt:
        print(f"{name}: stopped; what was done is kept, run the same command to go on", file=sys.stderr)  # noqa: T201
        _leave(130)


def _remove_unfinished() -> None:
    for folder in ("data", "curated", "metrics", "plots", "reports", "sft"):
        for unfinished in Path(folder).rglob(".*.tmp"):
            unfinished.unlink(missing_ok=True)


def _leave(code: int) -> NoReturn:
    """End at once: a thread that waits an hour for GitHub must not hold the process. All that counts is on disk already."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def say(text: str) -> None:
    """Say something that the user should know, while the stage goes on."""
    print(f"{Path(sys.argv[0]).stem}: {text}", file=sys.stderr)  # noqa: T201
