"""What reading GitHub costs: on a stand-in over the demo world, in a run that meets each limit, and simulated for a hundred repositories.

    python -m benchmarks.github_budget [--repositories 100] [--pulls 1000]

Needs: the installed project with its test extra, git, and the Node packages of tests/servers/contract (`make test` brings all); no
account, no network but loopback. Three parts, each with the client as it is:

1. the demo world through GitHub's own descriptions (Prism, graphql-core): calls and points, violations;
2. answers that take no time, so that nothing but the limiter holds the client back: 6,000 GraphQL calls, 5,400 REST calls, a search of
   2,600 repositories with ties, 150 threads; the server enforces every documented limit but the one on response time;
3. a virtual clock: repositories x pull requests with 1.5 s for each page, which is where the limit on response time binds, beside what five
   other collectors need at their measured calls per scanned pull request and 5,000 calls an hour, their waiting for answers left out.

After each part a brute force looks over the server's log for a breach of any limit.

Prints progress, and one JSON object on its last line.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.filtering import judge
from pipeline.github.clock import VirtualClock
from pipeline.github.collect import Wanted, collect_repositories
from pipeline.github.limits import WITH_TOKEN
from pipeline.github.listing import Listing
from pipeline.github.reading import open_reading
from pipeline.github.repositories import candidates, states
from pipeline.params import Params, read_params
from pipeline.selection import choose_repositories, chosen_repositories
from tests.servers.contract.gate import ContractGate
from tests.servers.contract.sdl import SDL
from tests.servers.github import DemoWorld, Fault, GitHubServer, SyntheticWorld, over_limit

SECONDS_A_PAGE = 1.5  # what GitHub takes for fifty pull requests with their files, about
# API calls per scanned pull request, each measured on one fake repository of 200 closed pull requests.
OTHERS = {
    "SWE-bench": 3.52,
    "Multi-SWE-bench": 2.33,
    "swe-factory": 2.25,
    "SWE-benchify": 1.22,
    "SWE-bench-Live": 1.21,
}
SEARCHED = [(250_000, 1), (60_000, 99), (30_000, 500), (12_345, 1_300), (11_000, 400), (10_001, 300)]
# Waits move the virtual clock under requests that are on their way, which would count as time that GitHub took.
TIMELESS = replace(WITH_TOKEN, graphql_seconds_a_minute=1e12, seconds_a_minute=1e12)
SMALL = """query($owner: String!, $name: String!) {
  rateLimit { cost limit remaining resetAt }
  repository(owner: $owner, name: $name) { pullRequests(states: MERGED, first: 1) { nodes { number } } }
}"""
TOKEN = {"GITHUB_TOKEN": "ghp_loopback"}


def say(text: str) -> None:
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


def source_of(params: Params, api: str, git: str, folder: Path) -> Any:
    """The profile's source with another address."""
    return params.source.model_copy(update={"api": api, "git": git, "folder": str(folder)})


def demo_world(folder: Path) -> dict[str, Any]:
    """Part 1: profile `limi` over the demo world, through the contract gate."""
    params = read_params(Path("profiles/limi.yaml"))
    clock = VirtualClock()
    frames = {}
    with (
        GitHubServer(DemoWorld(folder / "world"), clock=clock, sdl_path=SDL) as server,
        ContractGate(server.api_url) as gate,
        open_reading(source_of(params, gate.url, gate.url, folder / "demo"), clock, TOKEN) as reading,
    ):
        found = candidates(reading, params.select.min_stars)
        chosen = chosen_repositories(choose_repositories(found, params.select, params.seed))
        states(reading, chosen.select("repo", "branch").iter_rows())
        wanted = [
            Wanted(repo, branch, lambda frame, repo=repo: frames.__setitem__(repo, frame))
            for repo, branch in chosen.select("repo", "branch").iter_rows()
        ]
        collect_repositories(reading, wanted, params.collect, params.filter, lambda repo, frame: None)
        calls = Counter(record.resource for record in server.log)
        kept = sum(judge(frame, params.filter).verdicts.filter(fate="kept").height for frame in frames.values())
        listed = sum(frame.height for frame in frames.values())
        api = sum(count for resource, count in calls.items() if resource != "git")
        return {
            "scanned": listed,
            "kept": kept,
            "calls": api,
            "calls_per_scanned_pr": round(api / listed, 4),
            "rest_calls_per_kept_patch": round((calls["core"] + calls["search"]) / kept, 4),
            "checked_by_contract": sum(count for kind, count in gate.requests.items() if kind != "git"),
            "contract_violations": len(gate.violations),
            "over_limit": len(over_limit(server.log, server.limits)),
        }


def every_limit(folder: Path, scale: float) -> dict[str, Any]:
    """Part 2: nothing but the limiter between the client and each documented limit."""
    params = read_params(Path("profiles/limi.yaml"))
    pages, calls = int(3_000 * scale), int(5_400 * scale)
    world = SyntheticWorld(SEARCHED, pulls=1_000)
    clock = VirtualClock()
    with (
        GitHubServer(world, clock=clock, sdl_path=SDL) as server,
        open_reading(
            source_of(params, server.api_url, server.git_url, folder / "limits"), clock, TOKEN, TIMELESS
        ) as reading,
    ):
        began = clock.now()
        found = candidates(reading, params.select.min_stars)
        searches = [record for record in server.log if record.resource == "search"]
        say(f"searched: {found.height} of {len(world.repositories())} repositories, {len(searches)} searches")
        repo = found["repo"][0]
        with ThreadPoolExecutor(150) as pool:
            list(pool.map(lambda at: reading.api.rest(f"/repos/{repo}", {"n": at}), range(calls)))
        say(f"{calls} REST calls")
        owner, name = repo.split("/")
        with ThreadPoolExecutor(150) as pool:
            asked = {"owner": owner, "name": name}
            list(pool.map(lambda _: reading.api.graphql(SMALL, asked, 1), range(pages * 2)))
        say(f"{pages * 2} GraphQL calls")
        hold = Fault("hold", on="core", times=150)
        server.faults.add(hold)
        with ThreadPoolExecutor(150) as pool:
            for at in range(150):
                pool.submit(reading.api.rest, f"/repos/{repo}", {"held": at})
            deadline = time.monotonic() + 20
            while hold.used < 90 and time.monotonic() < deadline:
                time.sleep(0.1)
            time.sleep(0.5)  # room for one too many
            hold.release.set()
        return {
            "found": found.height,
            "of": len(world.repositories()),
            "searches": len(searches),
            "most_searches_in_a_minute": most_in(60, searches),
            "most_core_in_an_hour": most_in(3_600, server.log.of("core")),
            "most_points_in_an_hour": most_in(3_600, server.log.of("graphql")),
            "most_rest_in_a_minute": most_in(60, [r for r in server.log if r.resource in ("core", "search")]),
            "most_graphql_in_a_minute": most_in(60, server.log.of("graphql")),
            "most_at_once": max(record.concurrent for record in server.log),
            "virtual_hours": round((clock.now() - began) / 3600, 1),
            "over_limit": len(over_limit(server.log, server.limits)),
        }


def most_in(seconds: float, records: list[Any]) -> int:
    """The most that was spent in any so many seconds: by brute force over the server's log."""
    return most_of(seconds, sorted((record.arrived, record.cost) for record in records))


def most_of(seconds: float, spent: list[tuple[float, float]]) -> Any:
    """The most that stands in any so many seconds of sorted `(time, amount)`."""
    most: float = 0
    total: float = 0
    first = 0
    for when, cost in spent:
        total += cost
        while spent[first][0] <= when - seconds:
            total -= spent[first][1]
            first += 1
        most = max(most, total)
    return most


def simulated(folder: Path, repositories: int, pulls: int) -> dict[str, Any]:
    """Part 3: how long so many repositories take on a virtual clock."""
    params = read_params(Path("profiles/limi.yaml"))
    world = SyntheticWorld([(50_000 - at, 1) for at in range(repositories)], pulls=pulls)
    clock = VirtualClock()
    with (
        GitHubServer(world, clock=clock, sdl_path=SDL, takes={"graphql": SECONDS_A_PAGE}) as server,
        open_reading(source_of(params, server.api_url, server.git_url, folder / "simulated"), clock, TOKEN) as reading,
    ):
        began, real = clock.now(), time.monotonic()
        found = candidates(reading, params.select.min_stars)
        known = states(reading, found.select("repo", "branch").iter_rows())
        wanted = [
            (repo, branch, min(pulls, state["pulls"]), state["signature"])
            for repo, branch in found.select("repo", "branch").iter_rows()
            if (state := known[repo])
        ]
        listed = 0
        for at, one in enumerate(Listing(reading.api, reading.answers).read(wanted), 1):
            listed += len(one.nodes)
            if at % 10 == 0:
                say(f"simulated {at} of {repositories} repositories, {(clock.now() - began) / 60:.0f} minutes")
        minutes = (clock.now() - began) / 60
        return {
            "listed": listed,
            "calls": sum(record.resource != "git" for record in server.log),
            "points": sum(record.cost for record in server.log.of("graphql")),
            "minutes": round(minutes, 1),
            "most_answer_seconds_in_a_minute": most_of(60, [(r.answered, r.took) for r in server.log.of("graphql")]),
            "over_limit": len(over_limit(server.log, server.limits)),
            "real_seconds": round(time.monotonic() - real),
        }


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.github_budget",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--repositories", type=int, default=100, help="to simulate")
    parser.add_argument("--pulls", type=int, default=1_000, help="merged pull requests of each")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="of the run that meets each limit; below 1 it meets fewer"
    )
    arguments = parser.parse_args()
    threading.stack_size(512 * 1024)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        demo = demo_world(folder)
        say(f"demo world: {demo}")
        limits = every_limit(folder, arguments.scale)
        say(f"limits: {limits}")
        simulation = simulated(folder, arguments.repositories, arguments.pulls)
    scanned = arguments.repositories * arguments.pulls
    print(
        json.dumps(
            {
                "calls_per_scanned_pr": demo["calls_per_scanned_pr"],
                "rest_calls_per_kept_patch": demo["rest_calls_per_kept_patch"],
                "contract_violations": demo["contract_violations"],
                "over_limit": demo["over_limit"] + limits["over_limit"] + simulation["over_limit"],
                "simulated_minutes_100x1000": simulation["minutes"],
                "others_minutes": {name: round(calls * scanned / 5_000 * 60) for name, calls in OTHERS.items()},
                "demo": demo,
                "limits": limits,
                "simulation": simulation,
            }
        )
    )


if __name__ == "__main__":
    main()
