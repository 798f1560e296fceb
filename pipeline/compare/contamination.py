"""Say which public benchmarks name a repository, a pull request or a diff, by the lists in curated/contamination.

A list is a CSV file with the columns benchmark, kind, value and source; curated/contamination/README.md tells how to write one. Every
`*.csv` in the folder is used. A list that cannot be read in full is an error: a line that is passed over would let a task through.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

from pipeline.errors import UserError
from pipeline.fingerprint import fingerprint

HEADER = ["benchmark", "kind", "value", "source"]
_REPOSITORY = r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/(?!\.{1,2}(?:#|\Z))[A-Za-z0-9._-]{1,100}"
# kind -> (what its value is like, in words, and the pattern)
_KINDS = {
    "repository": ("owner/name", re.compile(_REPOSITORY)),
    "pull": ("owner/name#number", re.compile(rf"{_REPOSITORY}#[1-9][0-9]{{0,9}}")),
    "diff": ("64 small hex digits", re.compile(r"[0-9a-f]{64}")),
}
# A spreadsheet would run a cell that begins with =, +, - or @, so a name begins with a letter or a digit.
_BENCHMARK = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._()/+-]{0,99}")
_SOURCE = re.compile(r"https?://[!-~]{1,500}")


@dataclass(frozen=True)
class Contamination:
    """The lists, read: what is named (kind and value, the names of repositories in small letters) -> benchmarks, sorted."""

    named: dict[tuple[str, str], tuple[str, ...]]

    @classmethod
    def read(cls, folder: Path) -> "Contamination":
        """Read every list of a folder. Raises UserError that names the file, the line, what is wrong and what to do."""
        paths = sorted(folder.glob("*.csv"))
        if not paths:
            raise UserError(
                f"{folder} holds no list (*.csv), so nothing could be held against a benchmark. Restore the folder "
                "(`git checkout` brings the shipped lists back) or name another one"
            )
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for path in paths:
            for benchmark, kind, value in _rows(path):
                found[kind, value].add(benchmark)
        return cls({key: tuple(sorted(names)) for key, names in found.items()})

    def fingerprint(self) -> str:
        """A hash of all that is named."""
        return fingerprint(sorted([*key, *names] for key, names in self.named.items()))

    def of(self, repo: str, pr_id: str, diff_hash: str) -> list[str]:
        """Which benchmarks name a row, and by what, such as `SWE-bench: repository django/django`. Empty if none does."""
        keys = (("repository", repo.lower(), repo), ("pull", pr_id.lower(), pr_id), ("diff", diff_hash, diff_hash))
        return [
            f"{benchmark}: {kind} {shown}"
            for kind, value, shown in keys
            for benchmark in self.named.get((kind, value), ())
        ]

    def of_rows(self, rows: pl.DataFrame) -> pl.Series:
        """`of` for each row of a frame with repo, pr_id and diff_hash: a series `contamination` of lists of text."""
        said = [self.of(*row) for row in rows.select("repo", "pr_id", "diff_hash").iter_rows()]
        return pl.Series("contamination", said, dtype=pl.List(pl.String()))


@cache
def contamination_of(folder: Path, fingerprint: str) -> Contamination:
    """The lists of a folder, read once by each worker; `fingerprint` is what they are expected to be."""
    return Contamination.read(folder)


def _rows(path: Path) -> Iterator[tuple[str, str, str]]:
    """(benchmark, kind, value) of each line of a list, with a repository's name in small letters."""
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    first_line: dict[tuple[str, ...], int] = {}
    try:
        for at, row in enumerate(reader):
            line = reader.line_num
            if at == 0:
                if row != HEADER:
                    raise _wrong(path, line, f"the header is {_short(','.join(row))}", f"write {','.join(HEADER)}")
                continue
            if wrong := _what_is_wrong(row):
                raise _wrong(path, line, *wrong)
            benchmark, kind, value, _ = row
            key = (benchmark, kind, value if kind == "diff" else value.lower())
            if key in first_line:
                raise _wrong(path, line, f"it says again what line {first_line[key]} says", "remove one of the two")
            first_line[key] = line
            yield key
    except csv.Error as error:
        raise _wrong(path, reader.line_num, f"it is not CSV ({error})", "mend its quotes") from None
    if len(first_line) == 0:
        raise _wrong(path, 1, "the list is empty", "add a line to it, or remove the file")


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} could not be read ({error.strerror}). Remove it or make it a readable file") from None
    try:
        text = raw.decode("utf-8-sig")  # a spreadsheet may put a byte order mark first; it says nothing
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _wrong(path, line, "it is not UTF-8", "save the file as UTF-8") from None
    if "\0" in text:
        raise _wrong(path, text[: text.index("\0")].count("\n") + 1, "it holds a NUL character", "remove it")
    return text


def _what_is_wrong(row: list[str]) -> tuple[str, str] | None:
    """What is wrong with a line and what to do, or None."""
    if len(row) != len(HEADER):
        return f"it has {len(row)} columns instead of {len(HEADER)}", f"write {','.join(HEADER)}"
    benchmark, kind, value, source = row
    if not _BENCHMARK.fullmatch(benchmark):
        return (
            f"the benchmark is {_short(benchmark)}",
            "write a name of at most 100 letters, digits, spaces and ._()/+- that begins with a letter or a digit",
        )
    if kind not in _KINDS:
        return f"the kind is {_short(kind)}", f"write one of {', '.join(_KINDS)}"
    like, pattern = _KINDS[kind]
    if not pattern.fullmatch(value):
        return f"the value is {_short(value)}", f"write {like}, which is what the kind {kind} asks for"
    if not _SOURCE.fullmatch(source):
        return f"the source is {_short(source)}", "write the address (https://...) of the page or file that says so"
    return None


def _short(text: str) -> str:
    """A text for a message: as Python would print it, in ASCII, cut after 60 characters."""
    return ascii(text if len(text) <= 60 else text[:60] + "...")


def _wrong(path: Path, line: int, what: str, remedy: str) -> UserError:
    return UserError(f"{path} line {line}: {what}; {remedy}")
