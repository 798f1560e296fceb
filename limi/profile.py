"""`limi profile`: whole parameter files, one per way to run."""

import difflib
from pathlib import Path

import yaml

from limi.screen import line
from pipeline.errors import UserError
from pipeline.files import write_text
from pipeline.params import read_params

FOLDER = Path("profiles")
PARAMS = Path("params.yaml")


def profiles() -> None:
    """List the profiles; the current one is marked."""
    current = _name(PARAMS) if PARAMS.exists() else ""
    for path in sorted(FOLDER.glob("*.yaml")):
        first = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        line(f"{'*' if path.stem == current else ' '} {path.stem:14} {first}")


def switch(name: str) -> None:
    """Replace params.yaml by a profile. Raises UserError if there is none of that name, or if own edits would be lost."""
    known = {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        raise UserError(
            f"there is no profile {name!r}"
            + (f"; did you mean {near[0]}?" if near else "")
            + f" Known: {', '.join(known)}"
        )
    wanted = known[name].read_text(encoding="utf-8")
    read_params(known[name])
    if PARAMS.exists():
        present = PARAMS.read_text(encoding="utf-8")
        if present not in {path.read_text(encoding="utf-8") for path in known.values()} and present != wanted:
            kept = PARAMS.with_name("params.before.yaml")
            write_text(kept, present)
            line(f"params.yaml had edits of its own; they are kept in {kept}")
    write_text(PARAMS, wanted)
    line(f"params.yaml is now the profile {name}; `dvc repro` runs it")


def _name(path: Path) -> str:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError:
        return ""
    return str(data.get("profile", "")) if isinstance(data, dict) else ""
