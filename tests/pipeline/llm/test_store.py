"""The store: what was written is there again, whole, and a store that cannot be used says why."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.llm.store import Kept, Store
from tests.conftest import ROOT


def kept(key: str, cost: int = 7, raw: bytes = b'{"a": "\xc3\xbc"}') -> Kept:
    return Kept(key, raw, 200, 11, 5, cost)


def test_a_reply_is_there_again_in_another_run_with_its_money(tmp_path: Path) -> None:
    store = Store(tmp_path / "deep/er")
    attempt = store.reserve("k", 100)
    assert store.spent == 100
    store.keep_answer(attempt, kept("k").raw)
    store.settle(attempt, kept("k"), b"{}")
    assert store.spent == 7
    store.close()
    again = Store(tmp_path / "deep/er")
    assert again.reply("k") == kept("k")
    assert again.has_reply("k")
    assert again.spent == 7
    assert again.reply("other") is None
    again.close()


def test_an_attempt_that_was_never_settled_counts_as_reserved(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.reserve("a", 100)
    store.end(store.reserve("b", 50), "http 500", 0)
    store.end(store.reserve("c", 30), "nothing came", 30)
    store.close()
    again = Store(tmp_path)
    assert again.spent == 130
    again.close()


def test_an_answer_that_nobody_could_read_is_kept_under_its_key(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for raw in (b"first", b"\x00second"):
        attempt = store.reserve("k", 10)
        store.keep_answer(attempt, raw)
        store.end(attempt, "no chat completion came", 10)
    assert [raw for _, raw in store.unread("k")] == [b"\x00second", b"first"]
    assert store.unread("j") == []
    store.settle(store.unread("k")[0][0], kept("k", cost=3), b"{}")
    assert store.spent == 13, "what it counted before is taken back"
    store.close()


def test_batches_are_open_until_they_are_closed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.keep_batch("b-2", {"id": "x"}, is_open=True)
    store.keep_batch("b-1", {"id": None}, is_open=True)
    one, two = store.reserve("k", 5, batch="b-1"), store.reserve("j", 5, batch="b-1")
    store.end(two, "http 400", 0)
    assert store.open_batches() == [("b-1", {"id": None}), ("b-2", {"id": "x"})]
    assert store.open_attempts("b-1") == {"k": one}
    assert store.reserved(one) == (5, "b-1")
    store.keep_batch("b-2", {"id": "x", "done": True}, is_open=False)
    assert [name for name, _ in store.open_batches()] == ["b-1"]
    store.close()


def test_a_block_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(RuntimeError), store.together():
        store.reserve("a", 100)
        with store.together():
            store.keep_batch("b", {}, is_open=True)
        raise RuntimeError
    assert (store.spent, store.open_batches()) == (0, [])
    with store.together():
        store.reserve("a", 100)
    store.close()
    again = Store(tmp_path)
    assert again.spent == 100
    again.close()


def test_a_second_user_of_a_store_is_told_in_one_sentence(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(UserError, match=r"another process uses the store .*calls.sqlite; wait for it to end") as caught:
        Store(tmp_path)
    assert caught.value.exit_code == 2
    store.close()
    Store(tmp_path).close()


def test_the_lock_of_a_killed_process_is_no_lock(tmp_path: Path) -> None:
    program = "import sys, pathlib, pipeline.llm.store as s; store = s.Store(pathlib.Path(sys.argv[1])); print(1, flush=True); input()"
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as holder:
        assert holder.stdout
        holder.stdout.readline()
        with pytest.raises(UserError, match="another process"):
            Store(tmp_path)
        holder.send_signal(signal.SIGKILL)
    Store(tmp_path).close()


_WRITER = """
import sys
from pathlib import Path
from pipeline.llm.store import Kept, Store
store = Store(Path(sys.argv[1]))
for at in range(1_000_000):
    attempt = store.reserve(str(at), 1000)
    print("reserved", at, flush=True)
    raw = b"%d " % at * 500
    store.keep_answer(attempt, raw)
    print("kept", at, flush=True)
    store.settle(attempt, Kept(str(at), raw, 200, 1, 1, 10), b"{}")
    print("settled", at, flush=True)
"""


@pytest.mark.parametrize("after", [1, 50, 333])
def test_whatever_was_written_before_a_kill_is_whole(tmp_path: Path, after: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as writer:
        assert writer.stdout
        lines = [writer.stdout.readline() for _ in range(after)]
        writer.send_signal(signal.SIGKILL)
        lines += [line for line in writer.stdout if line.endswith("\n")]
    said = [line.split() for line in lines]
    settled = [at for what, at in said if what == "settled"]
    store = Store(tmp_path)
    assert all(store.reply(at) == Kept(at, f"{at} ".encode() * 500, 200, 1, 1, 10) for at in settled)
    if said[-1][0] == "kept" and not store.has_reply(said[-1][1]):
        assert store.unread(said[-1][1]), "a raw answer is on disk before it is read"
    least = 10 * len(settled) + (0 if said[-1][0] == "settled" else 10)
    assert least <= store.spent <= 10 * len(settled) + 1000
    store.close()
    with sqlite3.connect(tmp_path / "calls.sqlite") as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    file.close()


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "calls.sqlite") as file:
        file.execute("CREATE TABLE replies (a)")
    file.close()
    before = (tmp_path / "calls.sqlite").read_bytes()
    with pytest.raises(UserError, match="is a database of something else; name another folder"):
        Store(tmp_path)
    assert (tmp_path / "calls.sqlite").read_bytes() == before


def test_a_store_of_a_newer_version_is_told(tmp_path: Path) -> None:
    Store(tmp_path).close()
    with sqlite3.connect(tmp_path / "calls.sqlite") as file:
        file.execute("PRAGMA user_version = 99")
    file.close()
    with pytest.raises(UserError, match="written by a newer version"):
        Store(tmp_path)
    (tmp_path / "calls.sqlite").unlink()
    Store(tmp_path).close()


def test_a_store_that_was_cut_off_while_it_was_made_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "calls.sqlite").write_bytes(b"")
    store = Store(tmp_path)
    assert store.spent == 0
    store.close()


@pytest.mark.parametrize("start", [b"not a database at all" * 300, b"SQLite format 3\0" + b"\xff" * 5_000])
def test_a_broken_store_is_told_and_not_overwritten(tmp_path: Path, start: bytes) -> None:
    (tmp_path / "calls.sqlite").write_bytes(start)
    with pytest.raises(UserError, match="if it is broken, move it away") as caught:
        Store(tmp_path)
    assert str(caught.value).count(". ") == 0, "one sentence"
    assert (tmp_path / "calls.sqlite").read_bytes() == start


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "calls").write_text("")
    with pytest.raises(UserError, match="mend the permissions"):
        Store(tmp_path / "calls")


_FULL = """
import resource, signal, sys
from pathlib import Path
from pipeline.errors import UserError
from pipeline.llm.store import Store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
store = Store(Path(sys.argv[1]))
try:
    for at in range(2_000):
        attempt = store.reserve(str(at), 1)
        store.keep_answer(attempt, b"x" * 9_000)
        print(at, flush=True)
except UserError as error:
    assert "free some space" in str(error), error
    print("told")
"""


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(tmp_path)], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    assert done.stdout.endswith("told\n"), done.stderr
    store = Store(tmp_path)
    assert all(store.unread(at)[0][1] == b"x" * 9_000 for at in done.stdout.split()[:-1])
    store.close()
