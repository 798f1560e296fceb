"""Read a table of rules that people edit (TOML, beside the module that uses it), and refuse with a sentence what is not as it must be."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn


def read_rules(table: Path, parts: Iterable[str]) -> dict[str, Any]:
    """What a table says, by its parts, which must be exactly these. Raises ValueError."""
    try:
        rules = tomllib.loads(table.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        refuse(table, f"it is not TOML: {error}")
    check_names(table, "its parts", rules, parts)
    return rules


def check_names(table: Path, what: str, found: Iterable[str], wanted: Iterable[str]) -> None:
    """Raise ValueError unless each name that is wanted was found once, and no other; `what` says of what they are the names."""
    if sorted(found) != sorted(wanted):
        refuse(table, f"{what} must be {', '.join(wanted)}, not {', '.join(found) or 'nothing'}")


def texts(table: Path, what: str, found: object) -> list[str]:
    """A list of texts, as it was found in a table. Raises ValueError if it is anything else; an empty text is none."""
    if not isinstance(found, list) or not all(isinstance(text, str) and text for text in found):
        refuse(table, f"{what} must be a list of texts")
    return found


def refuse(table: Path, why: str) -> NoReturn:
    """Raise ValueError, with the table's name before the sentence."""
    raise ValueError(f"{table.name}: {why}")
