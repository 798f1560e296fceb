"""What the real GitHub once answered, recorded by PyGithub's authors, read by this project's own client."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipeline.github.api import Api
from pipeline.github.clock import VirtualClock
from pipeline.github.connection import Reply
from pipeline.github.credentials import Credential
from pipeline.github.log import RequestLog
from pipeline.github.rest_patches import NotThePatchError, files_of
from pipeline.github.search import Search
from pipeline.github.store import Store
from pipeline.github.verdict import GoneError, verdict
from tests.servers.contract.recordings import RECORDINGS, Recorded, every, read
from tests.servers.contract.replay import ReplayServer

SHOWN = {301: 308}  # what the connection shows of a redirect, see pipeline/github/connection.py


@contextmanager
def replayed(recording: list[Recorded], folder: Path) -> Iterator[tuple[ReplayServer, Api]]:
    """This project's client at a server that plays a recording."""
    log, store = RequestLog(folder / "requests.jsonl"), Store(folder / "a.sqlite")
    try:
        with ReplayServer(recording) as server:
            yield server, Api(server.url, [Credential("token 1", "recorded")], store, log, VirtualClock())
    finally:
        log.close()
        store.close()


def judged(each: Recorded) -> str:
    headers = {name.lower(): value for name, value in each.headers}
    resource = "graphql" if each.path == "/graphql" else "core"
    return verdict(Reply(SHOWN.get(each.status, each.status), headers, each.body), resource).split(" (")[0]


def test_every_recorded_answer_has_the_verdict_of_its_status() -> None:
    found = Counter((each.status, judged(each)) for each in every())
    unreadable = {(200, "trouble")}  # a page, a list without JSON, a picture: nothing that is asked for here
    assert found.total() == 2381
    assert set(found) - unreadable == {
        *((200, "answer"), (304, "unchanged"), (301, "moved"), (302, "moved"), (401, "refused token")),
        *((403, "wait"), (403, "gone"), (400, "gone"), (404, "gone"), (409, "gone"), (422, "gone")),
        *((status, "trouble") for status in (201, 202, 204, 205, 500, 502, 503)),  # the first four are never asked for
    }
    assert found[200, "answer"] > 1_800 and found[200, "trouble"] < 25


def test_a_limit_was_recorded_and_is_one() -> None:
    limited = [each for each in every() if each.status == 403 and judged(each) == "wait"]
    assert len(limited) == 2
    assert {each.recording for each in limited} == {
        "SpecificExceptions.testAuthenticatedRateLimitExceeded.txt",  # an abuse limit, as it was called then
        "SpecificExceptions.testRateLimitExceeded.txt",
    }
    refused = [each for each in every() if each.status == 403 and judged(each) == "gone"]
    assert refused and not any(b"rate limit" in each.body.lower() for each in refused)


def pull_31(**changed: Any) -> dict[str, Any]:
    """What GitHub's facts say of PyGithub's pull request 31, as its own recording has it."""
    recorded = next(
        json.loads(each.body)
        for each in read(RECORDINGS / "PullRequest.setUp.txt")
        if each.path.endswith("/pulls/31") and each.status == 200
    )
    return {
        "repo": "PyGithub/PyGithub",
        "number": 31,
        "files": None,
        **{name: recorded[name] for name in ("additions", "deletions", "changed_files")},
        **changed,
    }


def test_a_real_list_of_files_becomes_a_diff_with_the_lines_that_github_counted(tmp_path: Path) -> None:
    pull = pull_31()
    with replayed(read(RECORDINGS / "PullRequest.testGetFiles.txt"), tmp_path) as (_, api):
        change = files_of(api, pull, 1 << 20)
    assert (pull["changed_files"], len(change.files)) == (45, 45)
    assert sum(file["additions"] for file in change.files) == pull["additions"] == 511
    assert change.patch is not None and change.patch.count("diff --git ") == 45
    assert {file["status"] for file in change.files} == {"A", "M"}


def test_a_real_list_of_files_is_not_taken_for_another_change(tmp_path: Path) -> None:
    recording = read(RECORDINGS / "PullRequest.testGetFiles.txt")
    with replayed(recording, tmp_path) as (_, api), pytest.raises(NotThePatchError):
        files_of(api, pull_31(additions=512), 1 << 20)


def test_a_real_redirect_is_followed(tmp_path: Path) -> None:
    recording = read(RECORDINGS / "Requester.testLoggingRedirection.txt")
    first = next(each for each in recording if each.status == 301)
    with replayed(recording, tmp_path) as (server, api):
        reply = api.rest(first.path)
        assert [each.status for each in server.played] == [301, 200]
    assert json.loads(reply.body)["full_name"]


def test_a_real_404_is_gone(tmp_path: Path) -> None:
    missing = next(
        each for each in every() if each.status == 404 and each.method == "GET" and each.path.count("/") == 3
    )
    with replayed([missing], tmp_path) as (_, api), pytest.raises(GoneError):
        api.rest(missing.path)


def test_a_real_empty_search_finds_nothing(tmp_path: Path) -> None:
    with replayed(read(RECORDINGS / "Search.testSearchReposWithNoResults.txt"), tmp_path) as (server, api):
        with closing(Store(tmp_path / "b.sqlite")) as store:
            assert Search(api, store).repositories(10_000) == []
        assert len(server.played) == 1


def test_a_real_page_of_a_search_is_read_where_it_has_todays_fields(tmp_path: Path) -> None:
    """The recorded search is of 2012, without `topics`, `archived` and `license`; what it lacks is added, the rest is as recorded."""
    page = next(each for each in read(RECORDINGS / "Search.testSearchRepos.txt") if each.path == "/search/repositories")
    answer = json.loads(page.body)
    today = {"archived": False, "topics": [], "license": None, "default_branch": "master"}
    answer |= {"incomplete_results": False, "total_count": len(answer["items"])}
    answer["items"] = [today | item for item in answer["items"]]
    changed = Recorded(**{**vars(page), "body": json.dumps(answer).encode()})
    with replayed([changed] * 3, tmp_path) as (_, api), closing(Store(tmp_path / "b.sqlite")) as store:
        found = Search(api, store).repositories(0)
    assert {item["full_name"] for item in found} == {item["full_name"] for item in answer["items"]}
    assert all(isinstance(item["stargazers_count"], int) and item["licence"] == "NONE" for item in found)
