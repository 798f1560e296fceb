"""`limi clones add`: a bare clone with its pull-request refs, and its row of facts. Called again, it fetches what is new."""

import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from limi.screen import line
from pipeline.clones.facts import FULL_NAME, RepositoryFacts, find_clone, read_facts, write_facts
from pipeline.clones.git import ISOLATED, Clone, open_clone
from pipeline.clones.licences import licence_of
from pipeline.errors import LimiError, UserError

HEAD = "refs/heads/limi-head"
REFS = (HEAD, "refs/pull")
REFSPECS = (f"+HEAD:{HEAD}", "+refs/pull/*/head:refs/pull/*/head")
LANGUAGES = {
    ".c": "C",
    ".h": "C",
    ".cc": "C++",
    ".cpp": "C++",
    ".hpp": "C++",
    ".cs": "C#",
    ".go": "Go",
    ".java": "Java",
    ".js": "JavaScript",
    ".jsx": "JavaScript",
    ".mjs": "JavaScript",
    ".kt": "Kotlin",
    ".php": "PHP",
    ".py": "Python",
    ".rb": "Ruby",
    ".rs": "Rust",
    ".scala": "Scala",
    ".sh": "Shell",
    ".swift": "Swift",
    ".ts": "TypeScript",
    ".tsx": "TypeScript",
    ".vue": "Vue",
    ".ex": "Elixir",
    ".hs": "Haskell",
    ".lua": "Lua",
    ".pl": "Perl",
    ".dart": "Dart",
    ".zig": "Zig",
    ".ml": "OCaml",
    ".clj": "Clojure",
    ".jl": "Julia",
}


def add_clone(url: str, folder: Path, csv: Path, stars: int, language: str, licence: str, description: str) -> None:
    """Make or renew one clone and its row. Raises UserError for a bad address or one that does not answer."""
    full_name = _full_name(url)
    target = folder / f"{full_name}.git"
    _fetch(_address(url), target)
    before = {row.full_name.lower(): row for row in read_facts(csv)} if csv.exists() else {}
    known = before.get(full_name.lower())
    with open_clone(target) as clone:
        head = clone.resolve(HEAD)
        row = RepositoryFacts(
            full_name=full_name,
            stars=stars or (known.stars if known else 0),
            language=language or (known.language if known else "") or main_language(clone, head),
            licence=licence or (known.licence if known else "") or licence_of(clone, head),
            description=description or (known.description if known else ""),
            head=head,
            clone=f"{full_name}.git",
        )
    write_facts(csv, [*(other for name, other in before.items() if name != full_name.lower()), row])
    line(f"{full_name}: {row.language}, {row.licence}, {row.stars} stars, at {head[:12]}; its row is in {csv}")
    if not row.stars:
        line(
            f"  a clone does not know its stars: give --stars, or fill in the column in {csv}, or select.min_stars leaves it out"
        )


def pin_clones(folder: Path, csv: Path) -> None:
    """Write the commit of every clone's HEAD into the facts file. Raises UserError for a clone that can't be read."""
    pinned = []
    for row in read_facts(csv):
        with open_clone(find_clone(folder, row)) as clone:
            # A clone of `limi clones add` keeps what it fetched last beside its HEAD.
            fetched = clone.refs(HEAD).get(HEAD)
            pinned.append(replace(row, head=fetched or clone.resolve("HEAD")))
        line(f"{row.full_name}: {row.head[:12] or 'not pinned'} -> {pinned[-1].head[:12]}")
    write_facts(csv, pinned)


def main_language(clone: Clone, head: str) -> str:
    """The language with most bytes among the files of a commit, by their endings; "unknown" if there is none."""
    sizes: Counter[str] = Counter()
    for entry in clone.read(["ls-tree", "-r", "-l", "-z", head]).split(b"\0"):
        facts, _, path = entry.partition(b"\t")
        size = facts.split()[-1:] or [b"-"]
        ending = Path(path.decode("utf-8", "replace")).suffix.lower()
        if ending in LANGUAGES and size[0].isdigit():
            sizes[LANGUAGES[ending]] += int(size[0])
    return min(sizes, key=lambda name: (-sizes[name], name)) if sizes else "unknown"


def _full_name(url: str) -> str:
    parts = re.split(r"[/:]", url.rstrip("/").removesuffix(".git"))
    name = "/".join(parts[-2:])
    if url.startswith("-") or not FULL_NAME.fullmatch(name):
        raise UserError(
            f"{_public(url)} is not an address that ends in owner/name, such as https://github.com/owner/name"
        )
    return name


def _fetch(url: str, target: Path) -> None:
    """Fetch into the target without obeying anything in it: a scratch repository asks, with the target's objects and refs."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        **{"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "file:git:https:ssh", "LC_ALL": "C"},
    }
    alone = {"PATH": os.environ.get("PATH", ""), **ISOLATED, "GIT_TEMPLATE_DIR": ""}
    fresh = not (target / "HEAD").exists()
    if fresh:
        subprocess.run(
            ["git", "init", "--quiet", "--bare", "--initial-branch=limi-head", str(target)], check=True, env=alone
        )
    line(f"{_public(url)}: fetching")
    with tempfile.TemporaryDirectory(prefix="limi-fetch-") as scratch:
        subprocess.run(["git", "init", "--quiet", "--bare", scratch], check=True, env=alone)
        known = _git(["-C", str(target), "for-each-ref", "--format=%(objectname) %(refname)", *REFS], alone)
        (Path(scratch) / "packed-refs").write_bytes(known)
        # No remote is configured and FETCH_HEAD is not written, so the address reaches no file. Git draws its own progress bar.
        done = subprocess.run(
            [
                "git",
                "fetch",
                "--no-tags",
                "--progress",
                "--prune",
                "--no-write-fetch-head",
                "--no-auto-gc",
                "--end-of-options",
                url,
                *REFSPECS,
            ],
            env={**environment, "GIT_DIR": scratch, "GIT_OBJECT_DIRECTORY": str(target.absolute() / "objects")},
        )
        if done.returncode:
            if fresh:
                shutil.rmtree(target)
            raise UserError(
                f"git could not fetch {_public(url)} (see its words above); check the address and the network"
            )
        fetched = _git(["-C", scratch, "for-each-ref", "--format=%(objectname) %(refname)", *REFS], alone)
    updates = {name: oid for oid, _, name in (row.partition(" ") for row in fetched.decode().splitlines())}
    gone = {row.partition(" ")[2] for row in known.decode().splitlines()} - updates.keys()
    orders = [f"update {name} {oid}\n" for name, oid in updates.items()] + [f"delete {name}\n" for name in sorted(gone)]
    _git(
        ["-C", str(target), "-c", f"core.hooksPath={os.devnull}", "update-ref", "--stdin"],
        alone,
        "".join(orders).encode(),
    )


def _git(arguments: list[str], environment: dict[str, str], stdin: bytes = b"") -> bytes:
    done = subprocess.run(["git", *arguments], input=stdin, capture_output=True, env=environment)
    if done.returncode:
        raise LimiError(f"git {arguments[-1]} failed: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done.stdout


def _address(url: str) -> str:
    """The address as git shall get it. Raises UserError for one with a password, which git would repeat in its messages."""
    if re.search(r"://\S*:\S*@", url):
        raise UserError(
            f"{_public(url)} has a password in it; leave it out and let a git credential helper or an ssh key supply it"
        )
    # Git runs in another folder, so a path must not be relative.
    return str(Path(url).absolute()) if "://" not in url and Path(url).exists() else url


def _public(url: str) -> str:
    """An address without the user name and password it may carry."""
    return re.sub(r"://.*@", "://", url)
