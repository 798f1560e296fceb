"""What is written is what others load: datasets, huggingface_hub and mlcroissant, without a network, from an empty cache."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from curated.making.columns import CANDIDATES, POOL
from curated.making.dataset import make_dataset, write_dataset
from curated.making.provenance import Provenance
from tests.curated.dataset.run import ROOT, Run, jsonl

MADE = Provenance("a" * 40, "2026-11-21", "b" * 64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dataset") / "d"
    run = Run()
    run.real_world[0]["query"] = "---\nlicense: evil\n---\n# x \u2028 \x00 👩\u200d🚀 <b>```\n````\n---\n"
    write_dataset(make_dataset(run.inputs(), MADE), path)
    return path


@pytest.fixture(scope="module")
def loaded(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    cache = tmp_path_factory.mktemp("empty")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))},
        **{"HF_HOME": str(cache), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HOME": str(cache)},
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.curated.dataset.loading", str(folder)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("name", ["pool", "candidates"])
def test_datasets_loads_the_rows_that_were_written(name: str, folder: Path, loaded: dict[str, Any]) -> None:
    rows = jsonl((folder / name / f"{name}.jsonl").read_bytes())
    assert len(rows) == 3
    assert loaded[name] == rows
    assert loaded[f"{name}_lines"] == rows


def test_the_types_are_those_of_the_tables_and_none_is_text_that_holds_json(loaded: dict[str, Any]) -> None:
    assert list(loaded["pool_types"]) == list(POOL.columns)
    assert list(loaded["candidates_types"]) == list(CANDIDATES.columns)
    types = loaded["candidates_types"]
    assert types["query"] == "Value('string')"
    assert types["success_criteria"] == "List(Value('string'))"
    assert types["agreement"] == "Value('float64')"
    assert types["chosen"] == "Value('bool')"
    assert types["marked"] == "List({'annotator': Value('string'), 'label': Value('string'), 'text': Value('string')})"
    assert types["pull_request"].startswith("{'repo': Value('string'), 'number': Value('int64')")
    assert "large" not in str(loaded["pool_types"]) + str(types)


@pytest.mark.parametrize("name", ["pool", "candidates"])
def test_the_card_has_the_types_in_the_form_that_datasets_writes(name: str, loaded: dict[str, Any]) -> None:
    (told,) = (info for info in loaded["card"]["dataset_info"] if info["config_name"] == name)
    assert told["features"] == loaded[f"{name}_features"]


def test_the_pool_is_what_is_loaded_where_nothing_is_named(loaded: dict[str, Any]) -> None:
    assert loaded["default"] == 3
    assert [config["config_name"] for config in loaded["card"]["configs"]] == ["pool", "candidates"]


def test_the_card_tells_the_hub_licences_size_language_and_tags(loaded: dict[str, Any]) -> None:
    card = loaded["card"]
    assert card["license"] == ["cc-by-4.0", "mit"]
    assert card["size_categories"] == ["n<1K"]
    assert card["language"] == ["en"]
    assert {"agent", "limi"} <= set(card["tags"]) and "demo" not in card["tags"]
    assert loaded["text"].strip().startswith("# limi-curation")


def test_the_croissant_metadata_is_valid_without_a_warning(loaded: dict[str, Any]) -> None:
    assert loaded["croissant_errors"] == []
    assert loaded["croissant_warnings"] == []


@pytest.mark.parametrize("name", ["pool", "candidates"])
def test_the_croissant_metadata_leads_to_the_same_rows(name: str, loaded: dict[str, Any]) -> None:
    assert loaded[f"{name}_records"] == loaded[name]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("a field of a file that is not there", "nowhere"),
        ("a file without its hash", "sha256"),
        ("a file without its address", "contentUrl"),
        ("a field without a type", "dataType"),
    ],
)
def test_broken_croissant_metadata_is_not_valid(what: str, said: str, loaded: dict[str, Any]) -> None:
    assert said in loaded["broken"][what]
