"""What becomes of each kind of answer: asked again at the right time, handed on, or told as an error that somebody can act on."""

import itertools
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import LimiError, UserError
from pipeline.github.api import Api
from pipeline.github.clock import VirtualClock
from pipeline.github.connection import Reply
from pipeline.github.limits import Limits as ClientLimits
from pipeline.github.verdict import GoneError, TooMuchError, TroubleError, verdict
from tests.pipeline.github.peer import Asked, Peer, date, in_turn, opened, reply, within
from tests.servers.contract.sdl import SDL
from tests.servers.github import Fault, FaultScript, GitHubServer, Limits, SyntheticWorld, early_requests, over_limit

WORLD = SyntheticWorld([(20_000, 12)], pulls=4)
REPO = WORLD.repositories()[0].full_name
PULL = f"/repos/{REPO}/pulls/3"
DIFF = "application/vnd.github.diff"
OWNER, NAME = REPO.split("/")
QUERY = f"""query {{
  rateLimit {{ cost }}
  repository(owner: "{OWNER}", name: "{NAME}") {{
    nameWithOwner pullRequests(states: MERGED, first: 2) {{ nodes {{ number }} }}
  }}
}}"""


class Door:
    """A client and the loopback GitHub at one virtual clock."""

    def __init__(self, server: GitHubServer, api: Api, clock: VirtualClock, folder: Path) -> None:
        self.server, self.api, self.clock, self.folder = server, api, clock, folder
        self.began = clock.now()

    @property
    def passed(self) -> float:
        return self.clock.now() - self.began

    def ask(self, resource: str) -> Any:
        if resource == "graphql":
            return self.api.graphql(QUERY, {}, 1)["data"]["repository"]["nameWithOwner"]
        if resource == "search":
            return json.loads(self.api.rest("/search/repositories", {"q": "stars:>1"}).body)["total_count"]
        return json.loads(self.api.rest(PULL).body)["number"]

    def well_behaved(self) -> None:
        assert early_requests(self.server.log) == []
        assert over_limit(self.server.log, self.server.limits) == []
        assert self.server.faults.unused == []


RIGHT = {"graphql": REPO, "search": 12, "core": 3}


@contextmanager
def door(
    folder: Path,
    *faults: Fault,
    limits: Limits | None = None,
    tokens: tuple[str, ...] = ("ghp_loopback",),
    known: tuple[str, ...] | None = None,
    asks: ClientLimits | None = None,
) -> Iterator[Door]:
    clock = VirtualClock()
    with ExitStack() as stack:
        server = stack.enter_context(
            GitHubServer(
                WORLD, clock, limits, FaultScript(list(faults)), sdl_path=SDL, tokens=tokens if known is None else known
            )
        )
        api = stack.enter_context(
            opened(server.api_url, folder, clock, {"GITHUB_TOKENS": ",".join(tokens)}, asks or ClientLimits())
        )
        yield Door(server, api, clock, folder)


@pytest.mark.parametrize("resource", ["core", "search", "graphql"])
def test_the_right_answer_comes_at_once(tmp_path: Path, resource: str) -> None:
    with door(tmp_path) as opening:
        assert opening.ask(resource) == RIGHT[resource]
        assert opening.passed == 0
        opening.well_behaved()


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


@pytest.mark.parametrize("kind", ["500", "502", "504", "reset", "cut", "bad_json", "html_200"])
def test_trouble_on_githubs_side_is_asked_again_a_little_later(tmp_path: Path, kind: str) -> None:
    with door(tmp_path, Fault(kind, times=3)) as opening:
        assert opening.ask("core") == 3
        assert 5 <= opening.passed <= 60
        opening.well_behaved()


@pytest.mark.parametrize("kind", ["500", "reset", "cut", "bad_json"])
def test_trouble_with_graphql_is_asked_again_a_little_later(tmp_path: Path, kind: str) -> None:
    with door(tmp_path, Fault(kind, times=2)) as opening:
        assert opening.ask("graphql") == REPO
        assert 2 <= opening.passed <= 60
        opening.well_behaved()


@pytest.mark.parametrize("kind", ["500", "reset", "cut", "bad_json", "html_200"])
def test_trouble_without_end_is_an_error_and_no_endless_loop(tmp_path: Path, kind: str) -> None:
    with door(tmp_path, Fault(kind, times=float("inf"))) as opening:
        with pytest.raises(TroubleError, match="what was read is kept"):
            opening.ask("core")
        assert len(opening.server.log) <= 24


@pytest.mark.parametrize("kind", ["502", "504", "graphql_timeout", "graphql_resource_limits"])
def test_what_is_too_much_for_graphql_is_told_to_who_asked(tmp_path: Path, kind: str) -> None:
    with door(tmp_path, Fault(kind)) as opening:
        with pytest.raises(TooMuchError):
            opening.ask("graphql")
        assert opening.ask("graphql") == REPO
        assert opening.passed >= 1, "without a rest between"
        opening.well_behaved()


def test_a_graphql_timeout_with_status_200_is_too_much_as_well(tmp_path: Path) -> None:
    with door(tmp_path, Fault("graphql_timeout", status=200)) as opening, pytest.raises(TooMuchError):
        opening.ask("graphql")


def test_partial_data_is_an_answer_with_its_errors(tmp_path: Path) -> None:
    with door(tmp_path, Fault("graphql_partial")) as opening:
        answer = opening.api.graphql(QUERY, {}, 1)
        assert answer["errors"]
        assert answer["data"]["repository"]["nameWithOwner"] == REPO
        assert len(opening.server.log) == 1


def test_a_diff_that_is_too_large_is_too_much_and_asked_once(tmp_path: Path) -> None:
    with door(tmp_path, Fault("406_too_large")) as opening:
        with pytest.raises(TooMuchError):
            opening.api.rest(PULL, accept=DIFF)
        assert len(opening.server.log) == 1


@pytest.mark.parametrize("kind", ["404", "410", "451"])
def test_what_is_gone_is_asked_once_and_says_how(tmp_path: Path, kind: str) -> None:
    with door(tmp_path, Fault(kind)) as opening:
        with pytest.raises(GoneError) as caught:
            opening.ask("core")
        assert caught.value.reason == f"http_{kind}"
        assert len(opening.server.log) == 1
        assert opening.passed == 0


@pytest.mark.parametrize("kind", ["404", "410", "451"])
def test_where_there_is_no_graphql_at_all_the_user_is_told(tmp_path: Path, kind: str) -> None:
    with door(tmp_path, Fault(kind)) as opening:
        with pytest.raises(UserError, match=r"source\.api"):
            opening.ask("graphql")
        assert len(opening.server.log) == 1


def test_a_plain_403_is_of_one_thing_and_not_of_the_token(tmp_path: Path) -> None:
    forbidden = reply(403, {"message": "Resource not accessible by integration"}, {"X-RateLimit-Remaining": 4_000})
    with (
        Peer(in_turn(forbidden, reply(200, {}))) as peer,
        opened(peer.url, tmp_path, VirtualClock()) as api,
    ):
        with pytest.raises(GoneError) as caught:
            api.rest("/x")
        assert caught.value.reason == "http_403"
        assert api.rest("/y").status == 200


def test_a_diff_comes_byte_for_byte(tmp_path: Path) -> None:
    raw = b"diff --git a/x b/x\r\n\xff\xfe caf\xe9 \x00\r\n"
    with (
        Peer(in_turn(reply(200, raw, {"Content-Type": f"{DIFF}; charset=utf-8"}))) as peer,
        opened(peer.url, tmp_path, VirtualClock()) as api,
    ):
        assert api.rest("/x", accept=DIFF).body == raw


# --- tokens that GitHub does not know


def test_one_of_two_tokens_that_is_refused_is_left_out_and_the_run_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with door(tmp_path, tokens=("expired-token", "good-token"), known=("good-token",)) as opening:
        for _ in range(6):
            assert opening.ask("core") == 3
        refused = [record for record in opening.server.log if record.status == 401]
        assert len(refused) == 1
        assert "token 1" in (said := capsys.readouterr().err)
        assert "expired-token" not in said


def test_when_every_token_is_refused_the_user_is_told(tmp_path: Path) -> None:
    with door(tmp_path, tokens=("expired-one", "expired-two"), known=("another",)) as opening:
        with pytest.raises(UserError, match="refuses every token") as caught:
            opening.ask("graphql")
        assert len(opening.server.log) == 2
        assert "expired-" not in str(caught.value)


# --- redirects


def test_a_renamed_repository_is_followed_with_its_query(tmp_path: Path) -> None:
    with door(tmp_path, Fault("301")) as opening:
        answer = opening.api.rest(f"{PULL}/files", {"per_page": 1, "page": 1})
        assert len(json.loads(answer.body)) == 1
        moved = [record.path for record in opening.server.log][-1]
        assert moved.startswith("/repositories/")
        assert "per_page=1" in moved
        opening.well_behaved()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_every_kind_of_redirect_on_the_same_host_is_followed(tmp_path: Path, status: int) -> None:
    script = in_turn(reply(status, {}, {"Location": "/moved?a=b%26c&d="}), reply(200, {"here": 1}))
    with Peer(script) as peer, opened(peer.url, tmp_path, VirtualClock()) as api:
        assert json.loads(api.rest("/x").body) == {"here": 1}
        assert peer.asked[1].target.startswith("/moved?a=b%26c")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_another_host_is_never_followed(tmp_path: Path, status: int) -> None:
    with (
        Peer(in_turn(reply(200, {}))) as stranger,
        Peer(in_turn(reply(status, {}, {"Location": f"{stranger.url}/steal"}))) as peer,
        opened(peer.url, tmp_path, VirtualClock()) as api,
    ):
        with pytest.raises((LimiError, GoneError)):
            api.rest("/x")
        assert stranger.asked == []


@pytest.mark.parametrize(
    "location",
    [
        "https://127.0.0.1:{port}/x",
        "http://evil@127.0.0.1:{port}/x",
        "//localhost:{port}/x",
        "http://127.0.0.1:1/x",
        "",
        "http://[",
        "ftp://x/",
    ],
)
def test_a_redirect_to_a_place_that_only_looks_alike_is_not_followed(tmp_path: Path, location: str) -> None:
    def script(asked: Asked) -> bytes:
        port = asked.headers["host"].rpartition(":")[2]
        return reply(301, {}, {"Location": location.format(port=port)})

    with Peer(script) as peer, opened(peer.url, tmp_path, VirtualClock()) as api:
        with pytest.raises((LimiError, GoneError)):
            api.rest("/start")
        assert {asked.target for asked in peer.asked} == {"/start"}


def test_a_redirect_below_a_base_path_stays_below_it(tmp_path: Path) -> None:
    script = in_turn(reply(301, {}, {"Location": "/elsewhere"}))
    with Peer(script) as peer, opened(f"{peer.url}/api/v3", tmp_path, VirtualClock()) as api:
        with pytest.raises((LimiError, GoneError)):
            api.rest("/x")
        assert {asked.target for asked in peer.asked} == {"/api/v3/x"}


def test_a_loop_of_redirects_ends(tmp_path: Path) -> None:
    def script(asked: Asked) -> bytes:
        return reply(301 if asked.order < 60 else 200, {}, {"Location": "/b" if asked.target == "/a" else "/a"})

    with Peer(script) as peer, opened(peer.url, tmp_path, VirtualClock()) as api:
        with pytest.raises((LimiError, GoneError)):
            api.rest("/a")
        assert len(peer.asked) <= 20


# --- ETags


def test_what_has_not_changed_costs_nothing_and_gives_the_same_bytes(tmp_path: Path) -> None:
    with door(tmp_path) as opening:
        first = opening.api.rest(PULL)
        second = opening.api.rest(PULL)
        assert (second.status, second.body) == (200, first.body)
        assert [(record.status, record.cost) for record in opening.server.log] == [(200, 1), (304, 0)]


def test_what_has_not_changed_costs_a_later_run_nothing_either(tmp_path: Path) -> None:
    with door(tmp_path) as opening:
        first = opening.api.rest(PULL, accept=DIFF)
    with door(tmp_path) as opening:
        assert opening.api.rest(PULL, accept=DIFF).body == first.body
        assert [(record.status, record.cost) for record in opening.server.log] == [(304, 0)]


def test_the_links_of_an_unchanged_answer_are_there_again(tmp_path: Path) -> None:
    with door(tmp_path) as opening:
        asked = "/search/repositories", {"q": "stars:>1", "per_page": 5}
        first, second = opening.api.rest(*asked), opening.api.rest(*asked)
        assert [record.status for record in opening.server.log] == [200, 304]
        assert 'rel="next"' in second.headers["link"]
        assert second.headers["link"] == first.headers["link"]


def test_an_etag_belongs_to_its_parameters_and_its_form(tmp_path: Path) -> None:
    with door(tmp_path) as opening:
        for _ in range(2):
            assert json.loads(opening.api.rest(PULL).body)["number"] == 3
            assert opening.api.rest(PULL, accept=DIFF).body.startswith(b"diff --git")
            for start in (1, 2):
                page = opening.api.rest("/search/repositories", {"q": "stars:>1", "per_page": 5, "page": start})
                assert len(json.loads(page.body)["items"]) == 5
        assert [record.status for record in opening.server.log] == [200] * 4 + [304] * 4


def test_a_fresh_request_asks_without_an_etag(tmp_path: Path) -> None:
    with door(tmp_path) as opening:
        opening.api.rest(PULL)
        opening.api.rest(PULL, fresh=True)
        assert [record.status for record in opening.server.log] == [200, 200]


@pytest.mark.parametrize("kind", ["html_200", "bad_json", "cut"])
def test_no_broken_answer_is_kept_under_its_etag(tmp_path: Path, kind: str) -> None:
    with door(tmp_path, Fault(kind)) as opening:
        right = opening.api.rest(PULL)
        assert json.loads(right.body)["number"] == 3
        assert opening.api.rest(PULL).body == right.body


def test_a_changed_answer_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    def script(asked: Asked) -> bytes:
        if asked.headers.get("if-none-match") == '"two"':
            return reply(304, b"", {"ETag": '"two"'})
        return reply(200, {"at": asked.order}, {"ETag": '"one"' if asked.order == 0 else '"two"'})

    with Peer(script) as peer, opened(peer.url, tmp_path, VirtualClock()) as api:
        assert [json.loads(api.rest("/x").body)["at"] for _ in range(3)] == [0, 1, 1]


# --- limits, with the server's own accounts of them


def test_forty_searches_keep_to_thirty_a_minute(tmp_path: Path) -> None:
    with door(tmp_path) as opening:
        for at in range(40):
            opening.api.rest("/search/repositories", {"q": f"stars:>{at}"})
        opening.well_behaved()
        assert 60 <= opening.passed <= 64


def test_a_spent_hour_is_waited_for(tmp_path: Path) -> None:
    with door(
        tmp_path, limits=Limits(core=6, graphql=5), asks=ClientLimits(core_an_hour=6, graphql_points_an_hour=5)
    ) as opening:
        for at in range(14):
            opening.api.rest(f"{PULL}/files", {"page": at + 1})
        for _ in range(11):
            opening.ask("graphql")
        opening.well_behaved()
        assert opening.passed >= 2 * 3_600


def test_a_smaller_hour_than_we_believe_in_is_found_out_from_the_headers(tmp_path: Path) -> None:
    with door(tmp_path, limits=Limits(core=6)) as opening:
        for at in range(14):
            opening.api.rest(f"{PULL}/files", {"page": at + 1})
        opening.well_behaved()


def test_eight_threads_and_two_tokens_spend_two_hours_worth_within_the_limits(tmp_path: Path) -> None:
    with door(
        tmp_path,
        limits=Limits(core=10, graphql=8),
        tokens=("one", "two"),
        asks=ClientLimits(core_an_hour=10, graphql_points_an_hour=8),
    ) as opening:
        wrong: list[BaseException] = []

        def work(seed: int) -> None:
            try:
                for at in range(5):
                    opening.api.rest(f"{PULL}/files", {"page": seed * 10 + at + 1})
                    opening.ask("graphql")
            except BaseException as error:
                wrong.append(error)

        threads = [threading.Thread(target=work, args=(seed,), daemon=True) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert not any(thread.is_alive() for thread in threads)
        assert wrong == []
        assert over_limit(opening.server.log, opening.server.limits) == []
        by_token = [record.token for record in opening.server.log]
        assert min(by_token.count("token-0"), by_token.count("token-1")) >= 25


def test_no_more_than_the_allowed_number_of_requests_reaches_github_at_once(tmp_path: Path) -> None:
    held = [Fault("hold") for _ in range(13)]
    with door(tmp_path, *held, limits=Limits(concurrent=13), asks=ClientLimits(concurrent=13)) as opening:
        threads = [
            threading.Thread(target=opening.api.rest, args=(f"{PULL}/files", {"page": at + 1}), daemon=True)
            for at in range(20)
        ]
        for thread in threads:
            thread.start()
        assert within(5, lambda: len(opening.server.log) >= 3), "several go at once"
        assert not within(0.1, lambda: len(opening.server.log) > 13)
        for fault in held:
            fault.release.set()
        for thread in threads:
            thread.join(10)
        assert len(opening.server.log) == 20
        opening.well_behaved()


def test_nobody_is_told_that_listing_needs_a_token(tmp_path: Path) -> None:
    with Peer(in_turn(reply(200, {}))) as peer, opened(peer.url, tmp_path, VirtualClock(), {}) as api:
        with pytest.raises(UserError, match="set GITHUB_TOKEN"):
            api.graphql(QUERY, {}, 1)
        assert peer.asked == []


# --- verdicts


@pytest.mark.parametrize(
    ("status", "headers", "body", "resource", "meant"),
    [
        (200, {}, {"data": {"x": 1}}, "graphql", "answer"),
        (200, {}, {"data": {"x": None}, "errors": [{"message": "m", "path": ["x"]}]}, "graphql", "answer"),
        (200, {}, {"data": None, "errors": [{"message": "m"}]}, "graphql", "trouble (no data)"),
        (200, {}, {"errors": [{"type": "RATE_LIMITED", "message": "m"}]}, "graphql", "wait"),
        (200, {}, {"errors": [{"message": "You have exceeded a Secondary Rate Limit"}]}, "graphql", "wait"),
        (200, {}, {"errors": [{"type": "MAX_NODE_LIMIT_EXCEEDED", "message": "m"}]}, "graphql", "too much"),
        (200, {}, [], "graphql", "trouble (not JSON)"),
        (200, {}, {}, "core", "answer"),
        (304, {}, {}, "core", "unchanged"),
        (401, {}, {}, "core", "refused token"),
        (403, {}, {"message": "You have triggered an abuse detection mechanism."}, "core", "wait"),
        (403, {"retry-after": "1"}, {}, "core", "wait"),
        (403, {"x-ratelimit-remaining": "0"}, {}, "core", "wait"),
        (403, {}, {"message": "Must have admin rights"}, "core", "gone"),
        (429, {}, {}, "graphql", "wait"),
        (404, {}, {}, "core", "gone"),
        (410, {}, {}, "core", "gone"),
        (451, {}, {}, "core", "gone"),
        (406, {}, {}, "core", "too much"),
        (502, {}, {}, "graphql", "too much"),
        (504, {}, {}, "graphql", "too much"),
        (502, {}, {}, "core", "trouble (502)"),
        (503, {}, {}, "graphql", "trouble (503)"),
        (418, {}, {}, "core", "trouble (418)"),
    ],
)
def test_each_kind_of_answer_has_its_verdict(
    status: int, headers: dict[str, str], body: object, resource: str, meant: str
) -> None:
    told = {"content-type": "application/json"} | headers
    assert verdict(Reply(status, told, json.dumps(body).encode()), resource) == meant


_NAMES = st.sampled_from(["type", "message", "path", "data", "errors"])
_JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.sampled_from(["RATE_LIMITED", "NOT_FOUND"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.fixed_dictionaries({}, optional={"data": _JSON_VALUES, "errors": _JSON_VALUES}),
    st.sampled_from(["graphql", "core"]),
)
def test_no_json_whatever_breaks_the_verdict(answer: dict[str, Any], resource: str) -> None:
    told = verdict(Reply(200, {"content-type": "application/json"}, json.dumps(answer).encode()), resource)
    assert told.split(" (")[0] in {"answer", "wait", "too much", "trouble"}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(100, 599), st.binary(max_size=60), st.sampled_from(["graphql", "core", "search"]))
def test_no_bytes_whatever_break_the_verdict(status: int, body: bytes, resource: str) -> None:
    kinds = {"answer", "unchanged", "wait", "too much", "gone", "refused token", "moved", "trouble"}
    for kind in ("application/json", "text/html", ""):
        assert verdict(Reply(status, {"content-type": kind}, body), resource).split(" (")[0] in kinds


@pytest.mark.parametrize(
    "odd",
    [
        b"HTTP/1.1 200 OK\r\nContent-Le",
        reply(200, b"", {"Content-Type": "text/plain"}),
        reply(200, b"{", {"Content-Type": ""}),
    ],
    ids=["cut in its headers", "empty", "cut and nameless"],
)
def test_what_was_asked_for_as_json_is_no_answer_without_json(tmp_path: Path, odd: bytes) -> None:
    with Peer(in_turn(odd, reply(200, {"number": 3}))) as peer, opened(peer.url, tmp_path, VirtualClock()) as api:
        assert json.loads(api.rest("/x").body) == {"number": 3}


def test_a_page_that_calls_itself_a_diff_is_no_answer_to_json(tmp_path: Path) -> None:
    page = b"\n<!DOCTYPE html><html>Unicorn!</html>"
    assert verdict(Reply(200, {"content-type": "text/html; charset=utf-8"}, page), "core").startswith("trouble")


def test_pygithub_itself_says_nothing_at_any_level_of_what_it_was_given(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with door(tmp_path, tokens=("ghp_very_secret_1",)) as opening:
        opening.ask("core")
        opening.ask("graphql")
    assert "ghp_very_secret_1" not in caplog.text
