"""What becomes of each kind of answer: handed on, asked again a little later, or told as an error that somebody can act on."""

import json
import logging
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.github.clock import VirtualClock
from pipeline.github.verdict import GoneError, TooMuchError, TroubleError
from tests.pipeline.github.door import DIFF, PULL, QUERY, REPO, RIGHT, door
from tests.pipeline.github.peer import Peer, in_turn, opened, reply
from tests.servers.github import Fault


@pytest.mark.parametrize("resource", ["core", "search", "graphql"])
def test_the_right_answer_comes_at_once(tmp_path: Path, resource: str) -> None:
    with door(tmp_path) as opening:
        assert opening.ask(resource) == RIGHT[resource]
        assert opening.passed == 0
        opening.well_behaved()


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


def test_nobody_is_told_that_listing_needs_a_token(tmp_path: Path) -> None:
    with Peer(in_turn(reply(200, {}))) as peer, opened(peer.url, tmp_path, VirtualClock(), {}) as api:
        with pytest.raises(UserError, match="set GITHUB_TOKEN"):
            api.graphql(QUERY, {}, 1)
        assert peer.asked == []


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


def test_pygithub_itself_says_nothing_at_any_level_of_what_it_was_given(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with door(tmp_path, tokens=("ghp_very_secret_1",)) as opening:
        opening.ask("core")
        opening.ask("graphql")
    assert "ghp_very_secret_1" not in caplog.text
