"""The manifest notices every change of a dataset's folder."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from curated.making.dataset import make_dataset, write_dataset
from curated.making.manifest import NAME, differences, is_inside, read_manifest
from pipeline.errors import UserError
from tests.curated.dataset.run import Run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_dataset(make_dataset(Run().inputs()), tmp_path / "d")
    assert differences(tmp_path / "d") == []
    return tmp_path / "d"


@pytest.mark.parametrize(
    "name", ["README.md", "croissant.json", "pool/pool.parquet", "pool/pool.jsonl", "candidates/candidates.parquet"]
)
def test_one_changed_byte_is_noticed(name: str, folder: Path) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    (said,) = differences(folder)
    assert said.startswith(f"{name} is not what was written")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "README.md").unlink(), "README.md is in the manifest and not in"),
        (lambda folder: (folder / "more.txt").write_text("x"), "more.txt is in"),
        (lambda folder: (folder / "README.md").write_text("x"), "README.md has 1 bytes, the manifest says"),
    ],
)
def test_a_file_more_or_less_or_longer_is_noticed(change: Callable[[Path], object], said: str, folder: Path) -> None:
    change(folder)
    (found,) = differences(folder)
    assert found.startswith(said)


def test_a_link_in_the_place_of_a_file_is_noticed(folder: Path, tmp_path: Path) -> None:
    (folder / "README.md").rename(tmp_path / "same")
    (folder / "README.md").symlink_to(tmp_path / "same")
    assert differences(folder) == ["README.md is no plain file"]


def test_a_folder_without_a_manifest_is_not_complete(folder: Path) -> None:
    (folder / NAME).unlink()
    with pytest.raises(UserError, match="not complete"):
        read_manifest(folder)


def whole(**changed: object) -> str:
    """A manifest of nothing, with some keys changed."""
    facts = {"demo": False, "origin_note": "", "rows": {}, "project": "", "commit": "", "lock_sha256": "", "files": {}}
    return json.dumps({"format": "limi-dataset 1", **facts, **changed})


def test_a_manifest_of_nothing_is_read(folder: Path) -> None:
    (folder / NAME).write_text(whole())
    assert read_manifest(folder).files == {}


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "[]",
        '{"format": "limi-dataset 1"}',
        whole(format="limi-dataset 2"),
        whole(demo=0),
        whole(project=None),
    ],
)
def test_a_broken_manifest_is_refused_in_a_sentence(broken: str, folder: Path) -> None:
    (folder / NAME).write_text(broken)
    with pytest.raises(UserError, match=r"manifest\.json.*writes it anew"):
        read_manifest(folder)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "", "a//b", "./a", "a\\b"])
def test_a_path_that_leads_out_is_refused(name: str, folder: Path) -> None:
    assert not is_inside(name)
    manifest = json.loads((folder / NAME).read_text())
    manifest["files"][name] = {"sha256": "0" * 64, "bytes": 1}
    (folder / NAME).write_text(json.dumps(manifest))
    with pytest.raises(UserError, match="no path inside the dataset"):
        read_manifest(folder)
