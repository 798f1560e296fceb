"""A look at the real GitHub: five merged pull requests of one repository, each patch held against GitHub's own diff.

    GITHUB_TOKEN=... python -m benchmarks.github_live [--repository pallets/click] [--branch main] [--pulls 5]

Needs: the installed project, git, a GitHub token in the environment (without any permission), and the network. Costs two GraphQL calls, a
few git fetches, and one REST call for each pull request (for the comparison only). Not part of the tests: it is for whoever holds a
token. Prints one line for each pull request, and one JSON object on its last line: listed, patches, same_lines (whose added and removed
lines are those of GitHub's diff), calls, points, limits_left.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import polars as pl

from pipeline.errors import LimiError
from pipeline.github.api import DIFF
from pipeline.github.collect import Wanted, collect_repositories
from pipeline.github.reading import open_reading
from pipeline.github.verdict import GoneError, TooMuchError
from pipeline.params import read_params
from pipeline.patch import canonical, changed_lines
from pipeline.tables import PULLS


def main() -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.github_live",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--repository", default="pallets/click", help="owner/name")
    parser.add_argument("--branch", default="main", help="its main branch")
    parser.add_argument("--pulls", type=int, default=5, help="how many")
    arguments = parser.parse_args()
    params = read_params(Path("profiles/limi.yaml"))
    collect = params.collect.model_copy(update={"max_listed": arguments.pulls})
    frames: list[pl.DataFrame] = []
    same = 0
    with tempfile.TemporaryDirectory() as scratch:
        try:
            source = params.source.model_copy(update={"folder": scratch})
            with open_reading(source) as reading:
                wanted = [Wanted(arguments.repository, arguments.branch, frames.append)]
                missing = collect_repositories(reading, wanted, collect, params.filter, lambda repo, frame: None)
                spent, left = dict(reading.log.calls), reading.api.limiter.state()
                points = reading.log.points
                if missing:
                    print(
                        f"GitHub has no {arguments.repository} for this token ({missing[arguments.repository]})",
                        file=sys.stderr,
                    )
                    return 2
                for row in PULLS.frame([]).vstack(frames[0]).iter_rows(named=True):
                    path = f"/repos/{arguments.repository}/pulls/{row['number']}"
                    theirs = (
                        canonical(reading.api.rest(path, accept=DIFF).body)[0] if row["patch"] is not None else None
                    )
                    agrees = theirs is not None and _lines(theirs) == _lines(row["patch"])
                    same += agrees
                    way = row["patch_source"] or row["skipped"] or row["failure"]
                    print(f"#{row['number']} {row['method']:6} {way:10} same lines {agrees}")
        except (GoneError, TooMuchError) as error:
            print(f"github_live: GitHub has no diff to compare with: {error}", file=sys.stderr)
            return 1
        except LimiError as error:
            print(f"github_live: {error}", file=sys.stderr)
            return error.exit_code
    print(
        json.dumps(
            {
                "listed": frames[0].height,
                "patches": frames[0].filter(pl.col("patch").is_not_null()).height,
                "same_lines": same,
                "calls": spent,
                "points": points,
                "limits_left": left,
            }
        )
    )
    return 0


def _lines(patch: str) -> tuple[list[str], list[str]]:
    """The added, and the removed lines of a patch; context may differ where the branch had fallen behind."""
    added, others = changed_lines(patch)
    return sorted(added), sorted(line for line in others if f"\n-{line}\n" in f"\n{patch}\n")


if __name__ == "__main__":
    sys.exit(main())
