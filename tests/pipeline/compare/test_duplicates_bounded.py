"""Large groups cost no square, large results come in pieces, and a missing patch invents nothing."""

from collections import Counter
from pathlib import Path

import polars as pl

from pipeline.compare.clusters import Clusters, Member, Repeat
from pipeline.compare.duplicates import COMPARED, candidate_pairs, find_duplicates, verified
from pipeline.compare.fingerprints import band_names, table
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


def test_rows_that_never_met_in_a_band_but_are_alike_need_no_third(tmp_path: Path) -> None:
    by_hand([1, None], [1, 2], [None, 2]).write_parquet(tmp_path / "part.parquet")
    found = find_duplicates(
        tmp_path, lambda names: dict.fromkeys(names, change(1)), tmp_path / "scratch", threshold=0.8
    )
    assert pl.concat(list(found)).rows() == [
        ("a/a#1", "a/a#0", "near", 1.0, ""),
        ("a/a#2", "a/a#0", "near", 1.0, ""),
    ]


def test_the_most_alike_is_named_and_the_oldest_of_equals(tmp_path: Path) -> None:
    members = [Member(at, name) for at, name in enumerate("zyxw")]
    clusters = Clusters(tmp_path / "scratch")
    clusters.add_candidates((one, other) for one in members for other in members if one < other)
    for one, other, similarity in (("z", "y", 0.8), ("z", "x", 0.8), ("y", "w", 0.85), ("x", "w", 0.9)):
        clusters.join(one, other, similarity)
    assert list(clusters.linked(2)) == [
        [("w", "z", None, "x"), ("x", "z", 0.8, "w")],
        [("y", "z", 0.8, "w")],
    ]
    clusters.join("y", "x", 0.9)
    assert next(clusters.linked(10))[1] == ("x", "z", 0.8, "y")
    clusters.close()


def test_a_cluster_keeps_its_oldest_however_its_links_come(tmp_path: Path) -> None:
    members = [Member(at, name) for at, name in ((5, "e"), (1, "z"), (3, "c"), (4, "d"))]
    for turn, links in enumerate([("ez", "zc", "cd"), ("cd", "ez", "de"), ("de", "cz", "dz")]):
        clusters = Clusters(tmp_path / f"{turn}")
        clusters.add_candidates((one, other) for one in members for other in members if one < other)
        for one, other in links:
            clusters.join(one, other, 0.9)
        assert {name: clusters.keeper(name) for name in "zcde"} == dict.fromkeys("zcde", "z")
        assert clusters.keeper("unknown") == "unknown"
        clusters.close()


def test_results_come_in_order_and_in_pieces(tmp_path: Path) -> None:
    clusters = Clusters(tmp_path / "scratch")
    clusters.add_repeats(Repeat(f"a/a#{at:03}", "a/a#0", "exact", 1.0, "") for at in reversed(range(25)))
    pieces = list(clusters.repeats(10))
    assert [len(piece) for piece in pieces] == [10, 10, 5]
    assert [repeat.pr_id for piece in pieces for repeat in piece] == [f"a/a#{at:03}" for at in range(25)]
    clusters.close()
