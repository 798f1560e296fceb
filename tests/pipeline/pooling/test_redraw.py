"""docs/draw_again.py, with another solver, draws the same pool and sees one that is not the best."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.pooling.choice import choose
from pipeline.pooling.record import record
from pipeline.pooling.words import reasons_in_words
from tests.pipeline.pooling.worlds import PEOPLE, PULLS, quotas, world

SCRIPT = Path(__file__).resolve().parents[3] / "docs/draw_again.py"


def recorded(seed: int, order: tuple[str, ...]) -> dict[str, Any]:
    choice = choose(world(220, seed), PEOPLE + PULLS, quotas(), seed, order)
    return record(choice, reasons_in_words(choice, exact=False))


def redrawn(found: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    path = folder / "choice.json"
    path.write_text(json.dumps(found), encoding="utf-8")
    return subprocess.run([sys.executable, SCRIPT, path], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "order", [("agreement", "alignment", "leakage"), ("repository", "realism"), ("language", "text", "domain_fit"), ()]
)
def test_another_solver_draws_the_same_pool(order: tuple[str, ...], tmp_path: Path) -> None:
    done = redrawn(recorded(3, order), tmp_path)
    assert done.stdout == "the same 78 of 220, with OR-tools\n", done.stderr


def test_a_pool_that_is_not_the_best_is_found_out(tmp_path: Path) -> None:
    found = recorded(3, ("agreement",))
    places = [at for at, one in enumerate(found["candidates"]) if one["id"].startswith("rw-")]
    inside = next(at for at in places if found["candidates"][at]["chosen"])
    outside = next(at for at in places if not found["candidates"][at]["chosen"])
    found["candidates"][inside]["chosen"], found["candidates"][outside]["chosen"] = False, True
    assert "another pool is as good" in redrawn(found, tmp_path).stderr
    found = recorded(3, ("agreement",))
    found["levels"][0]["worth"] -= 250
    assert "another pool is better at agreement" in redrawn(found, tmp_path).stderr
