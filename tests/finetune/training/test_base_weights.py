"""A model whose files were replaced is another one, whatever its name is."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from finetune.training import base_weights
from finetune.training.base_weights import hold_weights, weights_name
from pipeline.errors import UserError
from pipeline.train_sections import Base
from tests.finetune.made import train
from tests.servers.hub import HubServer
from tests.servers.hub.configured import by_lfs

SIZE = 5_000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model of one large file, of which 2 x 1,000 bytes at the ends are read and 3 x 100 between: from 1,000, 2,000 and 3,000 on."""
    monkeypatch.setattr(base_weights, "_ENDS", 1_000)
    monkeypatch.setattr(base_weights, "_BLOCKS", 3)
    monkeypatch.setattr(base_weights, "_BLOCK", 100)
    (tmp_path / "model").mkdir()
    (tmp_path / "model/config.json").write_text("{}")
    (tmp_path / "model/model.safetensors").write_bytes(bytes(SIZE))
    return tmp_path / "model"


def base(name: str | Path) -> Base:
    return train(base={"name": str(name)}).base


def put(place: int) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        data = bytearray(SIZE)
        data[place] = 1
        (folder / "model.safetensors").write_bytes(data)

    return change


@pytest.mark.parametrize(
    ("change", "other"),
    [
        (put(0), True),
        (put(999), True),
        (put(2_000), True),
        (put(3_099), True),
        (put(SIZE - 1_000), True),
        (put(SIZE - 1), True),
        (lambda folder: (folder / "model.safetensors").write_bytes(bytes(SIZE + 1)), True),
        (lambda folder: (folder / "model.safetensors").rename(folder / "other.safetensors"), True),
        (lambda folder: (folder / "config.json").write_text('{"a": 1}'), True),
        (lambda folder: (folder / "more.safetensors").touch(), True),
        (lambda folder: (folder / "README.md").write_text("said of it"), False),
        (put(2_500), False),  # what nobody reads
    ],
)
def test_a_folder_is_named_by_its_files(folder: Path, change: Callable[[Path], object], other: bool) -> None:
    first = weights_name(base(folder))
    assert weights_name(base(folder)) == first
    change(folder)
    assert (weights_name(base(folder)) != first) == other


def test_other_weights_in_the_middle_alone_are_another_model(tmp_path: Path) -> None:
    """As a merged adapter's are: the embeddings at one end and the norms at the other stay as they were."""
    path = tmp_path / "model.safetensors"
    path.write_bytes(bytes(6 << 20))
    first = weights_name(base(tmp_path))
    path.write_bytes(bytes(2 << 20) + b"\1" * (2 << 20) + bytes(2 << 20))
    assert weights_name(base(tmp_path)) != first


@pytest.mark.parametrize("size", [0, 1, 10, 20, 21, 29, 35])
def test_of_a_small_file_all_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(base_weights, "_ENDS", 10)
    monkeypatch.setattr(base_weights, "_BLOCK", 5)
    path, names = folder / "model.safetensors", set()
    for place in range(size):
        path.write_bytes(bytes(place) + b"\1" + bytes(size - place - 1))
        names.add(weights_name(base(folder)))
    assert len(names) == size


def test_of_a_file_of_many_gigabytes_little_is_read_and_from_all_of_it() -> None:
    places = base_weights._samples(60 << 30)
    assert sum(length for _, length in places) == 3 << 20
    starts = sorted(place for place, _ in places)
    assert starts[0] == 0 and starts[-1] == (60 << 30) - (1 << 20)
    assert max(after - before for before, after in itertools.pairwise(starts)) <= 1 << 30


def test_a_model_of_the_hub_is_named_by_the_commit_that_its_revision_stands_for(tmp_path: Path) -> None:
    with HubServer(tmp_path / "hub") as server, by_lfs(server.url, tmp_path / "home"):
        model = server.store.create("amara/little", False, "amara", "2026-01-01T00:00:00Z", "model")
        first = model.head
        model.change_refs(tags={"v1": first})
        assert weights_name(base("amara/little")) == first
        later = model.add("Other weights", "", "amara", {}, "2026-01-02T00:00:00Z").oid
        assert weights_name(base("amara/little")) == later != first
        tagged = base("amara/little").model_copy(update={"revision": "v1"})
        assert weights_name(tagged) == first
        assert weights_name(base("amara/little").model_copy(update={"revision": "d" * 40})) == "d" * 40
        with pytest.raises(UserError, match=r"the commit of amara/none cannot be found; the Hub"):
            weights_name(base("amara/none"))


def test_without_the_hub_the_commit_is_that_of_the_cache(tmp_path: Path) -> None:
    with by_lfs("http://127.0.0.1:9", tmp_path / "home"):
        refs = tmp_path / "home/hub/models--amara--little/refs"
        refs.mkdir(parents=True)
        (refs / "main").write_text("c" * 40)
        assert weights_name(base("amara/little")) == "c" * 40


def test_the_demos_model_is_named_so() -> None:
    assert weights_name(base("demo")) == "demo"


def test_a_rank_that_finds_others_than_were_planned_refuses(folder: Path) -> None:
    planned = weights_name(base(folder))
    hold_weights(base(folder), planned)
    put(0)(folder)
    with pytest.raises(UserError, match=r"is another one \(\w{12}\) than when the plan was made"):
        hold_weights(base(folder), planned)
