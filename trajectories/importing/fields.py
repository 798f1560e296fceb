"""A source's object, taken field by field: what has the wrong type is refused with its place, what is left over is kept aside."""

import math
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import UserError
from trajectories.archive.problems import printable
from trajectories.archive.values import Time

_LARGEST = 2**63
_TIME = TypeAdapter(Time)
_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "yes or no", type(None): "null"}
_TEXT_PARTS = ("text", "input_text", "output_text")


class Fields:
    """One object of the source. Every method takes its field away; `left` is what nobody took. Place is file, line and field."""

    def __init__(self, value: Any, place: str) -> None:
        if not isinstance(value, dict):
            raise UserError(f"{place}: it must be an object, not {kind_of(value)}")
        self.place = place
        self.left: dict[str, Any] = dict(value)

    def at(self, name: str) -> str:
        """The place of a field."""
        return f"{self.place}{', ' if self.place[-1:].isdigit() else '.'}{printable(name)}"

    def fault(self, name: str, said: str) -> UserError:
        """The refusal of a field."""
        return UserError(f"{self.at(name)}: {said}")

    def take(self, name: str) -> Any:
        """Whatever stands there; None if nothing does."""
        return self.left.pop(name, None)

    def text(self, name: str) -> str:
        """A text that must be there."""
        if name not in self.left:
            raise self.fault(name, "it is missing")
        value = self.take(name)
        if not isinstance(value, str):
            raise self.fault(name, f"it must be a text, not {kind_of(value)}")
        return value

    def maybe_text(self, name: str) -> str | None:
        """A text; None if it is missing or null."""
        return self.text(name) if self.left.get(name) is not None else self.take(name)

    def maybe_name(self, name: str) -> str | None:
        """A text in one line; None, and left over, if it is empty or something else."""
        value = self.left.get(name)
        return self.take(name) if isinstance(value, str) and value.strip() and value.isprintable() else None

    def object(self, name: str) -> "Fields":
        """An object that must be there."""
        if name not in self.left:
            raise self.fault(name, "it is missing")
        return Fields(self.take(name), self.at(name))

    def maybe_object(self, name: str) -> "Fields | None":
        """An object; None if it is missing or null."""
        return self.object(name) if self.left.get(name) is not None else self.take(name)

    def items(self, name: str) -> list[Any]:
        """A list; empty if it is missing or null."""
        value = self.take(name)
        if value is not None and not isinstance(value, list):
            raise self.fault(name, f"it must be a list, not {kind_of(value)}")
        return value or []

    def objects(self, name: str) -> list["Fields"]:
        """A list of objects; empty if it is missing or null."""
        place = self.at(name)
        return [Fields(value, f"{place}[{number}]") for number, value in enumerate(self.items(name))]

    def count(self, name: str) -> int | None:
        """A whole number from 0; None, and left over, if it is something else."""
        value = self.left.get(name)
        return self.take(name) if type(value) is int and 0 <= value < _LARGEST else None

    def dollars(self, name: str) -> float | None:
        """A number from 0; None, and left over, if it is something else."""
        value = self.left.get(name)
        good = isinstance(value, int | float) and type(value) is not bool and math.isfinite(value) and value >= 0
        return float(self.take(name)) if good else None

    def time(self, name: str = "timestamp") -> str | None:
        """A time with its zone; None, and left over, if it is something else."""
        return self.take(name) if is_time(self.left.get(name)) else None


def is_time(value: Any) -> bool:
    """Whether the archive takes it as a time."""
    try:
        _TIME.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def kind_of(value: Any) -> str:
    """What a value is, in words."""
    return _KINDS.get(type(value), "a number")


def content_of(value: Any, place: str) -> tuple[str | list[dict[str, str]], Any]:
    """A message's content as the archive holds it, and what must be kept aside of it (None if nothing).

    A list of text parts stays a list of text parts. Null and nothing read as the empty text. A part that is no text (an image) or has
    more fields than its text leaves the whole list to be kept aside.
    """
    if value is None or isinstance(value, str):
        return value or "", None
    if not isinstance(value, list):
        raise UserError(f"{place}: it must be a text or a list of parts, not {kind_of(value)}")
    parts: list[dict[str, str]] = []
    whole = True
    for part in value:
        text = part if isinstance(part, str) else part.get("text") if isinstance(part, dict) else None
        if not isinstance(part, str | dict):
            raise UserError(f"{place}: a part of it must be a text or an object, not {kind_of(part)}")
        if isinstance(part, dict) and (part.get("type", "text") not in _TEXT_PARTS or not isinstance(text, str)):
            whole = False
            continue
        whole = whole and (isinstance(part, str) or not part.keys() - {"type", "text"})
        parts.append({"type": "text", "text": str(text)})
    return parts, None if whole else value


def joined(texts: list[str]) -> str | list[dict[str, str]]:
    """Several texts of one message as a content of the archive."""
    return "".join(texts) if len(texts) < 2 else [{"type": "text", "text": text} for text in texts]


def plain(content: str | list[dict[str, str]]) -> str:
    """A content as one text."""
    return content if isinstance(content, str) else "".join(part["text"] for part in content)
