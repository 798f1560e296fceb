import pytest

import sieve
from sieve import col
from sieve.cli import main
from sieve.profile import Profile

TRIPS = "rider,minutes,city\nana,50,Oslo\nbo,12,Turku\ncai,61,Oslo\ndee,47,Porto\n"


@pytest.fixture
def trips(tmp_path):
    path = tmp_path / "trips.csv"
    path.write_text(TRIPS)
    return path


def test_filter_select_sort(trips):
    frame = sieve.scan_csv(trips).filter(col("minutes") > 45).select("rider", "minutes")
    assert frame.sort("minutes", descending=True).collect() == {
        "rider": ["cai", "ana", "dee"],
        "minutes": [61, 50, 47],
    }


def test_limit_and_count(trips):
    frame = sieve.scan_csv(trips)
    assert frame.limit(2).collect()["rider"] == ["ana", "bo"]
    assert frame.filter((col("city") == "Oslo") & (col("minutes") < 60)).count() == 1


def test_with_column(trips):
    hours = sieve.scan_csv(trips).with_column("seconds", col("minutes") * 60).collect()
    assert hours["seconds"] == [3000, 720, 3660, 2820]


def test_profile_lists_every_step(trips):
    profile = Profile()
    sieve.scan_csv(trips).filter(col("minutes") > 45).limit(1).collect(profile)
    assert [step.label for step in profile.steps] == ["limit 1", "filter (minutes > 45)", "scan trips.csv"]
    assert [step.rows for step in profile.steps] == [1, 3, 4]


def test_command_line(trips, capsys):
    assert main(["query", str(trips), "--where", "city == Oslo", "--select", "rider"]) == 0
    assert capsys.readouterr().out == "rider\nana\ncai\n"
