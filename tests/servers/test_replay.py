"""Real exchanges, recorded by others: which of them fit today's descriptions, and how they are played again."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from github import Auth, Github, UnknownObjectException

from tests.servers.contract import sdl
from tests.servers.contract.openapi import resolve
from tests.servers.contract.recordings import RECORDINGS, UNREADABLE, Recorded, every, read
from tests.servers.contract.replay import ReplayServer
from tests.servers.contract.schemas import Schemas

REPOSITORY = "/repos/{owner}/{repo}"
PULL = f"{REPOSITORY}/pulls/{{pull_number}}"
TOKEN = "/app/installations/{installation_id}/access_tokens"  # noqa: S105 - a path
# How many recorded exchanges there are with PyGithub 2.10.0, and how many of them fit the descriptions of 2026-11.
# Most that do not are older than a field that is required now (has_discussions, archive_url, auto_merge, node_id, ...).
MEASURED = {
    ("GET", "/rate_limit", 200): (6, 4),
    ("GET", "/repositories/{repository_id}", 200): (4, 2),
    ("GET", "/search/repositories", 200): (3, 1),
    ("GET", REPOSITORY, 200): (231, 101),
    ("GET", REPOSITORY, 301): (5, 3),
    ("GET", REPOSITORY, 304): (4, 4),
    ("GET", REPOSITORY, 400): (1, 0),
    ("GET", REPOSITORY, 404): (3, 3),
    ("GET", REPOSITORY, 500): (1, 0),
    ("GET", REPOSITORY, 502): (7, 0),
    ("GET", PULL, 200): (29, 10),
    ("GET", PULL, 304): (1, 1),
    ("GET", f"{PULL}/files", 200): (3, 1),
    ("POST", "/graphql", 200): (49, 49),
    ("POST", TOKEN, 201): (10, 10),
    ("POST", TOKEN, 400): (1, 0),
    ("POST", TOKEN, 401): (1, 1),
    ("POST", TOKEN, 404): (1, 1),
    ("POST", TOKEN, 422): (1, 1),
}


@cache
def schemas() -> Schemas:
    return Schemas()


@cache
def exchanges() -> tuple[Recorded, ...]:
    return tuple(every())


def endpoint(each: Recorded) -> str | None:
    if each.host != "api.github.com":
        return None
    found = schemas().endpoints.find(each.method, each.path)
    return "/graphql" if each.path == "/graphql" else found[0] if found else None


def in_use() -> Iterator[Recorded]:
    return (each for each in exchanges() if endpoint(each))


def objections(each: Recorded, body: bytes | None = None) -> list[str]:
    body = each.body if body is None else body
    if each.path == "/graphql":
        return sdl.objections(each.request_body.encode(), each.status, body)
    return schemas().objections(each.method, each.path, each.status, each.header("content-type"), body)


def fitting() -> list[Recorded]:
    return [each for each in in_use() if not objections(each)]


def test_every_recording_is_read_but_for_the_broken_one() -> None:
    assert len(exchanges()) == 2381
    assert {path.name for path in RECORDINGS.glob("*.txt")} > UNREADABLE
    for name in UNREADABLE:
        with pytest.raises(SyntaxError):
            read(RECORDINGS / name)


def test_a_streamed_body_is_read_whole() -> None:
    streamed = [each for each in exchanges() if each.recording == "PublicReleaseAsset.testDownload.txt"][-1]
    assert streamed.body.startswith(b"\0asm")
    assert len(streamed.body) == int(streamed.header("content-length"))


def test_as_many_recorded_exchanges_fit_todays_descriptions_as_were_measured() -> None:
    found = Counter((each.method, str(endpoint(each)), each.status) for each in in_use())
    fit = Counter((each.method, str(endpoint(each)), each.status) for each in fitting())
    assert {key: (number, fit[key]) for key, number in found.items()} == MEASURED


def test_recordings_of_rate_limits_fit_what_every_endpoint_may_answer() -> None:
    limits = [each for each in exchanges() if each.status == 403 and each.recording.endswith("RateLimitExceeded.txt")]
    assert len(limits) == 2
    for each in limits:
        content_type = each.header("content-type")
        assert schemas().objections("GET", "/search/repositories", 403, content_type, each.body) == []
        assert schemas().objections("GET", "/search/repositories", 403, content_type, b"[]") != []


def test_a_fitting_answer_without_any_one_required_field_fits_no_more() -> None:
    newest = {endpoint(each): each for each in fitting() if each.status in (200, 201)}
    for template in (REPOSITORY, PULL, TOKEN, "/search/repositories", "/rate_limit"):
        each = newest[template]
        found = schemas().endpoints.find(each.method, each.path)
        assert found
        content = found[1]["responses"][str(each.status)]["content"]["application/json"]
        body = json.loads(each.body)
        for name in resolve(schemas().description, content["schema"])["required"]:
            rest = {key: text for key, text in body.items() if key != name}
            assert any(f"'{name}' is a required" in each_objection for each_objection in objections(each, dumped(rest)))


def dumped(body: object) -> bytes:
    return json.dumps(body).encode()


def spoil(node: Any, at: str, places: list[str]) -> Any:
    """The same answer with something else in the place of every leaf but the names of types; the places."""
    if isinstance(node, dict):
        return {
            key: child if key == "__typename" else spoil(child, f"{at}.{key}", places) for key, child in node.items()
        }
    if isinstance(node, list):
        return [spoil(child, f"{at}.{index}", places) for index, child in enumerate(node)]
    places.append(at)
    return {"no": "leaf"}


def test_every_leaf_of_a_recorded_graphql_answer_is_looked_at() -> None:
    spoilt = 0
    for each in (each for each in fitting() if each.path == "/graphql"):
        places: list[str] = []
        found = objections(each, dumped({"data": spoil(json.loads(each.body)["data"], "data", places)}))
        objected = {objection.removeprefix("response: ").partition(":")[0] for objection in found}
        assert set(places) <= objected, each.recording
        spoilt += len(places)
    assert spoilt > 2000


def test_a_wrong_name_of_a_type_in_a_recorded_graphql_answer_is_seen() -> None:
    named = [each for each in fitting() if each.path == "/graphql" and b'"__typename":"Discussion"' in each.body]
    assert len(named) > 5
    for each in named:
        assert objections(each, each.body.replace(b'"__typename":"Discussion"', b'"__typename":"Discusion"'))


def client(server: ReplayServer) -> Github:
    return Github(base_url=server.url, auth=Auth.Token("t"), retry=None, seconds_between_requests=0)


def test_a_recording_is_played_in_its_order() -> None:
    recording = read(RECORDINGS / "PullRequest2408.setUp.txt")
    assert [each.status for each in recording][:2] == [301, 200]
    with ReplayServer(recording) as server:
        github = client(server)
        repository = github.get_repo("ReDASers/Phishing-Detection")
        assert repository.id == 146139403
        github.close()
        assert [each.status for each in server.played] == [301, 200]
        assert server.unmatched == []


def test_what_was_never_recorded_is_said(tmp_path: Path) -> None:
    recording = [each for each in read(RECORDINGS / "Exceptions.testUnknownObject.txt") if endpoint(each)]
    with ReplayServer(recording) as server:
        github = client(server)
        with pytest.raises(UnknownObjectException):
            github.get_repo("jacquev6/Xxx")
        assert server.left == []
        with pytest.raises(Exception, match="501"):
            github.get_repo("jacquev6/Xxx")
        github.close()
        assert server.unmatched == ["GET /repos/jacquev6/Xxx"]


def test_the_same_query_goes_before_the_order() -> None:
    first, second = (
        Recorded("made up", "GET", "api.github.com", f"/things?b=1&page={page}", {}, "", 200, [], b"%d" % page)
        for page in (1, 2)
    )
    with ReplayServer([first, second]) as server:
        github = client(server)
        assert github.requester.requestJson("GET", "/things?page=2&b=1")[2] == "2"
        assert github.requester.requestJson("GET", "/things?page=9")[2] == "1"
        github.close()
