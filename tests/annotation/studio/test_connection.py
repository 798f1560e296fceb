"""Whatever a server does, the user reads a sentence, and the key is in none of them."""

import base64
import json
import logging
import subprocess
import sys
import time
from typing import Any

import pytest

import annotation.studio.connection as module
from annotation.studio.connection import KEY, Connection, FailedError, RefusedError, connect
from pipeline.errors import LimiError, UserError
from tests.annotation.server.running import Running
from tests.annotation.studio.stranger import Answer, Stranger, says, stranger

SECRET = "5ec2e7" * 6 + "abcd"
VERSION = says({"release": "1.23.2"})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITS", (0.01, 0.01))
    monkeypatch.setenv(KEY, SECRET)


def personal_token(seconds: float = 600) -> str:
    """A token of the other kind: it is exchanged for one that lives five minutes."""
    parts = [{"alg": "HS256", "typ": "JWT"}, {"token_type": "refresh", "exp": int(time.time() + seconds)}]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in [*parts, {}])


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (says({"detail": "Invalid token."}, 401), UserError, "does not know the key in LABEL_STUDIO_API_KEY"),
        (says({"detail": "no"}, 403), UserError, "may not GET"),
        (says({"detail": "Not found."}, 404), RefusedError, "refuses (404)"),
        (says(b"<html><h1>Server Error", 500), FailedError, "fails (500) at GET"),
        (says({}, 503), FailedError, "fails (503)"),
        (says({}, 429, Retry_After="0"), FailedError, "fails (429)"),
        (says(b"", 302, Location="http://elsewhere.example/"), UserError, "sent on to http://elsewhere.example/"),
        (says(b'{"a": '), LimiError, "does not answer with JSON"),
        (says(b"[" * 100_000), LimiError, "does not answer with JSON"),
        (says(b"\xff\xfe"), LimiError, "does not answer with JSON"),
        (says(b"<html>Welcome"), LimiError, "with 'a page of HTML'"),
        (None, FailedError, "does not answer GET"),
        ((200, {"Content-Length": "100"}, b"{}"), FailedError, "does not answer GET"),
    ],
)
def test_a_failing_server_is_told_in_a_sentence(answer: Answer, error: type[LimiError], said: str) -> None:
    with stranger(answer) as server, Connection(server.url, SECRET) as line, pytest.raises(error) as raised:
        line.read("/api/projects")
    assert type(raised.value) is error
    assert said in str(raised.value)
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None or raised.value.__suppress_context__


def test_a_server_that_says_the_key_back_does_not_get_it_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for status in (400, 404, 500, 302):
        with stranger(says({"detail": f"Token {SECRET}"}, status, Location=f"/{SECRET}")) as server:
            with Connection(server.url, SECRET) as line, pytest.raises(LimiError) as raised:
                line.read("/api/projects")
            assert ("Authorization", f"Token {SECRET}") in server.asked[0][2].items()
        assert SECRET not in str(raised.value)
        assert "***" in str(raised.value)
    assert SECRET not in caplog.text


def test_control_characters_of_a_server_do_not_reach_the_terminal() -> None:
    said = "\x1b]0;title\x07\u202e" + "x" * 10_000
    with (
        stranger(says(said.encode(), 400)) as server,
        Connection(server.url, SECRET) as line,
        pytest.raises(RefusedError) as raised,
    ):
        line.read("/api/projects")
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 500


def test_a_read_is_tried_again_and_an_import_is_not() -> None:
    failing = says({}, 500)
    with stranger(failing, failing, says({"id": 1})) as server, Connection(server.url, SECRET) as line:
        assert line.read("/api/projects/1") == {"id": 1}
    with stranger(failing, failing, says({"id": 1})) as server, Connection(server.url, SECRET) as line:
        assert line.write("PATCH", "/api/projects/1", {}) == {"id": 1}
    with stranger(failing, says({"id": 1})) as server, Connection(server.url, SECRET) as line:
        with pytest.raises(FailedError):
            line.write("POST", "/api/projects/1/import", [], again=False)
        assert len(server.asked) == 1


def test_no_redirect_is_followed_and_no_cookie_kept() -> None:
    with stranger(says({}, Set_Cookie="sessionid=x; Path=/")) as server, Connection(server.url, SECRET) as line:
        line.read("/a")
        line.read("/b")
        assert all("Cookie" not in headers for _, _, headers in server.asked)


def test_an_answer_without_end_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 2**20)
    with (
        stranger(says(b" " * (2**20 + 10))) as server,
        Connection(server.url, SECRET) as line,
        pytest.raises(LimiError, match="answers with more than 1 MB"),
    ):
        line.read("/api/tasks")


def test_numbers_that_are_none_become_null() -> None:
    body = b'{"a": NaN, "b": -Infinity, "c": ' + b"9" * 10_000 + b', "d": 12}'
    with stranger(says(body)) as server, Connection(server.url, SECRET) as line:
        assert line.read("/api/tasks") == {"a": None, "b": None, "c": None, "d": 12}


@pytest.mark.parametrize("key", ["", "two words", "line\nend", "ünicode", "x" * 5000])
def test_a_key_that_cannot_be_one_is_not_sent(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, key)
    with stranger(VERSION) as server:
        with pytest.raises(UserError, match="LABEL_STUDIO_API_KEY is not") as raised:
            connect(server.url)
        assert server.asked == []
    assert not key or key not in str(raised.value)


def test_an_expired_personal_token_is_told() -> None:
    token = personal_token(-10)
    with pytest.raises(UserError, match="is refused by Label Studio's SDK") as raised:
        Connection("http://127.0.0.1:1", token)
    assert token not in str(raised.value)


@pytest.mark.parametrize("answer", [says({}, 401), says({}, 500), says(b"<html>"), says([1]), says({"access": "?"})])
def test_a_personal_token_that_is_not_exchanged_is_told(answer: Answer) -> None:
    token = personal_token()
    with (
        Stranger(lambda _, path: answer if "refresh" in path else says({}, 401)).running() as server,
        Connection(server.url, token) as line,
        pytest.raises(LimiError) as raised,
    ):
        line.read("/api/projects")
    assert token not in str(raised.value)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("about", [{}, [], {"release": 3}, {"name": "Grafana"}])
def test_another_kind_of_server_is_told(about: Any) -> None:
    with stranger(says(about)) as server, pytest.raises(UserError, match="is not a Label Studio"):
        connect(server.url)


def test_another_version_is_a_warning() -> None:
    with stranger(says({"release": "1.30.0\x1b[2J"})) as server, connect(server.url) as line:
        (warning,) = line.warnings
    assert "runs Label Studio 1.30.0 [2J; this was tested with 1.23" in warning


def test_the_real_server_takes_the_key_of_an_account(label_studio: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, label_studio.owner_token)
    with connect(label_studio.url) as line:
        assert line.warnings == []
        assert line.read("/api/current-user/whoami")["email"] == label_studio.owner.email
        assert line.server_time == pytest.approx(time.time(), abs=5)


def test_the_real_server_refuses_another_key(label_studio: Running) -> None:
    with pytest.raises(UserError, match="does not know the key"):
        connect(label_studio.url)


@pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")  # the SDK's own, when it exchanges the token
def test_the_real_server_takes_a_personal_token(label_studio: Running) -> None:
    with Connection(label_studio.url, label_studio.accounts["dana"].token) as line:
        made = line.write("POST", "/api/token/", {}, again=False)
    with Connection(label_studio.url, made["token"]) as line:
        assert line.read("/api/current-user/whoami")["email"] == label_studio.accounts["dana"].email


def test_without_the_sdk_the_command_that_installs_it_is_told() -> None:
    program = (
        "import sys; sys.modules['label_studio_sdk'] = None\n"
        "from annotation.studio.connection import Connection\n"
        "try: Connection('http://127.0.0.1:1', 'key')\n"
        "except Exception as error: sys.stdout.write(f'{type(error).__name__}: {error}')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("UserError: the Label Studio SDK is not installed")
    assert "pip install -e '.[annotation]'" in done.stdout


def test_nobody_pays_for_the_sdk_who_does_not_connect() -> None:
    program = (
        "import sys; import annotation.studio.push, annotation.studio.pull\n"
        "sys.stdout.write(','.join(name for name in ('label_studio_sdk', 'httpx', 'pandas') if name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")
