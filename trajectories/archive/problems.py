"""What is wrong with a session, in sentences: file, step and field. No text of the session is quoted, as it may hold a secret."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

MOST = 10  # sentences; a broken file seldom needs more, a hostile one gets no more
_HOPELESS = 10_000  # problems that are not even looked at one by one
_LONGEST = 60  # characters of a name that the file made up
_TYPES = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "yes or no",
    int: "a number",
    float: "a number",
    type(None): "null",
}


def sentences(error: ValidationError, data: Any, place: str) -> list[str]:
    """One sentence for each problem, at most MOST, and how many more there are. `data` is what was validated, `place` its file."""
    if error.error_count() > _HOPELESS:
        return [f"{place}: it has {error.error_count()} problems, so it is no session of the archive"]
    found: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_context=False):
        where = place_of(problem["loc"], data, problem["type"] in ("missing", "extra_forbidden"))
        found.setdefault(where, _sentence(problem))
    told = [
        f"{place}: {where}{said if not where or where.endswith(', ') else f': {said}'}" for where, said in found.items()
    ]
    more = len(told) - MOST
    return told if more <= 0 else [*told[:MOST], f"{place}: and {more} more problems"]


def place_of(steps: Sequence[int | str], data: Any, last_is_a_name: bool = False) -> str:
    """Where something is, as `step 3, tool_calls[0].arguments`. What pydantic adds of its own (the kind in a union) is left out.

    `last_is_a_name`: the last one counts though it is not in the data, as it is missing or should be.
    """
    words = ""
    for at, step in enumerate(steps):
        inside = (isinstance(data, dict) and step in data) or (
            isinstance(data, list | tuple) and isinstance(step, int) and step < len(data)
        )
        if not inside and not (last_is_a_name and at == len(steps) - 1):
            continue
        if at == 1 and steps[0] == "steps" and isinstance(step, int):
            words = f"step {step + 1}, "
        elif isinstance(step, int):
            words += f"[{step}]"
        else:
            words += ("" if not words or words.endswith(", ") else ".") + printable(step)
        data = data[step] if inside else None
    return words


def _sentence(problem: Any) -> str:
    if problem["type"] == "missing":
        return "it is missing"
    if problem["type"] == "extra_forbidden":
        return "the archive has no such field; what a source has beyond it goes to extra.limi.kept_aside"
    if problem["type"] == "model_type":
        return f"it must be an object, not {_TYPES.get(type(problem['input']), 'that')}"
    if problem["type"] == "value_error":
        return str(problem["msg"].removeprefix("Value error, "))
    said = problem["msg"].replace("Input should", "it must").replace("dictionary", "object").replace("tuple", "list")
    kind = _TYPES.get(type(problem["input"]))
    return f"{said}, not {kind}" if kind and problem["type"].endswith("_type") else said


def printable(name: str) -> str:
    """A name that a file made up, short and without anything that a terminal obeys."""
    shown = name if len(name) <= _LONGEST else name[:_LONGEST] + "…"
    return shown if shown.isprintable() else ascii(shown)[1:-1]
