"""What a world knows of a repository and of a pull request: plain records, the same for every kind of world."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Actor:
    """Who wrote a pull request. A bot's login stands here without "[bot]"; REST adds it."""

    login: str
    bot: bool = False


@dataclass(frozen=True)
class FileFacts:
    """One file of a pull request's change, as git's numstat and name-status have it."""

    path: str
    additions: int
    deletions: int
    change: str  # ADDED, MODIFIED, DELETED, RENAMED
    previous: str | None = None
    blob: str = ""
    binary: bool = False
    patch: str | None = None  # the hunks alone; None where git shows none


@dataclass(frozen=True)
class IssueFacts:
    """An issue that a pull request closes."""

    number: int
    title: str
    body: str


@dataclass(frozen=True)
class RepositoryFacts:
    """One repository, without its pull requests."""

    number: int  # GitHub's database id
    full_name: str
    stars: int
    language: str
    licence: str
    description: str
    topics: tuple[str, ...]
    created: datetime
    pushed: datetime
    head: str
    archived: bool = False
    fork: bool = False

    @property
    def owner(self) -> str:
        return self.full_name.split("/")[0]

    @property
    def name(self) -> str:
        return self.full_name.split("/")[1]


@dataclass(frozen=True)
class PullFacts:
    """One pull request, with everything that the API tells about it except the text of its diff."""

    number: int
    title: str
    body: str
    author: Actor
    created: datetime
    merged: datetime | None
    closed: datetime
    base_oid: str
    head_oid: str
    head_repository: str
    branch: str
    merge_commit: str | None
    merge_parents: tuple[str, ...]
    merger: str
    commits: int
    files: tuple[FileFacts, ...] = field(repr=False)
    labels: tuple[str, ...] = ()
    issues: tuple[IssueFacts, ...] = ()
    reviews: int = 0

    @property
    def state(self) -> str:
        return "CLOSED" if self.merged is None else "MERGED"

    @property
    def additions(self) -> int:
        return sum(file.additions for file in self.files)

    @property
    def deletions(self) -> int:
        return sum(file.deletions for file in self.files)


class World(Protocol):
    """What the server asks of a world. Names are matched without regard to case, as GitHub does."""

    def repositories(self) -> Sequence[RepositoryFacts]:
        """All of them."""

    def repository(self, full_name: str) -> RepositoryFacts | None:
        """The one of that name."""

    def repository_by_number(self, number: int) -> RepositoryFacts | None:
        """The one with that database id."""

    def pulls(self, repository: RepositoryFacts, states: Sequence[str] | None) -> Sequence[PullFacts]:
        """Its pull requests in these states (None: all), oldest first; may make them only when they are looked at."""

    def pull(self, repository: RepositoryFacts, number: int) -> PullFacts | None:
        """One of them."""

    def diff(self, repository: RepositoryFacts, pull: PullFacts) -> bytes:
        """The pull request's `.diff`."""

    def git_folder(self) -> Path | None:
        """The folder that holds OWNER/NAME.git, where this world has git at all."""


def stable_number(text: str, below: int = 900_000_000) -> int:
    """A number that depends on the text alone: ids, and choices that must not change between runs."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % below + 1


def iso(when: datetime) -> str:
    """As GitHub writes a time."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
