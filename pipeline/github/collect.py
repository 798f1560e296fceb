"""From chosen repositories to their parts of the PULLS table: list, decide by facts, fetch the patches that are still needed.

One process does it all: the limits hold for a run, not for a core. Listing goes on while git fetches what is listed.
"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline.clones.patches import Change
from pipeline.filters import FACTS, by_facts
from pipeline.github.facts import pull_facts
from pipeline.github.fetch import Fetched
from pipeline.github.listing import Listed, Listing
from pipeline.github.patches import Patch, fetch_patches
from pipeline.github.reading import Reading
from pipeline.github.repositories import states
from pipeline.sections import Collect, Filter
from pipeline.tables import PULLS

WORKING = 4  # repositories that are worked on at once; only one of them fetches
ENDING = 30.0  # seconds that other repositories have to end after an error in one
AHEAD = 8  # repositories that are listed and not yet written, so that memory does not grow with their number


@dataclass(frozen=True)
class Wanted:
    """A repository to collect and where its part goes."""

    repo: str
    branch: str
    write: Callable[[pl.DataFrame], None]


def collect_repositories(
    reading: Reading,
    wanted: Iterable[Wanted],
    collect: Collect,
    chosen: Filter,
    done: Callable[[str, pl.DataFrame], None],
) -> dict[str, str]:
    """Write the part of each repository, and call `done` with it. Returns `owner/name -> why` of those that GitHub has not got."""
    by_name = {item.repo: item for item in wanted}
    known = states(reading, [(item.repo, item.branch) for item in by_name.values()])
    missing = {repo: "repository_not_found" for repo, state in known.items() if state is None}
    for repo in missing:
        by_name[repo].write(PULLS.frame([]))
        done(repo, PULLS.frame([]))
    order = [
        (item.repo, item.branch, min(collect.max_listed, state["pulls"]), state["signature"])
        for item in by_name.values()
        if (state := known[item.repo]) is not None
    ]
    names = {repo: state["name"] or repo for repo, state in known.items() if state}
    running: set[Future[None]] = set()
    telling = threading.Lock()

    def one(listed: Listed) -> None:
        frame = collect_repository(reading, listed, names[listed.repo], collect, chosen)
        by_name[listed.repo].write(frame)
        with telling:
            done(listed.repo, frame)

    # Waits end every half second, or Ctrl-C would not be heard; after an error nobody waits for those that wait for GitHub.
    pool = ThreadPoolExecutor(WORKING)
    try:
        for listed in Listing(reading.api, reading.answers).read(order):
            if listed.gone:
                # Part of a list is not the newest of anything, so what was listed before is left out.
                missing[listed.repo], listed.nodes = listed.gone, []
            if listed.unreadable:
                reading.log.say(
                    f"{listed.unreadable} pull requests of {listed.repo} came back empty and are not listed"
                )
            while len(running) >= AHEAD:
                finished, running = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                _raise(finished)
            running.add(pool.submit(one, listed))
        while running:
            finished, running = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
            _raise(finished)
    except BaseException as error:
        # What the others have nearly done is not thrown away, but who pressed Ctrl-C does not wait.
        wait(running, timeout=0.0 if isinstance(error, KeyboardInterrupt) else ENDING)
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return missing


def collect_repository(reading: Reading, listed: Listed, name: str, collect: Collect, chosen: Filter) -> pl.DataFrame:
    """A PULLS frame of what was listed of a repository, by number. A pull request that fails is a row with its failure."""
    pulls = [pull_facts(listed.repo, node) for node in listed.nodes[: collect.max_listed]]
    skipped = by_facts(_facts(pulls), chosen, collect.max_changed_lines)
    needed = [pull for pull in pulls if pull["number"] not in skipped]
    patches: dict[int, Patch] = {}
    if needed:
        fetched = Fetched(reading.repositories, reading.git, name)
        patches = fetch_patches(reading.api, fetched, needed, collect.max_patch_bytes)
    unique = {pull["number"]: pull for pull in pulls}
    return PULLS.frame(
        [_row(pull, skipped.get(number, ""), patches.get(number)) for number, pull in sorted(unique.items())]
    )


def _facts(pulls: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(
        {name: [pull[name] for pull in pulls] for name in FACTS}, {name: PULLS.schema[name] for name in FACTS}
    )


def _row(pull: dict[str, Any], skipped: str, patch: Patch | None) -> dict[str, Any]:
    facts = {name: value for name, value in pull.items() if name != "commits"}
    if patch is None:
        nothing = {"patch": None, "patch_bytes": 0, "patch_utf8": True, "patch_source": "", "failure": ""}
        return facts | {"skipped": skipped} | nothing
    change: Change = patch.change
    return facts | {
        "skipped": "",
        "method": patch.method,
        "base_sha": patch.base or pull["base_sha"],
        "files": change.files if patch.way else pull["files"],
        "patch": change.patch,
        "patch_bytes": change.patch_bytes,
        "patch_utf8": change.utf8,
        "patch_source": patch.way,
        "failure": "" if patch.way else change.failure or "no_way_worked",
    }


def _raise(finished: Iterable[Future[None]]) -> None:
    for future in finished:
        if (error := future.exception()) is not None:
            raise error
