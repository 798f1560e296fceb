"""A Hub in a scratch folder, and the real client to ask it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from tests.servers.hub import TOKEN, HubServer
from tests.servers.hub.configured import by_lfs


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    with HubServer(tmp_path / "hub") as server, by_lfs(server.url, tmp_path / "home"):
        yield server


@pytest.fixture
def api(hub: HubServer) -> HfApi:
    return HfApi(endpoint=hub.url, token=TOKEN)
