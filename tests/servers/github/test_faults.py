"""Each kind of fault, as a client that knows nothing of the script sees it."""

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import requests

from pipeline.github.clock import VirtualClock
from tests.servers.contract.sdl import SDL
from tests.servers.github.asking import Answer, ask, get
from tests.servers.github.checks import early_requests, over_limit
from tests.servers.github.faults import KINDS, Fault, FaultScript
from tests.servers.github.server import TOKEN, GitHubServer
from tests.servers.github.synthetic import SyntheticWorld
from tests.servers.github.world import DemoWorld

MADE_UP = SyntheticWorld([(20_000, 3)], pulls=8)
FACTS = MADE_UP.repositories()[0]
REPOSITORY = f"/repos/{FACTS.full_name}"
PULL = f"{REPOSITORY}/pulls/3"
SEARCH = "/search/repositories?q=stars:>1&per_page=2"
LIST = """query List($owner: String!, $name: String!, $first: Int!) { repository(owner: $owner, name: $name) {
  pullRequests(first: $first) { nodes {
    number author { login } headRepository { nameWithOwner } files(first: 9) { nodes { path } } } } } }"""


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    with GitHubServer(MADE_UP, VirtualClock(), sdl_path=SDL) as running:
        yield running
        assert running.faults.unused == []


def listing(server: GitHubServer, first: int = 5) -> Answer:
    return ask(server, LIST, owner=FACTS.owner, name=FACTS.name, first=first)


def nodes(answer: Answer) -> list[dict]:  # type: ignore[type-arg]
    found: list[dict] = answer.json()["data"]["repository"]["pullRequests"]["nodes"]  # type: ignore[type-arg]
    return found


@pytest.mark.parametrize(
    ("kind", "status", "retry_after", "remaining_0"),
    [
        ("429_retry_after", 429, "7", False),
        ("429_bare", 429, None, False),
        ("403_secondary_retry_after", 403, "7", False),
        ("403_secondary_bare", 403, None, False),
        ("403_primary", 403, None, True),
    ],
)
def test_a_refusal_says_when_to_come_back_or_does_not(
    server: GitHubServer, kind: str, status: int, retry_after: str | None, remaining_0: bool
) -> None:
    server.faults.add(Fault(kind, on="GET /repos", seconds=7))
    assert get(server, SEARCH).status_code == 200
    answer = get(server, PULL)
    assert answer.status_code == status
    assert answer.headers.get("retry-after") == retry_after
    assert (answer.headers["x-ratelimit-remaining"] == "0") == remaining_0
    if remaining_0:
        assert int(answer.headers["x-ratelimit-reset"]) == server.clock.now() + 7
    assert over_limit(server.log, server.limits) == []
    assert get(server, PULL).status_code == 200
    assert len(early_requests(server.log)) == 1


@pytest.mark.parametrize("kind", ["500", "502", "504"])
def test_a_server_error_is_a_page_for_people(server: GitHubServer, kind: str) -> None:
    server.faults.add(Fault(kind, on="graphql", times=2))
    assert get(server, PULL).status_code == 200
    for _ in range(2):
        answer = listing(server)
        assert (answer.status_code, answer.headers["content-type"]) == (int(kind), "text/html; charset=utf-8")
    assert len(nodes(listing(server))) == 5


@pytest.mark.parametrize("kind", ["404", "410", "451"])
def test_a_pull_request_may_be_gone(server: GitHubServer, kind: str) -> None:
    server.faults.add(Fault(kind, on="/pulls/3$"))
    answer = get(server, PULL)
    assert (answer.status_code, "message" in answer.json()) == (int(kind), True)


def test_a_fault_may_strike_large_pages_only(server: GitHubServer) -> None:
    server.faults.add(Fault("502", on="^List$", page_over=5, times=2))
    assert [listing(server, first).status_code for first in (8, 5, 6, 4, 8)] == [502, 200, 502, 200, 200]
    server.faults.add(Fault("504", on="search", page_over=50))
    assert get(server, SEARCH).status_code == 200
    assert get(server, SEARCH.replace("per_page=2", "per_page=51")).status_code == 504


def test_faults_come_in_order_after_as_many_as_they_let_pass(server: GitHubServer) -> None:
    server.faults.add(Fault("500", on="/pulls/", after=1), Fault("404", on="/pulls/", times=2))
    assert [get(server, PULL).status_code for _ in range(5)] == [404, 500, 404, 200, 200]
    assert [record.fault for record in server.log] == ["404", "500", "404", "", ""]


def test_a_fault_that_never_happened_is_told() -> None:
    script = FaultScript([Fault("500", times=2), Fault("git_500")])
    with GitHubServer(MADE_UP, VirtualClock(), faults=script, sdl_path=SDL) as server:
        get(server, PULL)
        assert [fault.kind for fault in script.unused] == ["500", "git_500"]
        get(server, PULL)
        assert [fault.kind for fault in script.used] == ["500"]
    with pytest.raises(ValueError, match="no fault is called"):
        Fault("501")


def test_graphqls_limit_is_an_error_in_an_answer_that_looks_right(server: GitHubServer) -> None:
    server.faults.add(Fault("graphql_rate_limited", seconds=20))
    answer = listing(server)
    assert (answer.status_code, answer.json()["errors"][0]["type"]) == (200, "RATE_LIMITED")
    assert answer.headers["x-ratelimit-remaining"] == "0"
    server.clock.sleep_until(int(answer.headers["x-ratelimit-reset"]))
    assert len(nodes(listing(server))) == 5
    assert early_requests(server.log) == []


def test_partial_data_names_what_is_missing(server: GitHubServer) -> None:
    server.faults.add(Fault("graphql_partial"), Fault("graphql_partial", number=9))
    answer = listing(server)
    found = nodes(answer)
    assert [node is None for node in found[:2]] == [True, False]
    assert [node["files"] is None for node in found[1:3]] == [True, False]
    paths = [error["path"] for error in answer.json()["errors"]]
    assert paths == [["repository", "pullRequests", "nodes", 0], ["repository", "pullRequests", "nodes", 1, "files"]]
    again = listing(server)
    assert [node and node["number"] for node in nodes(again)] == [3, 5, 7, None, 11]
    assert len(again.json()["errors"]) == 1


def test_a_query_may_be_too_much_or_too_slow(server: GitHubServer) -> None:
    server.faults.add(Fault("graphql_resource_limits"), Fault("graphql_timeout"), Fault("graphql_timeout", status=200))
    answer = listing(server).json()
    assert (answer["data"], answer["errors"][0]["type"]) == (None, "RESOURCE_LIMITS_EXCEEDED")
    page, late = listing(server), listing(server)
    assert (page.status_code, "couldn't respond to your request in time" in page.text) == (502, True)
    assert (late.status_code, late.json()["data"]) == (200, None)


def test_a_connection_may_break(server: GitHubServer) -> None:
    server.faults.add(Fault("reset", on="/pulls/"), Fault("cut", on="/pulls/"))
    with pytest.raises(requests.ConnectionError, match=r"RemoteDisconnected|reset"):
        get(server, PULL)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        get(server, PULL)
    assert get(server, PULL).json()["number"] == 3
    assert [record.status for record in server.log] == [0, 200, 200]


def test_an_answer_may_not_be_what_it_says(server: GitHubServer) -> None:
    server.faults.add(Fault("bad_json", on="/pulls/"), Fault("html_200", on="/pulls/"), Fault("406_too_large"))
    with pytest.raises(json.JSONDecodeError):
        json.loads(get(server, PULL).content)
    page = get(server, PULL, Accept="application/vnd.github.diff")
    assert (page.status_code, page.text.startswith("<!DOCTYPE html>")) == (200, True)
    large = get(server, PULL, Accept="application/vnd.github.diff")
    assert (large.status_code, large.json()["errors"][0]["code"]) == (406, "too_large")


def test_a_diff_may_take_too_long(server: GitHubServer) -> None:
    server.faults.add(Fault("422_not_available"))
    slow = get(server, PULL, Accept="application/vnd.github.diff")
    assert (slow.status_code, slow.json()["errors"][0]["code"]) == (422, "not_available")


def test_a_moved_repository_keeps_its_query(server: GitHubServer) -> None:
    server.faults.add(Fault("301", on="/files"))
    moved = get(server, f"{PULL}/files?per_page=1&page=2")
    assert (moved.status_code, moved.headers["location"]) == (
        301,
        f"{server.api_url}/repositories/{FACTS.number}/pulls/3/files?per_page=1&page=2",
    )
    there = get(server, moved.headers["location"].removeprefix(server.api_url))
    assert there.json() == get(server, f"{PULL}/files?per_page=1&page=2").json()


def test_authors_and_forks_may_be_gone(server: GitHubServer) -> None:
    server.faults.add(
        Fault("null_author", on="List"),
        Fault("null_head_repository", on="List", number=5),
        Fault("null_author", on="GET"),
        Fault("null_head_repository", on="GET"),
    )
    assert [node["author"] for node in nodes(listing(server))] == [None] * 5
    assert [node["headRepository"] is None for node in nodes(listing(server))] == [False, True, False, False, False]
    assert get(server, PULL).json()["user"]["login"] == "ghost"
    assert get(server, PULL).json()["head"]["repo"] is None


def test_a_search_may_be_incomplete(server: GitHubServer) -> None:
    server.faults.add(Fault("incomplete_results"))
    some, whole = get(server, SEARCH).json(), get(server, SEARCH).json()
    assert (some["incomplete_results"], len(some["items"])) == (True, 1)
    assert (whole["incomplete_results"], len(whole["items"])) == (False, 2)


def test_the_servers_time_may_be_another() -> None:
    clock = VirtualClock()
    with GitHubServer(MADE_UP, clock, faults=FaultScript([Fault("clock_skew", seconds=300)]), sdl_path=SDL) as server:
        answer = get(server, PULL)
        assert parsedate_to_datetime(answer.headers["date"]) == datetime.fromtimestamp(clock.now() + 300, UTC)
        assert int(answer.headers["x-ratelimit-reset"]) == clock.now() + 3_900
        assert next(iter(server.log)).arrived == clock.now()
        assert server.faults.unused == []


def test_a_limit_comes_before_a_fault(server: GitHubServer) -> None:
    server.faults.add(Fault("500"))
    assert get(server, PULL, token="wrong").status_code == 401  # noqa: S106
    assert get(server, PULL).status_code == 500


def clone(server: GitHubServer, folder: Path) -> subprocess.CompletedProcess[bytes]:
    facts = server.world.repositories()[0]
    address = f"{server.git_url}/{facts.full_name}.git".replace("://", f"://x-access-token:{TOKEN}@")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    command = ["git", "clone", "--quiet", "--bare", "--filter=blob:none", address, "clone"]
    return subprocess.run(command, cwd=folder, capture_output=True, env=environment, timeout=60)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("git_500"), "error: 500"),
        (Fault("git_429", seconds=9), "error: 429"),
        (Fault("git_404"), "not found"),
        (Fault("git_cut", after=1), "RPC failed"),
        (Fault("git_no_filter"), "filtering not recognized by server"),
    ],
)
def test_git_meets_its_faults(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, fault: Fault, words: str
) -> None:
    world = DemoWorld(tmp_path_factory.getbasetemp() / "world of git's faults")  # built by the first of them
    with GitHubServer(world, VirtualClock(), faults=FaultScript([fault]), sdl_path=SDL) as server:
        done = clone(server, tmp_path)
        assert words in done.stderr.decode()
        assert (done.returncode == 0) == (fault.kind == "git_no_filter")
        assert server.faults.unused == []
        if fault.kind == "git_cut":
            assert server.log.of("git")[-1].sent > 1_000, "the pack itself has to be cut"
        if fault.kind == "git_429":
            assert server.log.of("git")[-1].retry_after == 9
        (tmp_path / "again").mkdir()
        assert clone(server, tmp_path / "again").returncode == 0
        assert len(early_requests(server.log)) == (3 if fault.kind == "git_429" else 0)


def test_every_kind_is_met_in_this_file_or_with_the_limits() -> None:
    text = Path(__file__).read_text(encoding="utf-8") + Path(__file__).with_name("test_limits.py").read_text(
        encoding="utf-8"
    )
    assert [kind for kind in KINDS if f'"{kind}"' not in text] == []
