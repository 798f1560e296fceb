"""git brings what was asked for, once; what a server does wrong is waited for, worked around, or said in one line."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline.clones.git import open_clone
from pipeline.errors import LimiError
from pipeline.github import fetch
from pipeline.github.clock import VirtualClock
from pipeline.github.fetch import Fetched, FetchError, GitHost
from pipeline.github.log import RequestLog
from tests.pipeline.github.worlds import GitWorld, Loopback, loopback
from tests.servers.github import Fault, FaultScript, early_requests

UNKNOWN = "dead" * 10


@pytest.fixture
def world(tmp_path: Path) -> GitWorld:
    made = GitWorld(tmp_path / "world")
    for at in range(4):
        made.commit(f"Commit {at}", {f"f{at}.txt": f"{at}\n" * 50, "all.txt": f"{at}\n"})
    return made


@contextmanager
def host(url: str, folder: Path, clock: VirtualClock | None = None) -> Iterator[GitHost]:
    log = RequestLog(folder / "requests.jsonl")
    try:
        yield GitHost(url, log, clock or VirtualClock())
    finally:
        log.close()


@contextmanager
def fetched(hub: Loopback, name: str = "ada/doors") -> Iterator[Fetched]:
    with host(hub.server.git_url, hub.folder, hub.clock) as opened:  # type: ignore[arg-type]
        yield Fetched(hub.folder / "repositories", opened, name)


def has(here: Fetched, *objects: str) -> list[str]:
    """The kinds of these objects in what was fetched; nothing is brought for the question."""
    with open_clone(here.path, whole=False) as clone:
        told = clone.read(["cat-file", "--batch-check=%(objecttype)"], "".join(f"{oid}\n" for oid in objects).encode())
    return [line.split()[-1] for line in told.decode().splitlines()]


def test_the_commits_come_with_their_parents_and_without_files(world: GitWorld, tmp_path: Path) -> None:
    tip = world.git("rev-parse", "HEAD")
    with loopback(world, tmp_path / "github") as hub, fetched(hub) as here:
        here.commits([tip], 2)
        oids = [world.git("rev-parse", name) for name in (f"{tip}^{{tree}}", f"{tip}~1", f"{tip}~2", f"{tip}:all.txt")]
        assert has(here, tip, *oids) == ["commit", "tree", "commit", "missing", "missing"]


def test_exactly_the_files_that_differ_come(world: GitWorld, tmp_path: Path) -> None:
    tip = world.git("rev-parse", "HEAD")
    with loopback(world, tmp_path / "github") as hub, fetched(hub) as here:
        here.commits([tip], 2)
        here.files_between([(tip, world.git("rev-parse", f"{tip}~1"))])
        names = (f"{tip}:all.txt", f"{tip}~1:all.txt", f"{tip}:f3.txt", f"{tip}:f2.txt", f"{tip}:README.md")
        oids = [world.git("rev-parse", name) for name in names]
        assert has(here, *oids) == ["blob", "blob", "blob", "missing", "missing"]


def test_what_is_there_is_not_fetched_again(world: GitWorld, tmp_path: Path) -> None:
    tip = world.git("rev-parse", "HEAD")
    with loopback(world, tmp_path / "github") as hub:
        for _ in range(2):
            with fetched(hub) as here:
                here.commits([tip], 2)
                here.files_between([(tip, world.git("rev-parse", f"{tip}~1"))])
            asked = len(hub.log.of("git"))
            hub.log.clear()
        assert asked == 0


def test_more_commits_are_fetched_beside_those_that_are_there(world: GitWorld, tmp_path: Path) -> None:
    tip, other = world.git("rev-parse", "HEAD"), world.git("rev-parse", "HEAD~3")
    with loopback(world, tmp_path / "github") as hub, fetched(hub) as here:
        here.commits([tip], 2)
        here.commits([tip, other], 2)
        assert has(here, tip, world.git("rev-parse", f"{tip}~1"), other) == ["commit"] * 3
        here.commits([tip], 4)
        assert has(here, world.git("rev-parse", f"{tip}~3")) == ["commit"]


def test_commits_that_the_server_has_not_got_are_left_out_and_the_others_come(world: GitWorld, tmp_path: Path) -> None:
    tip = world.git("rev-parse", "HEAD")
    with loopback(world, tmp_path / "github") as hub, fetched(hub) as here:
        here.commits([UNKNOWN, tip, "beef" * 10], 2)
        assert has(here, tip, UNKNOWN) == ["commit", "missing"]
        hub.log.clear()
        here.commits([UNKNOWN], 2)
        assert list(hub.log) == []


def test_only_unknown_commits_are_no_error(world: GitWorld, tmp_path: Path) -> None:
    with loopback(world, tmp_path / "github") as hub, fetched(hub) as here:
        here.commits([UNKNOWN], 2)
        assert has(here, UNKNOWN) == ["missing"]


@pytest.mark.parametrize(
    "oid", ["", "main", "--upload-pack=x", "+refs/*:refs/*", f"{'1' * 40}\nmain", "A" * 40, "1" * 39]
)
def test_what_is_no_hash_is_never_asked_for(oid: str, world: GitWorld, tmp_path: Path) -> None:
    with loopback(world, tmp_path / "github") as hub, fetched(hub) as here:
        here.commits([oid], 2)
        assert list(hub.log) == []


@pytest.mark.parametrize("kind", ["git_500", "git_cut", "git_no_filter"])
def test_a_server_that_stumbles_is_asked_again_and_the_same_comes(kind: str, world: GitWorld, tmp_path: Path) -> None:
    tip = world.git("rev-parse", "HEAD")
    faults = FaultScript([Fault(kind, on="info/refs" if kind == "git_500" else "upload-pack", times=2)])
    with loopback(world, tmp_path / "github", faults) as hub, fetched(hub) as here:
        here.commits([tip], 2)
        here.files_between([(tip, world.git("rev-parse", f"{tip}~1"))])
        assert has(here, tip, world.git("rev-parse", f"{tip}:all.txt")) == ["commit", "blob"]
        assert faults.unused == []


def test_git_is_told_to_wait_and_waits_as_long_as_it_was_told(world: GitWorld, tmp_path: Path) -> None:
    faults = FaultScript([Fault("git_429", seconds=417)])
    with loopback(world, tmp_path / "github", faults) as hub, fetched(hub) as here:
        before = hub.clock.now()
        here.commits([world.git("rev-parse", "HEAD")], 2)
        assert early_requests(hub.log) == []
        assert 417 <= hub.clock.now() - before < 430


def test_one_repository_that_is_told_to_wait_makes_the_others_wait(world: GitWorld, tmp_path: Path) -> None:
    faults = FaultScript([Fault("git_429", seconds=300, times=99)])
    with loopback(world, tmp_path / "github", faults) as hub, host(hub.server.git_url, hub.folder, hub.clock) as shared:  # type: ignore[arg-type]
        tip = world.git("rev-parse", "HEAD")
        with pytest.raises(FetchError, match="429"):
            Fetched(hub.folder / "one", shared, "ada/doors").commits([tip], 2)
        faults.faults.clear()
        shared.pause(500)
        until = hub.clock.now() + 500
        Fetched(hub.folder / "two", shared, "ada/doors").commits([tip], 2)
        assert early_requests(hub.log) == []
        assert hub.clock.now() >= until


def test_a_server_that_never_recovers_is_a_line_without_an_address(world: GitWorld, tmp_path: Path) -> None:
    faults = FaultScript([Fault("git_500", times=99)])
    with loopback(world, tmp_path / "github", faults) as hub, fetched(hub) as here:
        with pytest.raises(FetchError) as caught:
            here.commits([world.git("rev-parse", "HEAD")], 2)
        assert "500" in str(caught.value) and "127.0.0.1" not in str(caught.value) and "\n" not in str(caught.value)
        assert sum("info/refs" in record.path for record in hub.log) == fetch.TRIES


def test_a_repository_that_is_gone_is_asked_for_once(world: GitWorld, tmp_path: Path) -> None:
    with loopback(world, tmp_path / "github") as hub, fetched(hub, "ada/nowhere") as here, pytest.raises(FetchError):
        here.commits([world.git("rev-parse", "HEAD")], 2)
    with loopback(world, tmp_path / "other", FaultScript([Fault("git_404", times=9)])) as hub, fetched(hub) as here:
        with pytest.raises(FetchError):
            here.commits([world.git("rev-parse", "HEAD")], 2)
        assert len(list(hub.log)) == 1


def test_nobody_listening_is_a_line(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with host(f"http://127.0.0.1:{port}", tmp_path) as nobody, pytest.raises(FetchError) as caught:
        Fetched(tmp_path / "repositories", nobody, "ada/doors").commits(["1" * 40], 2)
    assert "http" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_server_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "TIMEOUT", 0.2)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        host(f"http://127.0.0.1:{silent.getsockname()[1]}", tmp_path) as opened,
        pytest.raises(FetchError, match="no end within"),
    ):
        Fetched(tmp_path / "repositories", opened, "ada/doors").commits(["1" * 40], 2)


@contextmanager
def answering(status: int, headers: dict[str, str], body: bytes) -> Iterator[tuple[str, list[str]]]:
    """A server that says one thing to everybody, and what it was asked and with which authorization."""
    asked: list[str] = []

    class Always(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers.get('Authorization')}")
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value.replace("PATH", self.path))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Always) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


def test_a_renamed_repository_is_followed_where_the_server_sends_git(world: GitWorld, tmp_path: Path) -> None:
    tip = world.git("rev-parse", "HEAD")
    with loopback(world, tmp_path / "github") as hub:
        headers = {"Location": f"{hub.server.git_url}/ada/doors.git/info/refs?service=git-upload-pack"}
        with answering(301, headers, b"") as (url, asked), host(url, tmp_path) as opened:
            here = Fetched(tmp_path / "repositories", opened, "ada/old-doors")
            here.commits([tip], 2)
            assert has(here, tip) == ["commit"]
            assert asked and all(line.endswith(" None") for line in asked)


@pytest.mark.parametrize(
    "there", ["file:///etc/passwd", "ext::sh -c touch% /tmp/limi-was-here", "ssh://127.0.0.1/x", "PATH"]
)
def test_a_redirect_to_anything_but_http_is_refused_and_a_circle_ends(there: str, tmp_path: Path) -> None:
    with answering(302, {"Location": there}, b"") as (url, _), host(url, tmp_path) as opened, pytest.raises(FetchError):
        Fetched(tmp_path / "repositories", opened, "ada/doors").commits(["1" * 40], 2)
    assert not Path("/tmp/limi-was-here").exists()  # noqa: S108


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", b"<!DOCTYPE html><html>Whoa there!</html>"),
        ("application/x-git-upload-pack-advertisement", b"\0\xff\xfe garbage"),
        ("application/x-git-upload-pack-advertisement", b"001e# service=git-upload-pack\n0000ffff"),
        ("application/x-git-upload-pack-advertisement", b""),
    ],
)
def test_an_answer_that_is_not_git_is_a_line(kind: str, body: bytes, tmp_path: Path) -> None:
    with (
        answering(200, {"Content-Type": kind}, body) as (url, _),
        host(url, tmp_path) as opened,
        pytest.raises(FetchError) as caught,
    ):
        Fetched(tmp_path / "repositories", opened, "ada/doors").commits(["1" * 40], 2)
    assert 0 < len(str(caught.value)) <= 300 and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["shallow.lock", "config.lock", "HEAD.lock"])
def test_a_lock_that_a_killed_git_left_stops_nothing(name: str, world: GitWorld, tmp_path: Path) -> None:
    tip = world.git("rev-parse", "HEAD")
    with loopback(world, tmp_path / "github") as hub:
        with fetched(hub) as here:
            here.commits([world.git("rev-parse", f"{tip}~2")], 2)
        (here.path / name).write_text("")
        with fetched(hub) as here:
            here.commits([tip], 2)
            assert has(here, tip) == ["commit"]


@pytest.mark.parametrize("name", ["HEAD", "config"])
def test_a_file_that_a_kill_left_empty_is_written_again(name: str, world: GitWorld, tmp_path: Path) -> None:
    tip = world.git("rev-parse", "HEAD")
    with loopback(world, tmp_path / "github") as hub:
        with fetched(hub) as here:
            (here.path / name).write_text("")
        with fetched(hub) as here:
            here.commits([tip], 2)
            assert has(here, tip) == ["commit"]


def test_the_rest_of_a_pack_that_was_cut_off_does_not_stay_on_the_disk(world: GitWorld, tmp_path: Path) -> None:
    with loopback(world, tmp_path / "github") as hub:
        with fetched(hub) as here:
            (here.path / "objects/pack/tmp_pack_aB3xYz").write_bytes(b"PACK" + bytes(1000))
        with fetched(hub) as here:
            here.commits([world.git("rev-parse", "HEAD")], 2)
            assert [path.name for path in here.path.rglob("tmp_*")] == []


def test_another_address_of_git_is_taken_over_by_what_is_there(world: GitWorld, tmp_path: Path) -> None:
    with host("http://127.0.0.1:9", tmp_path) as nobody:
        Fetched(tmp_path / "github/repositories", nobody, "ada/doors")
    with loopback(world, tmp_path / "github") as hub, fetched(hub) as here:
        tip = world.git("rev-parse", "HEAD")
        here.commits([tip], 2)
        assert has(here, tip) == ["commit"]


_KILLED = """
import sys
from pathlib import Path
from pipeline.github.clock import SystemClock
from pipeline.github.fetch import Fetched, GitHost
from pipeline.github.log import RequestLog
url, folder, *oids = sys.argv[1:]
print("begins", flush=True)
Fetched(Path(folder), GitHost(url, RequestLog(Path(folder) / "log"), SystemClock()), "ada/doors").commits(oids, 2)
"""


def test_a_fetch_that_was_killed_in_the_middle_is_done_by_the_next_run(world: GitWorld, tmp_path: Path) -> None:
    """The whole group of processes dies while the server is about to send the pack."""
    tip = world.git("rev-parse", "HEAD")
    with loopback(world, tmp_path / "github") as hub:
        reached, go_on = threading.Event(), threading.Event()
        honest = world.git_folder

        def slow() -> Path | None:
            reached.set()
            go_on.wait(10)
            return honest()

        world.git_folder = slow  # type: ignore[method-assign]
        command = [sys.executable, "-c", _KILLED, hub.server.git_url, str(hub.folder / "repositories"), tip]
        with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as running:
            assert reached.wait(20)
            os.killpg(running.pid, signal.SIGKILL)
        world.git_folder = honest  # type: ignore[method-assign]
        go_on.set()
        with fetched(hub) as here:
            here.commits([tip], 2)
            assert has(here, tip) == ["commit"]


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/evil",
        "ada/../../evil",
        'ada/x"\n[core]\n\tfsmonitor = touch /tmp/limi-was-here',
        "ada/x\n\tuploadpack = sh",
        "-u/x",
        "ada",
        "/etc/x",
    ],
)
def test_a_name_that_is_none_gets_no_folder_and_no_configuration(name: str, tmp_path: Path) -> None:
    """The name comes from GitHub's answer; it becomes a path and a line of git's configuration."""
    folder = tmp_path / "a/b/c/repositories"
    before = set(tmp_path.rglob("*"))
    with host("http://127.0.0.1:9", tmp_path / "log") as nobody, pytest.raises((LimiError, FetchError)):
        Fetched(folder, nobody, name)
    made = set(tmp_path.rglob("*")) - before - {tmp_path / "log", tmp_path / "log/requests.jsonl"}
    assert all(path.is_relative_to(tmp_path / "a") for path in made)
    assert not any(path.name == "config" for path in made)


def test_what_git_was_asked_is_in_the_log_without_tokens_or_addresses(world: GitWorld, tmp_path: Path) -> None:
    with loopback(world, tmp_path / "github") as hub, fetched(hub) as here:
        here.commits([world.git("rev-parse", "HEAD"), UNKNOWN], 2)
    log = (tmp_path / "github/requests.jsonl").read_text()
    assert "ada/doors 2 objects, depth 2" in log and "refused 1" in log and "ada/doors 1 objects, depth 2" in log
    assert "127.0.0.1" not in log and "ghp_" not in log


def test_the_users_own_git_configuration_has_no_say(
    world: GitWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        '[url "http://127.0.0.1:9/"]\n\tinsteadOf = http://127.0.0.1\n[http]\n\tproxy = http://127.0.0.1:9\n'
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'http.proxy=http://127.0.0.1:9'")
    with loopback(world, tmp_path / "github") as hub, fetched(hub) as here:
        monkeypatch.delenv("GIT_DIR")
        tip = world.git("rev-parse", "HEAD")
        monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
        here.commits([tip], 2)
        monkeypatch.delenv("GIT_DIR")
        assert has(here, tip) == ["commit"]
