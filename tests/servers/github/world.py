"""The demo world as GitHub would show it: authored entries joined with the commits that they became.

The join does not use pipeline.clones, which is among what the server tests: entries are walked in their authored order
along main's first parents, where a merge or a squash is one commit and a rebase or a direct push as many as it has.
"""

import re
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo.authored import AuthoredRepository, Pull, read_repository
from demo.build import WORLD, build_world
from tests.servers.github.changes import Bare
from tests.servers.github.facts import Actor, IssueFacts, PullFacts, RepositoryFacts, stable_number

_CLOSES = re.compile(r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):? #(\d+)")
_LABELS = {"fix": "bug", "perf": "performance", "docs": "documentation", "ci": "ci", "add": "enhancement"}


class DemoWorld:
    """The repositories of demo/world, built into `folder`. Pull requests are derived when they are first asked for."""

    def __init__(self, folder: Path) -> None:
        build_world(folder)
        self.folder = folder
        self._lock = threading.Lock()
        self._authored: dict[str, AuthoredRepository] = {}
        self._facts: dict[str, RepositoryFacts] = {}
        self._pulls: dict[str, list[PullFacts]] = {}
        self._diffs: dict[tuple[str, int], bytes] = {}
        for source in sorted(path for path in WORLD.iterdir() if path.is_dir()):
            authored = read_repository(source)
            name = authored.facts.full_name
            self._authored[name] = authored
            self._facts[name] = _repository_facts(authored, self._bare(name).commit("main"))

    def repositories(self) -> Sequence[RepositoryFacts]:
        return list(self._facts.values())

    def repository(self, full_name: str) -> RepositoryFacts | None:
        return self._facts.get(full_name.lower())

    def repository_by_number(self, number: int) -> RepositoryFacts | None:
        return next((facts for facts in self._facts.values() if facts.number == number), None)

    def pulls(self, repository: RepositoryFacts, states: Sequence[str] | None) -> Sequence[PullFacts]:
        with self._lock:
            name = repository.full_name
            if name not in self._pulls:
                self._pulls[name] = derive_pulls(self._authored[name], self._bare(name))
            found = self._pulls[name]
        return found if states is None else [pull for pull in found if pull.state in states]

    def pull(self, repository: RepositoryFacts, number: int) -> PullFacts | None:
        return next((pull for pull in self.pulls(repository, None) if pull.number == number), None)

    def diff(self, repository: RepositoryFacts, pull: PullFacts) -> bytes:
        key = repository.full_name, pull.number
        if key not in self._diffs:
            self._diffs[key] = self._bare(repository.full_name).diff(pull.base_oid, pull.head_oid)
        return self._diffs[key]

    def git_folder(self) -> Path | None:
        return self.folder

    def _bare(self, full_name: str) -> Bare:
        return Bare(self.folder / f"{full_name}.git")


def _repository_facts(authored: AuthoredRepository, head: str) -> RepositoryFacts:
    facts = authored.facts
    words = [
        word for word in re.findall(r"[a-z]{5,}", facts.description.lower()) if word not in ("small", "their", "which")
    ]
    return RepositoryFacts(
        number=stable_number(facts.full_name),
        full_name=facts.full_name,
        stars=facts.stars,
        language=facts.language,
        licence=facts.licence,
        description=facts.description,
        topics=tuple(
            dict.fromkeys([re.sub(r"[^a-z0-9]+", "-", facts.language.lower()).strip("-") or "code", *words[:3]])
        ),
        created=facts.started.astimezone(UTC),
        pushed=max(pull.date for pull in authored.pulls).astimezone(UTC),
        head=head,
    )


def derive_pulls(authored: AuthoredRepository, bare: Bare) -> list[PullFacts]:
    """Every authored pull request with a number, in the order in which they were opened."""
    main = bare.main()
    at = 0  # main's tip before the next entry
    created = authored.facts.started.astimezone(UTC)
    found: list[PullFacts] = []
    for entry in authored.pulls:
        arrived = {"merge": 1, "squash": 1, "unmerged": 0}.get(entry.how, len(entry.commits))
        base, at = main[at], at + arrived
        if entry.number is None:
            continue
        # Opened when its first commits were pushed, some minutes after the first of them was made.
        opened = entry.date - timedelta(minutes=37 * len(entry.commits) - stable_number(entry.title, 30))
        created = max(opened.astimezone(UTC), created + timedelta(minutes=1))
        found.append(_pull_facts(authored, bare, entry, base, main[at] if arrived else None, created))
    if at != len(main) - 1:
        raise AssertionError(
            f"{authored.facts.full_name}: main has {len(main)} commits, the authored entries make {at + 1}"
        )
    return found


def _pull_facts(
    authored: AuthoredRepository, bare: Bare, entry: Pull, base: str, merge: str | None, created: datetime
) -> PullFacts:
    number = entry.number or 0
    head = bare.commit(f"refs/pull/{number}/head")
    owner, name = authored.facts.full_name.split("/")
    bot = entry.author.endswith("[bot]") or "[bot]" in authored.facts.people[entry.author].split("<")[0]
    reviews = stable_number(f"{authored.facts.full_name}#{number} reviews", 4) - 1
    paragraphs = [text for text in entry.body.split("\n\n") if text.strip() and not _CLOSES.search(text)]
    return PullFacts(
        number=number,
        title=entry.title,
        body=entry.body,
        author=Actor(entry.author.removesuffix("[bot]"), bot),
        created=created,
        merged=bare.committed(merge) if merge else None,
        closed=bare.committed(merge) if merge else entry.date.astimezone(UTC),
        base_oid=base,
        head_oid=head,
        head_repository=f"{owner if bot else entry.author}/{name}",
        branch=entry.branch,
        merge_commit=merge,
        merge_parents=bare.parents(merge) if merge else (),
        merger=next(iter(authored.facts.people)),
        commits=len(entry.commits),
        files=bare.files(base, head),
        labels=tuple(label for start, label in _LABELS.items() if re.search(rf"(?i)\b{start}\b", entry.title)),
        issues=tuple(
            IssueFacts(int(issue), re.sub(r"^\w+(\([^)]*\))?: ", "", entry.title), paragraphs[0] if paragraphs else "")
            for issue in dict.fromkeys(_CLOSES.findall(entry.body))
        ),
        reviews=reviews,
    )
