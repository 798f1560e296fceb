"""Bring chosen commits and files of a repository by git, without its history: `git fetch` is no request of the API.

A repository of our own holds what was fetched (`source.folder/OWNER/NAME.git`): commits and folders of the commits that were asked
for and as many parents as were asked for (`--depth`, `--filter=blob:none`), and then exactly the files that differ. What is
there is not fetched again.
"""

import os
import re
import subprocess
import threading
from pathlib import Path

from pipeline.clones.git import ISOLATED, open_clone
from pipeline.errors import LimiError
from pipeline.files import atomic
from pipeline.github.clock import Clock
from pipeline.github.log import RequestLog

TRIES = 4
TIMEOUT = 900  # seconds for one fetch
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
[http]
\tlowSpeedLimit = 1000
\tlowSpeedTime = 60
"""
_REFUSED = re.compile(r"not our ref ([0-9a-f]{40})")
_SHA = re.compile(r"[0-9a-f]{40}")


class FetchError(Exception):
    """git could not bring it; the message is git's last line without addresses."""


class GitHost:
    """Where git fetches from, for all repositories of a run: one that is told to wait makes the others wait too."""

    def __init__(self, url: str, log: RequestLog, clock: Clock) -> None:
        self.url = url.rstrip("/")
        self.log = log
        self.clock = clock
        self._lock = threading.Lock()
        self._quiet_until = 0.0

    def wait(self) -> None:
        """Return when nobody has been told to wait any longer."""
        while (until := self._quiet_until) > self.clock.now():
            self.clock.sleep_until(until)

    def pause(self, seconds: float) -> None:
        """No fetch before so many seconds have passed."""
        with self._lock:
            self._quiet_until = max(self._quiet_until, self.clock.now() + seconds)


class Fetched:
    """What was fetched of one repository, and the means to fetch more."""

    def __init__(self, folder: Path, host: GitHost, repo: str) -> None:
        self.path = (folder / f"{repo}.git").absolute()
        self.repo = repo
        self._host = host
        self._stated = 0.0
        self._missing: set[str] = set()  # what the server says that it has not got
        self._make()

    def commits(self, oids: list[str], depth: int) -> None:
        """Have these commits with `depth - 1` parents each, without files. Raises FetchError; what the server lacks is left out."""
        self._fetch([oid for oid in oids if _SHA.fullmatch(oid)], ["--depth", str(depth)], f"depth {depth}")

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
            answer = clone.read(
                ["cat-file", "--batch-check=%(objecttype)"], "".join(f"{oid}\n" for oid in wanted).encode()
            )
            absent = [oid for oid, kind in zip(wanted, answer.decode().splitlines(), strict=True) if kind != "blob"]
        self._fetch(absent, ["--filter=blob:none"], "files")

    def _fetch(self, oids: list[str], options: list[str], what: str) -> None:
        wanted = [oid for oid in dict.fromkeys(oids) if oid not in self._missing]
        tries = 0
        while wanted:
            self._host.wait()
            began = self._host.clock.now()
            said = self._git(
                ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", *options,
                 *([] if "--filter=blob:none" in options else ["--filter=blob:none"]), "--stdin", "origin"],
                "".join(f"{oid}\n" for oid in wanted),
            )  # fmt: skip
            refused = set(_REFUSED.findall(said or "")) & set(wanted)
            outcome = "answer" if said is None else f"refused {len(refused)}" if refused else said
            self._host.log.fetched(f"{self.repo} {len(wanted)} objects, {what}", began, self._host.clock.now(), outcome)
            if said is None:
                return
            if refused:
                self._missing |= refused
                wanted = [oid for oid in wanted if oid not in refused]
                continue
            tries += 1
            if tries >= TRIES or "not found" in said.lower() or "error: 404" in said or "error: 451" in said:
                raise FetchError(said)
            self._host.pause(self._stated or (60.0 * 2 ** (tries - 1) if "429" in said else 2.0**tries))

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
            done = subprocess.run(["git", *arguments], input=stdin, capture_output=True, text=True, errors="replace",
                                  env=environment, cwd=self.path, timeout=TIMEOUT)  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"no end within {TIMEOUT} seconds"
        if done.returncode == 0:
            return None
        told = re.findall(
            r"(?i)<= recv header: retry-after: *([0-9]{1,6})",
            trace.read_text("utf-8", "replace") if trace.exists() else "",
        )
        self._stated = float(told[-1]) + 1 if told else 0.0
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["git gave no reason"]
        telling = next((line for line in lines if _REFUSED.search(line) or "error: " in line), lines[-1])
        return re.sub(r"https?://\S+", "the repository", telling.strip())[:300]

    def _make(self) -> None:
        try:
            for name in ("objects/pack", "refs"):
                (self.path / name).mkdir(parents=True, exist_ok=True)
            if not (self.path / "HEAD").exists():
                (self.path / "HEAD").write_text("ref: refs/heads/nothing\n")
            config = _CONFIG.format(url=f"{self._host.url}/{self.repo}.git")
            if not (self.path / "config").exists() or (self.path / "config").read_text() != config:
                with atomic(self.path / "config") as unfinished:
                    unfinished.write_text(config)
            # A lock that a killed git left would stop every later fetch; one process alone works on a repository here.
            for lock in self.path.glob("*.lock"):
                lock.unlink()
        except OSError as error:
            raise LimiError(
                f"{self.path} cannot be written ({error}); free some space or mend the permissions, then run again"
            ) from None


# What git needs to get through to the network where somebody works behind a proxy or with a certificate of their own.
_PASSED = ("PATH", "TMPDIR", "http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY", "no_proxy", "NO_PROXY", "ALL_PROXY",
           "GIT_SSL_CAINFO", "SSL_CERT_FILE", "SSL_CERT_DIR")  # fmt: skip
