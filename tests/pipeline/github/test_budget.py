"""What `limi plan` says before a run is what the run then asks, by the server's own log."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from limi.plan import show_plan
from limi.plan_github import _known
from pipeline.errors import UserError
from pipeline.github.api import TROUBLES
from pipeline.github.budget import Budget, Known, budget
from pipeline.github.clock import VirtualClock
from pipeline.github.credentials import Credential, read_credentials
from pipeline.github.verdict import TroubleError
from pipeline.params import read_params
from stages import collect_prs, select_repos
from tests.conftest import ROOT
from tests.servers.contract.sdl import SDL
from tests.servers.github import Fault, FaultScript, GitHubServer, SyntheticWorld

TOKEN = Credential("token 1", "ghp_loopback")
NOBODY = Credential("nobody")


class Asked(NamedTuple):
    """Calls and points, as a plan says them or as a server has seen them."""

    searches: int
    graphql: int
    points: int


class Run:
    """A project folder in which the two stages that read GitHub run in this process, on a time that does not pass."""

    def __init__(self, server: GitHubServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        folder.mkdir()
        self.set({"source": {"api": server.api_url, "git": server.git_url}})

    def set(self, changed: dict[str, dict[str, Any]]) -> None:
        path = self.folder / "params.yaml"
        params = yaml.safe_load((path if path.exists() else ROOT / "profiles/limi.yaml").read_text(encoding="utf-8"))
        for section, values in changed.items():
            params[section] |= values
        path.write_text(yaml.safe_dump(params), encoding="utf-8")

    def planned(self) -> Asked:
        plan = self.plan()
        return Asked(*(sum(getattr(step, name) for step in plan.steps) for name in ("searches", "graphql", "points")))

    def plan(self) -> Budget:
        """What `limi plan` prints, in numbers; and it asks nothing for it."""
        before = len(self.server.log)
        found = budget(_known(read_params()), read_credentials())
        assert len(self.server.log) == before
        return found

    def asked(self, work: Callable[[], None]) -> Asked:
        before = len(self.server.log)
        work()
        seen = list(self.server.log)[before:]
        return Asked(
            sum(record.resource == "search" for record in seen),
            sum(record.resource == "graphql" for record in seen),
            sum(record.cost for record in seen if record.resource == "graphql"),
        )


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """A door to a made-up world. No patch is asked for: with `max_tokens: 1` every change is too large by GitHub's facts."""

    @contextmanager
    def opened(count: int, pulls: int, faults: FaultScript | None = None, **select: Any) -> Iterator[Run]:
        clock = VirtualClock()
        monkeypatch.setattr("pipeline.github.reading.SystemClock", lambda: clock)
        monkeypatch.setenv("GITHUB_TOKEN", "ghp_loopback")
        for name in ("GITHUB_TOKENS", "GITHUB_APP_ID"):
            monkeypatch.delenv(name, raising=False)
        # Stars fall slowly, as they do on GitHub, with a few ties.
        world = SyntheticWorld([(60_000 - at // 2, 1) for at in range(count)], pulls=pulls)
        with GitHubServer(world, clock=clock, faults=faults, sdl_path=SDL) as server:
            run = Run(server, tmp_path / "project")
            monkeypatch.chdir(run.folder)
            run.set({"filter": {"max_tokens": 1}, "collect": {"max_changed_lines": 1, "max_listed": 1_000}})
            run.set({"select": {"repositories": count} | select})
            yield run

    yield opened


def test_after_the_search_the_plan_is_what_the_run_asks(running: Any) -> None:
    with running(12, 130) as run:
        assert run.asked(select_repos.main).searches == 1
        planned, asked = run.planned(), run.asked(collect_prs.main)
        assert planned.graphql == asked.graphql == 32  # 12 x 130 by fifty: full pages over the borders of repositories
        assert planned.searches == asked.searches == 0
        assert 0 <= planned.points - asked.points <= 1  # the last page is not full


def test_before_the_search_it_is_a_guess_that_is_near(running: Any) -> None:
    with running(2_700, 0, repositories=100) as run:
        planned = run.planned()
        asked = run.asked(select_repos.main)
        assert abs(planned.searches - asked.searches) <= 3, (planned, asked)
        state, listing = run.plan().steps[1:]
        assert (state.graphql, listing.graphql) == (0, 0)
        assert asked.graphql == 2  # the state of a hundred


def test_before_the_search_the_state_of_the_chosen_is_planned_as_it_is_asked(running: Any) -> None:
    with running(60, 0) as run:
        state = run.plan().steps[1]
        asked = run.asked(select_repos.main)
        assert (state.graphql, state.points) == (asked.graphql, asked.points) == (2, 2)


def test_a_repository_with_fewer_pull_requests_than_wanted_is_planned_with_those_that_it_has(running: Any) -> None:
    with running(4, 70) as run:
        run.set({"collect": {"max_listed": 60}})
        run.asked(select_repos.main)
        assert run.plan().steps[2].kept == "0 of 240 pull requests"
        assert run.planned() == run.asked(collect_prs.main)


@pytest.mark.parametrize("after", [1, 3, 9])
def test_in_the_middle_the_plan_is_what_is_left(running: Any, after: int) -> None:
    # The first GraphQL call is the state of the chosen; then a listing that is cut off.
    faults = FaultScript([Fault("500", on="graphql", times=TROUBLES, after=after + 1)])
    with running(6, 100, faults) as run:
        run.asked(select_repos.main)
        with pytest.raises(TroubleError):
            collect_prs.main()
        assert faults.unused == []
        planned = run.planned()
        assert planned.graphql == 12 - after
        assert planned == run.asked(collect_prs.main)


def test_after_a_run_nothing_is_left_to_ask(running: Any) -> None:
    with running(6, 70) as run:
        run.asked(select_repos.main)
        run.asked(collect_prs.main)
        assert run.planned() == (0, 0, 0)
        assert run.plan().minutes == 0
        assert run.asked(select_repos.main) == run.asked(collect_prs.main) == (0, 0, 0)


def test_another_reading_is_planned_from_the_beginning_until_it_knows_that_nothing_has_changed(running: Any) -> None:
    with running(6, 70) as run:
        first = run.planned()
        run.asked(select_repos.main)
        run.asked(collect_prs.main)
        run.set({"source": {"reading": "second"}})
        assert run.planned() == first
        assert run.asked(select_repos.main).graphql == 1
        assert run.planned() == run.asked(collect_prs.main) == (0, 0, 0)


def test_more_pull_requests_wanted_later_are_planned_and_asked(running: Any) -> None:
    with running(5, 100) as run:
        run.set({"collect": {"max_listed": 50}})
        run.asked(select_repos.main)
        run.asked(collect_prs.main)
        run.set({"collect": {"max_listed": 100}})
        planned = run.planned()
        assert planned == run.asked(collect_prs.main)
        assert planned.graphql == 5


@pytest.mark.parametrize(("repositories", "pulls"), [(30, 1), (25, 3)])
def test_many_small_repositories_are_planned_with_the_calls_that_they_take(
    running: Any, repositories: int, pulls: int
) -> None:
    """One call holds ten repositories at most, so fifty pull requests of fifty repositories are five calls."""
    with running(repositories, pulls) as run:
        run.asked(select_repos.main)
        assert run.planned().graphql == run.asked(collect_prs.main).graphql


def test_a_plan_opens_no_connection(
    running: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a plan asked the network")

    with running(3, 10) as run:
        for done in (False, True):
            with monkeypatch.context() as patched:
                for name in ("connect", "connect_ex", "sendto"):
                    patched.setattr(socket.socket, name, refuse)
                patched.setattr(socket, "getaddrinfo", refuse)
                show_plan()
            if not done:
                run.asked(select_repos.main)
    assert "list their pull requests" in capsys.readouterr().out


def test_what_is_printed_are_the_numbers(running: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with running(12, 130) as run:
        run.asked(select_repos.main)
        calls, points = run.planned()[1:]
        capsys.readouterr()
        show_plan()
        said = capsys.readouterr().out
    assert f"In all {calls} calls and {points} GraphQL points" in said
    assert "12 of 12 repositories" in said and "0 of 1,560 pull requests" in said
    assert "24 to 60 git fetches" in said
    assert "ghp_loopback" not in said and "token 1" in said


def test_a_plan_can_be_made_while_a_run_reads(running: Any) -> None:
    with running(8, 100) as run:
        run.asked(select_repos.main)
        failed: list[BaseException] = []

        def collect() -> None:
            try:
                collect_prs.main()
            except BaseException as error:
                failed.append(error)

        worker = threading.Thread(target=collect)
        worker.start()
        seen = []
        while worker.is_alive():
            seen.append(budget(_known(read_params()), read_credentials()).steps[2].graphql)
        worker.join()
        assert not failed
        assert seen and seen == sorted(seen, reverse=True)
        assert seen[0] > 0


def test_without_a_token_there_is_nothing_to_plan(
    running: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(3, 10):
        monkeypatch.delenv("GITHUB_TOKEN")
        with pytest.raises(UserError, match="GITHUB_TOKEN"):
            show_plan()
    assert capsys.readouterr().out == ""


def test_a_plan_makes_no_store(running: Any) -> None:
    with running(3, 10) as run:
        show_plan()
        assert not (run.folder / ".limi").exists()


# --- the arithmetic, at the size of the paper


def test_the_paper_s_size_fits_in_an_hour_of_one_token() -> None:
    plan = budget(Known(repositories=100, pulls=100_000), [TOKEN])
    assert sum(step.points for step in plan.steps) <= 5_000
    assert plan.minutes < 60


@pytest.mark.parametrize(("tokens", "hours"), [(1, 2), (2, 1), (3, 0)])
def test_points_over_an_hour_s_wait_for_the_next_one_and_tokens_add_up(tokens: int, hours: int) -> None:
    # 300,000 pull requests are 6,000 pages of 2 points.
    plan = budget(Known(repositories=300, pulls=300_000, stated=300, searched=True), [TOKEN] * tokens)
    answering = 6_000 * 1.5 / 60 / tokens
    assert plan.minutes == max(hours * 60, answering)


@pytest.mark.parametrize(("found", "tokens", "minutes"), [(2_700, 1, 0), (6_000, 1, 2), (6_000, 2, 1)])
def test_searches_over_a_minute_s_wait_for_the_next_one(found: int, tokens: int, minutes: int) -> None:
    plan = budget(Known(repositories=0, pulls=0, found=found), [TOKEN] * tokens)
    assert plan.minutes == minutes


def test_nobody_has_searches_and_no_points() -> None:
    plan = budget(Known(repositories=0, pulls=0, found=2_700), [NOBODY])
    assert plan.minutes == 2
