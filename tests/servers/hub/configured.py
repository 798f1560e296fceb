"""huggingface_hub in this process, whatever the environment was when somebody imported it: by LFS, quiet, with an empty home."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import constants
from huggingface_hub.utils import disable_progress_bars


@contextmanager
def by_lfs(endpoint: str, home: Path) -> Iterator[None]:
    """Within, the library's own requests go to `endpoint`, and its caches into `home`."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(constants, "ENDPOINT", endpoint)
        patched.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}")
        patched.setattr(constants, "HF_HUB_DISABLE_XET", True)
        patched.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
        patched.setattr(constants, "AGENT_HARNESSES_PATH", str(home / "agents.json"))
        patched.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
        disable_progress_bars()
        yield
    huggingface_hub.close_session()
