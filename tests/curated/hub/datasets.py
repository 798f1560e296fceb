"""Small datasets for tests: what a build leaves in its folder, with a manifest written last."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import polars as pl

CARD = """---
license: other
language: [en]
configs:
- config_name: pool
  data_files: pool/pool.parquet
- config_name: candidates
  data_files: candidates/candidates.parquet
---
# Queries
"""


def rows(count: int, words: str = "Make the parser keep the line's end") -> list[dict[str, Any]]:
    return [
        {
            "id": f"q-{at}",
            "query": f"{words}, case {at} of {count}",
            "licence": "MIT",
            "origin_note": "taken from GitHub",
        }
        for at in range(count)
    ]


def parquet(found: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    pl.DataFrame(found).write_parquet(out)
    return out.getvalue()


def lines(found: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in found).encode()


def dataset(folder: Path, found: list[dict[str, Any]] | None = None, demo: bool = False, **others: bytes) -> Path:
    """Write a dataset of these rows in two configs; `others` are further files, named with `_slash_` and `_dot_`."""
    found = rows(20) if found is None else found
    files = {
        "README.md": CARD.encode(),
        "pool/pool.parquet": parquet(found),
        "pool/pool.jsonl": lines(found),
        "candidates/candidates.parquet": parquet(found * 3),
        **{name.replace("_slash_", "/").replace("_dot_", "."): content for name, content in others.items()},
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    write_manifest(folder, demo)
    return folder


def write_manifest(folder: Path, demo: bool = False) -> None:
    """Name every file that lies there."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json")
    manifest = {
        "demo": demo,
        "files": {
            path.relative_to(folder).as_posix(): {
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "bytes": path.stat().st_size,
            }
            for path in found
        },
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
