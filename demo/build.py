"""Build the demo world: bare git repositories and their facts, from what `demo/world/` holds.

    python -m demo.build FOLDER            build everything into FOLDER
    python -m demo.build --check NAME...   only check these folders of demo/world/ (all if none is named)

Every name, date and byte is fixed by the authored files, so the same files give the same commit hashes everywhere.
"""

import argparse
import csv
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from demo.authored import AuthoredRepository, read_repository
from demo.history import fast_import_stream
from pipeline.errors import LimiError, UserError

WORLD = Path(__file__).parent / "world"
FACTS_COLUMNS = ("full_name", "stars", "language", "licence", "description", "head")


def build_world(target: Path) -> Path:
    """Build every repository into `target` unless what is there already comes from the same authored files.

    Returns the path of the facts file, `target/repositories.csv`. It is written last: if it is there, the world is whole.
    """
    facts, stamp = target / "repositories.csv", target / "built-from"
    wanted = _digest(WORLD)
    if facts.exists() and stamp.exists() and stamp.read_text() == wanted:
        return facts
    if target.exists() and any(target.iterdir()) and not stamp.exists():
        raise UserError(f"{target} holds something else than a demo world; name an empty or new folder (source.folder)")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    stamp.write_text("unfinished")  # only a folder with this file is ever emptied
    rows = []
    for folder in sorted(path for path in WORLD.iterdir() if path.is_dir()):
        repository = read_repository(folder)
        head = build_repository(repository, target / f"{repository.facts.full_name}.git")
        known = repository.facts
        rows.append((known.full_name, known.stars, known.language, known.licence, known.description, head))
    stamp.write_text(wanted)
    unfinished = facts.with_suffix(".tmp")
    with unfinished.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(FACTS_COLUMNS)
        writer.writerows(rows)
    os.replace(unfinished, facts)
    return facts


def build_repository(repository: AuthoredRepository, target: Path) -> str:
    """Build one bare repository and return the hash of its main branch."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _git(["init", "--quiet", "--bare", "--initial-branch=main", str(target)])
    _git(["-C", str(target), "fast-import", "--quiet"], fast_import_stream(repository))
    return _git(["-C", str(target), "rev-parse", "main"]).decode().strip()


def _git(arguments: list[str], stdin: bytes = b"") -> bytes:
    # The user's own git configuration (hooks, templates, signing) must not reach the hashes.
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TEMPLATE_DIR": "",
    }
    done = subprocess.run(["git", *arguments], input=stdin, capture_output=True, env=environment)
    if done.returncode:
        command = arguments[2] if arguments[0] == "-C" else arguments[0]
        raise LimiError(f"git {command} failed while the demo world was built: {done.stderr.decode(errors='replace')}")
    return done.stdout


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            executable = bool(path.stat().st_mode & 0o100)
            digest.update(f"{path.relative_to(folder).as_posix()}\0{executable}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _check(names: list[str]) -> None:
    folders = [WORLD / name for name in names] or sorted(path for path in WORLD.iterdir() if path.is_dir())
    for folder in folders:
        repository = read_repository(folder)
        with tempfile.TemporaryDirectory() as scratch:
            target = Path(scratch) / "check.git"
            head = build_repository(repository, target)
            print(f"{repository.facts.full_name}: {len(repository.pulls)} entries, main is {head[:12]}")
            for pull in repository.pulls:
                if pull.number is not None:
                    head = f"refs/pull/{pull.number}/head"
                    base = f"{head}~{len(pull.commits)}"
                    stat = _git(["-C", str(target), "diff", "--shortstat", base, head]).decode().strip()
                    print(f"  #{pull.number:<4} {pull.how:8} {stat:55} {pull.title}")


def main() -> int:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m demo.build", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only check the named folders of demo/world/")
    parser.add_argument("names", nargs="*", help="with --check: folder names; without: the folder to build into")
    arguments = parser.parse_args()
    try:
        if arguments.check:
            _check(arguments.names)
        elif len(arguments.names) == 1:
            print(build_world(Path(arguments.names[0])))
        else:
            raise UserError("name the one folder to build into, or give --check")
    except LimiError as error:
        print(f"demo: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
