"""A file is whole or not there, whatever happens while it is written."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import LimiError, UserError
from pipeline.files import atomic, canonical_json, sha256_text, sweep, write_json, write_jsonl, write_text

ROOT = Path(__file__).resolve().parent.parent.parent
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_written_text_is_there_byte_for_byte(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "é\r\n\u2028x\n")
    assert (tmp_path / "a.txt").read_bytes() == "é\r\n\u2028x\n".encode()


def test_missing_folders_are_made(tmp_path: Path) -> None:
    write_text(tmp_path / "a/b/c.txt", "x")
    assert (tmp_path / "a/b/c.txt").read_text() == "x"


def test_nothing_else_is_left_in_the_folder(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "x")
    write_text(tmp_path / "a.txt", "y")
    assert names(tmp_path) == ["a.txt"]


def test_the_old_file_stays_until_the_block_ends(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")
    with atomic(tmp_path / "a.txt") as unfinished:
        unfinished.write_text("new")
        assert (tmp_path / "a.txt").read_text() == "old"
    assert (tmp_path / "a.txt").read_text() == "new"


@pytest.mark.parametrize("raised", [ValueError("no"), KeyboardInterrupt(), SystemExit(3), KeyError("k")])
def test_an_exception_leaves_the_old_file_and_passes_on(tmp_path: Path, raised: BaseException) -> None:
    write_text(tmp_path / "a.txt", "old")
    with pytest.raises(type(raised)) as caught, atomic(tmp_path / "a.txt") as unfinished:
        unfinished.write_text("half")
        raise raised
    assert caught.value is raised
    assert (tmp_path / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_text_that_is_not_unicode_leaves_the_old_file(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "a.txt", "new \ud800")
    assert (tmp_path / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_disk_that_refuses_is_told_with_what_to_do(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")
    with pytest.raises(UserError, match=r"No space left.*free some space"), atomic(tmp_path / "a.txt"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert (tmp_path / "a.txt").read_text() == "old"


@pytest.mark.parametrize(
    "write",
    [
        "from pipeline.files import write_text; write_text(path, 'x' * 50_000)",
        "from pipeline.tables import LEDGER, pl\n"
        "rows = [{n: None for n in LEDGER.schema} | {'pr_id': str(hash(str(i)))} for i in range(20_000)]\n"
        "LEDGER.write(LEDGER.frame(rows), path)",
    ],
    ids=["text", "table"],
)
def test_a_file_that_really_may_not_grow_leaves_the_old_one(tmp_path: Path, write: str) -> None:
    write_text(tmp_path / "a.txt", "old")
    program = (
        "import resource\nfrom pathlib import Path\nfrom pipeline.errors import LimiError\n"
        "path = Path('a.txt')\nresource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "try:\n"
        + "".join(f"    {line}\n" for line in write.split("\n"))
        + "except LimiError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert "a.txt could not be written" in done.stdout, done.stderr
    assert (tmp_path / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_full_disk_as_polars_tells_it_is_a_failure_too(tmp_path: Path) -> None:
    with pytest.raises(LimiError, match="could not be written"), atomic(tmp_path / "a.parquet"):
        raise pl.exceptions.ComputeError("No space left on device (os error 28)")


def test_a_block_that_writes_nothing_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(LimiError, match=r"a\.txt could not be written"), atomic(tmp_path / "a.txt"):
        pass
    assert names(tmp_path) == []


def test_a_folder_in_the_files_place_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(LimiError, match=r"a\.txt could not be written"):
        write_text(tmp_path / "a.txt", "x")
    assert names(tmp_path) == ["a.txt"]


def test_a_file_in_the_folders_place_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with pytest.raises(LimiError, match="could not be written"):
        write_text(tmp_path / "a/b.txt", "x")


def test_a_kill_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")
    program = (
        "import os, signal; from pathlib import Path; from pipeline.files import atomic\n"
        "with atomic(Path('a.txt')) as unfinished:\n"
        "    unfinished.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "a.txt").read_text() == "old"
    assert len(names(tmp_path)) == 2  # the leftover, which `sweep` removes


def test_two_writers_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    # Two threads of a worker, or two containers over one folder whose process ids are alike.
    with atomic(tmp_path / "a.txt") as first:
        first.write_text("first")
        with atomic(tmp_path / "a.txt") as second:
            second.write_text("second")
        assert (tmp_path / "a.txt").read_text() == "second"
    assert (tmp_path / "a.txt").read_text() == "first"


def test_a_link_is_replaced_and_its_target_left_alone(tmp_path: Path) -> None:
    # As DVC may link an output to its cache.
    (tmp_path / "cache").write_text("cached")
    (tmp_path / "a.txt").symlink_to(tmp_path / "cache")
    write_text(tmp_path / "a.txt", "new")
    assert ((tmp_path / "cache").read_text(), (tmp_path / "a.txt").read_text()) == ("cached", "new")


def test_json_has_a_stable_layout(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": ["é"]})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "b": 1,\n  "a": [\n    "é"\n  ]\n}\n'


def test_json_lines_are_one_object_per_line(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", [{"a": "x\ny"}, {"a": "é"}])
    assert (tmp_path / "a.jsonl").read_bytes() == '{"a": "x\\ny"}\n{"a": "é"}\n'.encode()


def test_no_rows_are_an_empty_file(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", [])
    assert (tmp_path / "a.jsonl").read_bytes() == b""


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON_VALUES, max_size=4))
def test_a_json_line_is_one_line_and_reads_back(
    tmp_path_factory: pytest.TempPathFactory, row: dict[str, object]
) -> None:
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return  # a lone surrogate somewhere within; told of above
    path = tmp_path_factory.mktemp("jsonl") / "a.jsonl"
    write_jsonl(path, [row, row])
    assert [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]] == [row, row]


@settings(max_examples=100, derandomize=True, deadline=None)
@given(JSON_VALUES)
def test_canonical_json_reads_back_and_holds_no_space_outside_strings(value: object) -> None:
    text = canonical_json(value).decode("utf-8", "surrogatepass")
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == canonical_json(value)


def test_canonical_json_sorts_keys_at_every_depth() -> None:
    assert canonical_json({"b": [{"d": 1, "c": 2}], "a": "é"}) == '{"a":"é","b":[{"c":2,"d":1}]}'.encode()


def test_canonical_json_tells_values_apart() -> None:
    values = [1, 1.0, True, "1", None, "null", [], {}, [[]], ""]
    assert len({canonical_json(value) for value in values}) == len(values)


def test_a_lone_surrogate_has_a_hash() -> None:
    assert sha256_text("\ud800") != sha256_text("\ufffd")


def test_the_hash_is_of_the_utf8_bytes() -> None:
    # printf 'caf\xc3\xa9' | sha256sum
    assert sha256_text("café") == "850f7dc43910ff890f8879c0ed26fe697c93a067ad93a7d50f466a7028a9bf4e"
    assert sha256_text("café") == hashlib.sha256(b"caf\xc3\xa9").hexdigest()


def test_sweep_removes_what_is_not_wanted_and_no_folder(tmp_path: Path) -> None:
    for name in ("keep.parquet", "old.parquet", ".old.parquet.77.tmp"):
        (tmp_path / name).write_text("x")
    (tmp_path / "folder").mkdir()
    sweep(tmp_path, keep=lambda path: path.name == "keep.parquet")
    assert names(tmp_path) == ["folder", "keep.parquet"]


def test_sweep_of_no_folder_is_nothing(tmp_path: Path) -> None:
    sweep(tmp_path / "nowhere", keep=lambda path: False)
    assert not (tmp_path / "nowhere").exists()
