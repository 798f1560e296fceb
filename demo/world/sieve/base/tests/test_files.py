import pytest

import sieve
from sieve.csvio import CsvSource


def test_kinds_are_guessed(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("i,f,s,e\n1,1.5,x,\n2,2,7,\n")
    assert CsvSource(path).schema() == {"i": "int", "f": "float", "s": "str", "e": "str"}


def test_empty_cells_are_none(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("i,s\n1,\n,x\n")
    assert sieve.scan_csv(path).collect() == {"i": [1, None], "s": [None, "x"]}


def test_siv_round_trip(tmp_path):
    batches = [{"n": [1, None, 3], "x": [0.5, 2, None], "s": ["a", None, "b"]}, {"n": [4], "x": [1.0], "s": ["c"]}]
    assert sieve.write_siv(iter(batches), tmp_path / "a.siv") == 4
    assert sieve.scan_siv(tmp_path / "a.siv").collect() == {
        "n": [1, None, 3, 4],
        "x": [0.5, 2.0, None, 1.0],
        "s": ["a", None, "b", "c"],
    }


def test_not_a_siv_file(tmp_path):
    (tmp_path / "a.siv").write_text("rider,minutes\n")
    with pytest.raises(ValueError, match="not a siv file"):
        sieve.scan_siv(tmp_path / "a.siv")
