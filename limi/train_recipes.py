"""`limi train recipes` and `limi train recipe`: sections `train` for the models of the paper, each put in place of the one there is."""

import difflib
import re
from pathlib import Path

from limi.screen import line
from pipeline.errors import UserError
from pipeline.files import write_text
from pipeline.params import read_params

FOLDER = Path(__file__).resolve().parent.parent / "finetune" / "recipes"
PARAMS = Path("params.yaml")
KEPT = Path("params.before.yaml")
# The section with the comment above it, up to the next line that is not of it.
SECTION = re.compile(r"(?m)(?:^#.*\n)*^train:.*\n(?:(?:[ \t].*)?\n)*")


def list_recipes() -> None:
    """Print each recipe's name and first line."""
    for path in sorted(FOLDER.glob("*.yaml")):
        line(f"{path.stem:18} {path.read_text(encoding='utf-8').splitlines()[0].removeprefix('# ')}")


def take(name: str) -> None:
    """Put a recipe in place of the section `train`. What was there is kept in params.before.yaml, if it was no recipe itself.

    Raises UserError if there is no recipe of that name, or params.yaml is not one.
    """
    known = {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        raise UserError(
            f"there is no recipe {name!r}"
            + (f"; did you mean {near[0]}?" if near else "")
            + f" Known: {', '.join(known)}"
        )
    read_params(PARAMS)
    before = PARAMS.read_text(encoding="utf-8")
    recipes = {other: put(before, path.read_text(encoding="utf-8")) for other, path in known.items()}
    after = recipes[name]
    if after == before:
        line(f"the section train of {PARAMS} is the recipe {name} already")
        return
    own = before not in recipes.values()
    if own:  # a recipe's section can be had again, and what was kept from before it cannot
        write_text(KEPT, before)
    write_text(PARAMS, after)
    read_params(PARAMS)
    line(f"the section train of {PARAMS} is now the recipe {name}" + (f"; what was there is in {KEPT}" if own else ""))
    line("`limi train --preflight` tells what it needs, before a GPU is touched")


def put(params: str, recipe: str) -> str:
    """The parameters with the recipe's section in place of theirs. Raises UserError where theirs does not stand on lines of its own."""
    text = params if params.endswith("\n") else params + "\n"
    if len(SECTION.findall(text)) != 1:
        raise UserError(
            f"the section train of {PARAMS} does not stand on lines of its own; `limi profile demo` writes it so"
        )
    return SECTION.sub(lambda _: recipe, text)
