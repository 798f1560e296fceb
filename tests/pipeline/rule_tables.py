"""A copy of a module's table of rules that a test may change, for the tests of the modules that read one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest


class EditedTable:
    """The copy, which the module reads instead of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def change(self, old: str, new: str) -> None:
        """Put one text in another's first place; it must be there."""
        text = self.path.read_text(encoding="utf-8")
        assert old in text
        self.path.write_text(text.replace(old, new, 1), encoding="utf-8")


@contextmanager
def edited_table(module: ModuleType, folder: Path, *forget: Callable[[], None]) -> Iterator[EditedTable]:
    """The table of a module in a folder; what the module remembers of a table is forgotten before and after."""
    copy = folder / module.TABLE.name
    copy.write_bytes(module.TABLE.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "TABLE", copy)
        for each in forget:
            each()
        yield EditedTable(copy)
    for each in forget:
        each()
