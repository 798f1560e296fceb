"""What people see while GitHub is read: progress, cost, and what a run waits for, also while nothing else happens."""

import threading
from pathlib import Path

import pytest

from pipeline.github import report
from pipeline.github.clock import VirtualClock
from pipeline.github.limits import Limits
from pipeline.github.reading import Reading, open_reading
from pipeline.params import read_params
from pipeline.tables import PULLS

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    source = read_params(ROOT / "profiles/limi.yaml").source.model_copy(update={"folder": str(tmp_path)})
    limits = Limits(searches_a_minute=1)
    with open_reading(source, VirtualClock(), {"GITHUB_TOKEN": "ghp_x"}, limits) as opened:
        yield opened


def test_a_run_says_how_far_it_is_at_its_end(reading: Reading, capsys: pytest.CaptureFixture[str]) -> None:
    with report.Report(reading, 2) as told:
        told.done("o/r", PULLS.frame([]))
    said = capsys.readouterr().err
    assert "github: 1 of 2 repositories, 0 pull requests listed" in said
    assert "0 GraphQL calls (0 points)" in said and "left this hour: 5000 points, 5000 REST calls" in said


def test_a_run_that_waits_says_until_when(reading: Reading) -> None:
    told = report.Report(reading)
    assert "waiting" not in told.line()
    limiter = reading.api.limiter
    limiter.waits_until = limiter.clock.now() + 1_800
    assert "(30.0 minutes) for GitHub's limits" in told.line()
    limiter.waits_until = limiter.clock.now() - 1
    assert "waiting" not in told.line()


def test_something_is_said_though_no_repository_ends(
    reading: Reading, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "EVERY", 0.02)
    lines = threading.Event()
    with report.Report(reading, 9):
        for points in range(3):
            reading.log.points = points
            lines.wait(0.2)
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if "(1 points)" in line] and [line for line in said if "(2 points)" in line]
    assert len(said) == len(set(said)), "a line that says nothing new is not said"


def test_the_limiter_says_what_it_waits_for(reading: Reading) -> None:
    limiter = reading.api.limiter
    began = limiter.clock.now()
    limiter.done(limiter.turn("search"), "search", 1, 0.0, {})
    assert limiter.waits_until == 0.0
    limiter.done(limiter.turn("search"), "search", 1, 0.0, {})
    assert began + 60 <= limiter.waits_until <= began + 62
