"""Shingles, signatures and bands: alike changes meet, reverts do not, and the numbers are the same everywhere."""

import os
import subprocess
import sys
import time

import pytest

from pipeline.compare.similarity import (
    FEWEST_SHINGLES,
    Bands,
    band_keys,
    jaccard,
    nearly_the_same,
    shingles,
    signatures,
)
from tests.pipeline.compare.changes import change, diff, lines, reverted, reworded

SEEN = """
from pipeline.compare.similarity import Bands, band_keys, signatures
bands = Bands(2, 3)
signature = signatures([frozenset(["+ a b c d", "- e f g é"])], bands)[0]
print(signature, band_keys(signature, bands))
"""


def test_shingles_are_runs_of_four_words_with_their_sign() -> None:
    patch = diff(["keep", "old(a)"], ["keep", "new_name = b[1]"])
    assert shingles(patch) == {"- old ( a )", "+ new_name = b [", "+ = b [ 1", "+ b [ 1 ]"}


def test_a_run_goes_on_over_lines_and_hunks_but_not_over_files_or_signs() -> None:
    assert shingles(diff([], ["a b", "c d"])) == {"+ a b c d"}
    assert shingles(diff([], ["a b"], "x.py") + diff([], ["c d"], "y.py")) == {"+ a b", "+ c d"}


@pytest.mark.parametrize("seed", [0, 1, 77])
def test_signatures_are_the_same_in_every_process_and_for_every_hash_seed(seed: int) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    done = subprocess.run([sys.executable, "-c", SEEN], env=environment, capture_output=True, text=True, timeout=60)
    assert (
        done.stdout
        == "[3497565532, 3916452983, 850528020, 1243509084, 1252646665, 3282113617] [9717030759732185725, 10743056578492872890]\n"
    )


def test_bands_find_a_pair_at_the_threshold() -> None:
    assert Bands.at(0.8) == Bands(21, 6)
    for threshold in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0):
        assert Bands.at(threshold).meeting(threshold) >= 0.995
    assert Bands.at(0.8).meeting(0.3) < 0.02


def test_meeting_in_a_band_happens_as_often_as_the_formula_says() -> None:
    bands = Bands(8, 4)
    met = 0
    for seed in range(400):
        both = {f"{seed} {at}" for at in range(60)}
        pair = [
            frozenset(both | {f"{seed} one {at}" for at in range(20)}),
            frozenset(both | {f"{seed} two {at}" for at in range(20)}),
        ]
        one, other = (band_keys(signature, bands) for signature in signatures(pair, bands))
        met += any(left == right for left, right in zip(one, other, strict=True))
    assert met / 400 == pytest.approx(bands.meeting(0.6), abs=0.07)


@pytest.mark.parametrize(("every", "least", "most"), [(12, 0.9, 0.95), (4, 0.75, 0.85), (1, 0.3, 0.6)])
def test_the_more_words_change_the_less_alike_two_changes_are(every: int, least: float, most: float) -> None:
    patch = change(7)
    assert least < jaccard(shingles(patch), shingles(reworded(patch, every))) < most


def test_a_revert_is_not_alike() -> None:
    patch = change(7)
    assert jaccard(shingles(patch), shingles(reverted(patch))) == 0
    assert nearly_the_same(shingles(patch), shingles(patch), 0.8) == 1


def test_a_move_with_a_small_edit_is_told_from_its_revert() -> None:
    moved = lines(3, 40)
    patch = diff(moved, [], "x.py") + diff([], [*moved[:-1], "edited = True"], "y.py")
    back = diff([], moved, "x.py") + diff([*moved[:-1], "edited = True"], [], "y.py")
    assert jaccard(shingles(patch), shingles(back)) > 0.8
    assert nearly_the_same(shingles(patch), shingles(back), 0.8) == 0
    assert nearly_the_same(shingles(patch), shingles(reworded(patch, 30)), 0.8) > 0.8


def test_nothing_is_like_nothing() -> None:
    assert jaccard(frozenset(), frozenset()) == 0
    assert len(shingles(diff(["version = 1"], ["version = 2"]))) < FEWEST_SHINGLES


@pytest.mark.parametrize(
    "hostile",
    ["a" * 1_000_000, "_" * 1_000_000, "( " * 500_000, "é\u0301" * 300_000, "#" * 1_000_000],
    ids=["letters", "underscores", "brackets", "marks", "signs"],
)
def test_a_hostile_megabyte_is_cut_into_shingles_in_time(hostile: str) -> None:
    began = time.process_time()
    found = shingles(f"diff --git a/x b/x\n@@ -0,0 +1 @@\n+{hostile}\n")
    signatures([found], Bands.at(0.8))
    assert time.process_time() - began < 5
