"""Run git over a clone without trusting it.

A clone is somebody else's data. Everything is read from a scratch repository of our own that only borrows the clone's
objects (`GIT_OBJECT_DIRECTORY`), so the clone's configuration, attributes, hooks, grafts and replace refs have no say, and a bare
and a non-bare clone give the same bytes. The user's and the system's git configuration are shut out as well.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pipeline.errors import LimiError, UserError

ISOLATED = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",  # a partial clone must not go to the network on its own
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    # A commit-graph file is a cache that git believes; it could tell of other parents than the commits do.
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "core.commitGraph",
    "GIT_CONFIG_VALUE_0": "false",
    "GIT_CONFIG_KEY_1": "i18n.logOutputEncoding",
    "GIT_CONFIG_VALUE_1": "UTF-8",
    "LC_ALL": "C",
}
_HASH = re.compile(r"[0-9a-f]{40}")
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


class GitError(LimiError):
    """A git process over a clone that ended badly. `reason` is the command and git's last line, without the clone's path."""

    def __init__(self, path: Path, command: str, stderr: bytes) -> None:
        lines = stderr.decode("utf-8", "replace").strip().splitlines()
        said = lines[-1].replace(f"{path.resolve()}/", "").replace(f"{path}/", "") if lines else "no reason given"
        self.reason = f"git {command}: {said}"
        super().__init__(f"git {command} over the clone {path} failed: {said}")


class Clone:
    """A clone on disk, bare or not. Made by `open_clone`."""

    def __init__(self, path: Path, git_dir: Path, scratch: Path) -> None:
        self.path = path
        self._scratch = scratch
        self._environment = {
            **{name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ},
            **ISOLATED,
            "HOME": str(scratch),
        }
        self._refs = {**self._environment, "GIT_DIR": str(git_dir)}
        self._objects = {**self._environment, "GIT_DIR": str(scratch), "GIT_OBJECT_DIRECTORY": str(git_dir / "objects")}

    def refs(self, *patterns: str) -> dict[str, str]:
        """`full ref name -> commit` of the refs that match (peeled), and `HEAD`."""
        listed = self._run(["for-each-ref", "--format=%(objectname) %(refname)", *patterns], self._refs).decode(
            "utf-8", "replace"
        )
        return {name: oid for oid, _, name in (line.partition(" ") for line in listed.splitlines())}

    def resolve(self, revision: str) -> str:
        """The commit hash a revision names. Raises GitError if there is none or its object is missing or broken."""
        oid = self._run(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"], self._refs)
        return oid.decode().strip()

    def read(self, arguments: list[str], stdin: bytes = b"") -> bytes:
        """The whole output of a git command over the clone's objects. Raises GitError."""
        return self._run(arguments, self._objects, stdin)

    def kinds(self, oids: Iterable[str]) -> dict[str, str]:
        """`object -> commit, tree, blob or tag` of those objects, named by full hashes, that are there. Raises GitError."""
        wanted = sorted({oid for oid in oids if _HASH.fullmatch(oid)})
        if not wanted:
            return {}
        told = self.read(["cat-file", "--batch-check=%(objecttype)"], "".join(f"{oid}\n" for oid in wanted).encode())
        # Of one that is missing git says `HASH missing`, whatever the format.
        answers = zip(wanted, told.decode().splitlines(), strict=True)
        return {oid: kind for oid, kind in answers if kind in ("commit", "tree", "blob", "tag")}

    @contextmanager
    def stream(self, arguments: list[str], stdin: bytes) -> Iterator[IO[bytes]]:
        """The output of a git command as a stream. Raises GitError at the block's end if git ended badly."""
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as complaints:
            given.write(stdin)
            given.seek(0)
            with subprocess.Popen(
                ["git", *arguments],
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=self._objects,
                cwd=self._scratch,
            ) as git:
                assert git.stdout is not None  # noqa: S101 - for the type checker
                try:
                    yield git.stdout
                finally:
                    git.stdout.close()  # a git that still has something to say ends here
            if git.returncode:
                complaints.seek(0)
                raise GitError(self.path, arguments[0], complaints.read())

    def _run(self, arguments: list[str], environment: dict[str, str], stdin: bytes = b"") -> bytes:
        done = subprocess.run(["git", *arguments], input=stdin, capture_output=True, env=environment, cwd=self._scratch)
        if done.returncode:
            raise GitError(self.path, arguments[0], done.stderr)
        return done.stdout


@contextmanager
def open_clone(path: Path, whole: bool = True) -> Iterator[Clone]:
    """Open a clone for reading; one with a cut history only if `whole` is not asked for. Raises UserError if it is no such clone."""
    git_dir = git_dir_of(path)
    if git_dir is None:
        what = "is not a git clone" if path.exists() else "does not exist"
        raise UserError(f"the clone {path} {what}; `limi clones add URL` makes one")
    if whole and (git_dir / "shallow").exists():
        raise UserError(
            f"the clone {path} is shallow, so its history is cut; `git -C {path} fetch --unshallow` completes it"
        )
    with tempfile.TemporaryDirectory(prefix="limi-git-") as scratch:
        bare = Path(scratch) / "borrower.git"
        subprocess.run(
            ["git", "init", "--quiet", "--bare", str(bare)],
            check=True,
            capture_output=True,
            env={"PATH": os.environ.get("PATH", ""), **ISOLATED, "HOME": scratch, "GIT_TEMPLATE_DIR": ""},
        )
        yield Clone(path, git_dir.resolve(), bare)


def git_dir_of(path: Path) -> Path | None:
    """Where a clone keeps its objects: `path` itself if bare, else `path/.git`. None if `path` is no clone."""
    for candidate in (path / ".git", path):
        if (candidate / "objects").is_dir() and (candidate / "HEAD").is_file():
            return candidate
    return None
