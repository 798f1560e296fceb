"""What must not leave this machine is refused with its place, and never shown."""

from pathlib import Path

import pytest

from curated.hub.folder import read_folder
from curated.hub.refusals import refusals
from tests.curated.hub.datasets import CARD, dataset, lines, parquet, rows

# Split, so that no scanner takes this file for a leak.
KEY = "gh" + "p_" + "A7c9Qx2LmN4pR8tV1wYzB3dF5hJ6kS0uE2gi"
BLOCK = (
    "-----BEGIN RSA PRIVATE "
    + "KEY-----\nMIIEowIBAAKCAQEA7bq9pYkD3V\nq8sV1zK2mN4pR8tV1wYzB3dF5h\n-----END RSA PRIVATE "
    + "KEY-----"
)


def refused(folder: Path, allow_demo: bool = False) -> list[str]:
    return refusals(read_folder(folder), allow_demo)


def test_a_clean_dataset_is_not_refused(folder: Path) -> None:
    assert refused(folder) == []


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        (
            "README_dot_md",
            f"{CARD}The key is {KEY} now.\n".encode(),
            "README.md holds what looks like a secret (line 11)",
        ),
        ("notes_dot_txt", f"one\ntwo {KEY}\n".encode(), "notes.txt holds what looks like a secret (line 2)"),
        ("notes_dot_txt", f"one\ntwo {KEY}\n".encode("utf-16"), "notes.txt holds what looks like a secret (line 2)"),
        ("notes_dot_txt", f"\xff one {KEY}\n".encode("latin-1"), "notes.txt holds what looks like a secret (line 1)"),
        (
            "more_dot_jsonl",
            lines([{"query": f"use {KEY}", "licence": "MIT"}]),
            "more.jsonl holds what looks like a secret (line 1)",
        ),
        (
            "more_dot_jsonl",
            lines([{"query": BLOCK, "licence": "MIT"}]),
            "more.jsonl holds what looks like a secret (line 1",
        ),
        (
            "more_dot_parquet",
            parquet([{"licence": "MIT", "facts": {"notes": ["none", f"use {KEY}"]}}]),
            "more.parquet holds what looks like a secret (row 1, facts.notes)",
        ),
    ],
)
def test_a_secret_is_named_by_its_place_and_not_shown(tmp_path: Path, name: str, content: bytes, place: str) -> None:
    found = refused(dataset(tmp_path / "dataset", **{name: content}))
    assert len(found) == 1
    assert found[0].startswith(place)
    assert KEY not in found[0] and "MIIE" not in found[0]


@pytest.mark.parametrize("licence", ["", " ", "NOASSERTION", "UNKNOWN", "see LICENSE", None])
def test_a_row_without_a_licence_is_refused(tmp_path: Path, licence: str | None) -> None:
    found = rows(4)
    found[2]["licence"] = licence
    said = refused(dataset(tmp_path / "dataset", found))
    assert [sentence.split(" rows")[0] for sentence in said] == [
        "candidates/candidates.parquet has 3 of 12",
        "pool/pool.jsonl has 1 of 4",
        "pool/pool.parquet has 1 of 4",
    ]
    assert "(row 3)" in said[1]


def test_a_table_that_has_no_licences_at_all_is_refused(tmp_path: Path) -> None:
    said = refused(dataset(tmp_path / "dataset", more_dot_jsonl=lines([{"query": "x"}] * 9)))
    assert said[0].startswith("more.jsonl has 9 of 9 rows without a licence (row 1, 2, 3, 4, 5 and 4 more)")


def test_a_table_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    said = refused(
        dataset(tmp_path / "dataset", a_dot_parquet=b"PAR1 no more", b_dot_jsonl=b"{]\n", c_dot_jsonl=b"[1]\n")
    )
    assert [sentence.split(" cannot")[0] for sentence in said] == ["a.parquet", "b.jsonl", "c.jsonl"]


def test_a_demo_is_published_only_on_request(tmp_path: Path) -> None:
    marked = dataset(tmp_path / "marked", demo=True)
    noted = dataset(tmp_path / "noted", [{**row, "origin_note": "Demo world, authored"} for row in rows(2)])
    for folder in (marked, noted):
        assert [sentence.split(",")[0] for sentence in refused(folder)] == ["this is a demo dataset"]
        assert refused(folder, allow_demo=True) == []


def test_the_callers_reasons_and_the_manifests_come_first(folder: Path) -> None:
    (folder / "stray.txt").write_text("x")
    said = refusals(read_folder(folder), others=["the pipeline is stale: run dvc repro"])
    assert said[0] == "the pipeline is stale: run dvc repro"
    assert said[1].startswith("stray.txt is not in manifest.json")
