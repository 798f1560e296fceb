"""The same inputs give the same bytes; a dataset is written whole, its manifest last, and nothing else is published with it."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import yaml

from curated.making.dataset import check_same_data, make_dataset, write_dataset
from curated.making.encoded import jsonl_bytes
from curated.making.inputs import DEMO_SOURCE
from curated.making.manifest import differences, manifest_bytes, read_manifest
from curated.making.provenance import Provenance
from pipeline.errors import UserError
from tests.curated.dataset.run import ROOT, Run, jsonl, parquet

MADE = Provenance("a" * 40, "2026-11-21", "b" * 64)
DATA = {"pool/pool.jsonl", "pool/pool.parquet", "candidates/candidates.jsonl", "candidates/candidates.parquet"}
# sha256 of the JSON lines of the test's run: they depend on the rows and on nothing else, so not on a version or a machine either.
POOL_SHA256 = "3c1d1b414aeae47c2fd82515b2d4976b5f58b162030950efe5a7631ca40edcb3"
PRINT_HASHES = """
import hashlib
import json
from curated.making.dataset import make_dataset
from tests.curated.dataset.run import Run
made = make_dataset(Run().inputs(shuffled=5))
print(*(hashlib.sha256(made.files[name]).hexdigest() for name in sorted(made.files)), hashlib.sha256(made.manifest).hexdigest())
"""


def test_the_same_inputs_give_the_same_bytes_whatever_their_order() -> None:
    first = make_dataset(Run().inputs())
    assert make_dataset(Run().inputs()) == first
    for seed in range(8):
        assert make_dataset(Run().inputs(shuffled=seed)) == first


@pytest.mark.parametrize("threads", ["1", "4"])
def test_another_process_with_another_number_of_threads_writes_the_same_bytes(threads: str) -> None:
    environment = os.environ | {
        "POLARS_MAX_THREADS": threads,
        "PYTHONHASHSEED": threads,
        "LC_ALL": "C",
        "TZ": "Asia/Tokyo",
    }
    done = subprocess.run(
        [sys.executable, "-c", PRINT_HASHES], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    made = make_dataset(Run().inputs())
    expected = [hashlib.sha256(made.files[name]).hexdigest() for name in sorted(made.files)]
    assert done.stdout.split() == [*expected, hashlib.sha256(made.manifest).hexdigest()]


def test_the_json_lines_have_the_bytes_they_always_had() -> None:
    assert hashlib.sha256(make_dataset(Run().inputs()).files["pool/pool.jsonl"]).hexdigest() == POOL_SHA256


def test_parquet_and_json_lines_hold_the_same_rows() -> None:
    files = make_dataset(Run().inputs()).files
    for name in ("pool", "candidates"):
        assert parquet(files[f"{name}/{name}.parquet"]).to_dicts() == jsonl(files[f"{name}/{name}.jsonl"])


def test_rows_stand_in_one_order() -> None:
    files = make_dataset(Run().inputs(shuffled=1)).files
    assert [row["id"] for row in jsonl(files["pool/pool.jsonl"])] == ["rw-1", "rw-2", "gh-000000000001"]
    found = [row["query_id"] for row in jsonl(files["candidates/candidates.jsonl"])]
    assert found == ["gh-000000000001", "gh-000000000002", "gh-000000000003"]


def test_where_it_was_made_changes_the_card_and_never_the_data() -> None:
    plain, published = make_dataset(Run().inputs()), make_dataset(Run().inputs(), MADE)
    assert {name for name in plain.files if plain.files[name] != published.files[name]} == {
        "README.md",
        "croissant.json",
    }
    card = published.files["README.md"].decode()
    assert f"`{'a' * 40}`" in card and f"`{'b' * 64}`" in card and "2026-11-21" in card
    assert "a published copy names both" in plain.files["README.md"].decode()


def test_a_number_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        jsonl_bytes(pl.DataFrame({"agreement": [float("nan")]}))


def test_a_line_of_json_is_one_line_to_every_reader() -> None:
    made = jsonl_bytes(pl.DataFrame({"query": ["a\u2028b\x85c\u2029d\re\nf"]})).decode()
    assert len(made.splitlines()) == 1
    assert json.loads(made) == {"query": "a\u2028b\x85c\u2029d\re\nf"}


def test_a_number_has_one_form_whoever_wrote_it() -> None:
    run, first = Run(), make_dataset(Run().inputs())
    pool = run.pool()
    pool[-1]["review"] = dict(reversed((pool[-1]["review"] | {"agreement": 1}).items()))
    run.pool = lambda: pool  # type: ignore[method-assign]
    assert make_dataset(run.inputs()).files == first.files


def test_a_dataset_of_other_rows_is_told_from_the_one_that_lies_there(tmp_path: Path) -> None:
    write_dataset(make_dataset(Run().inputs()), tmp_path / "d")
    check_same_data(make_dataset(Run().inputs(), MADE), tmp_path / "d")
    run = Run()
    run.pulls[1]["title"] = "Close another gate"
    with pytest.raises(UserError, match=r"candidates/candidates\.jsonl made now is not the one in"):
        check_same_data(make_dataset(run.inputs()), tmp_path / "d")


@pytest.mark.parametrize("language", ["any", "english"])
def test_the_languages_of_the_queries_are_named_whether_the_check_lets_them_in_or_only_tells(language: str) -> None:
    run = Run().with_params("checks", language=language)
    run.reviewed[2]["query"] = (
        "Das Tor am Hafen bleibt nach der Flut immer noch offen, obwohl es sich von selbst schließen sollte."
    )
    about = yaml.safe_load(make_dataset(run.inputs()).files["README.md"].decode().split("---\n")[1])
    assert (about["language"], about["multilinguality"]) == (["de", "en"], ["multilingual"])


def test_a_candidate_tells_what_was_masked_in_its_pull_request() -> None:
    run = Run()
    run.pulls[0]["masked"] = [{"kind": "email", "values": 2}]
    made = jsonl(make_dataset(run.inputs()).files["candidates/candidates.jsonl"])
    assert made[0]["masked"] == [{"kind": "email", "values": 2}]


def test_an_empty_pool_is_no_dataset() -> None:
    run = Run()
    run.real_world, run.chosen = [], -1
    run.pool = lambda: []  # type: ignore[method-assign]
    with pytest.raises(UserError, match="there is nothing to publish"):
        make_dataset(run.inputs())


def test_a_demo_says_so_in_card_description_and_manifest(tmp_path: Path) -> None:
    run = Run().with_params("source", kind="demo")
    write_dataset(make_dataset(run.inputs()), tmp_path / "d")
    assert read_manifest(tmp_path / "d").demo
    assert "This is a demo." in (tmp_path / "d/README.md").read_text()
    assert "- demo" in (tmp_path / "d/README.md").read_text().split("\n---\n")[0]
    assert "This is a demo" in (tmp_path / "d/croissant.json").read_text()
    other = Run().with_params("pool", real_world="demo/real_world.jsonl")
    assert other.inputs().demo and not Run().inputs().demo
    assert Run().with_params("pool", real_world="./demo/../demo/real_world.jsonl").inputs().demo
    copied = Run()
    copied.real_world[0]["source"] = DEMO_SOURCE
    assert copied.inputs().demo


def test_every_query_of_the_demo_says_that_it_is() -> None:
    lines = (ROOT / "demo/real_world.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["source"] for line in lines} == {DEMO_SOURCE}


def test_the_folder_holds_the_files_and_a_manifest_of_them(tmp_path: Path) -> None:
    write_dataset(make_dataset(Run().inputs(), MADE), tmp_path / "d", tmp_path / "card.html")
    manifest = read_manifest(tmp_path / "d")
    assert set(manifest.files) == DATA | {"README.md", "croissant.json", "choice.json", "draw_again.py"}
    assert (manifest.commit, manifest.lock_sha256) == (MADE.commit, MADE.lock_sha256)
    assert manifest.rows == {"pool": 3, "candidates": 3}
    assert not manifest.demo
    assert differences(tmp_path / "d") == []
    assert (tmp_path / "card.html").read_text().startswith("<!DOCTYPE html>")


def test_writing_again_changes_nothing_and_leaves_nothing_of_an_earlier_dataset(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    older = make_dataset(Run().inputs())
    older.files["old/gone.jsonl"] = b"{}\n"
    facts = {"demo": False, "origin_note": "", "rows": {}, "project": "", "commit": "", "lock_sha256": ""}
    write_dataset(type(older)(older.files, manifest_bytes(older.files, facts), ""), folder)
    assert (folder / "old/gone.jsonl").exists()
    for _ in range(2):
        write_dataset(make_dataset(Run().inputs()), folder)
        assert differences(folder) == []
        assert not (folder / "old/gone.jsonl").exists()


@pytest.mark.parametrize("name", ["notes.txt", "pool/mine.csv", ".env"])
def test_a_file_that_is_not_of_the_dataset_is_neither_published_nor_removed(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    write_dataset(make_dataset(Run().inputs()), folder)
    (folder / name).write_text("mine")
    before = read_manifest(folder)
    with pytest.raises(UserError, match="not of a dataset"):
        write_dataset(make_dataset(Run().inputs(), MADE), folder)
    assert (folder / name).read_text() == "mine"
    assert read_manifest(folder) == before


def test_a_link_in_the_folder_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "d").mkdir()
    (tmp_path / "d/pool").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="'pool'"):
        write_dataset(make_dataset(Run().inputs()), tmp_path / "d")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_run_that_dies_while_it_writes_leaves_no_manifest_and_is_made_good_by_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    write_dataset(make_dataset(Run().inputs()), folder)
    (folder / "pool/pool.parquet").unlink()
    (folder / "pool/pool.parquet").mkdir()  # the disk refuses this one name
    with pytest.raises(UserError, match="could not be written"):
        write_dataset(make_dataset(Run().inputs(), MADE), folder)
    with pytest.raises(UserError, match="not complete"):
        differences(folder)
    (folder / "pool/pool.parquet").rmdir()
    (folder / "pool/.pool.parquet.0123.tmp").write_bytes(b"half")
    write_dataset(make_dataset(Run().inputs(), MADE), folder)
    assert differences(folder) == []
