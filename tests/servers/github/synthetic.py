"""A world of any size, made from a seed: no git, and a pull request exists only while somebody looks at it."""

import hashlib
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.servers.github.facts import Actor, FileFacts, IssueFacts, PullFacts, RepositoryFacts

_LANGUAGES = ("Python", "Go", "TypeScript", "Rust", "Java", "C++", "Ruby", "Shell")
_LICENCES = ("MIT", "Apache-2.0", "BSD-3-Clause", "GPL-3.0-only")
_VERBS = ("Fix", "Add", "Speed up", "Document", "Refactor", "Deploy", "Remove", "Test")
_THINGS = (
    "the parser",
    "the login form",
    "pagination",
    "the Dockerfile",
    "caching",
    "the retry loop",
    "the CLI",
    "logging",
)
_FOLDERS = ("src", "lib", "web", "deploy", "docs", "tests")
_SUFFIXES = {"Python": "py", "Go": "go", "TypeScript": "ts", "Rust": "rs", "Java": "java", "C++": "cc", "Ruby": "rb"}


class SyntheticWorld:
    """Repositories and their merged pull requests.

    `stars` lists (stars, how many repositories); their creation is spread evenly over `years`, the last one included. Each
    has `pulls` merged pull requests.
    """

    def __init__(
        self,
        stars: Sequence[tuple[int, int]],
        *,
        pulls: int = 0,
        years: tuple[int, int] = (2012, 2024),
        seed: int = 0,
        most_files: int = 6,
    ) -> None:
        self.seed, self.count, self.most_files = seed, pulls, most_files
        self._facts: list[RepositoryFacts] = []
        for value, how_many in stars:
            self._facts += self._tied(value, how_many, *years)
        self._by_name = {facts.full_name: facts for facts in self._facts}
        self._by_number = {facts.number: facts for facts in self._facts}
        # Small, so that a long listing does not fill the memory, and yet a page and its files are made once.
        self._pull = lru_cache(maxsize=4_096)(self._made)

    def repositories(self) -> Sequence[RepositoryFacts]:
        return self._facts

    def repository(self, full_name: str) -> RepositoryFacts | None:
        return self._by_name.get(full_name.lower())

    def repository_by_number(self, number: int) -> RepositoryFacts | None:
        return self._by_number.get(number)

    def pulls(self, repository: RepositoryFacts, states: Sequence[str] | None) -> Sequence[PullFacts]:
        return _Lazy(self, repository, self.count if states is None or "MERGED" in states else 0)

    def pull(self, repository: RepositoryFacts, number: int) -> PullFacts | None:
        at, rest = divmod(number - 3, 2)
        return self._pull(repository.number, at) if rest == 0 and 0 <= at < self.count else None

    def diff(self, repository: RepositoryFacts, pull: PullFacts) -> bytes:
        """One hunk a file, with exactly the file's additions and deletions."""
        return b"".join(_section(file) for file in pull.files)

    def git_folder(self) -> Path | None:
        return None

    def at(self, repository: int, place: int) -> PullFacts:
        """The pull request at a place of a repository's list, oldest first."""
        return self._pull(repository, place)

    def _tied(self, stars: int, how_many: int, first: int, last: int) -> list[RepositoryFacts]:
        start, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
        found = []
        for at in range(how_many):
            number = 1_000_000 + len(self._facts) + at
            created = start + (end - start) * (at / how_many)
            choice = random.Random(f"{self.seed}:{number}")  # noqa: S311
            language = choice.choice(_LANGUAGES)
            found.append(
                RepositoryFacts(
                    number=number,
                    full_name=f"synth-{number % 97:02d}/repository-{number}",
                    stars=stars,
                    language=language,
                    licence=choice.choice(_LICENCES),
                    description=f"A made-up repository, number {number}.",
                    topics=(language.lower().replace("+", "p"), "synthetic"),
                    created=created.replace(microsecond=0),
                    pushed=created.replace(microsecond=0) + timedelta(days=choice.randrange(100, 400)),
                    head=_oid(f"{number} head"),
                )
            )
        return found

    def _made(self, number: int, at: int) -> PullFacts:
        facts = self._by_number[number]
        choice = random.Random(f"{self.seed}:{number}:{at}")  # noqa: S311
        key = f"{self.seed}:{number}:{at}"
        created = facts.created + (facts.pushed - facts.created) * (at / max(1, self.count))
        merged = (created + timedelta(seconds=choice.randrange(600, 200_000))).replace(microsecond=0)
        title = f"{choice.choice(_VERBS)} {choice.choice(_THINGS)}"
        bot = choice.random() < 0.08
        closes = choice.random() < 0.3
        issue = IssueFacts(at * 2 + 2, f"{title} does not work", "Seen in a made-up repository.")
        closing = f"Fixes #{issue.number}." if closes else ""
        return PullFacts(
            number=at * 2 + 3,
            title=title,
            body=f"Users saw this in release {choice.randrange(1, 9)}.\n\n{closing}".strip(),
            author=Actor("dependabot", True) if bot else Actor(f"writer-{choice.randrange(40)}"),
            created=created.replace(microsecond=0),
            merged=merged,
            closed=merged,
            base_oid=_oid(f"{key} base"),
            head_oid=_oid(f"{key} head"),
            head_repository=f"writer-{at % 40}/{facts.name}",
            branch=f"change-{at}",
            merge_commit=_oid(f"{key} merge"),
            merge_parents=(_oid(f"{key} base"), *([_oid(f"{key} head")] if choice.random() < 0.5 else [])),
            merger="writer-0",
            commits=choice.randrange(1, 6),
            files=tuple(self._file(choice, facts, place) for place in range(choice.randrange(1, self.most_files + 1))),
            labels=("bug",) if title.startswith("Fix") else (),
            issues=(issue,) if closes else (),
            reviews=choice.randrange(3),
        )

    def _file(self, choice: random.Random, facts: RepositoryFacts, place: int) -> FileFacts:
        change = choice.choices(("MODIFIED", "ADDED", "DELETED"), (8, 3, 1))[0]
        suffix = _SUFFIXES.get(facts.language, "sh")
        file = FileFacts(
            path=f"{choice.choice(_FOLDERS)}/part_{place}_{choice.randrange(50)}.{suffix}",
            additions=0 if change == "DELETED" else choice.randrange(1, 60),
            deletions=0 if change == "ADDED" else choice.randrange(1, 30),
            change=change,
            blob=_oid(f"{choice.random()}"),
        )
        return FileFacts(**{**file.__dict__, "patch": _hunk(file)})


class _Lazy(Sequence[PullFacts]):
    """A list of pull requests of which only the looked at are made."""

    def __init__(self, world: SyntheticWorld, facts: RepositoryFacts, count: int) -> None:
        self.world, self.facts, self.length = world, facts, count

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, at: Any) -> Any:
        places = range(self.length)[at]
        if isinstance(places, range):
            return [self.world.at(self.facts.number, place) for place in places]
        return self.world.at(self.facts.number, places)


def _oid(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()  # noqa: S324


def _hunk(file: FileFacts) -> str:
    """Git's numbering, in which a side without lines begins at 0."""
    old, new = (0, 1) if file.change == "ADDED" else (1, 0) if file.change == "DELETED" else (1, 1)
    context = 0 if file.change in ("ADDED", "DELETED") else 1
    lines = [f"@@ -{old},{file.deletions + context} +{new},{file.additions + context} @@"]
    lines += [f" context of {file.path}"] * context
    lines += [f"-old line {at} of {file.path}" for at in range(file.deletions)]
    lines += [f"+new line {at} of {file.path}" for at in range(file.additions)]
    return "\n".join(lines)


def _section(file: FileFacts) -> bytes:
    old = "/dev/null" if file.change == "ADDED" else f"a/{file.path}"
    new = "/dev/null" if file.change == "DELETED" else f"b/{file.path}"
    mode = {"ADDED": "new file mode 100644\n", "DELETED": "deleted file mode 100644\n"}.get(file.change, "")
    ids = {"ADDED": f"0000000..{file.blob[:7]}", "DELETED": f"{file.blob[:7]}..0000000"}.get(
        file.change, f"{file.blob[-7:]}..{file.blob[:7]} 100644"
    )
    start = f"diff --git a/{file.path} b/{file.path}\n{mode}index {ids}\n--- {old}\n+++ {new}\n"
    return f"{start}{file.patch}\n".encode()
