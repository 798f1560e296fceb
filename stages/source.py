"""Where the repositories of a run come from; only the stages that read sources need to know."""

from pathlib import Path

from demo.build import build_world
from pipeline.sections import Source


def open_clones(source: Source) -> tuple[Path, Path]:
    """`(folder of clones, facts file)` of a source of clones. The demo world is built first, if it is not there."""
    folder = Path(source.folder)
    return (folder, build_world(folder)) if source.kind == "demo" else (folder, Path(source.input))
