"""Large groups cost no square, large results come in pieces, and a missing patch invents nothing."""

from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from pipeline.compare.duplicates import COMPARED, candidate_pairs, find_duplicates, verified
from pipeline.compare.fingerprints import band_names, table
from pipeline.compare.scratch import Member, Repeat, Scratch
from pipeline.compare.similarity import Bands
from tests.pipeline.compare.changes import change


def group(size: int) -> pl.DataFrame:
    """Rows that all share their key in a band, in the order of their age."""
    return pl.DataFrame(
        {"band_00": [7] * size, "merged": list(range(size)), "pr_id": [f"a/a#{at:06}" for at in range(size)]}
    )


def by_hand(*keys: list[int | None]) -> pl.DataFrame:
    """Fingerprints of rows without a time, each with the first keys of its bands."""
    bands, numbers = Bands.at(0.8), range(len(keys))
    return pl.DataFrame(
        {
            "pr_id": [f"a/a#{at}" for at in numbers],
            "merged_at": [None for _ in numbers],
            "diff_hash": [f"{at:064x}" for at in numbers],
            "exact_key": [f"{at:064x}" for at in numbers],
            "shingles": [20 for _ in numbers],
            **{
                name: [key[band] if band < len(key) else None for key in keys]
                for band, name in enumerate(band_names(bands))
            },
        },
        schema=table(bands).schema,
    )


def test_a_small_group_is_compared_in_full() -> None:
    size = 2 * COMPARED + 1
    pairs = list(candidate_pairs(group(size), "band_00"))
    assert len(pairs) == len(set(pairs)) == size * (size - 1) // 2
    assert all(older < newer for older, newer in pairs)


def test_the_pairs_of_a_large_group_grow_with_its_rows_only() -> None:
    pairs = list(candidate_pairs(group(20_000), "band_00"))
    assert len(pairs) == len(set(pairs)) < 20_000 * 2 * COMPARED
    seen = Counter(newer.pr_id for _, newer in pairs)
    assert set(seen.values()) >= {1, 2 * COMPARED}
    assert len(seen) == 19_999, "every row but the oldest is compared with an older one"


def test_rows_of_different_keys_are_not_compared() -> None:
    rows = group(4).with_columns(pl.Series("band_00", [1, 1, 2, 3]))
    assert [(older.pr_id, newer.pr_id) for older, newer in candidate_pairs(rows, "band_00")] == [
        ("a/a#000000", "a/a#000001")
    ]


def test_a_pair_without_its_patches_is_not_alike() -> None:
    assert verified([("a/a#1", "a/a#2")], lambda names: {"a/a#1": change(1)}, 0.8) == []
    assert verified([("a/a#1", "a/a#2")], lambda names: dict.fromkeys(names, change(1)), 0.8) == [
        (("a/a#1", "a/a#2"), 1.0)
    ]


def test_never_more_than_four_thousand_patches_are_asked_for_at_once(tmp_path: Path) -> None:
    by_hand(*([7] for _ in range(1_500))).write_parquet(tmp_path / "part.parquet")
    asked: list[int] = []

    def no_patches(names: list[str]) -> dict[str, str]:
        asked.append(len(names))
        return {}

    assert list(find_duplicates(tmp_path, no_patches, tmp_path / "scratch", 0.8)) == []
    assert max(asked) <= 4_000 < sum(asked)


def decided(path: Path, links: list[str], together: int = 10) -> dict[str, str]:
    """What repeats what, of members `z` (the oldest), `c`, `d` and `e`; a link is two names, the older first."""
    scratch = Scratch(path)
    members = [Member(at, name) for at, name in ((5, "e"), (1, "z"), (3, "c"), (4, "d"))]
    scratch.add_candidates((one, other) for one in members for other in members if one < other)
    for older, newer in links:
        scratch.add_alike(older, newer, 0.9)
    scratch.decide(together)
    found = {repeat.pr_id: repeat.keeper for piece in scratch.repeats(2) for repeat in piece}
    scratch.close()
    return found


@pytest.mark.parametrize("together", [1, 2, 10])
def test_a_row_repeats_the_oldest_that_repeats_nobody(tmp_path: Path, together: int) -> None:
    for turn, links in enumerate([["zc", "cd", "zd", "ze"], ["ze", "zd", "cd", "zc"]]):
        assert decided(tmp_path / f"{turn}", links, together) == {"c": "z", "d": "z", "e": "z"}
    assert decided(tmp_path / "chain", ["zc", "cd", "de"], together) == {"c": "z", "e": "d"}
    assert decided(tmp_path / "none", [], together) == {}


def test_results_come_in_order_and_in_pieces(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "scratch")
    scratch.add_repeats(Repeat(f"a/a#{at:03}", "a/a#0", "exact", 1.0) for at in reversed(range(25)))
    pieces = list(scratch.repeats(10))
    assert [len(piece) for piece in pieces] == [10, 10, 5]
    assert [repeat.pr_id for piece in pieces for repeat in piece] == [f"a/a#{at:03}" for at in range(25)]
    scratch.close()
