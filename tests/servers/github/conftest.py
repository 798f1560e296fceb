"""A server over the demo world, for the tests of this folder."""

from collections.abc import Iterator

import pytest

from pipeline.github.clock import VirtualClock
from tests.servers.contract.sdl import SDL
from tests.servers.github.server import GitHubServer
from tests.servers.github.world import DemoWorld


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> DemoWorld:
    return DemoWorld(tmp_path_factory.mktemp("world"))


@pytest.fixture
def server(world: DemoWorld) -> Iterator[GitHubServer]:
    with GitHubServer(world, VirtualClock(), sdl_path=SDL) as running:
        yield running
