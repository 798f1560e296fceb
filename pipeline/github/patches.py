"""The patch of each pull request, by the cheapest way that proves itself.

1. `git`: the merge commit against its first parent; for a rebased one, its last commits against what they stand on.
2. `git_branch`: the branch's commits against where it began, for a merge whose result differs from the branch.
3. `rest_diff`: GitHub's own diff, one request each.
4. `rest_files`: the same in pages of files, where GitHub finds the diff too large.

A way's result counts only if its lines and files are those that GitHub's facts say; else the next way is tried.
"""

from dataclasses import dataclass, replace
from typing import Any

from pipeline.clones.git import Clone, open_clone
from pipeline.clones.history import SQUASH_SUBJECT
from pipeline.clones.patches import Change, changes
from pipeline.github.api import Api
from pipeline.github.fetch import Fetched, FetchError
from pipeline.github.rest_patches import NotThePatchError, diff_of, files_of
from pipeline.github.verdict import GoneError, TooMuchError, TroubleError

MOST_COMMITS = 100  # of a rebased pull request or a branch that are walked back


@dataclass(frozen=True)
class Patch:
    """A change, the way it was taken (`""`: none worked, see its failure), how it was merged, and the commit it applies to."""

    change: Change
    way: str
    method: str
    base: str


@dataclass(frozen=True)
class _Commit:
    parents: tuple[str, ...]
    subject: str
    replayed: bool  # authored at another time than committed: GitHub's rebases are, its squashes are not


def fetch_patches(api: Api, fetched: Fetched, pulls: list[dict[str, Any]], max_bytes: int) -> dict[int, Patch]:
    """`number -> Patch` for rows of facts of one repository. Raises LimiError only where going on makes no sense."""
    found = _from_git(fetched, pulls, max_bytes)
    return found | {
        pull["number"]: _from_rest(api, pull, max_bytes, found.get(pull["number"]))
        for pull in pulls
        if not found.get(pull["number"]) or not found[pull["number"]].way
    }


def agrees(change: Change, pull: dict[str, Any]) -> bool:
    """Whether a change has the lines and the files that GitHub's facts say (for a binary file they say 0 and 0)."""
    counted = [(file["path"], file["additions"] or 0, file["deletions"] or 0) for file in change.files]
    if change.failure or len(counted) != pull["changed_files"]:
        return False
    if (sum(added for _, added, _ in counted), sum(removed for _, _, removed in counted)) != (
        pull["additions"],
        pull["deletions"],
    ):
        return False
    return pull["files"] is None or sorted(counted) == sorted(
        (file["path"], file["additions"], file["deletions"]) for file in pull["files"]
    )


def _from_git(fetched: Fetched, pulls: list[dict[str, Any]], max_bytes: int) -> dict[int, Patch]:
    found: dict[int, Patch] = {}
    try:
        fetched.commits([pull["merge_sha"] for pull in pulls], 2)
        with open_clone(fetched.path, whole=False) as clone:
            commits = _commits(clone, [pull["merge_sha"] for pull in pulls])
            bases = {
                pull["number"]: commits[pull["merge_sha"]].parents[0]
                for pull in pulls
                if pull["merge_sha"] in commits and commits[pull["merge_sha"]].parents
            }
            whole = {
                pull["number"]: Patch(change, "git", _method(pull, commits[pull["merge_sha"]]), bases[pull["number"]])
                for pull, change in _changes(fetched, clone, pulls, bases, "merge_sha", max_bytes)
                if agrees(change, pull)
            }
            # The last commit of a rebase can have the very lines of the whole; it is believed only if walking back brings nothing.
            doubtful = {
                pull["number"]
                for pull in pulls
                if pull["commits"] > 1
                and (merge := commits.get(pull["merge_sha"]))
                and len(merge.parents) == 1
                and merge.replayed
            }
            found |= {number: patch for number, patch in whole.items() if number not in doubtful}
            rest = [pull for pull in pulls if pull["number"] not in found and pull["commits"] <= MOST_COMMITS]
            if rest:
                found |= _by_walking(fetched, clone, rest, commits, max_bytes)
            found = whole | found
    except FetchError as error:
        failed = Change([], None, 0, True, f"git fetch: {error}")
        found |= {pull["number"]: Patch(failed, "", "", "") for pull in pulls if pull["number"] not in found}
    return found


def _by_walking(
    fetched: Fetched, clone: Clone, pulls: list[dict[str, Any]], commits: dict[str, _Commit], max_bytes: int
) -> dict[int, Patch]:
    """Rebased pull requests, and branches whose merge brought something else: as many commits back as GitHub counts."""
    # A merge commit that the server has not got is not asked for again.
    tips = [pull["head_sha"] for pull in pulls] + [pull["merge_sha"] for pull in pulls if pull["merge_sha"] in commits]
    fetched.commits(tips, max(pull["commits"] for pull in pulls) + 1)
    known = dict(commits)
    found: dict[int, Patch] = {}
    for tip, way in (("merge_sha", "git"), ("head_sha", "git_branch")):
        waiting = [pull for pull in pulls if pull["number"] not in found]
        bases = _bases(clone, waiting, tip, known)
        for pull, change in _changes(fetched, clone, waiting, bases, tip, max_bytes):
            if agrees(change, pull):
                merge = commits.get(pull["merge_sha"])
                method = "rebase" if way == "git" else _method(pull, merge) if merge else ""
                found[pull["number"]] = Patch(change, way, method, bases[pull["number"]])
    return found


def _bases(clone: Clone, pulls: list[dict[str, Any]], tip: str, known: dict[str, _Commit]) -> dict[int, str]:
    """What lies under the last `commits` commits of each tip, where those run in one line."""
    at = {pull["number"]: (pull[tip], pull["commits"]) for pull in pulls if pull[tip]}
    bases: dict[int, str] = {}
    while at:
        known |= _commits(clone, [oid for oid, _ in at.values() if oid not in known])
        there, at = at, {}
        for number, (oid, left) in there.items():
            if oid in known and len(known[oid].parents) == 1:
                if left == 1:
                    bases[number] = known[oid].parents[0]
                else:
                    at[number] = (known[oid].parents[0], left - 1)
    return bases


def _changes(
    fetched: Fetched, clone: Clone, pulls: list[dict[str, Any]], bases: dict[int, str], tip: str, max_bytes: int
) -> list[tuple[dict[str, Any], Change]]:
    """The changes `base..tip` of those pull requests whose two commits are there."""
    kinds = clone.kinds(oid for pull in pulls if pull["number"] in bases for oid in (pull[tip], bases[pull["number"]]))
    pairs = {
        pull["number"]: (pull[tip], bases[pull["number"]])
        for pull in pulls
        if pull["number"] in bases and kinds.get(pull[tip]) == kinds.get(bases[pull["number"]]) == "commit"
    }
    if not pairs:
        return []
    fetched.files_between(list(pairs.values()))
    # Two pull requests can name the same commits, which are read once; or one tip on two bases, and of those git answers by the tip alone.
    read: dict[tuple[str, str], Change] = {}
    while waiting := {tip: base for tip, base in pairs.values() if (tip, base) not in read}:
        found = changes(clone, list(waiting.items()), max_bytes)
        read |= {(tip, base): found[tip] for tip, base in waiting.items()}
    return [(pull, read[pairs[pull["number"]]]) for pull in pulls if pull["number"] in pairs]


def _commits(clone: Clone, oids: list[str]) -> dict[str, _Commit]:
    there = [oid for oid, kind in clone.kinds(oids).items() if kind == "commit"]
    if not there:
        return {}
    stdin = "".join(f"{oid}\n" for oid in there).encode()
    told = clone.read(["log", "--no-walk=unsorted", "-z", "--format=%H%n%P%n%at %ct%n%s", "--stdin"], stdin)
    lines = (record.decode("utf-8", "replace").split("\n", 3) for record in told.split(b"\0") if record)
    return {
        oid: _Commit(tuple(parents.split()), subject, len(set(times.split())) > 1)
        for oid, parents, times, subject in lines
    }


def _method(pull: dict[str, Any], merge: _Commit) -> str:
    """Two parents: a merge. One: a squash, whose subject names the number, unless a single commit was rebased as it was."""
    if len(merge.parents) > 1:
        return "merge"
    named = SQUASH_SUBJECT.fullmatch(merge.subject)
    return "squash" if pull["commits"] > 1 or (named and int(named[2]) == pull["number"]) else "rebase"


def _from_rest(api: Api, pull: dict[str, Any], max_bytes: int, tried: Patch | None) -> Patch:
    why = ""
    for way, ask in (("rest_diff", diff_of), ("rest_files", files_of)):
        try:
            return Patch(ask(api, pull, max_bytes), way, "", pull["base_sha"])
        except GoneError as error:
            why = error.reason
            break
        except (TooMuchError, NotThePatchError, TroubleError) as error:
            why = {TooMuchError: "diff_too_large", TroubleError: "no_answer"}.get(type(error), "not_the_patch")
    nothing = Change([], None, 0, True, why)
    return replace(tried, change=nothing, way="") if tried else Patch(nothing, "", "", pull["base_sha"])
