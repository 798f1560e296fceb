"""Bring chosen commits and files of a repository by git, without its history: `git fetch` is no request of the API.

A repository of our own holds what was fetched (`source.folder/repositories/OWNER/NAME.git`): commits and folders of the commits that were
asked for and as many parents as were asked for (`--depth`, `--filter=blob:none`), and then exactly the files that differ. What is there
is not fetched again.
"""

import os
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.clones.facts import FULL_NAME, SHA
from pipeline.clones.git import ISOLATED, Clone, open_clone
from pipeline.errors import LimiError
from pipeline.files import atomic
from pipeline.github.clock import Clock
from pipeline.github.log import RequestLog

TRIES = 12
LONGEST_PAUSE = 300.0  # seconds between two tries, unless the server states more
MOST_REFUSALS = 4  # objects that a server may lack, one fetch each, before the rest is tried in halves
TIMEOUT = 600  # seconds for one fetch
_CONFIG = """[core]
\trepositoryformatversion = 1
\tbare = true
[extensions]
\tpartialClone = origin
[remote "origin"]
\turl = {url}
\tpromisor = true
\tpartialclonefilter = blob:none
[gc]
\tauto = 0
[maintenance]
\tauto = false
[fetch]
\tnegotiationAlgorithm = noop
"""
_REFUSED = re.compile(r"not our ref ([0-9a-f]{40})")
_HOPELESS = ("could not read Username", "Authentication failed", "not found", "error: 404", "error: 451", "error: 403")


# What git needs to get through to the network where somebody works behind a proxy or with a certificate of their own.
_PASSED = ("PATH", "TMPDIR", "http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY", "no_proxy", "NO_PROXY", "ALL_PROXY",
           "GIT_SSL_CAINFO", "SSL_CERT_FILE", "SSL_CERT_DIR")  # fmt: skip


class FetchError(Exception):
    """git could not bring it; the message is git's last line without addresses."""


class GitHost:
    """Where git fetches from, for all repositories of a run: one fetch at a time, so that none is on its way when one is told to wait."""

    def __init__(self, url: str, log: RequestLog, clock: Clock) -> None:
        self.url = url.rstrip("/")
        self.log = log
        self.clock = clock
        self._turn = threading.Lock()
        self._quiet_until = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """The right to fetch, when nobody else does and nobody has been told to wait."""
        with self._turn:
            self.clock.sleep_until(self._quiet_until)
            yield

    def pause(self, seconds: float) -> None:
        """No fetch before so many seconds have passed. Called by who has the turn."""
        self._quiet_until = max(self._quiet_until, self.clock.now() + seconds)


class Fetched:
    """What was fetched of one repository, and the means to fetch more."""

    def __init__(self, folder: Path, host: GitHost, repo: str) -> None:
        if not FULL_NAME.fullmatch(repo):  # it becomes a path and a line of git's configuration
            raise LimiError(f"{repo!r} is not a repository's name")
        self.path = (folder / f"{repo}.git").absolute()
        self.repo = repo
        self._host = host
        self._stated = 0.0
        self._missing: set[str] = set()  # what the server says that it has not got
        self._make()

    def commits(self, oids: list[str], depth: int) -> None:
        """Have these commits and `depth - 1` generations before them, without files, but for what the server lacks. Raises FetchError."""
        self._fetch(self._lacking(oids, depth), ["--filter=blob:none", "--depth", str(depth)], f"depth {depth}")

    def _lacking(self, oids: list[str], depth: int) -> list[str]:
        """Those of which something is not there."""
        wanted = sorted({oid for oid in oids if SHA.fullmatch(oid)})
        with open_clone(self.path, whole=False) as clone:
            reached = {oid: {oid} for oid in wanted}  # commit -> the generation that is looked at
            lacking: set[str] = set()
            for _ in range(depth):
                parents = commit_parents(clone, sorted(set().union(*reached.values())) if reached else [])
                for oid, generation in list(reached.items()):
                    if not generation <= parents.keys():
                        lacking.add(oid)
                        del reached[oid]
                    else:
                        reached[oid] = {parent for commit in generation for parent in parents[commit]}
        return [oid for oid in wanted if oid in lacking]

    def files_between(self, pairs: list[tuple[str, str]]) -> None:
        """Have every file that differs in `(commit, base)` pairs. Raises FetchError."""
        with open_clone(self.path, whole=False) as clone:
            stdin = "".join(f"{merge} {base}\n" for merge, base in pairs).encode()
            told = clone.read(["diff-tree", "--stdin", "-r", "--raw", "--no-renames", "--no-commit-id", "-z"], stdin)
            wanted: dict[str, None] = {}
            for entry in re.findall(rb":([0-7]{6}) ([0-7]{6}) ([0-9a-f]{40}) ([0-9a-f]{40}) ", told):
                for mode, oid in (entry[::2], entry[1::2]):
                    if mode not in (b"000000", b"160000"):  # absent, or a submodule's commit
                        wanted[oid.decode()] = None
            kinds = clone.kinds(wanted)
            absent = [oid for oid in wanted if kinds.get(oid) != "blob"]
        self._fetch(absent, ["--filter=blob:none"], "files")

    def files(self, blobs: Iterable[str]) -> None:
        """Have these files. Raises FetchError."""
        with open_clone(self.path, whole=False) as clone:
            kinds = clone.kinds(wanted := sorted(set(blobs)))
        self._fetch([oid for oid in wanted if kinds.get(oid) != "blob"], ["--filter=blob:none"], "files")

    def _fetch(self, oids: list[str], options: list[str], what: str, parts: int = 1) -> None:
        """Fetch objects. The server names one that it lacks at a time; where it lacks many, halves are tried, then left out."""
        wanted = [oid for oid in dict.fromkeys(oids) if oid not in self._missing]
        tries = refusals = 0
        while wanted:
            with self._host.turn():
                refused, said = self._ask(wanted, options, what)
                if said is None:
                    return
                tries += not refused
                if tries >= TRIES or any(sign in said for sign in _HOPELESS):
                    raise FetchError(said)
                if not refused:
                    pause = 60.0 * 2 ** (tries - 1) if "429" in said else 2.0**tries
                    self._host.pause(self._stated or min(LONGEST_PAUSE, pause))
            self._missing |= refused
            refusals += len(refused)
            wanted = [oid for oid in wanted if oid not in refused]
            if refusals >= MOST_REFUSALS:
                middle = len(wanted) // 2
                for half in (wanted[:middle], wanted[middle:]) if parts else ():
                    self._fetch(half, options, what, parts - 1)
                return

    def _ask(self, wanted: list[str], options: list[str], what: str) -> tuple[set[str], str | None]:
        """One fetch: the objects that the server refused by name, and what git said (None if all came)."""
        began = self._host.clock.now()
        said = self._git(
            [
                "fetch",
                "--quiet",
                "--no-tags",
                "--no-write-fetch-head",
                "--recurse-submodules=no",
                *options,
                "--stdin",
                "origin",
            ],
            "".join(f"{oid}\n" for oid in wanted),
        )
        refused = set(_REFUSED.findall(said or "")) & set(wanted)
        outcome = "answer" if said is None else f"refused {len(refused)}" if refused else said
        self._host.log.fetched(f"{self.repo} {len(wanted)} objects, {what}", began, self._host.clock.now(), outcome)
        return refused, said

    def _git(self, arguments: list[str], stdin: str) -> str | None:
        """Run git; None if it went well, else its last line without the address. `_stated` is then what Retry-After said."""
        trace = self.path / "trace"
        trace.unlink(missing_ok=True)
        environment = {
            **{name: os.environ[name] for name in _PASSED if name in os.environ},
            **ISOLATED,
            "GIT_ALLOW_PROTOCOL": "https:http",
            "GIT_DIR": str(self.path),
            "HOME": str(self.path),
            # git shows a Retry-After nowhere else; without data the trace holds headers only, and git redacts secrets in it.
            "GIT_TRACE_CURL": str(trace),
            "GIT_TRACE_CURL_NO_DATA": "1",
        }
        try:
            done = subprocess.run(
                ["git", *arguments],
                input=stdin.encode(),
                capture_output=True,
                env=environment,
                cwd=self.path,
                timeout=TIMEOUT,
            )
        except subprocess.TimeoutExpired:
            return f"no end within {TIMEOUT} seconds"
        if done.returncode == 0:
            return None
        headers = trace.read_text("utf-8", "replace") if trace.exists() else ""
        told = re.findall(r"(?i)<= recv header: retry-after: *([0-9]{1,6})", headers)
        self._stated = float(told[-1]) + 1 if told else 0.0
        lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()] or [
            "git gave no reason"
        ]
        telling = next((line for line in lines if _REFUSED.search(line) or "error: " in line), lines[-1])
        return re.sub(r"https?://\S+", "the repository", telling.strip())[:300]

    def _make(self) -> None:
        try:
            for name in ("objects/pack", "refs"):
                (self.path / name).mkdir(parents=True, exist_ok=True)
            for name, text in (
                ("HEAD", "ref: refs/heads/nothing\n"),
                ("config", _CONFIG.format(url=f"{self._host.url}/{self.repo}.git")),
            ):
                if not (self.path / name).exists() or (self.path / name).read_text() != text:
                    with atomic(self.path / name) as unfinished:
                        unfinished.write_text(text)
            # What a killed git left: a lock would stop every later fetch. One process alone works on a repository here.
            for left in (*self.path.glob("*.lock"), *self.path.glob(".*.tmp"), *self.path.glob("objects/pack/tmp_*")):
                left.unlink()
        except OSError as error:
            raise LimiError(
                f"{self.path} cannot be written ({error}); free some space or mend the permissions, then run again"
            ) from None


def commit_parents(clone: Clone, oids: list[str]) -> dict[str, list[str]]:
    """`commit -> its parents` for those commits that are there."""
    kinds = clone.kinds(oids)
    there = [oid for oid in oids if kinds.get(oid) == "commit"]
    if not there:
        return {}
    told = clone.read(
        ["log", "--no-walk=unsorted", "--format=%H %P", "--stdin"], "".join(f"{oid}\n" for oid in there).encode()
    )
    return {oid: parents.split() for oid, _, parents in (line.partition(" ") for line in told.decode().splitlines())}
