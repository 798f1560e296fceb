"""One exchange: what came back, byte for byte, or that nothing whole came. Never a wait, a retry or a redirect of its own."""

import gzip
import json
import logging
import time
import traceback
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from github import Auth
from pydantic import ValidationError

from pipeline.github import connection as module
from pipeline.github.connection import Exchange, NoAnswerError, Reply
from pipeline.params import read_params
from pipeline.sections import Source
from tests.conftest import ROOT
from tests.pipeline.github.peer import Asked, Peer, in_turn, reply

TOKEN = Auth.Token("ghp_secret_of_connection")


def send(url: str, path: str = "/x", **given: object) -> Reply:
    known = {"auth": TOKEN, "verb": "GET", "parameters": {}, "headers": {}, "body": None}
    return Exchange(url).send(path=path, **(known | given))  # type: ignore[arg-type]


def test_status_headers_and_bytes_come_back_untouched() -> None:
    raw = bytes(range(256)) * 3
    with Peer(in_turn(reply(200, raw, {"Content-Type": "text/x-diff", "X-Odd": "Ünïcode", "ETag": 'W/"a"'}))) as peer:
        got = send(peer.url)
    assert (got.status, got.body) == (200, raw)
    assert got.headers["etag"] == 'W/"a"'
    assert got.headers["x-odd"] == "Ünïcode"


def test_the_request_has_its_token_its_name_its_version_and_its_parameters() -> None:
    with Peer(in_turn(reply(200, {}))) as peer:
        send(peer.url, parameters={"q": "stars:>1 fork:true", "page": 2}, headers={"Accept": "text/plain"})
        (asked,) = peer.asked
    assert parse_qs(asked.target.removeprefix("/x?")) == {"q": ["stars:>1 fork:true"], "page": ["2"]}
    assert asked.token == "ghp_secret_of_connection"  # noqa: S105
    assert asked.headers["user-agent"] == "limi-curation"
    assert asked.headers["accept"] == "text/plain"
    assert asked.headers["x-github-api-version"] == "2022-11-28"


def test_nobody_sends_no_authorization_though_a_netrc_has_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ada password netrcsecret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with Peer(in_turn(reply(200, {}))) as peer:
        send(peer.url, auth=None)
        assert "authorization" not in peer.asked[0].headers


@pytest.mark.parametrize(("base", "path"), [("", "/graphql"), ("/api/v3", "/api/graphql")])
def test_graphql_is_beside_the_api_as_github_has_it(base: str, path: str) -> None:
    with Peer(in_turn(reply(200, {}))) as peer:
        send(f"{peer.url}{base}", "/graphql", verb="POST", body={"query": "{ x }"})
        (asked,) = peer.asked
    assert (asked.method, asked.target) == ("POST", path)
    assert json.loads(asked.body) == {"query": "{ x }"}


def test_a_base_address_with_a_path_stands_before_every_path() -> None:
    with Peer(in_turn(reply(200, {}))) as peer:
        send(f"{peer.url}/api/v3/")
        assert peer.asked[0].target == "/api/v3/x"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_handed_on_with_its_query_and_not_followed(status: int) -> None:
    with Peer(in_turn(reply(status, {}, {"Location": "/y?page=2"}))) as peer:
        got = send(peer.url)
        assert len(peer.asked) == 1
    assert got.status in (status, 308)
    assert got.headers["location"] == "/y?page=2"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 406, 410, 422, 429, 451, 500, 502, 503, 504])
def test_a_refusal_is_an_answer_asked_once_and_never_an_exception(status: int) -> None:
    refused = reply(status, {"message": "no"}, {"Retry-After": 60, "X-RateLimit-Remaining": 0, "X-RateLimit-Reset": 9})
    began = time.monotonic()
    with Peer(in_turn(refused)) as peer:
        got = send(peer.url)
        assert len(peer.asked) == 1
    assert (got.status, json.loads(got.body)) == (status, {"message": "no"})
    assert time.monotonic() - began < 5, "PyGithub waited by itself"


def test_a_202_is_neither_waited_for_nor_asked_again_unseen() -> None:
    began = time.monotonic()
    with Peer(in_turn(reply(202, {}), reply(200, {}))) as peer:
        got = send(peer.url)
        assert len(peer.asked) == 1
    assert got.status >= 500
    assert time.monotonic() - began < 2


_WHOLE = reply(200, {"number": 3})
_BODY = b'{"number": 3}'


@pytest.mark.parametrize(
    "broken",
    [
        None,
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + _BODY,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"num",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 13\r\n\r\n" + _BODY,
        b"SSH-2.0-OpenSSH_9\r\n\r\n",
        b"HTTP/1.1 banana\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 200_000 + b"\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: a\r\n" % at for at in range(300)) + b"\r\n{}",
    ],
    ids=["reset", "closed", "cut body", "cut chunk", "odd chunk", "no gzip", "no HTTP", "no status", "huge header", "many headers"],
)  # fmt: skip
def test_what_is_no_whole_answer_is_told_so_and_names_neither_address_nor_token(broken: bytes | None) -> None:
    with Peer(in_turn(broken)) as peer:
        with pytest.raises(NoAnswerError) as caught:
            send(peer.url, "/repos/secretive/name")
        assert len(peer.asked) == 1, "urllib3 asked again, unseen by the limiter"
    told = str(caught.value) + "".join(traceback.format_exception(caught.value))
    assert "ghp_secret" not in told
    assert "secretive" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)


def test_a_cut_gzip_is_no_whole_answer() -> None:
    packed = gzip.compress(json.dumps(list(range(9_999))).encode())
    cut = packed[: len(packed) // 2]
    headers = {"Content-Encoding": "gzip", "Content-Length": len(packed)}
    with Peer(in_turn(reply(200, cut, headers))) as peer, pytest.raises(NoAnswerError):
        send(peer.url)


@pytest.mark.parametrize(("name", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_packed_body_is_unpacked(name: str, pack: Callable[[bytes], bytes]) -> None:
    body = b"diff --git a/x b/x\n" * 1_000
    with Peer(in_turn(reply(200, pack(body), {"Content-Encoding": name}))) as peer:
        assert send(peer.url).body == body


@pytest.mark.parametrize("value", ["many", "", "inf", "nan", "12 apples"])
@pytest.mark.parametrize("name", ["X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Limit"])
def test_a_limits_header_that_is_no_number_does_not_end_the_run(name: str, value: str) -> None:
    told = {"X-RateLimit-Remaining": 7, "X-RateLimit-Limit": 9, "X-RateLimit-Reset": 99} | {name: value}
    with Peer(in_turn(reply(200, {}, told))) as peer, suppress(NoAnswerError):  # as good: it is asked again
        assert send(peer.url).status == 200


def test_a_server_that_is_not_there_is_no_answer() -> None:
    with Peer(in_turn(_WHOLE)) as peer:
        url = peer.url
    with pytest.raises(NoAnswerError):
        send(url)


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0.1)

    def silent(asked: Asked) -> bytes:
        time.sleep(5)
        return _WHOLE

    began = time.monotonic()
    with Peer(silent) as peer, pytest.raises(NoAnswerError) as caught:
        send(peer.url)
    assert "Timeout" in str(caught.value)
    assert time.monotonic() - began < 3


def test_after_a_broken_connection_the_next_request_has_a_new_one() -> None:
    with Peer(in_turn(None, _WHOLE)) as peer:
        exchange = Exchange(peer.url)
        with pytest.raises(NoAnswerError):
            exchange.send(TOKEN, "GET", "/x", {}, {}, None)
        assert exchange.send(TOKEN, "GET", "/x", {}, {}, None).body == _BODY


def test_an_answer_is_never_another_ones_body() -> None:
    with Peer(lambda asked: reply(200, asked.target.encode(), {"Content-Type": "text/plain"})) as peer:
        exchange = Exchange(peer.url)
        bodies = [exchange.send(TOKEN, "GET", f"/{at}", {}, {}, None).body for at in range(20)]
    assert bodies == [b"/%d" % at for at in range(20)]


def test_no_log_at_any_level_has_the_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Peer(in_turn(_WHOLE)) as peer:
        send(peer.url)
        assert peer.asked[0].token == "ghp_secret_of_connection"  # noqa: S105
    assert "ghp_secret" not in caplog.text


@pytest.mark.parametrize("field", ["api", "git"])
@pytest.mark.parametrize(
    "address",
    [
        "http://api.github.com",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://localhost@evil.example",
        "https://user:secret@github.com",
        "https://api.github.com\nx",
        "https://api.github.com?x=1",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "//api.github.com",
        "",
    ],
)
def test_a_token_is_sent_in_the_open_to_this_machine_only(field: str, address: str) -> None:
    known = read_params(ROOT / "profiles/limi.yaml").source.model_dump()
    with pytest.raises(ValidationError):
        Source.model_validate(known | {field: address})


@pytest.mark.parametrize("field", ["api", "git"])
@pytest.mark.parametrize(
    "address",
    ["https://api.github.com", "https://ghe.example/api/v3", "http://127.0.0.1:8080", "http://localhost:1"],
)
def test_github_an_enterprise_server_and_this_machine_are_addresses(field: str, address: str) -> None:
    known = read_params(ROOT / "profiles/limi.yaml").source.model_dump()
    assert getattr(Source.model_validate(known | {field: address}), field) == address
