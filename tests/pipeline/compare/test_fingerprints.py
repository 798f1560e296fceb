"""A fingerprint says when two rows repeat each other exactly, and leaves small changes where they were made."""

import polars as pl
import pytest

from pipeline.compare.fingerprints import band_names, fingerprints, table
from pipeline.compare.normalised import diff_hash
from pipeline.compare.similarity import FEWEST_SHINGLES, Bands
from tests.pipeline.compare.changes import change, diff, frame, lines, reverted, row

BANDS = Bands.at(0.8)
BUMP = diff(["version = 1.2.3"], ["version = 1.2.4"], "setup.cfg")


def of(*patches: str | None, repos: tuple[str, ...] = ("a/a", "b/b")) -> pl.DataFrame:
    """Fingerprints of patches, the first of one repository and the second of another."""
    return fingerprints(
        frame([row(at, patch, repo) for at, (patch, repo) in enumerate(zip(patches, repos, strict=True))]), BANDS
    )


def repeats(found: pl.DataFrame) -> bool:
    return found["exact_key"].n_unique() == 1


def test_a_change_that_speaks_for_itself_has_its_diff_hash_as_key_and_bands() -> None:
    found = of(change(1), change(1, path="moved.py", around=3))
    assert found["exact_key"].to_list() == found["diff_hash"].to_list() == [diff_hash(change(1))] * 2
    assert found.select(band_names(BANDS)).n_unique() == 1
    assert found.schema == table(BANDS).schema
    assert found.null_count().row(0) == (0,) * found.width


@pytest.mark.parametrize(
    "patch",
    [
        BUMP,
        diff(["  a"] * 30, ["    a"] * 30),
        diff(lines(1, 9), [f"    {line}" for line in lines(1, 9)]),
        diff([], [""]),
    ],
    ids=["version bump", "few distinct words", "new indentation", "a blank line"],
)
def test_a_change_that_says_too_little_repeats_only_in_its_repository_and_files(patch: str) -> None:
    assert not repeats(of(patch, patch))
    assert repeats(of(patch, patch, repos=("a/a", "a/a")))
    assert not repeats(of(patch, patch.replace("src/", "lib/").replace("setup", "other"), repos=("a/a", "a/a")))
    assert of(patch, patch)["band_00"].to_list() == [None, None]


def test_a_move_does_not_repeat_its_revert() -> None:
    moved = diff(lines(4, 30), [], "x.py") + diff([], lines(4, 30), "y.py")
    back = diff([], lines(4, 30), "x.py") + diff(lines(4, 30), [], "y.py")
    assert diff_hash(moved) == diff_hash(back)
    assert not repeats(of(moved, back, repos=("a/a", "a/a")))
    assert not repeats(of(change(1), reverted(change(1)), repos=("a/a", "a/a")))


def test_nineteen_shingles_are_too_few_and_twenty_are_enough() -> None:
    words = [str(at) for at in range(FEWEST_SHINGLES + 3)]
    few, enough = diff([], [" ".join(words[:-1])]), diff([], [" ".join(words)])
    assert of(few, enough)["shingles"].to_list() == [FEWEST_SHINGLES - 1, FEWEST_SHINGLES]
    assert of(few, enough)["band_00"].is_null().to_list() == [True, False]


@pytest.mark.parametrize("patch", [None, "", "diff --git a/x b/y\nrename from x\nrename to y\n"])
def test_a_change_without_a_changed_line_has_no_key(patch: str | None) -> None:
    assert of(patch, patch)["exact_key"].to_list() == ["", ""]


def test_no_rows_have_no_fingerprints() -> None:
    found = fingerprints(frame([]), BANDS)
    assert (found.height, found.schema) == (0, table(BANDS).schema)


def test_a_row_has_the_same_fingerprint_alone_and_among_a_thousand() -> None:
    rows = [row(number, change(number, added=4)) for number in range(1000)]
    together = fingerprints(frame(rows), BANDS)
    assert together.height == 1000
    for at in (0, 511, 512, 999):
        assert fingerprints(frame([rows[at]]), BANDS).equals(together[at])
