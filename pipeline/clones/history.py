"""Find the merged pull requests in a clone's first-parent history. No account, no API, a handful of git processes.

How each way of merging on GitHub shows itself on the main branch:

- merge: a merge commit "Merge pull request #N from owner/branch", the title in its body; or any merge commit whose second
  parent is `refs/pull/N/head`, where the clone has those refs;
- squash: one commit whose subject ends in "(#N)", or that has a merge's subject and one parent;
- rebase: the branch's commits again, with the same author, author date and subject. Found through `refs/pull/N/head`, or as
  neighbouring commits that all end in the same "(#N)".
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pipeline.clones.git import Clone, GitError
from pipeline.errors import UserError

MERGE_SUBJECT = re.compile(r"Merge pull request #(\d{1,9}) from \S+")
SQUASH_SUBJECT = re.compile(r"(.*\S)?\s*\(#(\d{1,9})\)\s*")
PULL_HEAD = re.compile(r"refs/pull/(\d{1,9})/head")
# One field a line: only the message, which comes last, can hold a newline.
_FORMAT = "%H%n%P%n%at%n%ct%n%an%n%B"
_LATEST = 253_402_300_799  # the last second of the year 9999


@dataclass(frozen=True)
class HistoryCommit:
    """A commit as `git log` shows it. Times are seconds since 1970."""

    oid: str
    parents: tuple[str, ...]
    author: str
    authored: int
    committed: int
    subject: str
    body: str

    @property
    def identity(self) -> tuple[str, int, str]:
        """What GitHub's rebase keeps of a commit."""
        return self.author, self.authored, self.subject


@dataclass(frozen=True)
class MergedPull:
    """A merged pull request found in the history; its change is `base..merge`."""

    number: int
    title: str
    body: str
    author: str
    merged_at: datetime
    method: str
    base: str
    merge: str
    head: str


def merged_pulls(clone: Clone, tip: str, most: int) -> list[MergedPull]:
    """The newest `most` merged pull requests on the first-parent history of `tip`, newest first, each number once."""
    try:
        main = list(_log(clone, ["--first-parent", tip]))
    except GitError as error:
        raise UserError(
            f"the clone {clone.path} is corrupt or incomplete: its history cannot be read ({error}). "
            f"`git -C {clone.path} fsck` says more; clone it again"
        ) from None
    heads = {
        int(ref[1]): oid
        for name, oid in clone.refs("refs/pull").items()
        if (ref := PULL_HEAD.fullmatch(name)) is not None
    }
    claims: defaultdict[int, list[tuple[int, MergedPull]]] = defaultdict(list)  # number -> (place in main, pull)
    for place, pull in _by_subject(main):
        claims[pull.number].append((place, pull))
    subject_of = _head_subjects(
        clone, {number: heads[number] for number in claims if len(claims[number]) > 1 and number in heads}
    )
    found: dict[int, tuple[int, MergedPull]] = {}
    for number, claimants in claims.items():
        place, pull = min(
            claimants,
            key=lambda placed: _doubt(placed[0], placed[1], heads.get(number, ""), subject_of.get(number, "")),
        )
        found[number] = (place, replace(pull, head=pull.head or heads.get(number, "")))
    claimed = {pull.merge for _, pull in found.values()}
    unclaimed = {number: oid for number, oid in heads.items() if number not in found}
    for place, pull in (
        *_by_second_parent(main, unclaimed, claimed),
        *_by_rebase(clone, main, tip, unclaimed, claimed),
    ):
        found.setdefault(pull.number, (place, pull))
    return [pull for _, pull in sorted(found.values(), key=lambda placed: (placed[0], placed[1].number))][:most]


def _doubt(place: int, pull: MergedPull, head: str, head_subject: str) -> tuple[int, int]:
    """How much speaks against a commit being the pull request that it names; the one with the least is taken.

    A number can come back: in a cherry-pick, a follow-up, or in the history of another repository that was taken in. The known
    head decides if it can: by being the second parent, or by its subject. Else a merge commit is believed before a "(#N)",
    unless it merged another head; and among equals the oldest (main runs from new to old).
    """
    is_merge = pull.method == "merge"
    if head and pull.head == head:
        doubt = 0
    elif head_subject and pull.title == head_subject:
        doubt = 1
    elif is_merge and not head:
        doubt = 2
    else:
        doubt = 4 if is_merge else 3
    return doubt, -place


def _head_subjects(clone: Clone, heads: dict[int, str]) -> dict[int, str]:
    """The subject of each pull request's head, without its own "(#N)", where the clone has the commit."""
    there = _existing(clone, heads)
    subjects = {
        commit.oid: commit.subject for commit in _readable(clone, ["--no-walk=unsorted"], sorted(set(there.values())))
    }
    plain = {
        oid: (named[1] or "") if (named := SQUASH_SUBJECT.fullmatch(text)) else text for oid, text in subjects.items()
    }
    return {number: plain[oid] for number, oid in there.items() if oid in plain}


def _by_subject(main: list[HistoryCommit]) -> Iterator[tuple[int, MergedPull]]:
    """Pull requests that a subject names, oldest last. Neighbours with the same "(#N)" are one rebased pull request."""
    place = 0
    while place < len(main):
        commit = main[place]
        named = MERGE_SUBJECT.match(commit.subject)
        if named and commit.parents:
            # With one parent it was squashed and kept the message that GitHub proposes for a merge.
            title, body = _split(commit.body)
            method = "merge" if len(commit.parents) > 1 else "squash"
            yield place, _pull(int(named[1]), title or commit.subject, body, method, [commit])
        elif squashed := SQUASH_SUBJECT.fullmatch(commit.subject):
            number, run = int(squashed[2]), [commit]
            if len(commit.parents) == 1:
                while place + 1 < len(main) and _ends_in(main[place + 1], number):
                    place += 1
                    run.append(main[place])
            oldest = run[-1]
            title = (SQUASH_SUBJECT.fullmatch(oldest.subject) or squashed)[1] or oldest.subject
            method = "merge" if len(commit.parents) > 1 else "rebase" if len(run) > 1 else "squash"
            if commit.parents:
                yield place, _pull(number, title, oldest.body, method, run)
        place += 1


def _ends_in(commit: HistoryCommit, number: int) -> bool:
    found = SQUASH_SUBJECT.fullmatch(commit.subject)
    return found is not None and int(found[2]) == number and len(commit.parents) == 1


def _by_second_parent(
    main: list[HistoryCommit], heads: dict[int, str], claimed: set[str]
) -> Iterator[tuple[int, MergedPull]]:
    """Merge commits with a subject of their own whose second parent is a pull request's head."""
    number_of = {oid: number for number, oid in sorted(heads.items(), reverse=True)}
    for place, commit in enumerate(main):
        if len(commit.parents) > 1 and commit.oid not in claimed and commit.parents[1] in number_of:
            yield place, _pull(number_of[commit.parents[1]], commit.subject, commit.body, "merge", [commit])


def _by_rebase(
    clone: Clone, main: list[HistoryCommit], tip: str, heads: dict[int, str], claimed: set[str]
) -> Iterator[tuple[int, MergedPull]]:
    """Pull requests whose own commits (not reachable from main) stand on main again, all of them, next to each other."""
    place_of = {
        commit.identity: place
        for place, commit in enumerate(main)
        if len(commit.parents) == 1 and commit.oid not in claimed
    }
    # A head of which not even the last commit stands on main is no candidate: one cheap process spares walking its branch.
    known = _existing(clone, heads)
    tips = {commit.oid: commit for commit in _readable(clone, ["--no-walk=unsorted"], sorted(set(known.values())))}
    candidates = {number: oid for number, oid in known.items() if oid in tips and tips[oid].identity in place_of}
    if not candidates:
        return
    own = {commit.oid: commit for commit in _readable(clone, [], sorted(set(candidates.values())), f"^{tip}")}
    used: set[int] = set()
    for number, head in sorted(candidates.items()):
        branch: list[HistoryCommit] = []
        oid = head
        while oid in own and len(own[oid].parents) == 1:
            branch.append(own[oid])
            oid = own[oid].parents[0]
        if not branch or oid in own:
            continue  # the head is on main itself, or the branch has merges: not a rebase
        first = place_of[branch[0].identity]
        run = main[first : first + len(branch)]
        rebased = [commit.identity for commit in run] == [commit.identity for commit in branch]
        if (
            rebased
            and not used & set(range(first, first + len(run)))
            and not any(commit.oid in claimed for commit in run)
        ):
            used.update(range(first, first + len(run)))
            oldest = branch[-1]
            others = "\n".join(f"- {commit.subject}" for commit in reversed(branch[:-1]))
            body = "\n\n".join(part for part in (oldest.body, others) if part)
            yield first, replace(_pull(number, oldest.subject, body, "rebase", run), head=head)


def _existing(clone: Clone, heads: dict[int, str]) -> dict[int, str]:
    """The heads whose commit the clone really has."""
    kinds = clone.kinds(heads.values())
    return {number: oid for number, oid in heads.items() if kinds.get(oid) == "commit"}


def _pull(number: int, title: str, body: str, method: str, run: list[HistoryCommit]) -> MergedPull:
    newest, oldest = run[0], run[-1]
    return MergedPull(
        number=number,
        title=title.strip(),
        body=body.strip(),
        author=oldest.author,
        merged_at=datetime.fromtimestamp(newest.committed, UTC),
        method=method,
        base=oldest.parents[0],
        merge=newest.oid,
        head=newest.parents[1] if len(newest.parents) > 1 else "",
    )


def _log(clone: Clone, arguments: list[str], stdin: list[str] | None = None) -> Iterator[HistoryCommit]:
    if stdin is not None and not stdin:
        return
    command = ["log", "-z", f"--format={_FORMAT}", *arguments]
    given = b"" if stdin is None else "".join(f"{line}\n" for line in stdin).encode()
    output = clone.read([*command, *(["--stdin"] if stdin is not None else [])], given)
    for record in output.split(b"\0"):
        if record:
            oid, parents, authored, committed, author, message = record.decode("utf-8", "replace").split("\n", 5)
            subject, body = _split(message)
            yield HistoryCommit(
                oid, tuple(parents.split()), author, _seconds(authored), _seconds(committed), subject, body
            )


def _seconds(date: str) -> int:
    """A date as git prints it in seconds; 0 for a missing or impossible one, which anybody can put into a commit."""
    return int(date) if re.fullmatch(r"[0-9]{1,12}", date) and int(date) <= _LATEST else 0


def _readable(clone: Clone, arguments: list[str], oids: list[str], *others: str) -> Iterator[HistoryCommit]:
    """The log of many commits, leaving out those that git cannot read: halves are tried alone until the broken ones are found."""
    if not oids:
        return
    try:
        yield from list(_log(clone, arguments, [*oids, *others]))
    except GitError:
        if len(oids) > 1:
            middle = len(oids) // 2
            yield from _readable(clone, arguments, oids[:middle], *others)
            yield from _readable(clone, arguments, oids[middle:], *others)


def _split(message: str) -> tuple[str, str]:
    """The subject (first paragraph on one line, as git makes it) and the rest of a message."""
    first, *rest = re.split(r"\n[ \t]*\n", message.replace("\r\n", "\n").strip("\n \t"), maxsplit=1)
    return " ".join(line.strip() for line in first.split("\n")), "".join(rest).strip()
