"""A redirect is followed on the same host and below the same path, and nowhere else."""

import json
from pathlib import Path

import pytest

from pipeline.errors import LimiError
from pipeline.github.clock import VirtualClock
from pipeline.github.verdict import GoneError
from tests.pipeline.github.door import PULL, door
from tests.pipeline.github.peer import Asked, Peer, in_turn, opened, reply
from tests.servers.github import Fault


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
