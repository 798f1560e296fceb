"""The disk of a training: what it takes at most, on each disk that it writes to, against what is free there."""

import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

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
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on another disk than the tests' own."""
    memory = Path("/dev/shm")  # noqa: S108 - Linux's disk in memory
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has no second disk that anybody may write to")
    with TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


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
    tmp_path: Path, other_disk: Path, monkeypatch: pytest.MonkeyPatch, there: str
) -> None:
    free = {other_disk.stat().st_dev: 300, tmp_path.stat().st_dev: 7}
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, free[path.stat().st_dev]))
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
