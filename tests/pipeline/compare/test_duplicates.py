"""Every planted repeat is found and none invented, whatever the parts, their order and the buckets."""

import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.compare.duplicates import RESULT, find_duplicates
from pipeline.compare.fingerprints import fingerprints
from pipeline.compare.similarity import Bands, jaccard, nearly_the_same, shingles
from tests.pipeline.compare.changes import change, diff, frame, lines, reverted, reworded, row

THRESHOLD = 0.8
Rows = list[dict[str, Any]]


def found_in(
    folder: Path, rows: Rows, parts: int = 1, bucket: int = 1_000_000, threshold: float = THRESHOLD
) -> pl.DataFrame:
    """What find_duplicates says of rows that lie in so many parts."""
    where = folder / f"parts-{parts}-{bucket}-{len(list(folder.iterdir()))}"
    where.mkdir()
    for part in range(parts):
        fingerprints(frame(rows[part::parts]), Bands.at(threshold)).write_parquet(where / f"{part}.parquet")
    patches = {row["pr_id"]: row["patch"] for row in rows}
    found = list(
        find_duplicates(
            where, lambda names: {name: patches[name] for name in names}, folder / "scratch", threshold, bucket
        )
    )
    assert not (folder / "scratch").exists()
    return pl.concat([pl.DataFrame(schema=RESULT), *found])


def keepers(found: pl.DataFrame) -> dict[str, str]:
    return dict(found.select("pr_id", "keeper").iter_rows())


PLACES = {
    "same repository": lambda seed: (change(seed), "a/a"),
    "other repository": lambda seed: (change(seed), "b/b"),
    "other context": lambda seed: (change(seed, around=5), "a/a"),
    "renamed file": lambda seed: (change(seed, path="lib/renamed.py"), "b/b"),
    "re-indented": lambda seed: (change(seed).replace("+    ", "+\t\t"), "b/b"),
    "CRLF": lambda seed: (change(seed).replace("\n", "\r\n"), "b/b"),
}


@pytest.mark.parametrize("place", PLACES)
def test_the_same_change_elsewhere_repeats_exactly(tmp_path: Path, place: str) -> None:
    patch, repo = PLACES[place](1)
    found = found_in(tmp_path, [row(1, change(1)), row(2, patch, repo), row(3, change(2))])
    assert found.rows() == [(f"{repo}#2", "a/a#1", "exact", 1.0)]


@pytest.mark.parametrize("every", [3, 4, 6, 12])
@pytest.mark.parametrize("place", PLACES)
def test_a_nearly_equal_change_is_found_in_every_place(tmp_path: Path, place: str, every: int) -> None:
    patch, repo = PLACES[place](1)
    near = reworded(patch, every)
    similarity = jaccard(shingles(change(1)), shingles(near))
    found = found_in(tmp_path, [row(1, change(1)), row(2, near, repo)], threshold=0.7)
    assert found.rows() == [(f"{repo}#2", "a/a#1", "near", similarity)]
    assert 0.7 <= similarity < 1


def test_one_less_alike_than_the_threshold_is_not_found(tmp_path: Path) -> None:
    assert found_in(tmp_path, [row(1, change(1)), row(2, reworded(change(1), 2))]).is_empty()


def test_the_oldest_is_kept_whatever_its_number_and_the_smaller_name_of_the_same_time(tmp_path: Path) -> None:
    rows = [row(9, change(1), day=1), row(2, change(1), day=5), row(3, change(2), day=7), row(4, change(2), day=7)]
    assert keepers(found_in(tmp_path, rows)) == {"a/a#2": "a/a#9", "a/a#4": "a/a#3"}


def test_a_row_without_a_time_is_the_newest(tmp_path: Path) -> None:
    rows = [row(1, change(1)) | {"merged_at": None}, row(2, change(1))]
    assert keepers(found_in(tmp_path, rows)) == {"a/a#1": "a/a#2"}


def test_a_revert_is_kept_and_its_landing_again_is_not(tmp_path: Path) -> None:
    rows = [row(1, change(1)), row(2, reverted(change(1))), row(3, change(1))]
    assert found_in(tmp_path, rows).rows() == [("a/a#3", "a/a#1", "exact", 1.0)]


def test_small_changes_of_two_repositories_are_not_repeats(tmp_path: Path) -> None:
    bump = diff(["version = 1"], ["version = 2"], "setup.cfg")
    rows = [row(1, bump), row(2, bump, "b/b"), row(3, bump)]
    assert keepers(found_in(tmp_path, rows)) == {"a/a#3": "a/a#1"}


def test_changes_without_a_changed_line_are_not_repeats(tmp_path: Path) -> None:
    assert found_in(tmp_path, [row(1, ""), row(2, ""), row(3, None)]).is_empty()


def test_a_row_does_not_go_for_one_that_it_is_not_alike_to(tmp_path: Path) -> None:
    first = lines(1, 24)
    chain = [first, [*first[3:], *lines(2, 3)], [*first[6:], *lines(2, 3), *lines(3, 3)]]
    one, two, three = (diff([], text) for text in chain)
    assert jaccard(shingles(two), shingles(three)) > 0.7 > jaccard(shingles(one), shingles(three))
    found = found_in(tmp_path, [row(1, one), row(2, two), row(3, three)], threshold=0.7)
    assert found.rows() == [("a/a#2", "a/a#1", "near", jaccard(shingles(one), shingles(two)))]


def test_a_copy_of_a_nearly_equal_row_repeats_the_keeper_as_that_one_does(tmp_path: Path) -> None:
    near = reworded(change(1), 12)
    rows = [row(1, change(1)), row(2, near), row(3, near, "b/b"), row(4, change(1), "c/c")]
    similarity = jaccard(shingles(change(1)), shingles(near))
    assert found_in(tmp_path, rows).rows() == [
        ("a/a#2", "a/a#1", "near", similarity),
        ("b/b#3", "a/a#1", "near", similarity),
        ("c/c#4", "a/a#1", "exact", 1.0),
    ]


def planted() -> Rows:
    """240 rows: originals, copies in other places, near ones of several similarities, and reverts, in no order of time."""
    chance = random.Random(5)  # noqa: S311
    days = chance.sample(range(1000), 240)
    rows: Rows = []
    for seed in range(40):
        patches = [(change(seed), "a/a"), *(place(seed) for place in chance.sample(list(PLACES.values()), 2))]
        patches += [(reworded(change(seed), chance.choice([2, 3, 4, 5, 8, 12])), f"r/{seed}") for _ in range(2)]
        patches.append((reverted(change(seed)), "a/a"))
        rows += [row(len(rows) + at, patch, repo, days[len(rows) + at]) for at, (patch, repo) in enumerate(patches)]
    return rows


def by_brute_force(rows: Rows) -> dict[str, str]:
    """pr_id -> the oldest row that it is alike to and that repeats nobody, from all pairs."""
    ordered = sorted(rows, key=lambda row: (row["merged_at"], row["pr_id"]))
    said = {row["pr_id"]: shingles(row["patch"]) for row in ordered}
    kept: list[str] = []
    found: dict[str, str] = {}
    for pr_id, own in said.items():
        keeper = next((older for older in kept if nearly_the_same(said[older], own, THRESHOLD)), None)
        if keeper is None:
            kept.append(pr_id)
        else:
            found[pr_id] = keeper
    return found


def test_every_planted_repeat_is_found_and_none_is_invented(tmp_path: Path) -> None:
    rows = planted()
    wanted = by_brute_force(rows)
    assert 100 < len(wanted) < 200
    assert keepers(found_in(tmp_path, rows)) == wanted


def test_the_result_is_the_same_for_any_parts_order_and_buckets(tmp_path: Path) -> None:
    rows = planted()
    first = found_in(tmp_path, rows).write_csv()
    for seed, (parts, bucket) in enumerate([(1, 7), (5, 1_000_000), (13, 50)]):
        random.Random(seed).shuffle(rows)  # noqa: S311
        assert found_in(tmp_path, rows, parts, bucket).write_csv() == first


def test_an_empty_folder_holds_no_repeats(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    assert list(find_duplicates(tmp_path / "parts", lambda names: {}, tmp_path / "scratch", THRESHOLD)) == []
