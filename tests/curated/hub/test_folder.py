"""The folder is what its manifest says, or is not sent."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from curated.hub.folder import read_folder
from pipeline.errors import UserError


def test_a_whole_dataset_has_no_problems(folder: Path) -> None:
    read = read_folder(folder)
    assert read.problems == ()
    assert [file.path for file in read.files] == [
        "README.md",
        "candidates/candidates.parquet",
        "manifest.json",
        "pool/pool.jsonl",
        "pool/pool.parquet",
    ]


def drop(folder: Path) -> None:
    (folder / "pool/pool.jsonl").unlink()


def change(folder: Path) -> None:
    path = folder / "pool/pool.jsonl"
    path.write_bytes(path.read_bytes().replace(b"case 3", b"case 4", 1))


def grow(folder: Path) -> None:
    (folder / "pool/pool.jsonl").write_bytes(b"")


def add(folder: Path) -> None:
    (folder / "pool/.notes.swp").write_bytes(b"left by an editor")


def link(folder: Path) -> None:
    (folder / "pool/link.txt").symlink_to("/etc/hostname")


def name_badly(folder: Path) -> None:
    (folder / "a\nb").write_bytes(b"")


def keep_git(folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".git/config").write_bytes(b"")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (name_badly, "'a\\nb' is no name for a file on the Hub"),
        (keep_git, "'.git/config' is no name for a file on the Hub"),
        (drop, "pool/pool.jsonl is in manifest.json and not in the folder"),
        (change, "pool/pool.jsonl is not as manifest.json says"),
        (grow, "pool/pool.jsonl is not as manifest.json says: 0 bytes"),
        (add, "pool/.notes.swp is not in manifest.json"),
        (link, "pool/link.txt is no plain file"),
    ],
)
def test_a_damage_is_a_problem_in_words(folder: Path, damage: Callable[[Path], None], said: str) -> None:
    damage(folder)
    problems = read_folder(folder).problems
    assert len(problems) == 1
    assert problems[0].startswith(said)


@pytest.mark.parametrize(
    "manifest",
    [
        "{",
        "[]",
        '{"files": {}}',
        '{"files": {"README.md": {"sha256": "none", "bytes": 1}}}',
        '{"files": {"README.md": {"sha256": "' + "0" * 64 + '"}}}',
        '{"files": {"README.md": 1}}',
    ],
)
def test_a_manifest_of_another_shape_is_refused(folder: Path, manifest: str) -> None:
    (folder / "manifest.json").write_text(manifest)
    with pytest.raises(UserError, match="build the dataset again"):
        read_folder(folder)


def test_without_a_manifest_or_a_card_there_is_no_dataset(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"manifest\.json is missing"):
        read_folder(tmp_path)
    (folder / "README.md").unlink()
    with pytest.raises(UserError, match="card"):
        read_folder(folder)


def test_the_manifest_is_sent_too_and_keeps_its_other_facts(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "demo": True}))
    assert read_folder(folder).manifest["demo"] is True
