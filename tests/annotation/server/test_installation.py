"""Label Studio's environment is made once, made anew when it is half made or its list changed, and not by two at once.

pip installs a package from a folder of the test's own here, so that nothing is fetched; that Label Studio itself comes about by the
same code is what every other test of this folder rests on.
"""

import shutil
import stat
import subprocess
import threading
import zipfile
from pathlib import Path

import pytest

from annotation.server.installation import REQUIREMENTS, install, make_private
from pipeline.errors import LimiError, UserError


@pytest.fixture(scope="module")
def requirements(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list with one package, which lies beside it."""
    folder = tmp_path_factory.mktemp("packages")
    with zipfile.ZipFile(folder / "limi_trial-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("limi_trial.py", "VERSION = 1\n")
        archive.writestr("limi_trial-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: limi-trial\nVersion: 1.0\n")
        archive.writestr(
            "limi_trial-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("limi_trial-1.0.dist-info/RECORD", "")
    path = folder / "requirements.txt"
    path.write_text(f"--no-index\n--find-links {folder}\nlimi-trial==1.0\n")
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, requirements: Path) -> Path:
    """A folder with an environment that two made at once."""
    folder = tmp_path_factory.mktemp("made") / "studio"
    both = [threading.Thread(target=install, args=(folder, requirements)) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    return folder


@pytest.fixture
def studio(tmp_path: Path, made: Path) -> Path:
    """A copy of it, with somebody's work beside it, and with a mark that is gone when it is made anew."""
    shutil.copytree(made, tmp_path / "studio", symlinks=True)
    (tmp_path / "studio/data").mkdir()
    (tmp_path / "studio/data/work").write_text("forty verdicts")
    (tmp_path / "studio/environment/mark").touch()
    return tmp_path / "studio"


def has_package(python: Path) -> bool:
    return subprocess.run([python, "-c", "import limi_trial"], capture_output=True).returncode == 0


def test_two_at_once_make_one(made: Path) -> None:
    assert has_package(made / "environment/bin/python")


def test_it_is_made_once_and_then_left_alone(studio: Path, requirements: Path) -> None:
    assert install(studio, requirements) == studio / "environment/bin/python"
    assert (studio / "environment/mark").exists()


def test_one_that_was_half_made_is_made_anew_and_the_data_stays(studio: Path, requirements: Path) -> None:
    (studio / "environment.made").unlink()
    assert has_package(install(studio, requirements))
    assert not (studio / "environment/mark").exists()
    assert (studio / "data/work").read_text() == "forty verdicts"


def test_another_list_makes_another_and_what_pip_cannot_install_is_told_in_its_words(
    studio: Path, requirements: Path, tmp_path: Path
) -> None:
    another = tmp_path / "another.txt"
    another.write_text(requirements.read_text().replace("limi-trial==1.0", "limi-trial==2.0"))
    with pytest.raises(LimiError, match=r"No matching distribution found for limi-trial==2\.0"):
        install(studio, another)
    assert not (studio / "environment.made").exists(), "so that the next call makes it anew"
    assert (studio / "data/work").read_text() == "forty verdicts"


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="name another"):
        make_private(tmp_path / "file/studio")


def test_the_folder_is_its_owners_alone(tmp_path: Path) -> None:
    make_private(tmp_path / "studio")
    assert stat.S_IMODE((tmp_path / "studio").stat().st_mode) == 0o700


def test_every_package_of_label_studio_is_pinned() -> None:
    lines = [line for line in REQUIREMENTS.read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if line.count("==") != 1] == []
    assert {"label-studio==1.23.2", "label-studio-sdk==2.1.2"} <= set(lines)
