"""Histories in a throwaway repository, merged in each of GitHub's ways, for the tests of what is found in them."""

import subprocess
from pathlib import Path

from pipeline.clones.git import open_clone
from pipeline.clones.history import MergedPull, merged_pulls
from tests.conftest import Repository


def listed(repository: Repository, most: int = 1000) -> list[MergedPull]:
    with open_clone(repository.path) as clone:
        return merged_pulls(clone, repository.git("rev-parse", "main"), most)


def numbers(repository: Repository, most: int = 1000) -> list[int]:
    return [pull.number for pull in listed(repository, most)]


def only(repository: Repository) -> MergedPull:
    (pull,) = listed(repository)
    return pull


def on_branch(repository: Repository, *messages: str, name: str = "work") -> list[str]:
    """A new branch from here with one commit per message; back on main. The hashes, oldest first."""
    repository.git("switch", "--quiet", "--create", name)
    made = [repository.commit(message, {f"{name}-{at}.txt": f"{message}\n"}) for at, message in enumerate(messages)]
    repository.git("switch", "--quiet", "main")
    repository.git("branch", "--quiet", "-D", name)
    return made


def merge(repository: Repository, head: str, message: str) -> str:
    repository.clock += 60
    repository.git("merge", "--quiet", "--no-ff", "--message", message, head)
    return repository.git("rev-parse", "HEAD")


def rebase(repository: Repository, commits: list[str]) -> list[str]:
    """The commits again on main, as GitHub's rebase does it. The new hashes, oldest first."""
    made = []
    for commit in commits:
        repository.clock += 60
        repository.git("cherry-pick", "--allow-empty", commit)
        made.append(repository.git("rev-parse", "HEAD"))
    return made


def raw_commit(
    repository: Repository, message: bytes, header: bytes = b"", person: bytes = b"A U <a@b> 1700000000 +0000"
) -> str:
    """A commit on main made of exact bytes, however odd."""
    tree, parent = repository.git("rev-parse", "HEAD^{tree}"), repository.git("rev-parse", "HEAD")
    data = (
        f"tree {tree}\nparent {parent}\n".encode()
        + b"author %s\ncommitter %s\n%s\n" % (person, person, header)
        + message
    )
    done = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
        cwd=repository.path,
        input=data,
        capture_output=True,
        check=True,
    )
    oid = done.stdout.decode().strip()
    repository.git("reset", "--quiet", "--hard", oid)
    return oid


def loose_object(repository: Repository, oid: str) -> Path:
    return repository.path / ".git/objects" / oid[:2] / oid[2:]
