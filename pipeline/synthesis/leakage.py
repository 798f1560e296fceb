"""How much of the solution a query gives away, measured against the patch without a model.

Three signs: identifiers the patch introduces (code-shaped words of added lines that no removed or context line, no hunk's heading and no
file's name from before has; what else the repository holds is not known here), paths of the patch, and runs of four words shared with
the added lines. `leakage` is 0 for none and grows to 1: 0.25 for each identifier, 0.25 for each path, plus the share of the query's
word runs that the added lines have.

`respelled` finds the same identifiers in another spelling (`retry_policy` and `--retry-policy` for RetryPolicy). It is no part of the
measure. Plain words such as "retry policy" give nothing away by either.
"""

import re
from dataclasses import dataclass
from typing import Any

from pipeline.hunks import file_changes
from pipeline.patch import changed_lines

PER_NAME = 0.25
RUN = 4
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# snake_case, camelCase or PascalCase of two humps, SCREAMING_CASE, or letters with digits inside.
_CODE_SHAPED = re.compile(
    r"[A-Za-z0-9]*_[A-Za-z0-9_]+|_+[A-Za-z]\w*|[a-z]+(?:[A-Z][a-z0-9]*)+|(?:[A-Z][a-z0-9]+){2,}|[A-Za-z]+[0-9]+[A-Za-z]\w*"
)
# An option of a command line is a name as well, though its words are parted by hyphens.
_OPTION = re.compile(r"(?<![\w-])--[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+")


@dataclass(frozen=True)
class Leakage:
    """What a text gives away: names and paths, sorted, and the measure from 0 to 1."""

    identifiers: list[str]
    paths: list[str]
    measure: float


@dataclass(frozen=True)
class Solution:
    """What a patch introduces, in the form that texts are held against. Made by `solution_of`."""

    identifiers: frozenset[str]
    paths: tuple[str, ...]
    runs: frozenset[tuple[str, ...]]
    spellings: frozenset[str] = (
        frozenset()
    )  # identifiers without case and underscores, as nothing else in the patch is spelled


def solution_of(patch: str, files: list[dict[str, Any]]) -> Solution:
    """The solution of a canonical patch and its FILE structs."""
    added, others = changed_lines(patch)
    # A hunk's heading is a line of the file as it was, and a file that was there is known by its name.
    headings = [hunk.heading for file in file_changes(patch) for hunk in file.hunks]
    stood = [file["old_path"] for file in files if file["status"] != "A"]
    known = {word for text in (*others, *headings, *stood) for word in _WORD.findall(text)}
    introduced = {
        word for line in added for word in _WORD.findall(line) if len(word) > 3 and _CODE_SHAPED.fullmatch(word)
    }
    paths = {path for file in files for path in (file["path"], file["old_path"])}
    runs = {run for line in added for run in _runs(line)}
    identifiers = frozenset(introduced - known)
    spellings = {_spelling(word) for word in identifiers} - {_spelling(word) for word in known}
    return Solution(identifiers, tuple(sorted(paths)), frozenset(runs), frozenset(spellings))


def leakage(text: str, solution: Solution) -> Leakage:
    """Hold a text against a solution."""
    identifiers = sorted(set(_WORD.findall(text)) & solution.identifiers)
    lowered = text.lower()
    paths = [path for path in solution.paths if _names(lowered, path.lower())]
    runs = _runs(text)
    shared = sum(run in solution.runs for run in runs) / len(runs) if runs else 0.0
    return Leakage(identifiers, paths, round(min(1.0, PER_NAME * (len(identifiers) + len(paths)) + shared), 6))


def respelled(text: str, solution: Solution) -> list[str]:
    """The names of a text, sorted, that are an identifier the patch introduces in another spelling; never one of `leakage`."""
    words = (word for word in _WORD.findall(text) if len(word) > 3 and _CODE_SHAPED.fullmatch(word))
    names = {*words, *_OPTION.findall(text)} - solution.identifiers
    return sorted(name for name in names if _spelling(name) in solution.spellings)


def leakage_in_any_spelling(text: str, solution: Solution) -> float:
    """The measure, and PER_NAME more for each respelled name, from 0 to 1. What drafts are checked by."""
    return round(min(1.0, leakage(text, solution).measure + PER_NAME * len(respelled(text, solution))), 6)


def shared_runs(text: str, solution: Solution) -> list[str]:
    """The runs of four words, in small letters and in their order, that a text shares with the added lines."""
    return [" ".join(run) for run in _runs(text) if run in solution.runs]


def _spelling(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _names(text: str, path: str) -> bool:
    """Whether a text names a path: the whole of it, or a file name with an ending."""
    name = path.rsplit("/", 1)[-1]
    if "." not in name:
        return re.search(rf"(?<![\w./-]){re.escape(path)}(?![\w/-])", text) is not None
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text) is not None


def _runs(text: str) -> list[tuple[str, ...]]:
    words = [word.lower() for word in _WORD.findall(text)]
    return [tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)]
