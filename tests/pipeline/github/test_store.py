"""The store: what was kept is there again, whole, whatever happened to the process, the disk or the file."""

import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import UserError
from pipeline.github.store import Store
from tests.conftest import ROOT

_VALUES = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=9) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner | st.none(), max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def test_what_was_kept_is_there_again_in_another_run(tmp_path: Path) -> None:
    store = Store(tmp_path / "deep/er/a.sqlite")
    store.keep("page", "ada/doors 0", {"nodes": [None, 1, "ü\ud800"]})
    store.keep_tagged("GET /x", 'W/"a"', {"link": "<next>"}, b"\x00\xff" * 9)
    store.close()
    again = Store(tmp_path / "deep/er/a.sqlite")
    assert again.get("page", "ada/doors 0") == {"nodes": [None, 1, "ü\ud800"]}
    assert again.tagged("GET /x") == ('W/"a"', {"link": "<next>"}, b"\x00\xff" * 9)
    again.close()


def test_what_was_never_kept_is_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.sqlite")
    store.keep("page", "a", 1)
    assert store.get("page", "b") is None
    assert store.get("state", "a") is None
    assert store.tagged("a") is None
    store.close()


@pytest.mark.parametrize("empty", [{}, [], "", 0, False])
def test_an_empty_value_is_not_the_same_as_none(tmp_path: Path, empty: Any) -> None:
    store = Store(tmp_path / "a.sqlite")
    store.keep("state", "a", empty)
    assert store.get("state", "a") == empty
    assert store.get("state", "a") is not None
    store.close()


def test_the_last_one_kept_under_a_name_counts(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.sqlite")
    for at in range(3):
        store.keep("page", "a", at)
        store.keep_tagged("a", f'"{at}"', {}, b"%d" % at)
    assert store.get("page", "a") == 2
    assert store.tagged("a") == ('"2"', {}, b"2")
    store.close()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.dictionaries(
        st.tuples(st.text("abc '\"%_;-é", max_size=6), st.text("ab '\"\0é", max_size=6)), _VALUES, max_size=6
    )
)
def test_any_json_under_any_name_comes_back_as_it_was(known: dict[tuple[str, str], Any]) -> None:
    store = Store(Path(":memory:"))
    for (kind, name), value in known.items():
        store.keep(kind, name, value)
    for (kind, name), value in known.items():
        assert store.get(kind, name) == value
    store.close()


def test_two_threads_write_and_read_without_losing_or_mixing_anything(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.sqlite")
    wrong: list[object] = []

    def work(who: int) -> None:
        try:
            for at in range(150):
                store.keep("page", f"{who} {at}", [who, at])
                store.keep_tagged(f"{who} {at}", str(at), {}, b"%d" % who)
                if store.get("page", f"{who} {at}") != [who, at]:
                    wrong.append((who, at))
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert wrong == []
    assert all(store.get("page", f"{who} {at}") == [who, at] for who in range(4) for at in range(150))
    store.close()


def test_two_runs_can_share_the_file_of_etags(tmp_path: Path) -> None:
    one, two = Store(tmp_path / "etags.sqlite"), Store(tmp_path / "etags.sqlite")
    for at in range(20):
        (one if at % 2 else two).keep_tagged(str(at), '"e"', {}, b"body")
    assert all((two if at % 2 else one).tagged(str(at)) for at in range(20))
    one.close()
    two.close()


_WRITER = """
import sys
from pathlib import Path
from pipeline.github.store import Store
store = Store(Path(sys.argv[1]))
for at in range(1_000_000):
    store.keep("page", str(at), {"at": at, "filler": str(at) * 400})
    print(at, flush=True)
"""


@pytest.mark.parametrize("after", [1, 40, 333])
def test_what_was_kept_before_a_kill_in_the_middle_of_a_write_is_whole(tmp_path: Path, after: int) -> None:
    path = tmp_path / "a.sqlite"
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as writer:
        assert writer.stdout
        last = -1
        while last < after:
            last = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        for line in writer.stdout:
            last = int(line) if line.endswith("\n") else last
    store = Store(path)
    assert all(store.get("page", str(at)) == {"at": at, "filler": str(at) * 400} for at in range(last + 1))
    store.keep("page", "afterwards", 1)
    assert store.get("page", "afterwards") == 1
    store.close()
    with sqlite3.connect(path) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    file.close()


_FULL = """
import resource, signal, sys
from pathlib import Path
from pipeline.errors import UserError
from pipeline.github.store import Store
if sys.argv[2] == "limit":
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
store = Store(Path(sys.argv[1]))
try:
    for at in range(2_000):
        store.keep("page", str(at), [str(at * i) for i in range(2_000)])
        print(at, flush=True)
except UserError as error:
    assert "free some space" in str(error), error
    assert store.get("page", "0") == ["0"] * 2_000
    print("told")
"""


def test_a_file_that_may_not_grow_is_told_to_the_user_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(path), "limit"], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    assert done.returncode == 0, done.stderr
    kept = [line for line in done.stdout.split() if line != "told"]
    assert done.stdout.endswith("told\n")
    store = Store(path)
    assert kept
    assert all(store.get("page", at) == [str(int(at) * i) for i in range(2_000)] for at in kept)
    store.close()


def test_a_full_disk_is_told_to_the_user() -> None:
    """A disk of 512 KiB of our own, in a mount namespace of our own; nothing of it is seen outside."""
    mount = 'mount -t tmpfs -o size=512k none /mnt && exec "$0" -c "$1" /mnt/a.sqlite disk'
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, sys.executable, _FULL],
        capture_output=True, text=True, cwd=ROOT, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("told\n")


def _kept(path: Path) -> None:
    store = Store(path)
    for at in range(200):
        store.keep("page", str(at), [str(at * i) for i in range(300)])
    store.close()


@pytest.mark.parametrize("start", [b"not a database at all" * 300, b"<html>", b"SQLite format 3\0" + b"\xff" * 5_000])
def test_a_file_that_is_no_store_is_told_with_what_to_do(tmp_path: Path, start: bytes) -> None:
    (tmp_path / "a.sqlite").write_bytes(start)
    with pytest.raises(UserError, match="remove it") as caught:
        Store(tmp_path / "a.sqlite")
    assert "a.sqlite" in str(caught.value)
    assert (tmp_path / "a.sqlite").read_bytes() == start, "and it is not overwritten"


@pytest.mark.parametrize("place", range(8))
def test_a_store_with_broken_bytes_gives_the_truth_or_says_that_it_is_broken(tmp_path: Path, place: int) -> None:
    path = tmp_path / "a.sqlite"
    _kept(path)
    raw = bytearray(path.read_bytes())
    begin = 4_096 + (len(raw) - 8_192) * place // 8
    raw[begin : begin + 3_000] = b"\xa5" * 3_000
    path.write_bytes(raw)
    told = 0
    try:
        store = Store(path)
    except UserError:
        return
    for at in range(200):
        try:
            assert store.get("page", str(at)) in ([str(at * i) for i in range(300)], None)
        except UserError as error:
            told += 1
            assert "remove it" in str(error)
    store.close()
    assert told, "nobody noticed"


def test_a_cut_off_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    _kept(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UserError, match="remove it"):
        store = Store(path)
        for at in range(200):
            store.get("page", str(at))


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "github").write_text("")
    with pytest.raises(UserError, match="cannot be opened"):
        Store(tmp_path / "github/a.sqlite")
