"""Where the repositories of a run come from; only the stages that read clones need to know."""

from pathlib import Path

from demo.build import build_world
from pipeline.errors import UserError
from pipeline.params import Source


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
