"""What an author writes for one demo repository, and how it is read.

A repository is a folder of `demo/world/`: `repository.yaml` (its facts), `base/` (the first commit's files) and
`pulls.yaml` (its life, oldest first). docs/DEMO.md describes the format. Everything is checked when it is read: an
unknown key, an edit whose text is not found exactly once, or a date that runs backwards is an error that names the place.
"""

import base64
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.errors import UserError

Model = TypeVar("Model", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Lines(_Strict):
    """A long file from a pattern: `count` lines of `pattern`, `{i}` counting from 1 and `{h}` a hash-like filler."""

    count: Annotated[int, Field(ge=1, le=20_000)]
    pattern: str


class Edit(_Strict):
    """One change to one path. Exactly one of the ways is given, `find` and `replace` together being one."""

    path: str
    find: str | None = None
    replace: str | None = None
    write: str | None = None
    write_base64: str | None = None
    write_lines: Lines | None = None
    rename: str | None = None
    delete: Literal[True] | None = None
    mode: Literal["executable", "plain"] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "Edit":
        ways = [
            w
            for w in ("find", "write", "write_base64", "write_lines", "rename", "delete", "mode")
            if getattr(self, w) is not None
        ]
        if len(ways) != 1:
            raise ValueError(f"the edit of {self.path} must do exactly one thing, it does {ways or 'nothing'}")
        if (self.find is None) != (self.replace is None):
            raise ValueError(f"the edit of {self.path} needs both find and replace")
        if self.write_base64 is not None:
            try:
                base64.b64decode(self.write_base64, validate=True)
            except ValueError as error:
                raise ValueError(f"the write_base64 of {self.path} is not base64: {error}") from None
        return self


class Commit(_Strict):
    """One commit of a pull request's branch. `message` defaults to the pull request's title."""

    message: str | None = None
    author: str | None = None
    edits: list[Edit] = []


class Pull(_Strict):
    """One entry of a repository's life.

    `how` says how it came to the main branch: `merge` (a merge commit), `squash` (one commit, "title (#N)"), `rebase` (its
    commits again, with a new committer), `direct` (pushed without a pull request; no number), `unmerged` (only
    `refs/pull/N/head` exists). `behind` says from how many main commits ago the branch started.
    """

    number: int | None = None
    title: str
    body: str = ""
    author: str
    date: datetime
    how: Literal["merge", "squash", "rebase", "direct", "unmerged"]
    branch: str = "patch-1"
    behind: Annotated[int, Field(ge=0, le=5)] = 0
    commits: Annotated[list[Commit], Field(min_length=1)]

    @model_validator(mode="after")
    def _numbered(self) -> "Pull":
        if (self.number is None) != (self.how == "direct"):
            raise ValueError(f"{self.title!r}: a direct push has no number, everything else has one")
        if self.date.tzinfo is None:
            raise ValueError(f"{self.title!r}: the date needs an offset, such as 2024-03-05T14:20:00+00:00")
        if self.how != "merge" and not any(commit.edits for commit in self.commits):
            raise ValueError(f"{self.title!r}: no edits")
        return self


class Repository(_Strict):
    """Facts of one demo repository, and the people in it (`key: Name <address>`)."""

    full_name: Annotated[str, Field(pattern=r"^[a-z0-9-]+/[a-z0-9._-]+$")]
    description: str
    language: str
    licence: str
    stars: Annotated[int, Field(gt=10_000)]
    started: datetime
    people: Annotated[dict[str, str], Field(min_length=1)]

    @model_validator(mode="after")
    def _with_offset(self) -> "Repository":
        if self.started.tzinfo is None:
            raise ValueError("started needs an offset, such as 2023-01-09T09:00:00+01:00")
        return self


class AuthoredRepository(_Strict):
    """One folder of the demo world, read and checked: facts, first files (`path -> bytes, executable`), life."""

    facts: Repository
    base: dict[str, tuple[bytes, bool]]
    pulls: list[Pull]


def read_repository(folder: Path) -> AuthoredRepository:
    """Read one folder of the demo world. Raises UserError naming the file and the entry that is wrong."""
    facts = _validated(Repository, _yaml(folder / "repository.yaml"), folder / "repository.yaml", "the facts")
    entries = _yaml(folder / "pulls.yaml")
    if not isinstance(entries, list):
        raise UserError(f"{folder / 'pulls.yaml'}: expected a list of pull requests")
    pulls = [_validated(Pull, entry, folder / "pulls.yaml", f"entry {at}") for at, entry in enumerate(entries, 1)]
    seen: set[int] = set()
    for pull in pulls:
        if pull.number in seen:
            raise UserError(f"{folder / 'pulls.yaml'} ({pull.title!r}): number {pull.number} stands twice")
        if pull.number is not None:
            seen.add(pull.number)
    base = {}
    for path in sorted((folder / "base").rglob("*")):
        if path.is_file():
            base[path.relative_to(folder / "base").as_posix()] = (path.read_bytes(), bool(path.stat().st_mode & 0o100))
    return AuthoredRepository(facts=facts, base=base, pulls=pulls)


def content(edit: Edit) -> bytes:
    """The whole new content of a writing edit, as bytes."""
    if edit.write is not None:
        return edit.write.encode()
    if edit.write_base64 is not None:
        return base64.b64decode(edit.write_base64, validate=True)
    if edit.write_lines is None:
        raise ValueError(f"the edit of {edit.path} writes nothing")
    return "".join(
        edit.write_lines.pattern.replace("{i}", str(i)).replace("{h}", f"{i * 2654435761 % 2**32:08x}") + "\n"
        for i in range(1, edit.write_lines.count + 1)
    ).encode()


def _yaml(path: Path) -> object:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except FileNotFoundError:
        raise UserError(f"{path} is missing: a demo repository has repository.yaml, pulls.yaml and base/") from None
    except (yaml.YAMLError, ValueError) as error:  # a ValueError: not UTF-8, or a date that no calendar has
        raise UserError(f"{path} is not valid YAML: {error}") from None


def _validated(model: type[Model], data: object, path: Path, where: str) -> Model:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        title = f" ({data['title']!r})" if isinstance(data, dict) and "title" in data else ""
        raise UserError(f"{path}, {where}{title}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
