"""What one part of the kept pull requests leaves behind for comparing: one small row for each, without its text.

A row has an exact key: rows with equal keys repeat each other. It is the diff hash for a change that speaks for itself. A change
with fewer than FEWEST_SHINGLES shingles (a version bump, one more `break`) looks like many that have nothing to do with it, and
one that adds what it removes looks like its own revert. Their key is taken of the repository, the paths and the lines as
they stand, so that they repeat only the very same change of the same files. They have no bands: they are never compared nearly.
"""

import polars as pl

from pipeline.compare.normalised import changed_files, normalised_text, same_when_reverted
from pipeline.compare.similarity import FEWEST_SHINGLES, Bands, band_keys, shingles_of, signatures
from pipeline.files import canonical_json, sha256_text
from pipeline.hunks import FileChange
from pipeline.table import Table

_TOGETHER = 512  # rows whose signatures are taken in one call: the library is quicker on many, and memory stays small


def table(bands: Bands) -> Table:
    """The table of fingerprints: its columns depend on how many bands the threshold asks for."""
    return Table(
        "fingerprints",
        "describe_prs",
        "a kept pull request, as it is compared with the others",
        {
            "pr_id": (pl.String(), "owner/name#number"),
            "merged_at": (pl.Datetime("us", "UTC"), "when it was merged"),
            "diff_hash": (pl.String(), "sha256 of the normalised diff"),
            "exact_key": (
                pl.String(),
                "rows with equal keys repeat each other; empty for a change without a changed line",
            ),
            "shingles": (pl.Int64(), "how many different shingles it has"),
            **{
                name: (pl.UInt64(), "key of a band of its signature; null where it is not compared nearly")
                for name in band_names(bands)
            },
        },
    )


def band_names(bands: Bands) -> list[str]:
    """The names of the columns that hold the bands' keys."""
    return [f"band_{at:02}" for at in range(bands.number)]


def fingerprints(pulls: pl.DataFrame, bands: Bands) -> pl.DataFrame:
    """The fingerprints of some pull requests (pr_id, repo, merged_at and patch are read), in their order.

    Depends on nothing but the rows. A row without a patch counts as a change without a changed line.
    """
    rows = pulls.select("pr_id", "repo", "merged_at", "patch")
    frames = [_some(some, bands) for some in rows.iter_slices(_TOGETHER)]
    return pl.concat(frames) if frames else table(bands).frame([])


def _some(rows: pl.DataFrame, bands: Bands) -> pl.DataFrame:
    hashes, keys, counts = [], [], []
    near: dict[int, frozenset[str]] = {}
    for at, (repo, patch) in enumerate(rows.select("repo", "patch").iter_rows()):
        files = changed_files(patch or "")
        text = normalised_text(files)
        found = shingles_of(files)
        hashes.append(sha256_text(text) if text else "")
        if len(found) < FEWEST_SHINGLES or same_when_reverted(text):
            keys.append(_key_with_place(repo, files) if files else "")
        else:
            keys.append(hashes[-1])
            near[at] = found
        counts.append(len(found))
    of_row: list[list[int] | None] = [None] * rows.height
    for at, signature in zip(near, signatures(list(near.values()), bands), strict=True):
        of_row[at] = band_keys(signature, bands)
    columns = {
        name: [of and of[band] for of in of_row]  # None stays None
        for band, name in enumerate(band_names(bands))
    }
    return pl.DataFrame(
        {
            "pr_id": rows["pr_id"],
            "merged_at": rows["merged_at"],
            "diff_hash": hashes,
            "exact_key": keys,
            "shingles": counts,
            **columns,
        },
        schema=table(bands).schema,
    )


def _key_with_place(repo: str, files: list[FileChange]) -> str:
    said = sorted([_named(file), *file.changed] for file in files)
    return sha256_text(canonical_json([repo, said]).decode("utf-8", "surrogatepass"))


def _named(file: FileChange) -> str:
    """The header line that names a file: git's own, or the one of its old name where git printed no other."""
    return next((line for line in file.header if line.startswith(("diff ", "--- "))), "")
