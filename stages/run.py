"""What every stage shares: how it begins, warns and ends."""

import sys
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import LimiError


def run_stage(stage: Callable[[], None]) -> None:
    """Run a stage's main function; an expected error becomes its sentence and its exit code (2 the user's, 1 a failure)."""
    name = Path(sys.argv[0]).stem
    # DVC runs one stage at a time here, so unfinished files are those of a run that was killed.
    for folder in ("data", "curated", "metrics", "plots"):
        for unfinished in Path(folder).rglob(".*.tmp"):
            unfinished.unlink()
    try:
        stage()
    except LimiError as error:
        print("\n".join(f"{name}: {line}" for line in str(error).splitlines()), file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)


def warn(text: str) -> None:
    """Say something that the user should know, though the stage goes on."""
    print(f"{Path(sys.argv[0]).stem}: {text}", file=sys.stderr)  # noqa: T201
