"""The dataset in Croissant 1.1, the format by which machine-learning tools find and read a dataset (docs.mlcommons.org/croissant)."""

import json
from typing import Any

import polars as pl

from curated.making.columns import MEMBERS, instance
from curated.making.metadata import NAME, Written
from curated.making.provenance import Provenance
from pipeline.table import Table

VERSION = "http://mlcommons.org/croissant/1.1"
# The context that the specification gives, word by word: a reader may know a document by it.
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{
        name: f"cr:{name}"
        for name in (
            "arrayShape citeAs column containedIn equivalentProperty extract field fileObject fileProperty fileSet format includes isArray "
            "isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace samplingRate separator source "
            "subField transform"
        ).split()
    },
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "sc": "https://schema.org/",
}
_TYPES = {pl.String(): "sc:Text", pl.Int64(): "cr:Int64", pl.Float64(): "cr:Float64", pl.Boolean(): "sc:Boolean"}
_ANY_LENGTH = "-1"
CITE = """@misc{limi2025,
  title = {LIMI: Less is More for Agency},
  year = {2025},
  eprint = {2509.17567},
  archivePrefix = {arXiv}
}"""


def croissant(
    written: list[Written], licences: list[str], description: str, keywords: list[str], version: str, made: Provenance
) -> bytes:
    """The document's bytes. `licences` are SPDX ids, `version` that of what is described (three numbers)."""
    document = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": VERSION,
        "name": "limi-curation",
        "alternateName": NAME,
        "description": description,
        "keywords": keywords,
        "inLanguage": "en",
        "license": [
            f"https://spdx.org/licenses/{licence}.html" if " " not in licence else licence for licence in licences
        ],
        "citeAs": CITE,
        **({"datePublished": made.day} if made.day else {}),
        **({"isBasedOn": made.project} if made.project else {}),
        "version": version,
        "distribution": [_file(table) for table in written],
        "recordSet": [_records(table) for table in written],
    }
    return (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _file(written: Written) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": written.path,
        "name": written.path,
        "description": f"{written.rows} rows, each {written.table.row}",
        "contentUrl": written.path,
        "contentSize": f"{written.size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": written.sha256,
    }


def _records(written: Written) -> dict[str, Any]:
    table = written.table
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": f"{written.rows} rows, each {table.row}",
        "key": {"@id": f"{table.name}/{_key(table)}"},
        "field": [
            _field(
                f"{table.name}/{name}",
                meaning,
                kind,
                {"fileObject": {"@id": written.path}, "extract": {"column": name}},
            )
            for name, (kind, meaning) in table.columns.items()
        ],
    }


def _key(table: Table) -> str:
    return next(name for name in ("id", "trajectory_id", "query_id") if name in table.columns)


def _field(name: str, meaning: str, kind: pl.DataType, source: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {"@type": "cr:Field", "@id": name, "name": name, "description": meaning}
    if isinstance(kind, pl.List):
        said |= {"isArray": True, "arrayShape": _ANY_LENGTH}
        kind = instance(kind.inner)
    if isinstance(kind, pl.Struct):
        known = MEMBERS.get(name.rsplit("/", 1)[-1], {})
        members = [
            _field(
                f"{name}/{member.name}",
                known[member.name][1] if member.name in known else f"{member.name} of {name}",
                instance(member.dtype),
                {**source, "transform": {"jsonPath": member.name}},
            )
            for member in kind.fields
        ]
        return said | {"subField": members}
    return said | {"dataType": _TYPES[kind], "source": source}
