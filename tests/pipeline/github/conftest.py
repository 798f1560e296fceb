"""What the tests of GitHub's door share: the demo world, built once."""

import pytest

from tests.servers.github import DemoWorld


@pytest.fixture(scope="session")
def demo_world(tmp_path_factory: pytest.TempPathFactory) -> DemoWorld:
    """Read-only; a test that wants it otherwise wraps it (worlds.Altered)."""
    return DemoWorld(tmp_path_factory.mktemp("demo") / "world")
