"""Say whether a change is nothing but whitespace, or nothing but new version numbers. docs/FILTERS.md names the rules.

Each rule has an exact form for one patch, and a screen for a column of patches: false where the rule is certainly false, so that only the
few others need the exact form.
"""

import re
from collections.abc import Iterator
from itertools import zip_longest

import polars as pl

from pipeline.hunks import FileChange, Hunk, plain, plain_changes
from pipeline.paths import describe

# Where blanks and line ends between two signs mean nothing, so that a formatter may move them.
FREE = frozenset("C C++ C# Java PHP Rust Dart Objective-C".split())
# Where that holds within a line.
LINED = frozenset("JavaScript TypeScript Go Kotlin Swift Scala Groovy SQL".split()) | {"Protocol Buffer"}
# Likewise, but the blanks before a line are part of what it means.
INDENTED = frozenset("Python CoffeeScript Nim Cython".split())
_BLANK = " \t\r\n\f\v"  # ASCII only: a no-break space in code is an error that someone mends
_BETWEEN_WORDS = re.compile(rf"(?<=\w)[{_BLANK}]+(?=\w)")
_QUOTED = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|`[^`\n]*`")
_WITHOUT_BLANKS = str.maketrans("", "", _BLANK)

# Files that say which versions are wanted, besides those of any name whose line speaks of a version.
_MANIFESTS = re.compile(
    r"""(?:^|/)(?:package\.json|cargo\.toml|pyproject\.toml|setup\.(?:py|cfg)|pipfile|[\w.-]{0,60}requirements[\w.-]{0,60}\.(?:txt|in)|
    constraints[\w.-]{0,60}\.txt|environment\.ya?ml|go\.mod|pom\.xml|build\.gradle(?:\.kts)?|settings\.gradle(?:\.kts)?|gradle\.properties|
    gradle-wrapper\.properties|libs\.versions\.toml|dependencies\.kt|gemfile|[\w.-]{1,60}\.gemspec|composer\.json|pubspec\.yaml|mix\.exs|
    [\w.-]{1,60}\.csproj|directory\.packages\.props|chart\.yaml|dockerfile[\w.-]{0,60}|[\w.-]{0,60}\.dockerfile|\.pre-commit-config\.yaml|
    \.tool-versions|\.nvmrc|\.node-version|\.ruby-version|\.python-version|\.go-version|version|version\.txt|lerna\.json|manifest\.json|vendor\.conf|
    \.github/(?:workflows|actions)/[\w./-]{1,200}\.ya?ml|\.circleci/config\.yml|\.travis\.yml|\.gitlab-ci\.yml|action\.ya?ml|bower\.json)$""",
    re.IGNORECASE | re.VERBOSE,
)
_NOTES = re.compile(r"(?:^|/)(?:changelog|changes|history|news|release-?notes?|releases)[\w.-]{0,60}$", re.IGNORECASE)
# `VERSION = "1.2"`, `"version": "1.2"`, `#define X_VERSION 3`; not `if version >= 1.2`.
_SPEAKS_OF_VERSION = re.compile(r"version\w{0,30}[\"'\])]{0,3}\s{0,20}(?:=(?![=~])|:|[\"'0-9])", re.IGNORECASE)
_ENDING = r"(?:[-._+]?(?:alpha|beta|a|b|rc|dev|snapshot|pre|final|post|ga|release|m|p)(?:[-.]?[0-9]{1,9}){0,3})?(?![0-9A-Za-z_])"
# A digest or a commit; an integrity text; a day; a number with two dots, or with one after a `v` or a sign (`"1.2"`, `==1.2`, `>1.2`), or
# with none that is tied to a name (`node:20`, `cache@4`, `^3`). Four numbers are an address, `timeout: 1.5` is a setting.
_VERSION = re.compile(
    r"\b(?=[0-9a-f]{0,127}[0-9])[0-9a-f]{7,128}\b|sha(?:1|256|384|512)-[A-Za-z0-9+/=]{20,120}|\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b"
    rf"|(?:\bv[0-9]{{1,9}}(?:\.[0-9x*]{{1,9}})*|\b(?<![.])[0-9]{{1,9}}(?:\.[0-9x*]{{1,9}}){{2}}(?![.][0-9])"
    rf"|(?<=[\"'@:=^~<>v/-])[0-9]{{1,9}}\.[0-9x*]{{1,9}}(?![.][0-9])|(?<=[@:^~-])[0-9]{{1,9}}(?![.])){_ENDING}",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\b(?:0x)?[0-9]{1,12}\b")
_SNAPSHOT = re.compile(r"VERSION[-.](?:dev|snapshot)\b", re.IGNORECASE)
_LONGEST = 2000  # characters of a line that names a version
_MENTIONS_LOCK_OR_NOTES = (
    r"(?im)^diff --git .*(?:lock|sum|shrinkwrap|freeze|resolved|assets\.json|selections|manifest-v|cpanfile"
    r"|changes|change|history|news|release)"
)
# After a line that stays, a line comes that replaces none; or a changed line has no digit. Lines that look like headers are let be.
_NO_BUMP = r"(?m)^[ @].*\n\+|^-(?:[^-\n][^0-9\n]*)?$|^\+(?:[^+\n][^0-9\n]*)?$"
# Between two lines that stay, lines only come or only go, and one of them is not blank.
_ONE_SIDED = (
    r"(?m)^[ @].*\n(?:(?:\+.*\n)*\+[ \t]*[^\s][^\n]*\n(?:\+.*\n)*|(?:-.*\n)*-[ \t]*[^\s][^\n]*\n(?:-.*\n)*)(?:[ @d]|\z)"
)
_FIRST_RUN = re.compile(r"^[ @].*\n((?:-.*\n)+)((?:\+.*\n)+)", re.MULTILINE)
_SIGN = re.compile(r"^[+-]", re.MULTILINE)


def only_whitespace(patch: str) -> bool:
    """Whether a change is of blanks, tabs, line ends and blank lines only, wherever lines are replaced, come or go.

    A blank between two words counts (`else if` is not `elseif`), and so does one within quotes on one line. In Python and its like
    the blanks before a line count too: one that moves into a loop is a change of the program. In a language that is not one of
    FREE, LINED and INDENTED, such as a shell's, YAML or one that is not known, only blanks at line ends and blank lines count for nothing.
    """
    first = _FIRST_RUN.search(patch, patch.find("\n@@ "))
    if first and _without_signs_and_blanks(first[1]) != _without_signs_and_blanks(first[2]):
        return False  # as nearly always; the rest is slower
    files = plain_changes(patch)
    return bool(files) and all(
        _same_but_for_blanks(hunk, describe(file.path).language) for file in files for hunk in file.hunks
    )


def could_be_only_whitespace(patch: pl.Expr) -> pl.Expr:
    """False where `only_whitespace` is certainly false: lines come that replace none, or go without any in their place."""
    return plain(patch) & ~patch.str.contains(_ONE_SIDED).fill_null(True)


def version_bump(patch: str) -> bool:
    """Whether every changed line is replaced by one that differs in version numbers, digests or days only.

    It must stand in a file that says which versions are wanted, or speak of a version itself (`VERSION = "1.2"`): `timeout = 1.5` is no
    version. Lock files and release notes may change as they like beside it, and pages that name the version by such lines; alone they
    are no bump.
    """
    files = [
        file for file in plain_changes(patch) if describe(file.path).kind != "lock" and not _NOTES.search(file.path)
    ]
    return any(describe(file.path).kind != "docs" for file in files) and all(_only_bumps(file) for file in files)


def could_be_version_bump(patch: pl.Expr) -> pl.Expr:
    """False where `version_bump` is certainly false: it has a changed line without a digit, or one that replaces none."""
    return plain(patch) & (patch.str.contains(_MENTIONS_LOCK_OR_NOTES) | ~patch.str.contains(_NO_BUMP)).fill_null(False)


def _same_but_for_blanks(hunk: Hunk, language: str) -> bool:
    for run in _blocks(hunk):
        removed, added = ("".join(line or "" for line in side) for side in zip(*run, strict=True))
        if removed.translate(_WITHOUT_BLANKS) != added.translate(_WITHOUT_BLANKS):
            return False
    old, new = hunk.old, hunk.new
    if _QUOTED.findall(old) != _QUOTED.findall(new):
        return False
    if language in FREE and _directives(old) == _directives(new):
        return _words(old) == _words(new)
    if language in LINED:
        return [_words(line) for line in _lines(old)] == [_words(line) for line in _lines(new)]
    if language in INDENTED:
        return _lines_with_indentation(old) == _lines_with_indentation(new)
    return [line.rstrip(_BLANK) for line in _lines(old)] == [line.rstrip(_BLANK) for line in _lines(new)]


def _directives(text: str) -> list[str]:
    """The preprocessor's lines, where `#define F(x)` is not `#define F (x)`."""
    return [line.rstrip(_BLANK) for line in text.split("\n") if line.lstrip(_BLANK).startswith("#")]


def _without_signs_and_blanks(run: str) -> str:
    return _SIGN.sub("", run).translate(_WITHOUT_BLANKS)


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip(_BLANK)]


def _words(text: str) -> str:
    # What stands between two words becomes a mark, and all the other blanks go.
    return _BETWEEN_WORDS.sub("\0", text).translate(_WITHOUT_BLANKS)


def _lines_with_indentation(text: str) -> list[tuple[str, str]]:
    return [(line[: len(line) - len(line.lstrip(_BLANK))], _words(line)) for line in _lines(text)]


def _only_bumps(file: FileChange) -> bool:
    wanted = bool(_MANIFESTS.search(file.path)) or describe(file.path).kind == "docs"
    pairs = [pair for hunk in file.hunks for block in _blocks(hunk) for pair in block]
    return bool(pairs) and all(old is not None and new is not None and _bumped(old, new, wanted) for old, new in pairs)


def _blocks(hunk: Hunk) -> Iterator[list[tuple[str | None, str | None]]]:
    """Each run of removed lines with the added lines that follow it, in pairs; None where one has no fellow."""
    removed: list[str] = []
    added: list[str] = []
    for line in (*hunk.lines, " "):
        if line[0] == "+":
            added.append(line[1:])
            continue
        if (line[0] == " " or added) and (removed or added):
            yield list(zip_longest(removed, added))
            removed, added = [], []
        if line[0] == "-":
            removed.append(line[1:])


def _bumped(old: str, new: str, wanted: bool) -> bool:
    speaks = bool(_SPEAKS_OF_VERSION.search(old))
    if max(len(old), len(new)) > _LONGEST or old == new or not (wanted or speaks):
        return False
    if _masked(old) == _masked(new):
        return True
    return speaks and _NUMBER.sub("VERSION", _masked(old)) == _NUMBER.sub("VERSION", _masked(new))


def _masked(line: str) -> str:
    return _SNAPSHOT.sub("VERSION", _VERSION.sub("VERSION", line))
