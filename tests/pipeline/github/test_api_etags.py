"""What has not changed costs nothing, and gives the very bytes that came before."""

import json
from pathlib import Path

import pytest

from pipeline.github.clock import VirtualClock
from tests.pipeline.github.door import DIFF, PULL, door
from tests.pipeline.github.peer import Asked, Peer, opened, reply
from tests.servers.github import Fault


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
