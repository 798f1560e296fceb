"""The disk of a training: what it takes at most, on each disk that it writes to, against what is free there."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from finetune.preflight import disk, limits
from finetune.preflight.shape import shape_of
from tests.finetune.made import train
from tests.finetune.preflight.made import MODELS

Usage = namedtuple("Usage", "total used free")
SHAPE = shape_of(MODELS["Qwen/Qwen3-4B"])
assert SHAPE is not None
CHECKPOINT, FINAL = 12 * SHAPE.parameters, 2 * SHAPE.parameters


def estimate(output: Path, checkpoints: Path) -> disk.Disk:
    assert SHAPE is not None
    return disk.estimate(SHAPE, train(schedule={"keep_checkpoints": 2}), output, checkpoints)


@pytest.fixture
def other_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that passes for another disk, with 300 bytes free; 7 are free everywhere else."""
    folder = tmp_path / "other disk"
    folder.mkdir()

    def device(path: Path) -> int:
        return 2 if path.resolve().is_relative_to(folder) else 1

    monkeypatch.setattr(disk, "_device", device)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, {1: 7, 2: 300}[device(path)]))
    return folder


def test_a_disk_is_known_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/proc")
    assert disk._device(tmp_path / "link") == disk._device(Path("/proc")) != disk._device(tmp_path)


def test_one_checkpoint_more_than_are_kept_is_there_and_the_new_model(tmp_path: Path) -> None:
    found = estimate(tmp_path / "not/yet", tmp_path / "not/yet/checkpoints/id")
    assert (found.checkpoint, found.final) == (CHECKPOINT, FINAL)
    [room] = found.rooms
    assert room.needed == 3 * CHECKPOINT + FINAL and room.free > 0


def test_an_old_model_needs_nothing_as_it_is_in_use_already(tmp_path: Path) -> None:
    (tmp_path / "final").mkdir()
    (tmp_path / "final/model.safetensors").write_bytes(bytes(5_000_000))
    [room] = estimate(tmp_path, tmp_path / "checkpoints/id").rooms
    assert room.needed == 3 * CHECKPOINT + FINAL


def test_checkpoints_of_the_same_training_count_as_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(9, 2, 7))
    (tmp_path / "own").mkdir()
    (tmp_path / "own/optimizer.pt").write_bytes(bytes(5_000))
    assert [room.free for room in estimate(tmp_path, tmp_path / "own").rooms] == [5_007]
    assert [room.free for room in estimate(tmp_path, tmp_path / "none").rooms] == [7]


@pytest.mark.parametrize("there", ["checkpoints", "checkpoints/id"])
def test_checkpoints_are_held_against_the_disk_that_a_link_leads_to(
    tmp_path: Path, other_disk: Path, there: str
) -> None:
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).symlink_to(other_disk)
    own = tmp_path / "checkpoints/id"
    own.mkdir(exist_ok=True)
    (own / "optimizer.pt").write_bytes(bytes(5_000))
    found = estimate(tmp_path, own)
    assert {(room.needed, room.free) for room in found.rooms} == {(3 * CHECKPOINT, 5_300), (FINAL, 7)}


def test_a_link_to_a_folder_of_the_same_disk_is_one_sum(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "model").mkdir()
    (tmp_path / "model/checkpoints").symlink_to(tmp_path / "elsewhere")
    [room] = estimate(tmp_path / "model", tmp_path / "model/checkpoints/id").rooms
    assert room.needed == 3 * CHECKPOINT + FINAL


def test_each_disk_that_is_too_small_is_refused(tmp_path: Path) -> None:
    rooms = (disk.Room("checkpoints", tmp_path / "far", 3 * 2**30, 2**30), disk.Room("the model", tmp_path, 1, 0))
    enough = disk.Room("the model", tmp_path, 1, 1)
    far, near = limits.of_disk(disk.Disk(1, 1, rooms), tmp_path / "far/id")
    assert far.startswith(f"up to 3.0 GiB are needed in {tmp_path / 'far'} for checkpoints, and 1.0 are free there")
    assert near.startswith(f"up to 0.0 GiB are needed in {tmp_path} for the model, and 0.0 are free there")
    assert limits.of_disk(disk.Disk(1, 1, (enough,)), tmp_path / "far/id") == []
