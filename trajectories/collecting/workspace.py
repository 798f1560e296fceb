"""The folder that the agent works in: the repository as it was before the pull request, and nothing of what came after.

What the agent could find of the solution must not be there: neither commits, refs and remotes nor objects without a ref. So a new
repository gets the objects of one tree alone. Git writes the files, without anybody's configuration: no hooks, no filters (a filter
needs a configuration that names its program), no submodules, and no path that leaves the folder or enters `.git`.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from pipeline.clones.git import ISOLATED, Clone, GitError, open_clone
from pipeline.errors import UserError

AUTHOR = {
    **{f"GIT_{who}_NAME": "limi-curation" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "limi-curation@localhost" for who in ("AUTHOR", "COMMITTER")},
}
_STRICT = ("-c", "core.protectHFS=true", "-c", "core.protectNTFS=true", "-c", "core.symlinks=true")


def repository_at(clone: Path, commit: str, folder: Path) -> list[str]:
    """Make `folder`: the tree of a commit, and a history of one commit that holds it. Whole or not there.

    Returns the symbolic links that were left out, as they lead out of the folder. Raises UserError if the clone lacks the
    commit or a part of its tree, or the tree has a path that git refuses.
    """
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    with open_clone(clone, whole=False) as opened:
        try:
            tree = opened.read(["rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}"]).decode().strip()
            date = opened.read(["show", "--no-patch", "--format=%cI", commit]).decode().strip()
            unfinished.mkdir(parents=True)
            _copy_tree(opened, tree, unfinished)
        except GitError as error:
            raise UserError(
                f"the clone {clone} has not all of commit {commit} ({error.reason}); fetch it, or name another with --repository"
            ) from None
    _check_out(unfinished, tree, date)
    left_out = _without_links_out(unfinished)
    os.replace(unfinished, folder)
    return left_out


def copy_of(given: Path | None, folder: Path) -> None:
    """Make `folder`: a copy of a given one, or an empty one. Links are copied as links. Raises UserError for what is no file."""
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    if given is None:
        unfinished.mkdir(parents=True)
    else:
        if not given.is_dir():
            raise UserError(f"{given} is no folder; --folder names one to begin with")
        if folder.resolve().is_relative_to(given.resolve()):
            raise UserError(f"{given} holds the folder of the session itself; name one that does not")
        strange = [path for path in given.rglob("*") if not (path.is_file() or path.is_dir() or path.is_symlink())]
        if strange:
            raise UserError(f"{strange[0]} is neither a file nor a folder nor a link; take it out of {given}")
        shutil.copytree(given, unfinished, symlinks=True)
    os.replace(unfinished, folder)


def _copy_tree(clone: Clone, tree: str, folder: Path) -> None:
    """Give a new repository in `folder` the objects of a tree, and no others."""
    _git(folder, "init", "--quiet", "--initial-branch=main")
    # A submodule is a commit of another repository: git names it in the tree and lists no object for it.
    objects = clone.read(["rev-list", "--objects", "--no-object-names", tree])
    with clone.stream(["pack-objects", "--stdout", "--quiet"], objects) as pack, tempfile.TemporaryFile() as kept:
        shutil.copyfileobj(pack, kept)
        kept.seek(0)
        _git(folder, "index-pack", "--stdin", stdin=kept.fileno())


def _check_out(folder: Path, tree: str, date: str) -> None:
    dated = {**AUTHOR, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    commit = _git(folder, "commit-tree", "-m", "The repository as the work begins", tree, more=dated).strip()
    _git(folder, "update-ref", "refs/heads/main", commit)
    try:
        _git(folder, "read-tree", tree)
        _git(folder, "checkout-index", "--all", "--index", "--quiet")
    except GitError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise UserError(f"git refuses to write the files of this commit: {error.reason}") from None


def _without_links_out(folder: Path) -> list[str]:
    """Take away the symbolic links that lead out of the folder, also those that do so by way of others. Returns their paths."""
    top = folder.resolve()
    links = [Path(at) / name for at, folders, files in os.walk(folder) for name in folders + files]
    out = [path for path in links if path.is_symlink() and not _leads_to(path).is_relative_to(top)]
    for path in out:
        path.unlink()
    return sorted(path.relative_to(folder).as_posix() for path in out)


def _leads_to(path: Path) -> Path:
    target = path.readlink()
    # A link to a place in .git is let be: what is there is the agent's own. A loop leads nowhere.
    return Path("/") if target.is_absolute() else Path(os.path.realpath(path))


def _git(
    folder: Path, command: str, *arguments: str, stdin: int = subprocess.DEVNULL, more: dict[str, str] | None = None
) -> str:
    environment = {
        "PATH": os.environ.get("PATH", ""),
        **ISOLATED,
        "HOME": str(folder),
        "GIT_TEMPLATE_DIR": "",
        "GIT_DIR": str(folder.absolute() / ".git"),
        "GIT_WORK_TREE": str(folder.absolute()),
        **(more or {}),
    }
    line = ["git", *_STRICT, command, *arguments]
    done = subprocess.run(line, cwd=folder, env=environment, stdin=stdin, capture_output=True)
    if done.returncode:
        raise GitError(folder, command, done.stderr)
    return done.stdout.decode()
