"""Made-up changes for the comparing tests: unified diffs of generated files, and the rows that carry them."""

import difflib
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

START = datetime(2024, 1, 1, tzinfo=UTC)


def diff(before: Sequence[str], after: Sequence[str], path: str = "src/a.py", context: int = 3) -> str:
    """The diff of one file, as git prints it."""
    body = difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", lineterm="", n=context)
    return "\n".join([f"diff --git a/{path} b/{path}", "index 1234567..89abcde 100644", *body]) + "\n"


def lines(seed: int, count: int) -> list[str]:
    """So many lines of code that no other seed has."""
    chance = random.Random(seed)  # noqa: S311
    return [f"    {name(chance)} = {name(chance)}({name(chance)}, {chance.randrange(9999)})" for _ in range(count)]


def name(chance: random.Random) -> str:
    return "".join(chance.choice("abcdefghijklmnop") for _ in range(6))


def change(seed: int, added: int = 12, path: str = "src/a.py", around: int = 0) -> str:
    """A diff that replaces two lines of a file by `added` ones; `around` chooses what the file holds otherwise."""
    before = [*lines(1000 + around, 10 + around), *lines(seed + 5000, 2), *lines(2000 + around, 10)]
    after = [*before[: 10 + around], *lines(seed, added), *before[12 + around :]]
    return diff(before, after, path)


def reworded(patch: str, every: int) -> str:
    """The patch with one word changed in every so manieth added line."""
    found, at = [], 0
    for line in patch.split("\n"):
        if line.startswith("+") and not line.startswith("+++"):
            at += 1
            line = line.replace(" = ", " = other_", 1) if at % every == 0 else line
        found.append(line)
    return "\n".join(found)


def reverted(patch: str) -> str:
    """The diff that takes a diff back: signs turned round, header kept."""
    turned = {"+": "-", "-": "+"}
    head, at, body = patch.partition("\n@@ ")
    return head + at + "\n".join(turned.get(line[:1], line[:1]) + line[1:] for line in body.split("\n"))


def row(number: int, patch: str | None, repo: str = "a/a", day: int | None = None) -> dict[str, Any]:
    """What the comparing reads of a PULLS row; merged on that day, or on the day of its number."""
    merged = START + timedelta(days=number if day is None else day)
    return {"pr_id": f"{repo}#{number}", "repo": repo, "merged_at": merged, "patch": patch}


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """The rows as a part of PULLS, as far as it is read."""
    schema = {
        "pr_id": pl.String(),
        "repo": pl.String(),
        "merged_at": pl.Datetime("us", "UTC"),
        "patch": pl.String(),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")
