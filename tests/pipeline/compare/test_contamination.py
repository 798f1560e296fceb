"""Lists of benchmarks are read strictly, and a row is told which of them name it."""

import re
from pathlib import Path

import polars as pl
import pytest

from pipeline.compare.contamination import Contamination
from pipeline.errors import UserError

ROOT = Path(__file__).resolve().parents[3]
HEADER = "benchmark,kind,value,source\n"
SOURCE = "https://example.org/list"
HASH = "0f" * 32
GOOD = f"Some-bench,repository,Django/django,{SOURCE}\n"


def read(folder: Path, *rows: str, header: str = HEADER) -> Contamination:
    (folder / "list.csv").write_bytes((header + "".join(rows)).encode())
    return Contamination.read(folder)


def test_a_row_is_named_by_repository_pull_request_and_diff(tmp_path: Path) -> None:
    lists = read(
        tmp_path,
        GOOD,
        f"Other,pull,django/django#12,{SOURCE}\n",
        f"Third,diff,{HASH},{SOURCE}\n",
        GOOD.replace("Some", "A"),
    )
    assert lists.of("django/Django", "django/Django#12", HASH) == [
        "A-bench: repository django/Django",
        "Some-bench: repository django/Django",
        "Other: pull django/Django#12",
        f"Third: diff {HASH}",
    ]
    assert lists.of("django/django2", "django/django2#12", "") == []
    assert lists.of("django/django", "django/django#1", "") == [
        "A-bench: repository django/django",
        "Some-bench: repository django/django",
    ]


def test_a_frame_gets_one_list_for_each_row(tmp_path: Path) -> None:
    rows = pl.DataFrame(
        {"repo": ["a/b", "django/django"], "pr_id": ["a/b#1", "django/django#1"], "diff_hash": ["", ""]}
    )
    found = read(tmp_path, GOOD).of_rows(rows)
    assert found.to_list() == [[], ["Some-bench: repository django/django"]]
    assert found.dtype == pl.List(pl.String())
    assert read(tmp_path, GOOD).of_rows(rows.clear()).dtype == pl.List(pl.String())


def test_a_byte_order_mark_and_carriage_returns_say_nothing(tmp_path: Path) -> None:
    lists = read(tmp_path, GOOD.replace("\n", "\r\n"), header="\ufeff" + HEADER.replace("\n", "\r\n"))
    assert lists.of("django/django", "", "") == ["Some-bench: repository django/django"]


def test_lists_of_several_files_come_together(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text(HEADER + GOOD + GOOD.replace("Some", "B"))
    (tmp_path / "notes.txt").write_text("not a list")
    assert len(read(tmp_path, GOOD).of("django/django", "", "")) == 2


def test_a_hundred_thousand_rows_are_read(tmp_path: Path) -> None:
    lists = read(tmp_path, *(f"Large,pull,a/b#{at},{SOURCE}\n" for at in range(1, 100_001)))
    assert lists.of("a/b", "a/b#100000", "") == ["Large: pull a/b#100000"]


BROKEN = {
    "two columns": ("x,y\n", "it has 2 columns instead of 4"),
    "blank line": ("\n", "it has 0 columns instead of 4"),
    "unknown kind": (f"X,commit,a/b,{SOURCE}\n", "the kind is 'commit'; write one of repository, pull, diff"),
    "formula": (f"=HYPERLINK(1),repository,a/b,{SOURCE}\n", "the benchmark is '=HYPERLINK(1)'"),
    "formula as value": (f"X,repository,=1+1,{SOURCE}\n", "the value is '=1+1'; write owner/name"),
    "path": (f"X,repository,../../etc/passwd,{SOURCE}\n", "the value is '../../etc/passwd'"),
    "dots": (f"X,repository,a/..,{SOURCE}\n", "the value is 'a/..'"),
    "dots with number": (f"X,pull,a/..#1,{SOURCE}\n", "the value is 'a/..#1'"),
    "address": (f"X,repository,https://github.com/a/b,{SOURCE}\n", "write owner/name"),
    "pull without number": (f"X,pull,a/b,{SOURCE}\n", "write owner/name#number"),
    "pull zero": (f"X,pull,a/b#0,{SOURCE}\n", "the value is 'a/b#0'"),
    "other digits": (f"X,pull,a/b#\u0661,{SOURCE}\n", "the value is 'a/b#\\u0661'"),
    "short hash": (f"X,diff,{HASH[:40]},{SOURCE}\n", "write 64 small hex digits"),
    "large hash": (f"X,diff,{HASH.upper()},{SOURCE}\n", "write 64 small hex digits"),
    "space around": (f"X,repository, a/b,{SOURCE}\n", "the value is ' a/b'"),
    "bidi": (f"X,repository,a/b\u202e,{SOURCE}\n", "the value is 'a/b\\u202e'"),
    "line feed in value": (f'X,repository,"a/b\n",{SOURCE}\n', "the value is 'a/b\\n'"),
    "no source": ("X,repository,a/b,\n", "the source is ''"),
    "source without address": ("X,repository,a/b,a paper\n", "write the address (https://...)"),
    "script as source": ("X,repository,a/b,javascript:alert(1)\n", "the source is 'javascript:alert(1)'"),
    "quote": (f'X,repository,"a/b,{SOURCE}\n', "it is not CSV"),
    "NUL": (f"X,repository,a/b\0,{SOURCE}\n", "it holds a NUL character; remove it"),
    "again": (GOOD.replace("Django", "DJANGO"), "it says again what line 2 says; remove one of the two"),
    "megabyte": (
        f"X,repository,{'a' * 1_000_000},{SOURCE}\n",
        "it is not CSV (field larger than field limit (131072))",
    ),
    "long value": (f"X,repository,a/{'b' * 100_000},{SOURCE}\n", f"the value is 'a/{'b' * 58}...'"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_line_is_an_error_that_names_file_line_and_remedy(tmp_path: Path, case: str) -> None:
    line, said = BROKEN[case]
    with pytest.raises(UserError, match=re.escape(said)) as error:
        read(tmp_path, GOOD, line)
    message = str(error.value)
    assert re.match(rf"{re.escape(str(tmp_path / 'list.csv'))} line [34]: ", message)
    assert "; " in message
    assert len(message) < len(str(tmp_path)) + 300


@pytest.mark.parametrize("header", ["", "benchmark,kind,value\n", "Benchmark,kind,value,source\n"])
def test_another_header_is_an_error(tmp_path: Path, header: str) -> None:
    with pytest.raises(UserError, match=r"line 1: .*write benchmark,kind,value,source"):
        read(tmp_path, GOOD, header=header)


def test_text_that_is_not_utf8_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(HEADER.encode() + GOOD.encode() + b"\xff")
    with pytest.raises(UserError, match=r"list.csv line 3: it is not UTF-8; save the file as UTF-8"):
        Contamination.read(tmp_path)


def test_a_list_without_a_line_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the list is empty"):
        read(tmp_path)


def test_a_folder_without_lists_is_an_error(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UserError, match=r"holds no list \(\*\.csv\)"):
            Contamination.read(folder)


def test_a_folder_in_a_lists_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "list.csv").mkdir()
    with pytest.raises(UserError, match="could not be read"):
        Contamination.read(tmp_path)


def test_the_shipped_lists_can_be_read_and_name_what_everyone_knows() -> None:
    lists = Contamination.read(ROOT / "curated/contamination")
    said = lists.of("django/django", "django/django#11099", "")
    assert "SWE-bench: repository django/django" in said
    assert "SWE-bench Verified: pull django/django#11099" in said
    assert lists.of("torvalds/linux", "torvalds/linux#1", HASH) == []
    assert Contamination.read(ROOT / "curated/contamination/training").named
