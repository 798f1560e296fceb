"""The kinds of values that the archive holds: texts that UTF-8 can hold, JSON of a bounded depth, times with a zone."""

import math
import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

MOST_NESTED = 64  # levels of a JSON value; a tool's JSON schema has about ten
_LARGEST = 2**63  # whole numbers of parquet, Arrow and most JSON readers end here
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9-]{2,79}")
_PULL = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}#[1-9][0-9]{0,9}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HALF = re.compile(r"[\ud800-\udfff]")


class Record(BaseModel):
    """What everything in the archive is: frozen, of exact types, without unknown fields. Errors never quote a session's text."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


def storable(value: Any) -> Any:
    r"""The same JSON value with each half of a surrogate pair, which UTF-8 can't hold, spelled out (`\ud83d`, six characters).

    For importers: the archive refuses such texts, as neither a file nor a table could hold them. The value must not be nested
    deeper than Python's own reader of JSON allows.
    """
    if isinstance(value, str):
        return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", value)
    if isinstance(value, list):
        return [storable(part) for part in value]
    if isinstance(value, dict):
        return {storable(name): storable(part) for name, part in value.items()}
    return value


def _text(value: str) -> str:
    if not value.isascii() and _HALF.search(value):
        raise ValueError("it holds half of a surrogate pair, which UTF-8 can't hold")
    return value


def _name(value: str) -> str:
    if not value.strip() or _CONTROL.search(_text(value)):
        raise ValueError("it must not be empty, and be free of line breaks and control characters")
    return value


def _file_name(value: str) -> str:
    if "/" in _name(value) or "\\" in value:
        raise ValueError("it must be a file's name without its folders")
    return value


def _identifier(value: str) -> str:
    if not _IDENTIFIER.fullmatch(value):
        raise ValueError("it must be 3 to 80 small letters, digits and hyphens, and not begin with a hyphen")
    return value


def _pull_id(value: str) -> str:
    if not _PULL.fullmatch(value):
        raise ValueError("it must be owner/name#number")
    return value


def _hexadecimal(*lengths: int) -> AfterValidator:
    def checked(value: str) -> str:
        if len(value) not in lengths or not re.fullmatch("[0-9a-f]+", value):
            raise ValueError(f"it must be {' or '.join(map(str, lengths))} hexadecimal digits in small letters")
        return value

    return AfterValidator(checked)


def _time(value: str) -> str:
    try:
        if _TIME.fullmatch(value):
            datetime.fromisoformat(value)
            return value
    except ValueError:
        pass
    raise ValueError("it must be a time of ISO 8601 with its zone, like 2026-01-31T14:05:00.250Z")


def _json_object(value: Any) -> Any:
    """Check every value within, without recursion: a hostile one is nested as deep as it likes."""
    if type(value) is not dict:
        raise ValueError("it must be a JSON object")
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        part, depth = waiting.pop()
        if depth > MOST_NESTED and type(part) in (dict, list):
            raise ValueError(f"it is nested more than {MOST_NESTED} levels deep")
        if type(part) is str:
            _text(part)
        elif type(part) is dict:
            if not all(type(name) is str for name in part):
                raise ValueError("a key within it is no text")
            waiting += ((name, depth) for name in part)
            waiting += ((one, depth + 1) for one in part.values())
        elif type(part) is list:
            waiting += ((one, depth + 1) for one in part)
        elif type(part) is int:
            if not -_LARGEST <= part < _LARGEST:
                raise ValueError("a whole number within it needs more than 64 bits; keep it as a text")
        elif type(part) is float:
            if not math.isfinite(part):
                raise ValueError("a number within it is not finite")
        elif part is not None and type(part) is not bool:
            raise ValueError(f"it holds a {type(part).__name__}, which JSON does not have")
    return value


Text = Annotated[str, AfterValidator(_text)]
Name = Annotated[str, AfterValidator(_name)]
FileName = Annotated[str, AfterValidator(_file_name)]
Identifier = Annotated[str, AfterValidator(_identifier)]
PullId = Annotated[str, AfterValidator(_pull_id)]
Sha256 = Annotated[str, _hexadecimal(64)]
Commit = Annotated[str, _hexadecimal(40, 64)]
Time = Annotated[str, AfterValidator(_time)]
Json = Annotated[dict[str, Any], BeforeValidator(_json_object)]
Count = Annotated[int, Field(ge=0, lt=_LARGEST)]
ExitCode = Annotated[int, Field(ge=-(2**31), lt=2**32)]
Dollars = Annotated[float, Field(ge=0)]
# A tuple in Python is a list in JSON, so this one type is read from both. The first faulty item ends it: a file of millions of them must
# not become millions of problems in memory.
Many = Field(strict=False, fail_fast=True)


class Extra(Record):
    """An `extra` of ATIF: our own key `limi`, and whatever else the file's writer put there, as it is."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[
        str, Annotated[Any, BeforeValidator(lambda value: _json_object({"value": value})["value"])]
    ]


class Kept(Record):
    """What the source has and ATIF has no place for."""

    kept_aside: Json = Field(default={}, description="unknown fields of the source, as they were")


class KeptExtra(Extra):
    """An `extra` in which we keep unknown fields, and no more."""

    limi: Kept | None = Field(default=None, description="our own key")
