"""One push at a time, and none before the import that a killed one has left is over."""

import multiprocessing
import time
from pathlib import Path

import pytest

from annotation.studio import underway
from annotation.studio.remembered import ProjectMemory, read_memory, remembered_path, write_memory
from annotation.studio.underway import ImportNote, alone
from pipeline.errors import UserError

SERVER = "http://127.0.0.1:8080"


def hold(folder: Path, held: "multiprocessing.synchronize.Event", end: "multiprocessing.synchronize.Event") -> None:
    with alone(folder):
        held.set()
        end.wait(30)


def test_a_second_push_is_refused_until_the_first_has_ended_or_died(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    held, end = context.Event(), context.Event()
    other = context.Process(target=hold, args=(tmp_path, held, end))
    other.start()
    assert held.wait(30)
    with pytest.raises(UserError, match=f"another push is under way .process {other.pid} holds"), alone(tmp_path):
        pass
    other.kill()
    other.join()
    with alone(tmp_path):
        pass


def test_without_a_note_nothing_is_waited_for(tmp_path: Path) -> None:
    ImportNote(tmp_path / "push.json").settle(SERVER, lambda _: pytest.fail("nothing is to be counted"))


def test_an_import_under_way_is_waited_for(tmp_path: Path) -> None:
    note = ImportNote(tmp_path / "push.json")
    note.write(SERVER, project=3, expected=10)
    counts = iter([4, 4, 10])
    note.settle(SERVER, lambda project: next(counts) if project == 3 else 0)
    assert next(counts, None) is None
    assert not (tmp_path / "push.json").exists()


def test_an_import_that_never_comes_is_not_waited_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(underway, "SETTLED", 0.5)
    note = ImportNote(tmp_path / "push.json")
    note.write(SERVER, project=3, expected=10)
    started = time.monotonic()
    note.settle(SERVER, lambda _: 0)
    assert 0.3 < time.monotonic() - started < 5


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"server": 3}', "[" * 10**5, '{"project": 1e999}'])
def test_a_damaged_note_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "push.json"
    path.write_text(text)
    ImportNote(path).settle(SERVER, lambda _: pytest.fail("nothing is to be counted"))


def test_a_note_of_another_server_is_not_waited_for(tmp_path: Path) -> None:
    note = ImportNote(tmp_path / "push.json")
    note.write("http://127.0.0.1:9", project=3, expected=10)
    note.settle(SERVER, lambda _: pytest.fail("nothing is to be counted"))


def test_what_was_read_is_remembered_for_its_server_and_review_only(tmp_path: Path) -> None:
    memory = {
        3: ProjectMemory(12.5, {7: {"meta": {"query_id": "a"}, "annotations": [{"id": 1, "result": ["\ud800"]}]}})
    }
    path = remembered_path(tmp_path, SERVER, "LIMI")
    write_memory(path, SERVER, "LIMI", memory)
    assert read_memory(path, SERVER, "LIMI") == memory
    assert read_memory(path, SERVER, "Other") == read_memory(path, "http://127.0.0.1:9", "LIMI") == {}
    assert path != remembered_path(tmp_path, SERVER, "Other")
    whole = path.read_bytes()
    for damaged in (whole[:-9], whole.replace(b'"id":1', b'"id":2'), b"", b"[" * 10**5, b"[]\n[]", b"\n\n"):
        path.write_bytes(damaged)
        assert read_memory(path, SERVER, "LIMI") == {}
