"""The CSV of repository facts that goes with a folder of clones, and how a clone is found in that folder.

Columns: `full_name, stars, language, licence, description`, and if wanted `head` (the commit to read the clone at; without
it, the clone's HEAD) and `clone` (where it lies, if not at one of the usual places).
"""

import csv
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.clones.git import GitError, git_dir_of, open_clone
from pipeline.errors import UserError
from pipeline.files import atomic, sha256_text
from pipeline.tables import CANDIDATE_SCHEMA

COLUMNS = ("full_name", "stars", "language", "licence", "description")
OPTIONAL = ("head", "clone")
# An owner has no two underscores in a row and none at its end, so `owner__name` names one repository (tables.part_name).
FULL_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|[-_](?=[A-Za-z0-9])){0,63}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
SHA = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class RepositoryFacts:
    """One row of the facts file."""

    full_name: str
    stars: int
    language: str
    licence: str
    description: str
    head: str = ""
    clone: str = ""


def read_facts(path: Path) -> list[RepositoryFacts]:
    """Read and check the facts file. Raises UserError with every bad row, by line and column."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restkey="", strict=True)
            header = list(reader.fieldnames or [])
            missing = [name for name in COLUMNS if name not in header]
            twice = sorted({name for name in header if header.count(name) > 1})
            unknown = [name for name in header if name not in COLUMNS + OPTIONAL]
            if missing or unknown or twice:
                raise UserError(
                    f"{path} line 1: "
                    + "; ".join(
                        [f"column {name} is missing" for name in missing]
                        + [f"column {name!r} is unknown" for name in unknown]
                        + [f"column {name} stands twice" for name in twice]
                    )
                    + f"; the columns are {', '.join(COLUMNS)}, and if wanted {', '.join(OPTIONAL)}"
                )
            rows = [(reader.line_num, row) for row in reader]
    except FileNotFoundError:
        raise UserError(f"the facts file {path} is missing; `limi clones add URL` begins one") from None
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise UserError(f"{path} is not a CSV file in UTF-8: {error}") from None
    if not rows:
        raise UserError(f"{path} has no repository; `limi clones add URL` adds one")
    problems: list[str] = []
    facts: list[RepositoryFacts] = []
    first_line: dict[str, int] = {}
    for line, row in rows:
        wrong = _problems(row)
        name = (row.get("full_name") or "").lower()
        if not wrong and name in first_line:
            wrong = [f"column full_name: {row['full_name']} stands already in line {first_line[name]}"]
        problems += [f"{path} line {line}, {problem}" for problem in wrong]
        if not wrong:
            first_line[name] = line
            facts.append(RepositoryFacts(**{key: row[key] for key in row if key != "stars"}, stars=int(row["stars"])))
    if problems:
        raise UserError("\n".join(problems))
    return facts


def write_facts(path: Path, facts: list[RepositoryFacts]) -> None:
    """Write the facts file atomically, sorted by name."""
    with atomic(path) as unfinished, unfinished.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*COLUMNS, *OPTIONAL], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in sorted(facts, key=lambda row: row.full_name.lower()))


def find_clone(folder: Path, facts: RepositoryFacts) -> Path:
    """Where a repository's clone lies. Raises UserError naming the places that were looked at."""
    owner, name = facts.full_name.split("/")
    places = (
        [facts.clone]
        if facts.clone
        else [f"{owner}/{name}.git", f"{owner}/{name}", f"{owner}__{name}.git", f"{owner}__{name}", f"{name}.git", name]
    )
    for place in places:
        if git_dir_of(folder / place) is not None:
            return folder / place
    if (tree := next((folder / place for place in places if (folder / place / ".git").is_file()), None)) is not None:
        raise UserError(f"{tree} is a git worktree or submodule; name the clone it belongs to in the column `clone`")
    raise UserError(
        f"no clone of {facts.full_name} in {folder} (looked for {', '.join(places)}); `limi clones add URL` "
        "makes one, or take its row out of the facts file"
    )


def read_repositories(facts_path: Path, folder: Path) -> pl.DataFrame:
    """A frame of CANDIDATE_SCHEMA, one row per row of the facts file. Raises UserError with every clone that can't be read."""
    rows: list[dict[str, Any]] = []
    problems: list[str] = []
    users: dict[Path, str] = {}
    for facts in read_facts(facts_path):
        try:
            path = find_clone(folder, facts)
            other = users.setdefault(path.resolve(), facts.full_name)
            if other != facts.full_name:
                raise UserError(
                    f"{other} and {facts.full_name} in {facts_path} would both be read from the clone {path}; put each clone at "
                    "OWNER/NAME.git, or name it in the column `clone`"
                )
            head, pull_refs = _state(path, facts.head)
        except UserError as error:
            problems.append(str(error))
            continue
        rows.append(
            {
                "repo": facts.full_name,
                "stars": facts.stars,
                "language": facts.language,
                "licence": facts.licence,
                "description": facts.description,
                "head_sha": head,
                "pull_refs": pull_refs,
                "clone": Path(os.path.relpath(path, folder)).as_posix(),
                "branch": "",
                "topics": [],
                **dict.fromkeys(("archived", "fork", "created_at", "pushed_at", "taken_at")),
            }
        )
    if problems:
        raise UserError("\n".join(problems))
    return pl.DataFrame(rows, schema=CANDIDATE_SCHEMA)


def _state(path: Path, pinned: str) -> tuple[str, str]:
    """The commit a clone is read at (the pinned one, or its HEAD), and the hash of its refs/pull."""
    with open_clone(path) as clone:
        try:
            head = clone.resolve(pinned or "HEAD")
            clone.read(["cat-file", "-e", f"{head}^{{tree}}"])
        except GitError:
            what = f"the commit {pinned} that its row pins" if pinned else "the commit its HEAD names"
            raise UserError(
                f"the clone {path} lacks {what}, or the object is broken; `git -C {path} fsck` says more; fetch or clone it again"
            ) from None
        return head, sha256_text(repr(sorted(clone.refs("refs/pull").items())))


def _problems(row: dict[str, str]) -> list[str]:
    if "" in row or None in row.values():
        return [
            f"it has not {len(row) - ('' in row)} columns as the first line says; quote a description that holds a comma"
        ]
    wrong = []
    if not FULL_NAME.fullmatch(row["full_name"]):
        wrong.append(f"column full_name: {row['full_name']!r} is not owner/name")
    if not re.fullmatch(r"[0-9]{1,9}", row["stars"]):
        wrong.append(f"column stars: {row['stars']!r} is not a whole number")
    wrong += [f"column {name}: it holds a NUL byte" for name, value in row.items() if "\0" in value]
    wrong += [f"column {name}: it is empty" for name in ("language", "licence") if not row[name].strip()]
    if row.get("head") and not SHA.fullmatch(row["head"]):
        wrong.append(f"column head: {row['head']!r} is not a full commit hash of 40 digits")
    return wrong
