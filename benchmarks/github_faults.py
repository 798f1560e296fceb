"""Every fault that GitHub is known for, one by one and all together: the same bytes as without, and no request before its time.

    python -m benchmarks.github_faults

Needs: the installed project with its test extra, git, and the Node packages of tests/servers/contract (for GitHub's GraphQL schema; `make
test` brings all); no account, no network but loopback. Reads the demo world from a stand-in on loopback, on a virtual clock, with the
faults of tests/servers/github/faults.py scripted into the requests that they can happen to, and compares the parts of data/pulls byte by
byte with those of a quiet run. Prints one line for each fault, and one JSON object on its last line: faults, identical, early_requests,
over_limit, unused (faults that were scripted and did not happen), exceptions.
"""

import argparse
import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from pipeline.errors import LimiError
from pipeline.github.clock import VirtualClock
from pipeline.github.collect import Wanted, collect_repositories
from pipeline.github.reading import open_reading
from pipeline.github.repositories import candidates, states
from pipeline.params import read_params
from pipeline.selection import choose_repositories, chosen_repositories
from pipeline.tables import PULLS
from tests.servers.contract.sdl import SDL
from tests.servers.github import DemoWorld, Fault, FaultScript, GitHubServer, early_requests, over_limit

TOKEN = {"GITHUB_TOKEN": "ghp_loopback"}
ONE = "pulls/[0-9]+$"  # REST requests for one pull request's diff; only where git brings nothing
NO_GIT = "git_404"


def scripts() -> dict[str, list[dict[str, Any]]]:
    """`name -> faults` as arguments of Fault. Where REST diffs are struck, git has to fail first, for one repository."""
    limited = ("429_retry_after", "429_bare", "403_secondary_retry_after", "403_secondary_bare", "403_primary")
    trouble = ("500", "502", "504", "reset", "cut", "bad_json")
    found = {
        f"{kind} of {on}": [{"kind": kind, "on": on, "times": 2}]
        for kind in (*limited, *trouble)
        for on in ("search", "graphql")
    }
    found |= {
        kind: [{"kind": kind, "times": 3}]
        for kind in (
            "graphql_rate_limited",
            "graphql_partial",
            "graphql_resource_limits",
            "graphql_timeout",
            "incomplete_results",
        )
    }
    found |= {
        f"{kind} over ten": [{"kind": kind, "on": "graphql", "times": 2, "page_over": 10}] for kind in ("502", "504")
    }
    found |= {kind: [{"kind": kind, "times": 3}] for kind in ("git_500", "git_429", "git_cut")}
    found |= {
        "null_head_repository": [{"kind": "null_head_repository", "on": "graphql", "times": 3}],
        "clock ahead": [
            {"kind": "clock_skew", "seconds": 7_200},
            {"kind": "403_primary", "on": "graphql", "seconds": 90},
        ],
        "clock behind": [
            {"kind": "clock_skew", "seconds": -7_200},
            {"kind": "403_primary", "on": "graphql", "seconds": 90},
        ],
    }
    return found


def run(folder: Path, world: DemoWorld, faults: list[Fault]) -> dict[str, Any]:
    """Collect the demo world with these faults: the hash of each part, and what the server says of the client."""
    params = read_params(Path("profiles/limi.yaml"))
    clock = VirtualClock()
    script = FaultScript(faults)
    parts = folder / "parts"
    with GitHubServer(world, clock=clock, faults=script, sdl_path=SDL) as server:
        source = params.source.model_copy(
            update={"api": server.api_url, "git": server.git_url, "folder": str(folder / "github")}
        )
        began = clock.now()
        said = ""
        try:
            with open_reading(source, clock, TOKEN) as reading:
                found = candidates(reading, params.select.min_stars)
                chosen = chosen_repositories(choose_repositories(found, params.select, params.seed))
                states(reading, chosen.select("repo", "branch").iter_rows())
                wanted = [
                    Wanted(
                        repo,
                        branch,
                        lambda frame, repo=repo: PULLS.write(frame, parts / f"{repo.replace('/', '__')}.parquet"),
                    )
                    for repo, branch in chosen.select("repo", "branch").iter_rows()
                ]
                collect_repositories(reading, wanted, params.collect, params.filter, lambda repo, frame: None)
        except LimiError as error:
            said = str(error)
        return {
            "parts": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(parts.glob("*"))},
            "minutes": (clock.now() - began) / 60,
            "early": early_requests(server.log),
            "over": over_limit(server.log, server.limits),
            "unused": [fault.kind for fault in script.unused],
            "said": said,
        }


def main() -> None:
    """See the module's docstring."""
    argparse.ArgumentParser(
        prog="python -m benchmarks.github_faults",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args()
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        world = DemoWorld(Path(scratch) / "world")
        quiet = run(Path(scratch) / "quiet", world, [])
        wanted = scripts()
        wanted["all together"] = [
            fault for faults in scripts().values() for fault in faults if fault["kind"] != "clock_skew"
        ]
        for at, (name, faults) in enumerate(wanted.items()):
            result = run(Path(scratch) / str(at), world, [Fault(**fault) for fault in faults])
            result["identical"] = result["parts"] == quiet["parts"] and not result["said"]
            results[name] = result
            print(
                f"{name:32} identical {result['identical']!s:5} early {len(result['early'])} over {len(result['over'])} "
                f"unused {result['unused']} {result['minutes']:.1f} virtual minutes {result['said']}",
                file=sys.stderr,
                flush=True,
            )
    print(
        json.dumps(
            {
                "faults": len(results),
                "identical": all(result["identical"] for result in results.values()),
                "early_requests": sum(len(result["early"]) for result in results.values()),
                "over_limit": sum(len(result["over"]) for result in results.values()),
                "unused": {name: result["unused"] for name, result in results.items() if result["unused"]},
                "exceptions": {name: result["said"] for name, result in results.items() if result["said"]},
            }
        )
    )


if __name__ == "__main__":
    main()
