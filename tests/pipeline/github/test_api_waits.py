"""An answer that says wait is waited for, by GitHub's clock and no longer than needed, and asked again."""

import itertools
import threading
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import LimiError
from pipeline.github.clock import VirtualClock
from tests.pipeline.github.door import REPO, RIGHT, door
from tests.pipeline.github.peer import Asked, Peer, date, in_turn, opened, reply
from tests.servers.github import Fault, early_requests

# Kind, the seconds that it states, and the least and the most that a client may then wait.
_WAITS = [
    ("429_retry_after", 100, 100, 103),
    ("429_bare", 0, 60, 66),
    ("403_secondary_retry_after", 100, 100, 103),
    ("403_secondary_bare", 0, 60, 66),
    ("403_primary", 900, 899, 903),
]


@pytest.mark.parametrize("resource", ["core", "search", "graphql"])
@pytest.mark.parametrize(("kind", "seconds", "least", "most"), _WAITS)
def test_an_answer_that_says_wait_is_waited_for_and_asked_again(
    tmp_path: Path, resource: str, kind: str, seconds: int, least: int, most: int
) -> None:
    with door(tmp_path, Fault(kind, seconds=seconds)) as opening:
        assert opening.ask(resource) == RIGHT[resource]
        assert least <= opening.passed <= most
        assert len(opening.server.log) == 2
        opening.well_behaved()


@pytest.mark.parametrize("skew", [5_400, -5_400])
@pytest.mark.parametrize("kind", ["403_primary", "graphql_rate_limited"])
def test_a_reset_is_waited_for_by_githubs_clock_though_ours_is_wrong(tmp_path: Path, kind: str, skew: int) -> None:
    with door(tmp_path, Fault("clock_skew", seconds=skew), Fault(kind, seconds=600)) as opening:
        opening.ask("graphql")
        assert 599 <= opening.passed <= 603
        opening.well_behaved()


def test_graphqls_rate_limit_is_seen_though_its_status_is_200(tmp_path: Path) -> None:
    with door(tmp_path, Fault("graphql_rate_limited", seconds=700)) as opening:
        assert opening.ask("graphql") == REPO
        assert 699 <= opening.passed <= 703
        opening.well_behaved()


def test_graphqls_rate_limit_leaves_rest_free(tmp_path: Path) -> None:
    with door(tmp_path, Fault("graphql_rate_limited", seconds=700), tokens=("one",)) as opening:
        thread = threading.Thread(target=opening.ask, args=("graphql",))
        thread.start()
        thread.join(10)
        assert opening.passed >= 699
        before = opening.clock.now()
        opening.ask("core")
        assert opening.clock.now() == before


def test_a_retry_after_as_a_date_is_waited_for(tmp_path: Path) -> None:
    clock = VirtualClock()
    now = clock.now()
    late = reply(429, {"message": "slow"}, {"Retry-After": date(now + 7_200 + 40), "Date": date(now + 7_200)})
    with Peer(in_turn(late, reply(200, {"number": 3}))) as peer, opened(peer.url, tmp_path, clock) as api:
        api.rest("/x")
        assert 40 <= clock.now() - now <= 42


def test_a_secondary_limit_without_a_time_is_waited_for_longer_each_time(tmp_path: Path) -> None:
    with door(tmp_path, Fault("403_secondary_bare", times=4)) as opening:
        opening.ask("core")
        came = [record.arrived for record in opening.server.log]
        waits = [late - early for early, late in itertools.pairwise(came)]
        assert waits == sorted(waits)
        assert waits[0] >= 60
        assert waits[3] >= 4 * waits[0]
        opening.well_behaved()


def test_an_endless_wait_ends_with_a_sentence_and_not_never(tmp_path: Path) -> None:
    with door(tmp_path, Fault("403_secondary_bare", times=float("inf"))) as opening:
        with pytest.raises(LimiError, match="run the same command later"):
            opening.ask("core")
        assert len(opening.server.log) <= 30
        assert early_requests(opening.server.log) == []


def test_a_reset_that_is_past_already_is_not_hammered(tmp_path: Path) -> None:
    clock = VirtualClock()
    now = clock.now()
    spent = reply(
        403,
        {"message": "API rate limit exceeded"},
        {"X-RateLimit-Remaining": 0, "X-RateLimit-Reset": int(now) - 30, "Date": date(now)},
    )
    times: list[float] = []

    def script(asked: Asked) -> bytes:
        times.append(clock.now())
        return spent if asked.order < 5 else reply(200, {})

    with Peer(script) as peer, opened(peer.url, tmp_path, clock) as api:
        api.rest("/x")
    assert all(late - early >= 1 for early, late in itertools.pairwise(times))


def test_many_exhausted_tokens_cost_one_wait_and_not_the_run(tmp_path: Path) -> None:
    tokens = tuple(f"token{at}" for at in range(40))
    with door(tmp_path, Fault("403_primary", times=40, seconds=1_800), tokens=tokens) as opening:
        assert opening.ask("core") == 3
        assert 1_799 <= opening.passed <= 1_810
        opening.well_behaved()


def test_the_fourth_token_that_meets_a_secondary_limit_does_not_wait_for_what_others_met(tmp_path: Path) -> None:
    tokens = tuple(f"token{at}" for at in range(4))
    with door(tmp_path, Fault("403_secondary_bare", times=4), tokens=tokens) as opening:
        assert opening.ask("core") == 3
        assert 60 <= opening.passed <= 70
        opening.well_behaved()


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_retry_after_of_a_broken_github_is_heeded_too(tmp_path: Path, status: int) -> None:
    clock = VirtualClock()
    now = clock.now()
    with (
        Peer(in_turn(reply(status, b"<html>", {"Retry-After": 120}), reply(200, {}))) as peer,
        opened(peer.url, tmp_path, clock) as api,
    ):
        api.rest("/x")
        assert clock.now() - now >= 120


def test_another_thread_does_not_slip_in_between_an_answer_that_says_wait_and_the_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with door(tmp_path, Fault("403_secondary_retry_after", seconds=90)) as opening:
        write, others = opening.api.log.add, []

        def slow_disk(*arguments: Any) -> None:
            if not others:
                others.append(threading.Thread(target=opening.ask, args=("core",), daemon=True))
                others[0].start()
                others[0].join(3)
            write(*arguments)

        monkeypatch.setattr(opening.api.log, "add", slow_disk)
        opening.ask("core")
        others[0].join(5)
        assert early_requests(opening.server.log) == []
