"""A session's file gives back what was written, always in the same bytes, and a broken one is refused with file, step and field."""

import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UserError
from tests.trajectories import made
from trajectories.archive import file
from trajectories.archive.file import read_session, sessions, text_of_session, write_session
from trajectories.archive.session import Session, session_of

WORKED = session_of(made.worked(), "made")
NAME = "gh-0123456789ab-1.json"
DEFAULTS: list[tuple[str, Any]] = [("kept_aside", {}), ("ends_session", False)]


def read_text(folder: Path, content: str | bytes) -> Session:
    path = folder / "a.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_session(path)


@pytest.fixture
def refusal(tmp_path: Path) -> Callable[[str | bytes], str]:
    def refused(content: str | bytes) -> str:
        with pytest.raises(UserError) as caught:
            read_text(tmp_path, content)
        return str(caught.value).removeprefix(f"{tmp_path}/a.json")

    return refused


def without_defaults(part: Any) -> Any:
    if isinstance(part, dict):
        return {
            name: without_defaults(one)
            for name, one in part.items()
            if not any(name == a and one == b for a, b in DEFAULTS)
        }
    return [without_defaults(one) for one in part] if isinstance(part, list) else part


@given(made.values())
def test_what_is_written_is_read_again_and_nothing_is_lost(
    tmp_path_factory: pytest.TempPathFactory, value: dict[str, Any]
) -> None:
    session = session_of(value, "made")
    path = write_session(session, tmp_path_factory.getbasetemp() / "archive")
    again = read_session(path)
    assert again == session
    assert text_of_session(again).encode() == path.read_bytes()
    assert without_defaults(json.loads(path.read_bytes())) == without_defaults(value)


def test_arguments_keep_the_order_the_model_wrote_them_in(tmp_path: Path) -> None:
    call = made.call("c1", "ls") | {"arguments": {"z": 1, "a": None, "m": {"y": 1, "b": 2}}}
    path = write_session(made.session(made.said("agent", "", tool_calls=[call])), tmp_path)
    assert list(read_session(path).steps[0].calls[0].arguments) == ["z", "a", "m"]
    assert '"z": 1' in path.read_text() and path.read_text().index('"z"') < path.read_text().index('"a": null')


def test_the_file_is_named_after_the_session_and_replaces_an_earlier_one(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("old")
    assert write_session(WORKED, tmp_path) == tmp_path / NAME
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_session_that_is_too_large_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "MOST_BYTES", 1000)
    with pytest.raises(UserError, match="was not written: it takes more than"):
        write_session(WORKED, tmp_path)
    monkeypatch.setattr(file, "MOST_BYTES", 10**6)
    monkeypatch.setattr(file, "MOST_VALUES", 100)
    with pytest.raises(UserError, match="was not written: it takes more than"):
        write_session(WORKED, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_too_large_is_not_read(
    refusal: Callable[[str | bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "MOST_BYTES", 1000)
    assert "is larger than" in refusal(text_of_session(WORKED))


def values_in(part: Any) -> int:
    inner = [*part.values()] if isinstance(part, dict) else part if isinstance(part, list) else []
    return len(inner) + sum(map(values_in, inner))


def test_a_file_of_very_many_values_is_refused_before_they_become_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 1 + values_in(json.loads(text_of_session(WORKED)))
    monkeypatch.setattr(file, "MOST_VALUES", count)
    assert read_text(tmp_path, text_of_session(WORKED)) == WORKED
    monkeypatch.setattr(file, "MOST_VALUES", count - 1)
    with pytest.raises(UserError, match=f"it holds more than {count - 1} values"):
        read_text(tmp_path, text_of_session(WORKED))


def test_commas_in_a_text_are_no_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "MOST_VALUES", 100)
    session = made.session(made.said("user", ",[{" * 1000, limi={"kind": "request"}))
    assert read_text(tmp_path, text_of_session(session)) == session


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", ": it is cut off or no JSON, line 1 column 1"),
        ("null", ": it must be an object, not null"),
        ("[]", ": it must be an object, not a list"),
        ("\ufeff{}", ": it is cut off or no JSON, line 1 column 1: Unexpected UTF-8 BOM"),
        ("[" * 200_000, ": it is nested too deep to be a session"),
        ('{"a":' * 200_000, ": it is nested too deep to be a session"),
        ('{"notes": NaN}', ": it is no JSON: NaN is no number"),
        ('{"notes": 1' + "0" * 5000 + "}", ": it is no JSON: Exceeds the limit"),
        ('{"notes": "", "notes": ""}', ": notes stands twice; which one counts can't be known, so keep one"),
        ('{"steps": [{}, {"extra": {"a": 1, "a": 1}}]}', ": step 2, extra.a stands twice"),
        ('{"steps": [{"tool_calls": [{}, {"b": 1, "b": 2}]}]}', ": step 1, tool_calls[1].b stands twice"),
        ('{"x": {"a": 1, "a": 2}, "x": 3}', ": x stands twice"),
        (b'{"steps": [{"step_id": 1, "message": "\xff"}]}', ": step 1, message: byte 38 is not UTF-8"),
        ('{"steps": [{"step_id": 1, "message": "\\ud83d"}]}', ": step 1, message: it holds half of a surrogate pair"),
        ('{"steps": [{"step_id": 1, "message": "a\nb"}]}', ": step 1, message: it is cut off or no JSON"),
        ('{"steps": [{"step_id": 1e999}]}', ": step 1, step_id: it must be a valid integer, not a number"),
    ],
)
def test_what_is_no_session_is_refused(
    refusal: Callable[[str | bytes], str], content: str | bytes, sentence: str
) -> None:
    assert any(line.endswith(sentence) or sentence in line for line in refusal(content).split("\n")), refusal(content)


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    for name, sentence in (("none.json", "is missing"), ("", "is no file"), ("pipe.json", "is no file")):
        with pytest.raises(UserError, match=sentence):
            read_session(tmp_path / name)


@given(st.integers(0, len(text_of_session(WORKED).encode()) - 3))
def test_a_file_cut_anywhere_is_refused_and_once_the_steps_began_with_step_and_field(
    tmp_path_factory: pytest.TempPathFactory, at: int
) -> None:
    content = text_of_session(WORKED).encode()[:at]
    with pytest.raises(UserError) as caught:
        read_text(tmp_path_factory.getbasetemp(), content)
    step = max((number for number in range(1, 10) if f'"step_id": {number}'.encode() in content), default=0)
    assert (f"a.json: step {step}, " if step else "a.json: ") in str(caught.value)


@given(st.integers(0, len(text_of_session(WORKED).encode()) - 1), st.binary(min_size=1, max_size=3))
def test_a_file_with_some_bytes_changed_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, at: int, bytes_: bytes
) -> None:
    content = text_of_session(WORKED).encode()
    try:
        read_text(tmp_path_factory.getbasetemp(), content[:at] + bytes_ + content[at + len(bytes_) :])
    except UserError as error:
        assert "a.json" in str(error)


def test_the_sessions_of_a_folder_come_by_name_and_unfinished_files_are_left_out(tmp_path: Path) -> None:
    for name in ("b-b", "a-a", "c-c"):
        write_session(WORKED.model_copy(update={"trajectory_id": name}), tmp_path)
    (tmp_path / ".a-b.json.0.tmp").write_text("half")
    (tmp_path / ".hidden.json").write_text("half")
    assert [session.trajectory_id for session in sessions(tmp_path)] == ["a-a", "b-b", "c-c"]


def test_a_file_named_after_another_session_is_refused(tmp_path: Path) -> None:
    write_session(WORKED, tmp_path).rename(tmp_path / "other.json")
    with pytest.raises(UserError, match=f"trajectory_id: it is .*, so the file must be {NAME}"):
        list(sessions(tmp_path))


def test_a_broken_file_hides_no_other_and_all_broken_ones_are_named_at_the_end(tmp_path: Path) -> None:
    for name in ("a-a", "c-c", "e-e"):
        write_session(WORKED.model_copy(update={"trajectory_id": name}), tmp_path)
    (tmp_path / "b-b.json").write_text('{"schema_version": ')
    (tmp_path / "c-c.json").rename(tmp_path / "d-d.json")
    found = sessions(tmp_path)
    assert [next(found).trajectory_id, next(found).trajectory_id] == ["a-a", "e-e"]
    with pytest.raises(UserError) as caught:
        next(found)
    assert [one.split(": ")[0].rpartition("/")[2] for one in str(caught.value).splitlines()] == ["b-b.json", "d-d.json"]


def test_of_very_many_broken_files_the_rest_is_counted(tmp_path: Path) -> None:
    for number in range(25):
        (tmp_path / f"a-{number:02}.json").write_text("{")
    with pytest.raises(UserError) as caught:
        list(sessions(tmp_path))
    told = str(caught.value).splitlines()
    assert len(told) == 21 and told[-1] == "and 5 more files are broken"


@pytest.mark.parametrize("name", ["", "."])
def test_the_projects_own_folder_is_no_archive(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="the archive needs a folder of its own"):
        sessions(Path(name))
    with pytest.raises(UserError, match="the archive needs a folder of its own"):
        write_session(WORKED, Path(name))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_none_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no folder"):
        sessions(tmp_path / "none")


def test_sessions_of_a_folder_are_not_in_memory_together(tmp_path: Path) -> None:
    long = made.session(made.said("user", "x" * 500_000, limi={"kind": "request"}))
    for number in range(20):
        write_session(long.model_copy(update={"trajectory_id": f"long-{number:02}"}), tmp_path)
    tracemalloc.start()
    try:
        assert sum(1 for _ in sessions(tmp_path)) == 20
        assert tracemalloc.get_traced_memory()[1] < 6 * 500_000
    finally:
        tracemalloc.stop()
