"""Recipes take the place of the section train of params.yaml and of nothing else; what was there is kept."""

import subprocess
from pathlib import Path

import pytest

from limi.train_recipes import FOLDER, KEPT, put, take
from pipeline.errors import UserError
from pipeline.params import read_params
from tests.conftest import ROOT

NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "params.yaml").write_bytes((ROOT / "profiles/limi.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_is_valid_in_its_place_and_changes_nothing_else(here: Path, name: str) -> None:
    before = read_params()
    take(name)
    after = read_params()
    assert after.model_dump(exclude={"train"}) == before.model_dump(exclude={"train"})
    assert after.train.schedule.global_batch == 64 and after.train.base.name != "demo"
    text = (here / "params.yaml").read_text(encoding="utf-8")
    assert text.count("\ntrain:\n") == 1 and text.endswith((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def test_what_was_there_is_kept(here: Path) -> None:
    before = (here / "params.yaml").read_bytes()
    take("qwen3-4b")
    assert (here / "params.before.yaml").read_bytes() == before


def test_a_second_recipe_leaves_what_was_kept_from_before_the_first(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (here / "params.yaml").read_bytes()
    take("qwen3-4b")
    capsys.readouterr()
    take("qwen3-8b")
    assert (here / "params.before.yaml").read_bytes() == before
    assert "is now the recipe qwen3-8b\n" in capsys.readouterr().out


def test_a_recipe_that_was_changed_by_hand_is_kept(here: Path) -> None:
    take("qwen3-4b")
    path = here / "params.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("epochs: 4", "epochs: 5"), encoding="utf-8")
    changed = path.read_bytes()
    take("qwen3-8b")
    assert (here / "params.before.yaml").read_bytes() == changed


def test_what_is_kept_is_not_for_a_commit() -> None:
    assert subprocess.run(["git", "check-ignore", "-q", KEPT], cwd=ROOT).returncode == 0


def test_the_same_recipe_again_changes_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take("qwen3-4b")
    first = (here / "params.yaml").read_bytes(), (here / "params.before.yaml").read_bytes()
    take("qwen3-4b")
    assert ((here / "params.yaml").read_bytes(), (here / "params.before.yaml").read_bytes()) == first
    assert "already" in capsys.readouterr().out


def test_sections_after_it_stay_where_they_are() -> None:
    params = "seed: 1\n\n# About the old one.\ntrain:\n  rows:\n\n    file: x\nlast: 2\n"
    assert put(params, "# New.\ntrain:\n  a: 1\n") == "seed: 1\n\n# New.\ntrain:\n  a: 1\nlast: 2\n"


def test_a_section_in_braces_is_refused(here: Path) -> None:
    with pytest.raises(UserError, match="does not stand on lines of its own"):
        put("seed: 1\n", "train:\n  a: 1\n")


def test_an_unknown_recipe_gets_the_nearest_name(here: Path) -> None:
    with pytest.raises(UserError, match=r"no recipe 'qwen3-8'; did you mean qwen3-8b\?"):
        take("qwen3-8")
    assert not (here / "params.before.yaml").exists()
