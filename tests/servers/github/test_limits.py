"""Each documented limit is met and refuses; the brute-force checks see what went wrong, and only that."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from pipeline.github.clock import VirtualClock
from tests.servers.contract.sdl import SDL
from tests.servers.github.asking import Answer, ask, get
from tests.servers.github.checks import early_requests, over_limit
from tests.servers.github.faults import Fault, FaultScript
from tests.servers.github.limits import Limits
from tests.servers.github.log import Record
from tests.servers.github.server import GitHubServer
from tests.servers.github.synthetic import SyntheticWorld

WORLD = SyntheticWorld([(20_000, 3)], pulls=4)
REPOSITORY = f"/repos/{WORLD.repositories()[0].full_name}"
SEARCH = "/search/repositories?q=stars:>1"
CHEAP = "{ rateLimit { cost } }"


@contextmanager
def standing(limits: Limits, clock: VirtualClock, *faults: Fault) -> Iterator[GitHubServer]:
    with GitHubServer(
        WORLD, clock, limits, FaultScript(list(faults)), sdl_path=SDL, tokens={"a": "A", "b": "B"}
    ) as running:
        yield running


def spend(times: int, ask_once: Callable[[], Answer]) -> list[int]:
    return [ask_once().status_code for _ in range(times)]


def reset(answer: Answer) -> int:
    return int(answer.headers["x-ratelimit-reset"])


def test_the_hours_requests_end_and_come_back_when_it_was_said() -> None:
    clock = VirtualClock(1_790_000_000.7)
    with standing(Limits(core=3), clock) as server:
        assert spend(3, lambda: get(server, REPOSITORY, "A")) == [200, 200, 200]
        refused = get(server, REPOSITORY, "A")
        assert (refused.status_code, refused.headers["x-ratelimit-remaining"]) == (403, "0")
        assert refused.json()["message"].startswith("API rate limit exceeded")
        assert "retry-after" not in refused.headers
        assert get(server, REPOSITORY, "B").status_code == 200
        assert ask(server, CHEAP, "A").json()["data"] is not None
        assert get(server, "/rate_limit", "A").json()["resources"]["core"]["remaining"] == 0
        assert reset(refused) == 1_790_003_600
        clock.sleep_until(reset(refused) - 1)
        assert get(server, REPOSITORY, "A").status_code == 403
        clock.sleep_until(reset(refused))
        assert get(server, REPOSITORY, "A").status_code == 200
        assert len([breach for breach in over_limit(server.log, server.limits) if "primary" in breach]) == 2


def test_the_hour_begins_with_the_first_request() -> None:
    clock = VirtualClock()
    with standing(Limits(core=2), clock) as server:
        get(server, "/rate_limit", "A")
        clock.sleep_until(clock.now() + 1_000)
        first = clock.now()
        assert reset(get(server, REPOSITORY, "A")) == first + 3_600


def test_graphqls_points_end_with_status_200() -> None:
    clock = VirtualClock()
    with standing(Limits(graphql=2), clock) as server:
        assert ask(server, CHEAP, "A").headers["x-ratelimit-resource"] == "graphql"
        ask(server, CHEAP, "A")
        refused = ask(server, CHEAP, "A")
        assert (refused.status_code, refused.json()["errors"][0]["type"]) == (200, "RATE_LIMITED")
        assert refused.headers["x-ratelimit-remaining"] == "0"
        assert get(server, REPOSITORY, "A").status_code == 200
        clock.sleep_until(reset(refused))
        assert "errors" not in ask(server, CHEAP, "A").json()


def test_a_query_that_costs_more_than_is_left_is_refused() -> None:
    dear = "{ a: nodes(ids: [%s]) { ... on PullRequest { files(first: 1) { totalCount } labels(first: 1) { totalCount } } } }"
    with standing(Limits(graphql=2), VirtualClock()) as server:
        query = dear % ", ".join(['"x"'] * 100)
        assert ask(server, query, "A").headers["x-ratelimit-used"] == "2"
    with standing(Limits(graphql=1), VirtualClock()) as server:
        assert ask(server, query, "A").json()["errors"][0]["type"] == "RATE_LIMITED"


def test_search_has_a_minute_of_its_own() -> None:
    clock = VirtualClock()
    with standing(Limits(search=2), clock) as server:
        assert spend(3, lambda: get(server, SEARCH, "A")) == [200, 200, 403]
        assert get(server, REPOSITORY, "A").status_code == 200
        clock.sleep_until(clock.now() + 60)
        assert get(server, SEARCH, "A").status_code == 200


def test_a_stranger_gets_sixty_an_hour_and_ten_searches_a_minute() -> None:
    with standing(Limits(), VirtualClock()) as server:
        assert spend(61, lambda: get(server, REPOSITORY, None)) == [200] * 60 + [403]
        assert spend(11, lambda: get(server, SEARCH, None)) == [200] * 10 + [403]


def test_the_points_of_any_minute_are_limited() -> None:
    clock = VirtualClock()
    with standing(Limits(rest_points=3), clock) as server:
        start = clock.now()
        get(server, REPOSITORY, "A")
        clock.sleep_until(start + 50)
        spend(2, lambda: get(server, REPOSITORY, "A"))
        clock.sleep_until(start + 55.5)
        refused = get(server, REPOSITORY, "A")
        assert (refused.status_code, refused.headers["retry-after"]) == (403, "5")
        assert "secondary rate limit" in refused.json()["message"]
        clock.sleep_until(start + 60.5)
        assert spend(2, lambda: get(server, REPOSITORY, "A")) == [200, 403]  # a fixed minute would have allowed both
    with standing(Limits(graphql_points=1, secondary_says_when=False, secondary_status=429), clock) as server:
        ask(server, CHEAP, "A")
        refused = ask(server, CHEAP, "A")
        assert (refused.status_code, "retry-after" in refused.headers) == (429, False)


def test_requests_at_the_same_time_are_limited() -> None:
    held = Fault("hold")
    with standing(Limits(concurrent=1), VirtualClock(), held) as server:
        first = threading.Thread(target=get, args=(server, REPOSITORY, "A"))
        first.start()
        while not held.used:
            first.join(0.005)
        assert get(server, REPOSITORY, "A").status_code == 403
        assert get(server, REPOSITORY, "B").status_code == 200
        held.release.set()
        first.join()
        assert get(server, REPOSITORY, "A").status_code == 200
        found = over_limit(server.log, server.limits)
        assert len([breach for breach in found if "2 concurrent requests" in breach]) == 1


def test_many_threads_are_counted_one_by_one() -> None:
    with standing(Limits(core=40), VirtualClock()) as server:
        statuses: list[int] = []
        threads = [
            threading.Thread(target=lambda: statuses.extend(spend(6, lambda: get(server, REPOSITORY, "A"))))
            for _ in range(10)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (statuses.count(200), statuses.count(403)) == (40, 20)
        orders = [moment for record in server.log for moment in (record.arrived_order, record.answered_order)]
        assert sorted(orders) == list(range(1, 121))


def a_record(at: float, order: int, **more: object) -> Record:
    """A request that nothing refused, as a server without limits would log it."""
    found = Record(at, 2 * order, 0.0, "a", "core", "GET", REPOSITORY, status=200, cost=1, points=1, concurrent=1)
    return replace(found, answered=at, answered_order=2 * order + 1, **more)  # type: ignore[arg-type]


def test_the_brute_force_finds_what_no_limit_refused() -> None:
    calm = [a_record(float(at * 20), at) for at in range(9)]
    assert over_limit(calm, Limits(rest_points=3, core=9)) == []
    assert over_limit(calm, Limits(rest_points=2, core=9)) != []
    assert over_limit(calm, Limits(rest_points=3, core=8)) != []
    assert over_limit([replace(record, cost=0) for record in calm], Limits(rest_points=3, core=8)) == []
    assert over_limit([replace(calm[0], concurrent=101)], Limits()) != []
    assert over_limit([replace(calm[0], refused="secondary")], Limits()) != []
    assert over_limit([replace(calm[0], refused="secondary", fault="429_bare")], Limits()) == []
    hours = [a_record(float(at), at) for at in (0, 10, 3_600, 3_610)]  # two hours, the second one begins anew
    assert over_limit(hours, Limits(core=2)) == []
    assert over_limit([*hours, a_record(7_199.0, 7_199)], Limits(core=2)) != []
    two = [*calm, *(replace(record, token="b") for record in calm)]  # noqa: S106
    assert over_limit(two, Limits(rest_points=3, core=9)) == []


@pytest.mark.parametrize(
    ("said", "quiet", "everywhere"),
    [
        ({"status": 429, "refused": "secondary", "retry_after": 30}, 30, True),
        ({"status": 403, "refused": "secondary"}, 60, True),
        ({"status": 429}, 60, True),
        ({"status": 403, "refused": "primary", "remaining": 0, "reset": 500}, 500, False),
        ({"status": 200, "remaining": 0, "reset": 500}, 500, False),
        ({"status": 403, "refused": "primary", "remaining": 0, "reset": 800, "skew": 300.0}, 500, False),
    ],
)
def test_a_request_before_the_stated_time_is_early(said: dict[str, object], quiet: float, everywhere: bool) -> None:
    answer = a_record(0.0, 0, **said)
    assert len(early_requests([answer, a_record(quiet - 0.1, 1)])) == 1
    assert early_requests([answer, a_record(quiet, 1)]) == []
    assert early_requests([answer, a_record(quiet - 0.1, 1)], slack=0.2) == []
    assert early_requests([answer, a_record(1.0, 1, token="b")]) == []  # noqa: S106
    assert len(early_requests([answer, a_record(1.0, 1, resource="graphql")])) == everywhere
    assert early_requests([answer, a_record(1.0, 1, resource="git")]) == []


def test_a_request_that_was_on_its_way_is_not_early() -> None:
    answer = a_record(0.0, 0, status=429, retry_after=30)
    sent_before = replace(a_record(0.0, 1), arrived_order=1)
    answer.arrived_order, answer.answered_order = 0, 2
    assert early_requests([answer, sent_before]) == []
    just_after = replace(a_record(0.0, 2), arrived_real=answer.answered_real + 0.01)
    assert len(early_requests([answer, just_after])) == 1
    assert early_requests([answer, just_after], grace=0.05) == []
    assert early_requests([a_record(0.0, 0, status=404), a_record(0.0, 1)]) == []


@pytest.mark.parametrize(("seconds", "breaches"), [(20.0, []), (25.0, ["75 seconds of GraphQL's answers of 'a'"])])
def test_answers_that_take_too_much_of_a_minute_are_found(seconds: float, breaches: list[str]) -> None:
    clock, tokens = VirtualClock(), {"a": "A"}
    with GitHubServer(WORLD, clock, sdl_path=SDL, tokens=tokens, takes={"graphql": seconds}) as server:
        for _ in range(3):
            ask(server, CHEAP, tokens["a"])
        assert [told.split(" in the ")[0] for told in over_limit(server.log, server.limits)] == breaches
