from pathlib import Path

import pytest

from pipeline.errors import LimiError
from tests.trajectories.collecting.world import ENVIRONMENT
from trajectories.collecting.installation import install


def test_what_is_installed_is_left_as_it_is() -> None:
    made = (ENVIRONMENT / "environment.made").stat()
    assert install(ENVIRONMENT) == ENVIRONMENT / "environment/bin/python"
    assert (ENVIRONMENT / "environment.made").stat() == made


def test_an_installation_that_fails_tells_why_and_counts_as_not_made(tmp_path: Path) -> None:
    wanted = tmp_path / "requirements.txt"
    wanted.write_text("./no-such-package\n", encoding="utf-8")
    with pytest.raises(LimiError, match=r"(?s)could not be installed.*no-such-package"):
        install(tmp_path / "mini", wanted)
    assert not (tmp_path / "mini/environment.made").exists()
