"""The git way on real repositories: shallow and without files over smart HTTP, compared with whole clones, patch by patch.

    python -m benchmarks.github_fetch FOLDER FACTS.csv [--pulls 1000]

Needs: the installed project with its test extra, git, and clones of real repositories with their facts (docs/DATA.md); no account, no
network but loopback. Takes the newest merged pull requests of each clone, and what GitHub would say of them (lines, files, commits: of
their branches where the clone has them, three dots as GitHub counts), from the clone itself, serves the clone by `git http-backend`, and
fetches the patches as a run on GitHub does: merge commits with `--depth=2 --filter=blob:none`, then the files that differ. Prints one line
for each repository, and one JSON object on its last line: pulls, with_branch, same (patch, files and base equal to the clone's), git_other
(taken by the way `git`, and not the clone's), ways (`rest`: what would be asked of GitHub), fetches, seconds, megabytes (of what was
fetched).
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.clones.collect import collect_clone
from pipeline.clones.facts import find_clone, read_facts, read_repositories
from pipeline.clones.git import open_clone
from pipeline.clones.patches import changes
from pipeline.github.fetch import Fetched
from pipeline.github.patches import fetch_patches
from pipeline.github.reading import open_reading
from pipeline.params import read_params
from tests.servers.contract.sdl import SDL
from tests.servers.github import GitHubServer, SyntheticWorld


class RealWorld(SyntheticWorld):
    """Nothing but git: real clones under their names on GitHub."""

    def __init__(self, folder: Path) -> None:
        super().__init__([(20_000, 1)])
        self._folder = folder

    def repository(self, full_name: str) -> Any:
        """Some repository's facts, if there is a clone of this name."""
        there = (self._folder / f"{full_name}.git").exists()
        return replace(self.repositories()[0], full_name=full_name) if there else None

    def git_folder(self) -> Path:
        """Where OWNER/NAME.git lies."""
        return self._folder


def told(place: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What GitHub would say of pull requests that were read from a clone: of their branch where the clone has it, else of their merge."""
    spans = {}
    for row in rows:
        base = _git(place, "merge-base", row["base_sha"], row["head_sha"]) if row["head_sha"] else ""
        count = _git(
            place, "rev-list", "--count", f"{row['base_sha']}..{row['head_sha'] if base else row['merge_sha']}"
        )
        spans[row["number"]] = base, int(count) if base or row["method"] == "rebase" else 1
    with open_clone(place) as clone:
        pairs = {row["head_sha"]: spans[row["number"]][0] for row in rows if spans[row["number"]][0]}
        branches = changes(clone, list(pairs.items()), 1)
    facts = []
    for row in rows:
        base, commits = spans[row["number"]]
        change = branches.get(row["head_sha"]) if base else None
        listed = change.files if change is not None and not change.failure else row["files"]
        files = [file | {name: file[name] or 0 for name in ("additions", "deletions")} for file in listed]
        facts.append(
            row
            | {
                "commits": commits,
                "files": files,
                "changed_files": len(files),
                "additions": sum(file["additions"] for file in files),
                "deletions": sum(file["deletions"] for file in files),
            }
        )
    return facts


def _git(place: Path, *arguments: str) -> str:
    """What git says; empty if it cannot."""
    done = subprocess.run(["git", "-C", str(place), *arguments], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.github_fetch",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="where the clones lie")
    parser.add_argument("facts", type=Path, help="their facts")
    parser.add_argument("--pulls", type=int, default=1_000, help="newest merged pull requests of each")
    arguments = parser.parse_args()
    params = read_params(Path("profiles/limi.yaml"))
    collect = params.collect.model_copy(update={"max_listed": arguments.pulls})
    total: Counter[str] = Counter()
    ways: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        served = Path(scratch) / "served"
        places = {facts.full_name: find_clone(arguments.folder, facts) for facts in read_facts(arguments.facts)}
        for name, place in places.items():
            (served / name).parent.mkdir(parents=True, exist_ok=True)
            git_dir = place / ".git" if (place / ".git").is_dir() else place
            (served / f"{name}.git").symlink_to(git_dir.resolve())
        with GitHubServer(RealWorld(served), sdl_path=SDL) as server:
            source = params.source.model_copy(
                update={"api": server.api_url, "git": server.git_url, "folder": str(Path(scratch) / "github")}
            )
            with open_reading(source, None, {"GITHUB_TOKEN": "ghp_loopback"}) as reading:
                for row in read_repositories(arguments.facts, arguments.folder).iter_rows(named=True):
                    name, place = row["repo"], places[row["repo"]]
                    direct = collect_clone(name, place, row["head_sha"], collect)
                    rows = [one for one in direct.iter_rows(named=True) if not one["failure"]]
                    asked = told(place, rows)
                    began = time.monotonic()
                    fetched = Fetched(reading.repositories, reading.git, name)
                    found = fetch_patches(reading.api, fetched, asked, collect.max_patch_bytes)
                    seconds = time.monotonic() - began
                    same = sum(_same(one, found[one["number"]]) for one in rows)
                    other = sum(
                        found[one["number"]].way == "git" and not _same(one, found[one["number"]]) for one in rows
                    )
                    ways.update(patch.way or "rest" for patch in found.values())
                    with_branch = sum(bool(one["head_sha"]) for one in rows)
                    total.update(pulls=len(rows), same=same, git_other=other, with_branch=with_branch)
                    total["milliseconds"] += round(seconds * 1000)
                    print(f"{name}: {len(rows)} pull requests, {same} the same, {seconds:.1f} s", file=sys.stderr)
                fetches = reading.log.fetches
            size = sum(
                path.stat().st_size for path in (Path(scratch) / "github/repositories").rglob("*") if path.is_file()
            )
    print(
        json.dumps(
            {
                "pulls": total["pulls"],
                "with_branch": total["with_branch"],
                "same": total["same"],
                "git_other": total["git_other"],
                "ways": dict(ways),
                "fetches": fetches,
                "seconds": round(total["milliseconds"] / 1000, 1),
                "megabytes": round(size / 1e6, 1),
            }
        )
    )


def _same(row: dict[str, Any], patch: Any) -> bool:
    change = patch.change
    return (row["patch"], row["patch_bytes"], row["patch_utf8"], row["files"], row["base_sha"]) == (
        change.patch,
        change.patch_bytes,
        change.utf8,
        change.files,
        patch.base,
    )


if __name__ == "__main__":
    main()
