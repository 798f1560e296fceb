"""Broken and hostile files are refused with file, line and field; a cut last line is taken if the caller wants it, and stated."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from tests.trajectories.importing.samples import GIVEN, absent, imported, sample, sample_names, written
from trajectories.archive.file import MOST_BYTES, read_session, write_session
from trajectories.importing.formats import import_file
from trajectories.importing.reading import Recording


def test_a_cut_document_is_refused_with_line_and_field(tmp_path: Path) -> None:
    text = written(tmp_path, sample("mini-swe-agent")).read_text()
    cut = text[: text.index("not that folder")]
    with pytest.raises(
        UserError, match=r"recording, after field content: it is cut off or no JSON, line \d+ column \d+: Unterminated"
    ):
        imported(tmp_path, cut, format="mini-swe-agent")


def test_a_cut_last_line_is_refused_and_says_how_it_is_taken(tmp_path: Path) -> None:
    text = written(tmp_path, sample("codex")).read_text()[:-40]
    with pytest.raises(
        UserError, match=r"line 26, after field type: .*It is the last line and has no end.*--leave-out-cut-line"
    ):
        imported(tmp_path, text)


def test_a_line_that_is_nested_too_deep_is_not_said_to_be_cut(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        imported(tmp_path, "[" * 100_000)
    assert "nested too deep" in str(caught.value) and "leave" not in str(caught.value)


@pytest.mark.parametrize("name", sample_names())
@pytest.mark.parametrize("indented", [False, True], ids=["plain", "indented"])
def test_a_byte_order_mark_changes_nothing(name: str, indented: bool, tmp_path: Path) -> None:
    recording = sample(name)
    if isinstance(recording, list):
        text = "".join(json.dumps(line) + "\n" for line in recording)
    else:
        text = json.dumps(recording, indent=2 if indented else None)
    marked = imported(tmp_path, b"\xef\xbb\xbf" + text.encode())
    assert marked.steps == imported(tmp_path, text).steps


def test_a_cut_last_line_that_was_left_out_is_stated_and_kept_aside(tmp_path: Path) -> None:
    text = written(tmp_path, sample("codex")).read_text()[:-40]
    session = imported(tmp_path, text, leave_out_cut_line=True)
    assert absent(session)["steps"] == "the file's last line, 26, is cut off; it was left out and is kept aside"
    assert session.provenance.kept_aside["cut_line"] == text.splitlines()[-1]
    assert [step.text for step in session.steps][-1] == "Added."


def test_a_broken_line_that_has_an_end_is_never_left_out(tmp_path: Path) -> None:
    lines = written(tmp_path, sample("codex")).read_text().splitlines(keepends=True)
    for number in (5, len(lines)):
        broken = [*lines[: number - 1], lines[number - 1][:-20] + "\n", *lines[number:]]
        with pytest.raises(UserError, match=f"line {number}, after field"):
            imported(tmp_path, "".join(broken), leave_out_cut_line=True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"type": "user", "sessionId": "\xff"}\n', "line 1, after field sessionId: byte 31 is not UTF-8"),
        (b'{"type": "user", "type": "user", "sessionId": "s"}\n', "line 1: the key type stands twice in an object"),
        (b'{"type": "user", "sessionId": NaN}\n', "line 1: NaN is no number"),
        (b'{"type": "user", "sessionId": "s", "message": ' + b"[" * 100_000 + b"\n", "line 1: it is nested too deep"),
        (b'{"type": "user", "sessionId": "s", "message": ' + b"9" * 5000 + b"}\n", "line 1: Exceeds the limit"),
        (b"[" * 200_000, "recording: it is nested too deep"),
    ],
)
def test_a_hostile_line_is_refused_in_a_sentence(content: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        imported(tmp_path, content, format="claude-code")
    assert said in str(refused.value)
    assert len(str(refused.value)) < 500


def test_a_file_larger_than_a_session_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.write(b'{"type": "user", "sessionId": "s"}\n' + b"x" * 10)
        file.truncate(MOST_BYTES + 100)
    with pytest.raises(UserError, match=r"line 2: the (line|file) is too large; no session has more than 64 MiB"):
        list(import_file(path, "claude-code", given=GIVEN))
    with pytest.raises(UserError, match="is larger than 64 MiB"):
        list(import_file(path, "mini-swe-agent", given=GIVEN))


@pytest.mark.parametrize(
    "content",
    [
        "[" + "0," * 500_001 + "0]",
        '{"type": "x", "a": [' + "0," * 300_000 + "0]}\n" + '{"a": [' + "0," * 300_000 + "0]}\n",
    ],
)
def test_more_values_than_a_session_has_are_refused(content: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="more than 500000 values"):
        imported(tmp_path, content, format="claude-code")


def test_half_surrogate_pairs_are_spelled_out(tmp_path: Path) -> None:
    lines = sample("codex")
    lines[3]["payload"]["content"][0]["text"] = "half \ud83d of it"
    assert imported(tmp_path, lines).steps[3].text == "half \\ud83d of it"


def test_line_separators_of_unicode_end_no_line(tmp_path: Path) -> None:
    lines = sample("codex")
    lines[3]["payload"]["content"][0]["text"] = "a\u2028b\u0085c"
    text = "".join(json.dumps(line, ensure_ascii=False) + "\r\n" for line in lines)
    assert imported(tmp_path, text).steps[3].text == "a\u2028b\u0085c"


def test_a_byte_order_mark_and_blank_lines_are_passed_over(tmp_path: Path) -> None:
    text = written(tmp_path, sample("codex")).read_text()
    assert imported(tmp_path, "\ufeff" + text.replace("\n", "\n\n")).steps == imported(tmp_path, text).steps


def test_a_folder_is_read_in_the_order_of_its_names_and_has_the_hash_of_all(tmp_path: Path) -> None:
    folder = tmp_path / "events"
    folder.mkdir()
    for number, event in enumerate(sample("openhands")):
        written(folder, event, f"event-{number:05d}-e.json")
    written(folder, "not of it", ".eventlog.lock")
    (session,) = import_file(folder, given=GIVEN)
    assert session.steps == imported(tmp_path, sample("openhands")).steps
    assert len(Recording(folder).sha256) == 64


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, part in inner for place in _places(part, (*path, name)))]


def _changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with another one at a place, or without it if that is `...`."""
    if not path:
        return new
    changed = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1 and new is ...:
        del changed[path[0]]
    else:
        changed[path[0]] = _changed(value[path[0]], path[1:], new)
    return changed


@pytest.mark.parametrize("name", sample_names())
def test_any_change_gives_a_session_or_a_sentence_with_the_place(name: str, tmp_path: Path) -> None:
    recording = sample(name)
    dice = random.Random(name)  # noqa: S311 - the same changes each time
    values: list[Any] = [
        ...,
        None,
        0,
        -1,
        1.5,
        True,
        "",
        "x",
        [],
        {},
        [[]],
        [None],
        {"a": "b"},
        2**70,
        "\ud800",
        "\x00",
    ]
    refused = 0
    for _ in range(250):
        path = dice.choice(_places(recording)[1:])
        changed = _changed(recording, path, dice.choice(values))
        try:
            session = imported(tmp_path, changed, format=name)
        except UserError as error:
            refused += 1
            assert str(tmp_path / "recording") in str(error)
            assert len(str(error)) < 3000
        else:
            assert read_session(write_session(session, tmp_path)) == session
    assert 20 < refused < 240


@pytest.mark.parametrize("name", sample_names())
def test_a_file_cut_anywhere_is_refused_or_whole_up_to_a_line(name: str, tmp_path: Path) -> None:
    content = written(tmp_path, sample(name)).read_bytes()
    dice = random.Random(name)  # noqa: S311
    for at in [dice.randrange(1, len(content) - 2) for _ in range(60)]:
        if content[at - 1 : at] == b"\n" or content[at : at + 1] == b"\n":
            continue  # cut between two lines nothing is broken
        with pytest.raises(UserError, match="recording"):
            imported(tmp_path, content[:at], format=name)
