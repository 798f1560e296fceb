"""Find for every kept pull request whether it repeats an older one: exactly, or nearly.

Exact: equal keys (pipeline/compare/fingerprints.py). Near: a band of the signatures is equal, and the exact similarity of the two
patches, read again, reaches the threshold. From the oldest row (merged_at, then pr_id) on, each row repeats the oldest one that it is
alike to and that repeats nobody itself; so no row goes for one that it is not alike to, and what stays is not alike.

Memory is bounded: the fingerprints are scanned again for each bucket of about ROWS_IN_BUCKET rows, with the columns it needs and
no others, and everything found lies in a scratch file. The result does not depend on the number of parts, their order or the
number of buckets.

A large group (thousands of generated changes share a band) would make a square of pairs. In each group a row is compared with the
COMPARED oldest ones and with the COMPARED just before it, so groups of up to 2 * COMPARED + 1 rows are compared in full, and
beyond that the pairs grow with the rows. What this can miss is a pair of a larger group whose rows hang together with no row
that both were compared with.

Held against all pairs of 34,293 patches of eleven repositories: at thresholds from 0.5 to 0.9 every pair was found (95 at 0.8, of 3,062
candidates) and none was invented.
"""

from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import polars as pl

from pipeline.compare.fingerprints import band_names
from pipeline.compare.scratch import Member, Repeat, Scratch
from pipeline.compare.similarity import Bands, nearly_the_same, shingles

ROWS_IN_BUCKET = 1_000_000
COMPARED = 16
_PAIRS_TOGETHER = 2_000  # so that at most 4,000 patches are held at once
_ROWS_TOGETHER = 10_000  # in one frame of the result
_UNKNOWN_TIME = 2**62  # microseconds; a row without a time of merging counts as the newest
RESULT = {
    "pr_id": pl.String(),
    "keeper": pl.String(),
    "kind": pl.String(),
    "similarity": pl.Float64(),
}
ReadPatches = Callable[[list[str]], dict[str, str]]


def find_duplicates(
    folder: Path,
    read_patches: ReadPatches,
    work: Path,
    threshold: float,
    rows_in_bucket: int = ROWS_IN_BUCKET,
) -> Iterator[pl.DataFrame]:
    """The rows that repeat an older one, sorted by pr_id, in frames of 10,000 with the columns of RESULT.

    `keeper` is the row that is kept for it. `kind` is exact if the row's key equals the keeper's, else near. `similarity` is the
    exact similarity of the two patches (of a copy's oldest, if that one repeats the keeper nearly).
    `folder` holds the parts that `fingerprints` wrote, with the bands of this threshold. `read_patches` gives the patches
    of the rows named, at most 4,000 at once. `work` is a scratch file that is written anew and removed.
    """
    parts = sorted(folder.glob("*.parquet"))
    if not parts:
        return
    rows = pl.scan_parquet(parts, glob=False)
    buckets = 1 + rows.select(pl.len()).collect().item() // rows_in_bucket
    scratch = Scratch(work)
    try:
        for band in band_names(Bands.at(threshold)):
            for bucket in range(buckets):
                scratch.add_candidates(candidate_pairs(_of_band(rows, band, bucket, buckets), band))
        for pairs in scratch.candidates(_PAIRS_TOGETHER):
            for (older, newer), similarity in verified(pairs, read_patches, threshold):
                scratch.add_alike(older, newer, similarity)
        scratch.decide(_ROWS_TOGETHER)
        for bucket in range(buckets):
            scratch.add_repeats(_exact_repeats(_copies(rows, bucket, buckets), scratch))
        for found in scratch.repeats(_ROWS_TOGETHER):
            yield pl.DataFrame(found, schema=RESULT, orient="row")
    finally:
        scratch.close()
        work.unlink(missing_ok=True)


def candidate_pairs(rows: pl.DataFrame, band: str) -> Iterator[tuple[Member, Member]]:
    """Pairs (older, newer) of the rows of equal keys in a band: all of a small group, 2 * COMPARED for each row of a large one.

    `rows` has merged (microseconds), pr_id and the band, sorted by band, merged and pr_id.
    """
    for _, group in groupby(rows.select(band, "merged", "pr_id").iter_rows(), key=lambda row: row[0]):
        members = [Member(merged, pr_id) for _, merged, pr_id in group]
        for at, newer in enumerate(members):
            oldest = members[: min(COMPARED, at)]
            before = members[max(COMPARED, at - COMPARED) : at]
            yield from ((older, newer) for older in oldest + before)


def verified(
    pairs: list[tuple[str, str]], read_patches: ReadPatches, threshold: float
) -> list[tuple[tuple[str, str], float]]:
    """The pairs that are nearly the same, with their exact similarity. A pair whose patch is not given is not among them."""
    patches = read_patches(sorted({pr_id for pair in pairs for pr_id in pair}))
    said = {pr_id: shingles(patch) for pr_id, patch in patches.items()}
    nothing: frozenset[str] = frozenset()
    alike = []
    for one, other in pairs:
        similarity = nearly_the_same(said.get(one, nothing), said.get(other, nothing), threshold)
        if similarity:
            alike.append(((one, other), similarity))
    return alike


def _of_band(rows: pl.LazyFrame, band: str, bucket: int, buckets: int) -> pl.DataFrame:
    """The rows of one bucket that share their key in a band with another, without exact copies.

    Copies say the same, so all of them are in one group here, and the oldest speaks for them.
    """
    return (
        rows.select(band, "exact_key", "pr_id", _merged())
        .filter(pl.col(band) % buckets == bucket)
        .filter(pl.len().over(band) > 1)
        .sort(band, "merged", "pr_id")
        .unique("exact_key", keep="first", maintain_order=True)
        .filter(pl.len().over(band) > 1)
        .collect()
    )


def _copies(rows: pl.LazyFrame, bucket: int, buckets: int) -> pl.DataFrame:
    """pr_id and the oldest row of equal key, for the rows of one bucket that have an older copy."""
    return (
        rows.select("exact_key", "pr_id", _merged())
        .filter(pl.col("exact_key") != "")
        .filter(pl.col("exact_key").hash() % buckets == bucket)
        .filter(pl.len().over("exact_key") > 1)
        .sort("merged", "pr_id")
        .with_columns(pl.col("pr_id").first().over("exact_key").alias("oldest"))
        .filter(pl.col("pr_id") != pl.col("oldest"))
        .select("pr_id", "oldest")
        .collect()
    )


def _merged() -> pl.Expr:
    return pl.col("merged_at").dt.epoch("us").fill_null(_UNKNOWN_TIME).alias("merged")


def _exact_repeats(copies: pl.DataFrame, scratch: Scratch) -> Iterator[Repeat]:
    """A copy of a row that stays repeats it exactly; a copy of one that goes repeats its keeper as that one does."""
    for pr_id, oldest in copies.iter_rows():
        near = scratch.repeat_of(oldest)
        yield Repeat(pr_id, oldest, "exact", 1.0) if near is None else near._replace(pr_id=pr_id)
