"""Label Studio is served on the loopback alone, holds its port and folder, and ends when it is told to or when its starter ends."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from annotation.server.database import sqlite_database
from annotation.server.prepare import Installation, make_data
from annotation.server.process import Server, bound_socket
from pipeline.errors import LimiError, UserError
from tests.annotation.server.asking import Asking
from tests.annotation.server.running import Running
from tests.annotation.server.template import PEOPLE, ROOT


def test_it_listens_on_one_port_of_the_loopback_and_nowhere_else(any_label_studio: Running) -> None:
    listening = [
        connection.laddr
        for process in [
            psutil.Process(any_label_studio.pid),
            *psutil.Process(any_label_studio.pid).children(recursive=True),
        ]
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert [tuple(address) for address in listening] == [("127.0.0.1", any_label_studio.server.port)]


def test_work_sessions_and_address_outlive_a_kill(any_label_studio: Running) -> None:
    url, bo = any_label_studio.url, any_label_studio.accounts["bo"]
    owner, browser = Asking(url, any_label_studio.owner_token), Asking(url)
    project = owner.post("/api/projects", {"title": "before the kill"}).json["id"]
    assert browser.log_in(bo.email, bo.password)
    any_label_studio.kill9()
    any_label_studio.restart()
    assert any_label_studio.url == url
    assert owner.get(f"/api/projects/{project}").json["title"] == "before the kill"
    assert browser.get("/api/current-user/whoami").json["email"] == bo.email


def test_a_port_in_use_is_refused_and_not_replaced_by_another(label_studio: Running) -> None:
    with pytest.raises(UserError, match=f"port {label_studio.server.port} of 127.0.0.1 cannot be had"):
        bound_socket(label_studio.server.port)


@pytest.mark.parametrize("port", [-1, 65536, 10**30])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(UserError, match="cannot be had"):
        bound_socket(port)


def test_a_port_somebody_else_bound_is_refused() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(UserError, match="end what listens there"):
            bound_socket(other.getsockname()[1])


def test_a_second_server_on_the_same_folder_is_refused(label_studio: Running) -> None:
    second = Server(label_studio.server.installation, PEOPLE, port=0)
    with pytest.raises(UserError, match="a Label Studio runs on"):
        second.start()
    assert Asking(label_studio.url).get("/health").status == 200


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_its_starter(tmp_path: Path, how: signal.Signals) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-m", "tests.annotation.server.starter", str(tmp_path / "data")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )
    assert starter.stdout is not None
    server = int(starter.stdout.readline())
    assert psutil.pid_exists(server)
    starter.send_signal(how)
    starter.communicate(timeout=60)
    assert ends(server)


def ends(pid: int) -> bool:
    """Whether a process is gone within ten seconds, or waits for nothing but to be counted."""
    for _ in range(200):
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def installation_of(tmp_path: Path, program: str) -> Installation:
    """One whose interpreter is a script of the test's."""
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{program}\n")
    python.chmod(0o700)
    make_data(tmp_path / "data")
    return Installation(python, tmp_path / "data", sqlite_database(tmp_path / "data/label_studio.sqlite3"))


def test_one_that_ends_by_itself_is_told_with_its_last_words(tmp_path: Path) -> None:
    installation = installation_of(tmp_path, "read line; echo 'no more memory' >&2; exit 3")
    with pytest.raises(LimiError, match=r"ended by itself \(status 3\)[^$]*no more memory"):
        Server(installation, PEOPLE, port=0).start()


def test_one_that_does_not_answer_in_time_is_ended(tmp_path: Path) -> None:
    installation = installation_of(tmp_path, f"echo $$ > {tmp_path}/pid; sleep 600 & wait")
    with pytest.raises(LimiError, match="no database within 1 seconds"):
        Server(installation, PEOPLE, port=0, patience=1).start()
    assert ends(int((tmp_path / "pid").read_text()))


def test_children_that_do_not_end_are_ended(tmp_path: Path) -> None:
    installation = installation_of(tmp_path, f"trap 'exit 0' TERM; sleep 600 & echo $! > {tmp_path}/child; wait")
    with pytest.raises(LimiError, match="within 1 seconds"):
        Server(installation, PEOPLE, port=0, patience=1).start()
    assert ends(int((tmp_path / "child").read_text()))
