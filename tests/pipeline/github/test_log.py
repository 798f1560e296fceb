"""The request log: one line each, sums that add up, and nothing in it that is a secret."""

import json
import threading
from pathlib import Path

import pytest

from pipeline.errors import LimiError
from pipeline.github.connection import Reply
from pipeline.github.log import RequestLog

HEADERS = {"x-ratelimit-remaining": "4999", "x-github-request-id": "A:B", "set-cookie": "session=topsecret"}


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _answer(cost: int = 1) -> Reply:
    return Reply(200, HEADERS, json.dumps({"data": {"rateLimit": {"cost": cost}, "body": "topsecret"}}).encode())


def test_a_request_is_a_line_with_what_became_of_it(tmp_path: Path) -> None:
    log = RequestLog(tmp_path / "deep/requests.jsonl")
    log.add(
        "token 1", "core", "GET", "/x", {"q": "a b", "page": 2}, _answer(), "answer", 1_790_000_000.25, 1_790_000_001.5
    )
    log.close()
    (line,) = _lines(tmp_path / "deep/requests.jsonl")
    assert line == {
        "at": "2026-09-21T14:13:20.250+00:00",
        "who": "token 1",
        "resource": "core",
        "request": "GET /x?q=a+b&page=2",
        "status": 200,
        "verdict": "answer",
        "cost": 1,
        "remaining": "4999",
        "id": "A:B",
        "seconds": 1.25,
    }


def test_no_body_and_no_other_header_is_written(tmp_path: Path) -> None:
    log = RequestLog(tmp_path / "requests.jsonl")
    log.add("token 1", "graphql", "POST", "/graphql", {}, _answer(), "answer", 0.0, 1.0)
    log.add("token 1", "core", "GET", "/x", {}, Reply(500, HEADERS, b"topsecret"), "trouble (500)", 0.0, 1.0)
    log.close()
    assert "topsecret" not in (tmp_path / "requests.jsonl").read_text()


def test_a_request_without_an_answer_is_a_line_too(tmp_path: Path) -> None:
    log = RequestLog(tmp_path / "requests.jsonl")
    log.add("token 1", "core", "GET", "/x", {}, None, "no answer (ConnectionError)", 0.0, 1.0)
    log.close()
    (line,) = _lines(tmp_path / "requests.jsonl")
    assert (line["status"], line["verdict"]) == (None, "no answer (ConnectionError)")


def test_graphql_costs_what_github_says_and_one_where_it_says_nothing(tmp_path: Path) -> None:
    log = RequestLog(tmp_path / "requests.jsonl")
    log.add("token 1", "graphql", "POST", "/graphql", {}, _answer(7), "answer", 0.0, 1.0)
    log.add(
        "token 1",
        "graphql",
        "POST",
        "/graphql",
        {},
        Reply(200, {}, b'{"data": {"rateLimit": null}}'),
        "answer",
        0.0,
        1.0,
    )
    log.add("token 1", "graphql", "POST", "/graphql", {}, None, "no answer", 0.0, 1.0)
    log.close()
    assert log.points == 9
    assert [line["cost"] for line in _lines(tmp_path / "requests.jsonl")] == [7, 1, 1]


def test_the_sums_are_of_each_kind(tmp_path: Path) -> None:
    log = RequestLog(tmp_path / "requests.jsonl")
    for resource in ("core", "core", "search", "app", "graphql"):
        log.add("token 1", resource, "GET", "/x", {}, _answer(3), "answer", 0.0, 1.0)
    log.fetched("ada/doors 3 objects, files", 0.0, 2.0, "answer")
    log.close()
    assert log.spent() == "1 GraphQL calls (3 points), 4 REST calls, 1 git fetches"
    assert _lines(tmp_path / "requests.jsonl")[-1] == {
        "at": "1970-01-01T00:00:00.000+00:00",
        "resource": "git",
        "request": "ada/doors 3 objects, files",
        "verdict": "answer",
        "seconds": 2.0,
    }


def test_a_later_run_writes_behind_an_earlier_one(tmp_path: Path) -> None:
    for at in range(2):
        log = RequestLog(tmp_path / "requests.jsonl")
        log.add("token 1", "core", "GET", f"/{at}", {}, None, "no answer", 0.0, 1.0)
        log.close()
    assert [line["request"] for line in _lines(tmp_path / "requests.jsonl")] == ["GET /0", "GET /1"]


def test_each_line_is_in_the_file_when_the_call_returns(tmp_path: Path) -> None:
    log = RequestLog(tmp_path / "requests.jsonl")
    log.add("token 1", "core", "GET", "/x", {}, None, "no answer", 0.0, 1.0)
    assert len(_lines(tmp_path / "requests.jsonl")) == 1
    log.close()


def test_a_line_that_was_cut_off_by_a_kill_does_not_spoil_the_next_one(tmp_path: Path) -> None:
    (tmp_path / "requests.jsonl").write_text('{"at": "2026", "who": "tok')
    log = RequestLog(tmp_path / "requests.jsonl")
    log.add("token 1", "core", "GET", "/x", {}, None, "no answer", 0.0, 1.0)
    log.close()
    last = (tmp_path / "requests.jsonl").read_text().splitlines()[-1]
    assert json.loads(last)["request"] == "GET /x"


def test_a_name_with_a_newline_stays_one_line(tmp_path: Path) -> None:
    log = RequestLog(tmp_path / "requests.jsonl")
    log.add("token 1", "core", "GET", "/x\n{}\u2028", {"a": "b\n"}, None, "no\nanswer", 0.0, 1.0)
    log.close()
    assert (tmp_path / "requests.jsonl").read_text(encoding="utf-8").count("\n") == 1


def test_eight_threads_write_whole_lines_and_lose_none(tmp_path: Path) -> None:
    log = RequestLog(tmp_path / "requests.jsonl")

    def work(who: int) -> None:
        for at in range(100):
            log.add(f"token {who}", "core", "GET", f"/{at}/{'x' * 300}", {}, None, "no answer", 0.0, 1.0)

    threads = [threading.Thread(target=work, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    log.close()
    lines = _lines(tmp_path / "requests.jsonl")
    assert len({(line["who"], line["request"]) for line in lines}) == 800
    assert log.calls["core"] == 800


def test_a_full_disk_under_the_log_is_told_as_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "requests.jsonl").symlink_to("/dev/full")
    log = RequestLog(tmp_path / "requests.jsonl")
    with pytest.raises(LimiError):
        log.add("token 1", "core", "GET", "/x", {}, None, "no answer", 0.0, 1.0)
    log.close()


def test_a_log_that_cannot_be_opened_is_told_as_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "requests.jsonl").mkdir()
    with pytest.raises(LimiError):
        RequestLog(tmp_path / "requests.jsonl")


def test_what_the_user_is_told_goes_to_the_error_stream(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = RequestLog(tmp_path / "requests.jsonl")
    log.say("GitHub is slow today")
    log.close()
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "github: GitHub is slow today\n")
