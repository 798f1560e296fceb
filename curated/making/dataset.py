"""The dataset as files: made whole in memory, so that everything that is wrong is said before the first byte is written.

    from curated.making.dataset import make_dataset, write_dataset
    write_dataset(make_dataset(read_inputs(Path("."), read_params())), Path("curated/dataset"))

The same inputs and provenance give the same bytes. Provenance changes README.md, croissant.json and manifest.json, never the data.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curated.making.card import card_blocks
from curated.making.card_sessions import by_hand
from curated.making.columns import CANDIDATES, POOL, TRAJECTORIES
from curated.making.croissant import croissant
from curated.making.encoded import jsonl_bytes, parquet_bytes
from curated.making.inputs import Inputs
from curated.making.manifest import NAME as MANIFEST
from curated.making.manifest import files_of, is_inside, manifest_bytes, read_manifest
from curated.making.markdown import markdown
from curated.making.metadata import NAME, Written, metadata
from curated.making.preview import preview
from curated.making.provenance import Provenance
from curated.making.rows import candidate_rows, pool_rows, trajectory_rows
from pipeline.errors import UserError
from pipeline.files import atomic, write_text
from pipeline.table import Table
from pipeline.text_language import text_language

CARD, CROISSANT, CHOICE, DRAW_AGAIN = "README.md", "croissant.json", "choice.json", "draw_again.py"
VERSION = "1.0.0"  # of the dataset's form: its columns and files; a release is told by its tag on the Hub
_KEYWORDS = ["agent", "code", "curation", "pull requests", "LIMI"]


@dataclass(frozen=True)
class Dataset:
    """Every file by its path in the folder, and the card's preview, which is no part of it."""

    files: dict[str, bytes]
    manifest: bytes
    preview: str


def make_dataset(inputs: Inputs, made: Provenance | None = None) -> Dataset:
    """Make all files. Raises UserError for a row without a licence or with personal data, and for an empty pool."""
    made = made or Provenance()
    rows = {POOL.name: pool_rows(inputs), CANDIDATES.name: candidate_rows(inputs)}
    if not rows[POOL.name]:
        raise UserError(
            "curated/pool.jsonl is empty: there is nothing to publish; pool.github_pr_count says how many queries it gets"
        )
    tables = [POOL, CANDIDATES]
    if inputs.sessions.height:
        tables.append(TRAJECTORIES)
        rows[TRAJECTORIES.name] = trajectory_rows(inputs, rows[POOL.name])
    files: dict[str, bytes] = {}
    written = [_written(table, rows[table.name], files) for table in tables]
    licences = sorted({row["licence"] for table in rows.values() for row in table})
    about = metadata(written, licences, _languages(inputs), inputs.demo)
    blocks = card_blocks(inputs, rows, made)
    files[CARD] = f"---\n{about}---\n\n{markdown(blocks)}".encode()
    keywords = [*_KEYWORDS, *(["demo"] if inputs.demo else [])]
    files[CROISSANT] = croissant(written, licences, _description(inputs, rows), keywords, VERSION, made)
    files[CHOICE], files[DRAW_AGAIN] = inputs.choice_file, inputs.script
    facts: dict[str, Any] = {
        "demo": inputs.demo,
        "origin_note": inputs.params.pool.origin_note,
        "rows": {name: len(found) for name, found in rows.items()},
        "project": made.project,
        "commit": made.commit,
        "lock_sha256": made.lock_sha256,
    }
    return Dataset(files, manifest_bytes(files, facts), preview(blocks, NAME, about))


def write_dataset(dataset: Dataset, folder: Path, preview_to: Path | None = None) -> None:
    """Write the folder, its manifest last; files of an earlier dataset that are no longer part of it go.

    Raises UserError, before anything is changed, if the folder holds something that is not of a dataset.
    """
    _refuse_foreign(folder, dataset)
    # From here until the new manifest is there, the folder says of itself that it is not complete.
    old = _of_earlier(folder) - dataset.files.keys()
    (folder / MANIFEST).unlink(missing_ok=True)
    for name in sorted(old):
        (folder / name).unlink(missing_ok=True)
    for name in sorted(dataset.files):
        _write(folder / name, dataset.files[name])
    _write(folder / MANIFEST, dataset.manifest)
    if preview_to:
        write_text(preview_to, dataset.preview)


def check_same_data(dataset: Dataset, folder: Path) -> None:
    """Raises UserError where a dataset's rows are not those of one that lies in a folder: who publishes made it of other inputs."""
    there = read_manifest(folder).files
    for name, content in sorted(dataset.files.items()):
        if name.endswith((".parquet", ".jsonl")) and (
            name not in there or there[name].sha256 != hashlib.sha256(content).hexdigest()
        ):
            raise UserError(
                f"{name} made now is not the one in {folder}: the pipeline is stale, or Polars is of another version; run `dvc repro`"
            )


def _written(table: Table, rows: list[dict[str, Any]], files: dict[str, bytes]) -> Written:
    path = f"{table.name}/{table.name}.parquet"
    frame = table.frame(rows)
    files[path] = parquet_bytes(table, frame)
    files[f"{table.name}/{table.name}.jsonl"] = jsonl_bytes(frame)
    return Written(table, len(rows), path, len(files[path]), hashlib.sha256(files[path]).hexdigest())


def _languages(inputs: Inputs) -> list[str]:
    """ISO 639-1 codes: English, and those of queries that are in another language, which `checks.language` may allow or only tell."""
    spoken = {text_language("", text) for text in [*inputs.reviewed["query"], *(row.query for row in inputs.pool)]}
    return sorted({"en", *(code for code in spoken if code.isascii() and code.isalpha() and len(code) in (2, 3))})


def _description(inputs: Inputs, rows: dict[str, list[dict[str, Any]]]) -> str:
    made = rows.get(TRAJECTORIES.name, [])
    authored = (
        "repositories, queries, reviews and sessions"
        if made and by_hand(made) == len(made)
        else "repositories, queries and reviews"
    )
    demo = f" This is a demo: {authored} were authored for the project." if inputs.demo else ""
    worked = (
        f", and {len(made)} {'session' if len(made) == 1 else 'sessions'} of work on queries of the pool"
        if made
        else ""
    )
    return (
        f"{len(rows[POOL.name])} queries for software agents, from real-world use and from merged pull requests, and the "
        f"{len(rows[CANDIDATES.name])} reviewed candidates of the latter with their verdicts{worked}.{demo}"
    )


def _refuse_foreign(folder: Path, dataset: Dataset) -> None:
    for place in (folder, *folder.parents):
        if (place.is_symlink() and place == folder) or (not place.is_dir() and (place.exists() or place.is_symlink())):
            raise UserError(f"{place} is no folder; move it away, the dataset is written there")
    known = {MANIFEST, *dataset.files, *_of_earlier(folder)}
    foreign = sorted(name for name in files_of(folder) - known if not _is_unfinished(name)) if folder.is_dir() else []
    if foreign:
        raise UserError(
            f"{folder} holds {foreign[0]!r:.120}{f' and {len(foreign) - 1} more' if len(foreign) > 1 else ''}, which is not of a dataset "
            "that was written there; move it away, since all that lies there is published"
        )
    for name in files_of(folder) if folder.is_dir() else ():
        if _is_unfinished(name):
            (folder / name).unlink(missing_ok=True)


def _is_unfinished(name: str) -> bool:
    """Whether a file is what a killed run left of an atomic write."""
    last = name.rsplit("/", 1)[-1]
    return last.startswith(".") and last.endswith(".tmp")


def _of_earlier(folder: Path) -> set[str]:
    try:
        return {name for name in read_manifest(folder).files if is_inside(name)}
    except UserError:
        return set()


def _write(path: Path, content: bytes) -> None:
    with atomic(path) as unfinished:
        unfinished.write_bytes(content)
