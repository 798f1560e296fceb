"""The part of `limi plan` about GitHub: what a run will ask of it, and how long the limits make it take."""

from dataclasses import replace
from pathlib import Path

from limi.screen import line
from pipeline.errors import UserError
from pipeline.github.budget import Known, budget, guessed
from pipeline.github.credentials import read_credentials
from pipeline.github.reading import reading_file
from pipeline.github.store import Store
from pipeline.params import Params
from pipeline.tables import REPOS


def show_github(params: Params) -> None:
    """Print the steps with their calls and points, and the least time. Raises UserError for a malformed credential."""
    if params.source.kind != "github":
        line(f"source.kind is {params.source.kind}: all is read from clones on this machine, GitHub is asked nothing.")
        return
    credentials = read_credentials()
    if all(held.name == "nobody" for held in credentials):
        raise UserError("without a token GitHub lists no pull requests; set GITHUB_TOKEN (`limi doctor` says more)")
    known = _known(params)
    plan = budget(known, credentials)
    line(f"{'step':30} {'searches':>8} {'GraphQL':>8} {'points':>7}  kept from before")
    for step in plan.steps:
        numbers = f"{step.searches:8,} {step.graphql:8,} {step.points:7,}"
        line(f"{step.what:30} {numbers}  {step.kept}")
    few, many = plan.fetches
    line(f"{'fetch their patches':30} {'':25}  {few} to {many} git fetches, which cost no call, and a few REST diffs")
    calls = sum(step.searches + step.graphql for step in plan.steps)
    line(
        f"In all {calls:,} calls and {sum(step.points for step in plan.steps):,} GraphQL points; at least "
        f"{plan.minutes:.0f} minutes with {', '.join(held.name for held in credentials)} (5,000 points an hour and 30 "
        "searches a minute each)."
    )
    if not known.searched:
        line(
            f"The search is still to come: about {known.found:,} repositories are assumed, and "
            f"{params.collect.max_listed:,} pull requests in each chosen one. After `dvc repro select_repos` this plan "
            "knows the numbers."
        )


def _known(params: Params) -> Known:
    """What the store and data/repos.parquet know already."""
    most = params.collect.max_listed
    pulls = params.select.repositories * most
    assumed = Known(params.select.repositories, pulls, found=guessed(params.select.min_stars))
    path = reading_file(params.source)
    if not path.exists():
        return assumed
    store, answers = Store(path), Store(path.with_name("answers.sqlite"))
    try:
        searched = store.get("search", f"taken {params.select.min_stars}") is not None
        if not searched or not Path("data/repos.parquet").exists():
            return replace(assumed, searched=searched)
        repos = REPOS.read(Path("data/repos.parquet")).select("repo", "branch").rows()
        states = [store.get("state", f"{repo} {branch}") for repo, branch in repos]
        return Known(
            repositories=len(repos),
            pulls=sum(most if state is None else min(most, state.get("pulls", 0)) for state in states),
            pulls_kept=sum(_listed(answers, state["signature"]) for state in states if state),
            stated=sum(state is not None for state in states),
            searched=True,
        )
    finally:
        store.close()
        answers.close()


def _listed(answers: Store, signature: str) -> int:
    """How many pull requests of a repository in a certain state are listed already."""
    listed = pages = 0
    while (page := answers.get("page", f"{signature} {pages}")) is not None:
        listed, pages = listed + len(page["nodes"]) + page["unreadable"], pages + 1
    return listed
