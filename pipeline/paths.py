"""Say what a path of a repository is by the rules of `paths.toml`: its language, and whether a person wrote it there.

There are two forms that say the same: `describe` for one path, and Polars expressions for columns of millions of them. A glob becomes
a regular expression of letters, classes and `[^/]*` only, which Python and Rust read alike.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import polars as pl

from pipeline.rule_table import check_names, read_rules, refuse, texts

TABLE = Path(__file__).with_name("paths.toml")
KINDS = ("lock", "generated", "vendored", "test", "docs")
UNWRITTEN = ("lock", "generated", "vendored")  # a program or another project wrote these
_REMEMBERED = 1 << 16  # paths; a repository of the largest ones changes some ten thousand


@dataclass(frozen=True)
class PathFacts:
    """What a path is: its language by GitHub's name, and its kind (one of KINDS). Both are empty where no rule speaks."""

    language: str
    kind: str


@dataclass(frozen=True)
class _Globs:
    """The globs of a kind as expressions: of folders at the root, of folders anywhere, and of file names."""

    root: str
    folders: str
    names: str


@dataclass(frozen=True)
class _PathTable:
    order: tuple[str, ...]
    joined: dict[str, _Globs]
    compiled: dict[str, tuple[re.Pattern[str], re.Pattern[str]]]
    names: dict[str, str]
    suffixes: dict[str, str]


@lru_cache(maxsize=_REMEMBERED)
def describe(path: str) -> PathFacts:
    """The language and the kind of one path, as git prints it: with slashes, relative to the root, unquoted."""
    table = _table()
    folder, _, name = path.rpartition("/")
    for kind in table.order:
        folders, names = table.compiled[kind]
        if folders.search(f"/{folder}/") or names.fullmatch(name):
            return PathFacts(_language(table, name), kind)
    return PathFacts(_language(table, name), "")


def kind_of(paths: pl.Expr) -> pl.Expr:
    """`describe(path).kind` of every path of a text column. A null path has no kind: null."""
    return pl.coalesce(
        *(pl.when(_matches(paths, kind)).then(pl.lit(kind)) for kind in _table().order),
        pl.when(paths.is_not_null()).then(pl.lit("")),
    )


def language_of(paths: pl.Expr) -> pl.Expr:
    """`describe(path).language` of every path of a text column. A null path has no language: null."""
    table = _table()
    name = paths.str.extract(r"([^/]*)$").str.to_lowercase()

    def looked_up(key: pl.Expr, known: dict[str, str]) -> pl.Expr:
        return key.replace_strict(known, default=None, return_dtype=pl.String())

    return pl.coalesce(
        looked_up(name, table.names),
        looked_up(name.str.extract(r"(\.[^.]*\.[^.]*)$"), table.suffixes),
        looked_up(name.str.extract(r"(\.[^.]*)$"), table.suffixes),
        looked_up(name.str.extract(r"^([^.]*)"), table.names),
        pl.when(paths.is_not_null()).then(pl.lit("")),
    )


def unwritten(paths: pl.Expr) -> pl.Expr:
    """Whether a path is one of UNWRITTEN, for every path of a text column; null for null."""
    return pl.any_horizontal(_matches(paths, kind) for kind in UNWRITTEN)


def is_test(paths: pl.Expr) -> pl.Expr:
    """Whether `describe(path).kind` is "test", for every path of a text column; null for null."""
    return kind_of(paths) == "test"


def _matches(paths: pl.Expr, kind: str) -> pl.Expr:
    globs = _table().joined[kind]
    return paths.str.contains(f"^(?:{globs.root})|(?:^|/)(?:(?:{globs.folders})|(?:{globs.names})$)")


def _language(table: _PathTable, name: str) -> str:
    low = name.lower()
    if found := table.names.get(low):
        return found
    parts = low.rsplit(".", 2)
    for dots in range(len(parts) - 1, 0, -1):
        if found := table.suffixes.get("." + ".".join(parts[-dots:])):
            return found
    return table.names.get(low.partition(".")[0], "")


@cache
def _table() -> _PathTable:
    data = read_rules(TABLE, ("order", "kinds", "languages"))
    check_names(TABLE, "order", texts(TABLE, "order", data["order"]), KINDS)
    check_names(TABLE, "the names of kinds", data["kinds"], KINDS)
    joined = {kind: _joined(texts(TABLE, kind, globs)) for kind, globs in data["kinds"].items()}
    names: dict[str, str] = {}
    suffixes: dict[str, str] = {}
    for language, entries in data["languages"].items():
        for entry in texts(TABLE, language, entries):
            # `.gitignore` is a name and a suffix in one: what stands before the last dot is empty there.
            known = suffixes if entry.startswith(".") else names
            if entry != entry.lower() or not entry.isascii() or "/" in entry or entry.count(".") > 2:
                refuse(TABLE, f"{entry!r} of {language} must be a small ASCII suffix or file name")
            if entry in known:
                refuse(TABLE, f"{entry!r} belongs to {known[entry]} and to {language}")
            known[entry] = language
    compiled = {
        kind: (re.compile(rf"\A/(?:{globs.root})|/(?:{globs.folders})"), re.compile(globs.names))
        for kind, globs in joined.items()
    }
    return _PathTable(tuple(data["order"]), joined, compiled, names, suffixes)


def _joined(globs: Iterable[str]) -> _Globs:
    root: list[str] = []
    folders: list[str] = []
    names: list[str] = []
    for glob in globs:
        _check(glob)
        where = names if not glob.endswith("/") else root if glob.startswith("/") else folders
        where.append(_expression(glob.removeprefix("/")))
    # An empty group would match everything, and `[^\s\S]`, which matches nothing, is read alike by both.
    return _Globs(*("|".join(group) or r"[^\s\S]" for group in (root, folders, names)))


def _check(glob: str) -> None:
    """A glob with two stars and a text after the second would be tried from every place of a long name: quadratic."""
    stars = glob.count("*")
    if not glob.strip("*/") or not glob.isascii() or not glob.isprintable():
        refuse(TABLE, f"{glob!r} is not a glob of printable ASCII with a text to look for")
    if stars > 2 or (stars == 2 and not glob.endswith("*")) or "**" in glob:
        refuse(TABLE, f"{glob!r} has a star too many; two are allowed if the second stands at the end")
    if "/" in glob and not glob.endswith("/"):
        refuse(TABLE, f"{glob!r} has a slash, so it must end with one; a file name has none")


def _expression(glob: str) -> str:
    return "".join(_letter(letter) for letter in glob)


def _letter(letter: str) -> str:
    if letter == "*":
        return "[^/]*"
    return f"[{letter}{letter.upper()}]" if letter.islower() else re.escape(letter)
