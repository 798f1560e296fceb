"""A dataset to publish and a Hub on loopback to publish it to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.curated.hub.datasets import dataset
from tests.curated.hub.pushing import Publisher
from tests.servers.hub import HubServer
from tests.servers.hub.configured import by_lfs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return dataset(tmp_path / "dataset")


@pytest.fixture
def publisher(tmp_path: Path, folder: Path) -> Iterator[Publisher]:
    with HubServer(tmp_path / "hub") as server, by_lfs(server.url, tmp_path / "home"):
        yield Publisher(server, folder)
        assert server.script.unused == [], "a fault that never happened proves nothing"
