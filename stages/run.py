"""What every stage shares: how it ends, and where its repositories come from."""

import sys
from collections.abc import Callable
from pathlib import Path

from demo.build import build_world
from pipeline.errors import LimiError, UserError
from pipeline.params import Source


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


def open_clones(source: Source) -> tuple[Path, Path]:
    """`(folder of clones, facts file)` of a source. The demo world is built first, if it is not there."""
    folder = Path(source.folder)
    if source.kind == "demo":
        return folder, build_world(folder)
    if source.kind == "clones":
        return folder, Path(source.input)
    raise UserError(
        "source.kind in params.yaml is `github`, and this version reads clones only: `limi clones add URL` makes "
        "clones and `limi profile clones` uses them"
    )
