"""docs/TRAJECTORIES.md lists every field of the archive with its meaning, and no other."""

import re
from pathlib import Path

from pydantic import BaseModel

from trajectories.archive import provenance, session, steps, values

PAGE = (Path(__file__).resolve().parents[3] / "docs/TRAJECTORIES.md").read_text(encoding="utf-8")
HOLDERS = {values.Record, values.Extra}  # they have no fields of their own


def test_every_field_is_documented_with_its_meaning() -> None:
    models = {
        one
        for module in (provenance, session, steps, values)
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, values.Record) and not issubclass(one, values.Extra)
    } - HOLDERS
    documented = {
        title: re.findall(r"^\| `(\w+)` \| (.+) \|$", body, re.MULTILINE)
        for title, body in re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    }
    assert documented == {one.__name__: meanings(one) for one in models}


def meanings(model: type[BaseModel]) -> list[tuple[str, str]]:
    return [(name, field.description or "") for name, field in model.model_fields.items()]
