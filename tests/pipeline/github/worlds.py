"""Worlds for the loopback GitHub that a test can bend: an altered one, one of hand-made git repositories, and a door to them."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.github.clock import Clock, VirtualClock
from pipeline.github.collect import Wanted, collect_repositories
from pipeline.github.reading import Reading, open_reading
from pipeline.params import Params, read_params
from pipeline.sections import Collect, Filter
from tests.conftest import ROOT, Repository
from tests.servers.contract.sdl import SDL
from tests.servers.github import FaultScript, GitHubServer, Limits
from tests.servers.github.changes import Bare
from tests.servers.github.facts import Actor, PullFacts, RepositoryFacts, World

START = datetime(2024, 1, 1, tzinfo=UTC)
Alter = Callable[[RepositoryFacts, PullFacts], PullFacts]


def limi() -> Params:
    return read_params(ROOT / "profiles/limi.yaml")


def repository_facts(name: str = "ada/doors", number: int = 1, **others: Any) -> RepositoryFacts:
    known = {
        "number": number,
        "full_name": name,
        "stars": 20_000,
        "language": "Python",
        "licence": "MIT",
        "description": "Doors.",
        "topics": ("doors",),
        "created": START,
        "pushed": START + timedelta(days=9),
        "head": "1" * 40,
    }
    return RepositoryFacts(**known | others)


def pull_facts_of(number: int, **others: Any) -> PullFacts:
    """A pull request without git behind it, to be listed."""
    when = START + timedelta(hours=number)
    known: dict[str, Any] = {
        "number": number,
        "title": f"Change {number}",
        "body": "",
        "author": Actor("ada"),
        "created": when,
        "merged": when + timedelta(minutes=9),
        "closed": when + timedelta(minutes=9),
        "base_oid": f"{number:040x}",
        "head_oid": f"{number + 1_000_000:040x}",
        "head_repository": "ada/fork",
        "branch": f"b{number}",
        "merge_commit": f"{number + 2_000_000:040x}",
        "merge_parents": (),
        "merger": "ada",
        "commits": 1,
        "files": (),
    }
    return PullFacts(**known | others)


class HandWorld:
    """Repositories and pull requests put in one by one; `folder` holds OWNER/NAME.git where there is git."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.known: dict[str, RepositoryFacts] = {}
        self.listed: dict[str, list[PullFacts]] = {}
        self.asked = 0
        self.on_pulls: Callable[[RepositoryFacts], None] = lambda facts: None

    def put(self, facts: RepositoryFacts, pulls: Sequence[PullFacts] = (), asked_as: str = "") -> None:
        name = (asked_as or facts.full_name).lower()
        self.known[name], self.listed[facts.full_name] = facts, list(pulls)

    def repositories(self) -> Sequence[RepositoryFacts]:
        return list(self.known.values())

    def repository(self, full_name: str) -> RepositoryFacts | None:
        return self.known.get(full_name.lower())

    def repository_by_number(self, number: int) -> RepositoryFacts | None:
        return next((facts for facts in self.known.values() if facts.number == number), None)

    def pulls(self, repository: RepositoryFacts, states: Sequence[str] | None) -> Sequence[PullFacts]:
        self.on_pulls(repository)
        found = self.listed[repository.full_name]
        return found if states is None else [pull for pull in found if pull.state in states]

    def pull(self, repository: RepositoryFacts, number: int) -> PullFacts | None:
        return next((pull for pull in self.listed[repository.full_name] if pull.number == number), None)

    def diff(self, repository: RepositoryFacts, pull: PullFacts) -> bytes:
        assert self.folder
        return Bare(self.folder / f"{repository.full_name}.git").diff(pull.base_oid, pull.head_oid)

    def git_folder(self) -> Path | None:
        return self.folder


class GitWorld(HandWorld):
    """One repository ada/doors of real git, whose pull requests a test merges by hand."""

    def __init__(self, folder: Path, name: str = "ada/doors") -> None:
        super().__init__(folder)
        self.name = name
        self.path = folder / f"{name}.git"
        self.repository_of_git = Repository(self.path)
        self.put(repository_facts(name))

    def git(self, *arguments: str) -> str:
        return self.repository_of_git.git(*arguments)

    def commit(self, message: str, files: dict[str, str | bytes | None]) -> str:
        return self.repository_of_git.commit(message, files)

    def branch(self, *commits: tuple[str, dict[str, str | bytes | None]], name: str = "work") -> str:
        """Commits on a branch of main's tip; back on main. The branch's head."""
        self.git("switch", "--quiet", "--force-create", name)
        for message, files in commits:
            self.commit(message, files)
        head = self.git("rev-parse", "HEAD")
        self.git("switch", "--quiet", "main")
        return head

    def merge(self, head: str, message: str = "Merge pull request #1 from ada/work") -> str:
        self.repository_of_git.clock += 60
        self.git("merge", "--quiet", "--no-ff", "--message", message, head)
        return self.git("rev-parse", "HEAD")

    def squash(self, head: str, message: str) -> str:
        self.repository_of_git.clock += 60
        self.git("merge", "--quiet", "--squash", head)
        # GitHub makes a squashed commit in one moment: both dates are the same.
        self.git("commit", "--quiet", "--date", f"@{self.repository_of_git.clock + 5} +0000", "--message", message)
        return self.git("rev-parse", "HEAD")

    def rebase(self, base: str, head: str) -> str:
        """As GitHub does: the commits again, with a new committer's date."""
        for commit in self.git("rev-list", "--reverse", f"{base}..{head}").split():
            self.repository_of_git.clock += 60
            when = self.git("show", "-s", "--format=%aI", commit)
            self.git("cherry-pick", "--allow-empty", "--no-commit", commit)
            message = self.git("show", "-s", "--format=%B", commit)
            self.git("commit", "--quiet", "--allow-empty", "--date", when, "--message", message)
        return self.git("rev-parse", "HEAD")

    def opened(self, number: int, base: str, head: str, merge: str | None, **others: Any) -> PullFacts:
        """A merged pull request of `base...head`, listed and under refs/pull."""
        self.repository_of_git.pull_ref(number, head)
        known = {
            "base_oid": base,
            "head_oid": head,
            "merge_commit": merge,
            "commits": int(self.git("rev-list", "--count", f"{base}..{head}")),
            "files": Bare(self.path).files(base, head),
        }
        pull = pull_facts_of(number, **known | others)
        self.listed[self.name].append(pull)
        return pull


class Altered:
    """Another world with some pull requests altered, perhaps only some of its repositories."""

    def __init__(self, inner: Any, alter: Alter = lambda facts, pull: pull, only: Sequence[str] = ()) -> None:
        self.inner, self.alter, self.only = inner, alter, only
        self._lock = threading.Lock()
        self._kept: dict[str, list[PullFacts]] = {}

    def repositories(self) -> Sequence[RepositoryFacts]:
        return [facts for facts in self.inner.repositories() if not self.only or facts.full_name in self.only]

    def repository(self, full_name: str) -> RepositoryFacts | None:
        return self.inner.repository(full_name)

    def repository_by_number(self, number: int) -> RepositoryFacts | None:
        return self.inner.repository_by_number(number)

    def pulls(self, repository: RepositoryFacts, states: Sequence[str] | None) -> Sequence[PullFacts]:
        with self._lock:
            if repository.full_name not in self._kept:
                own = self.inner.pulls(repository, None)
                self._kept[repository.full_name] = [self.alter(repository, pull) for pull in own]
            found = self._kept[repository.full_name]
        return found if states is None else [pull for pull in found if pull.state in states]

    def pull(self, repository: RepositoryFacts, number: int) -> PullFacts | None:
        return next((pull for pull in self.pulls(repository, None) if pull.number == number), None)

    def diff(self, repository: RepositoryFacts, pull: PullFacts) -> bytes:
        return self.inner.diff(repository, self.inner.pull(repository, pull.number))

    def git_folder(self) -> Path | None:
        return self.inner.git_folder()


class Loopback:
    """A server over a world, and readings of it in a folder, all at one virtual clock."""

    def __init__(self, world: World, folder: Path, clock: Clock, server: GitHubServer) -> None:
        self.world, self.folder, self.clock, self.server = world, folder, clock, server
        self.log, self.limits, self.faults = server.log, server.limits, server.faults
        self.tokens = "ghp_loopback"

    @contextmanager
    def door(self, reading: str = "first") -> Iterator[Reading]:
        source = limi().source.model_copy(
            update={
                "api": self.server.api_url,
                "git": self.server.git_url,
                "folder": str(self.folder),
                "reading": reading,
            }
        )
        with open_reading(source, self.clock, {"GITHUB_TOKENS": self.tokens}) as opened:
            yield opened

    def collect(
        self, names: Sequence[str], collect: Collect | None = None, chosen: Filter | None = None, reading: str = "first"
    ) -> tuple[dict[str, pl.DataFrame], dict[str, str]]:
        """`(name -> its PULLS frame, missing)` of these repositories."""
        frames: dict[str, pl.DataFrame] = {}
        with self.door(reading) as opened:
            wanted = [Wanted(name, "main", lambda frame, name=name: frames.__setitem__(name, frame)) for name in names]
            missing = collect_repositories(
                opened, wanted, collect or limi().collect, chosen or limi().filter, lambda *_: None
            )
        return frames, missing

    def queries(self) -> int:
        return len(self.log.of("graphql"))

    def packs(self) -> int:
        """How many packs git has asked for (each fetch of protocol 2 asks once for refs and once or more for a pack)."""
        return sum(record.method == "POST" and record.status == 200 for record in self.log.of("git"))


@contextmanager
def loopback(
    world: World,
    folder: Path,
    faults: FaultScript | None = None,
    limits: Limits | None = None,
    tokens: Sequence[str] = ("ghp_loopback",),
) -> Iterator[Loopback]:
    clock = VirtualClock()
    with GitHubServer(world, clock, limits, faults, sdl_path=SDL, tokens=tokens) as server:
        made = Loopback(world, folder, clock, server)
        made.tokens = ",".join(tokens)
        yield made


__all__ = [
    "START",
    "Altered",
    "GitWorld",
    "HandWorld",
    "Loopback",
    "limi",
    "loopback",
    "pull_facts_of",
    "replace",
    "repository_facts",
]
