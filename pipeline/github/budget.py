"""What a run will ask of GitHub, before it asks: calls, points, and the time that the limits leave it. Asks nothing itself."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.github.credentials import Credential
from pipeline.github.limits import WITH_TOKEN, WITHOUT_TOKEN
from pipeline.github.listing import PAGE, REPOSITORIES
from pipeline.github.queries import points
from pipeline.github.repositories import AT_ONCE
from pipeline.github.search import PER_PAGE

OVER_10K = (
    2_700  # repositories over 10,000 stars in 2026, about: the guess of a plan that is made before the first search
)
SECONDS_A_PAGE = 1.5  # for GitHub to answer a page of fifty pull requests, about
FETCHES = (2, 5)  # git fetches of one repository: merges and files; likewise for branches; what a server refuses


def guessed(min_stars: int) -> int:
    """About how many repositories have more stars than this: twenty-five times as many over a tenth of the stars."""
    return round(OVER_10K * math.pow(10_000 / max(10, min_stars), 1.4))


@dataclass(frozen=True)
class Step:
    """One step of a run: what for, how many searches and calls of GraphQL, its points, and how much is kept already."""

    what: str
    searches: int = 0
    graphql: int = 0
    points: int = 0
    kept: str = ""


@dataclass(frozen=True)
class Known:
    """What a plan is made from: so many chosen repositories with so many merged pull requests to list in all.

    `pulls_kept` of those are in the store, `stated` repositories have their state there, `searched` says whether the search is
    done, and `found` how many repositories it has, or is thought to have.
    """

    repositories: int
    pulls: int
    pulls_kept: int = 0
    stated: int = 0
    searched: bool = False
    found: int = OVER_10K


@dataclass(frozen=True)
class Budget:
    """The steps, and the least minutes that the limits of so many credentials allow for all of them."""

    steps: Sequence[Step]
    minutes: float
    fetches: tuple[int, int]


def budget(known: Known, credentials: list[Credential]) -> Budget:
    """What is still to ask, and the least time that it takes with these credentials."""
    # A call takes fifty pull requests of at most ten repositories.
    to_list = max(0, known.pulls - known.pulls_kept)
    pages = max(math.ceil(to_list / PAGE), math.ceil(min(to_list, known.repositories) / REPOSITORIES))
    left = known.repositories - known.stated
    searches = 0 if known.searched else math.ceil(known.found / PER_PAGE) + known.found // 1_000
    state_calls = math.ceil(left / AT_ONCE)
    steps = [
        Step("find the repositories", searches=searches, kept="all of it" if known.searched else "nothing"),
        Step(
            "see the state of the chosen",
            graphql=state_calls,
            points=sum(points(min(AT_ONCE, left - at * AT_ONCE), 0) for at in range(state_calls)),
            kept=f"{known.stated} of {known.repositories} repositories",
        ),
        Step(
            "list their pull requests",
            graphql=pages,
            points=pages * points(1, PAGE),
            kept=f"{known.pulls_kept:,} of {known.pulls:,} pull requests",
        ),
    ]
    limits = [WITH_TOKEN if held.token or held.app else WITHOUT_TOKEN for held in credentials]
    spent = sum(step.points for step in steps)
    a_minute = max(1, sum(limit.searches_a_minute for limit in limits))
    an_hour = sum(limit.graphql_points_an_hour for limit in limits)
    # The first hour's points are there at once; what is over waits for the next hour. Answers come one after another.
    hours = max(0, math.ceil(spent / an_hour) - 1) if an_hour else 0
    answering = sum(step.graphql for step in steps) * SECONDS_A_PAGE / 60 / max(1, len(limits))
    minutes = max(0, math.ceil(searches / a_minute) - 1) + max(hours * 60.0, answering)
    # Where all is listed, all may be fetched as well.
    return Budget(steps, minutes, (FETCHES[0] * known.repositories if to_list else 0, FETCHES[1] * known.repositories))
