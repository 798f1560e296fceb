"""The card's YAML block: what the Hub and `datasets.load_dataset` read. Nothing in it comes from a text of a pull request."""

from dataclasses import dataclass
from typing import Any

import polars as pl
import yaml

from curated.making.columns import CONFIGS, instance
from curated.making.hub_names import OTHER, hub_licence, size_category
from pipeline.table import Table

SPLIT = "train"  # what loaders expect where there is one split
NAME = "limi-curation: queries for agents, from real-world use and pull requests"
# The types this dataset has; another one would be a new decision.
_DTYPES = {pl.String(): "string", pl.Int64(): "int64", pl.Float64(): "float64", pl.Boolean(): "bool"}


@dataclass(frozen=True)
class Written:
    """A table as it was written: rows, and the parquet file with its bytes."""

    table: Table
    rows: int
    path: str
    size: int
    sha256: str


def metadata(written: list[Written], licences: list[str], languages: list[str], demo: bool) -> str:
    """The YAML between the card's dashes. `licences` are SPDX ids, `languages` ISO 639-1 codes."""
    names = sorted({hub_licence(licence) for licence in licences})
    data: dict[str, Any] = {
        "pretty_name": NAME,
        "language": languages,
        "license": names[0] if len(names) == 1 else names,
    }
    if OTHER in names:
        data |= {"license_name": "several-licences-by-row", "license_link": "README.md"}
    data |= {
        "annotations_creators": ["machine-generated" if demo else "expert-generated"],
        "language_creators": ["found", "machine-generated"],
        "multilinguality": ["monolingual" if len(languages) == 1 else "multilingual"],
        "source_datasets": ["original"],
        "size_categories": sorted({size_category(table.rows) for table in written}),
        "task_categories": ["text-generation"],
        "tags": ["agent", "code", "curation", "github", "limi", "pull-requests", *(["demo"] if demo else [])],
        "configs": [
            {
                "config_name": table.table.name,
                **({"default": True} if table.table is CONFIGS[0] else {}),
                "data_files": [{"split": SPLIT, "path": table.path}],
            }
            for table in written
        ],
        "dataset_info": [
            {
                "config_name": table.table.name,
                "features": [{"name": name, **feature(kind)} for name, kind in table.table.schema.items()],
                "splits": [{"name": SPLIT, "num_bytes": table.size, "num_examples": table.rows}],
                "download_size": table.size,
                "dataset_size": table.size,
            }
            for table in written
        ],
    }
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=1000)


def feature(kind: pl.DataType) -> dict[str, Any]:
    """A column's type as `datasets` writes it in a card. Raises KeyError for a type that this dataset does not have."""
    if isinstance(kind, pl.Struct):
        return {"struct": [{"name": field.name, **feature(instance(field.dtype))} for field in kind.fields]}
    if isinstance(kind, pl.List):
        inner = feature(instance(kind.inner))
        # datasets shortens a list of plain values and of structs.
        return {"list": inner.get("dtype") or inner.get("struct") or inner}
    return {"dtype": _DTYPES[kind]}
