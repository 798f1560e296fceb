"""The world is built once, whole, the same everywhere, and without touching what is not its own."""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import build
from demo.authored import read_repository
from demo.build import FACTS_COLUMNS, WORLD, build_repository, build_world
from pipeline.errors import LimiError, UserError

ROOT = Path(__file__).resolve().parent.parent.parent


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], capture_output=True, check=True, text=True).stdout.strip()


def facts_of(world: Path) -> list[dict[str, str]]:
    with (world / "repositories.csv").open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def refs_of(world: Path) -> dict[str, str]:
    found = {}
    for row in facts_of(world):
        for line in git("-C", str(world / f"{row['full_name']}.git"), "show-ref").splitlines():
            commit, ref = line.split()
            found[f"{row['full_name']} {ref}"] = commit
    return found


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "demo.build", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_world(tmp_path_factory.mktemp("first") / "world").parent


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A world of one repository that a test may change."""
    monkeypatch.setattr(build, "WORLD", tmp_path / "authored")
    shutil.copytree(WORLD / "anvil", tmp_path / "authored/anvil")
    yield tmp_path


def test_the_facts_name_every_repository_with_its_head(world: Path) -> None:
    rows = facts_of(world)
    assert tuple(rows[0]) == FACTS_COLUMNS
    assert len(rows) == len(list(WORLD.iterdir()))
    for row in rows:
        clone = world / f"{row['full_name']}.git"
        assert git("-C", str(clone), "rev-parse", "refs/heads/main") == row["head"]
        assert git("-C", str(clone), "symbolic-ref", "HEAD") == "refs/heads/main"
        assert int(row["stars"]) > 10_000


def test_the_same_files_give_the_same_hashes_in_another_folder(world: Path, tmp_path: Path) -> None:
    again = build_world(tmp_path / "elsewhere" / "with space" / "wörld").parent
    assert len(refs_of(world)) > 200
    assert refs_of(again) == refs_of(world)
    assert (again / "repositories.csv").read_bytes() == (world / "repositories.csv").read_bytes()


HOSTILE = """
[user]
\tname = Mallory
\temail = mallory@mallory.invalid
[core]
\tautocrlf = true
\tfileMode = false
\thooksPath = {home}/hooks
\tprecomposeunicode = true
\tquotePath = false
[commit]
\tgpgSign = true
[init]
\tdefaultBranch = trunk
\ttemplateDir = {home}/template
\tdefaultObjectFormat = sha256
[i18n]
\tcommitEncoding = latin1
[transfer]
\tfsckObjects = true
[safe]
\tbareRepository = explicit
"""


@pytest.fixture
def hostile_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    (home / "hooks").mkdir(parents=True)
    (home / "template/hooks").mkdir(parents=True)
    hook = home / "hooks/reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch {home}/ran\nexit 1\n")
    hook.chmod(0o755)
    (home / "template/planted").write_text("planted")
    (home / ".gitconfig").write_text(HOSTILE.format(home=home))
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    elsewhere = git("init", "--quiet", "--bare", str(tmp_path / "elsewhere.git"))
    assert elsewhere == ""
    for name, value in {
        "HOME": str(home),
        "TZ": "Pacific/Chatham",
        "LC_ALL": "C",
        "GIT_DIR": str(tmp_path / "elsewhere.git"),
        "GIT_DEFAULT_HASH": "sha256",
        "GIT_AUTHOR_DATE": "1 +0000",
        "GIT_COMMITTER_NAME": "Mallory",
        "GIT_TEMPLATE_DIR": str(home / "template"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.hooksPath",
        "GIT_CONFIG_VALUE_0": str(home / "hooks"),
    }.items():
        monkeypatch.setenv(name, value)
    return home


def test_a_hostile_home_reaches_neither_hashes_nor_hooks(world: Path, tmp_path: Path, hostile_home: Path) -> None:
    again = build_world(tmp_path / "world").parent
    assert (again / "repositories.csv").read_bytes() == (world / "repositories.csv").read_bytes()
    assert not (hostile_home / "ran").exists()
    assert list(again.rglob("planted")) == []


def test_the_hostile_home_does_reach_a_git_that_is_not_guarded(tmp_path: Path, hostile_home: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "GIT_DIR"}
    target = tmp_path / "plain.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(target)], check=True, env=environment, capture_output=True)
    assert (target / "planted").exists()
    assert (target / "HEAD").read_text().strip() == "ref: refs/heads/trunk"
    assert "sha256" in (target / "config").read_text()


def test_a_world_that_is_there_is_not_built_again(small: Path) -> None:
    target = build_world(small / "world").parent
    (target / "mark").touch()
    assert build_world(target) == target / "repositories.csv"
    assert (target / "mark").exists()


@pytest.mark.parametrize("change", ["content", "name", "mode", "new file", "removed file"])
def test_a_world_of_other_files_is_built_again(small: Path, change: str) -> None:
    target = build_world(small / "world").parent
    before = refs_of(target)
    readme = small / "authored/anvil/base/README.md"
    if change == "content":
        readme.write_text("# Another\n")
    elif change == "name":
        readme.rename(readme.with_name("LISEZMOI"))
    elif change == "mode":
        readme.chmod(0o755)
    elif change == "new file":
        (readme.parent / "NEW").touch()
    else:
        readme.unlink()
    build_world(target)
    assert refs_of(target) != before


@pytest.mark.parametrize("left", ["no facts", "another stamp"])
def test_a_world_that_was_left_unfinished_is_built_again(small: Path, left: str) -> None:
    target = build_world(small / "world").parent
    before = (target / "repositories.csv").read_bytes()
    if left == "no facts":
        (target / "repositories.csv").unlink()
    else:
        (target / "built-from").write_text("something else")
    shutil.rmtree(target / "gridworks")
    build_world(target)
    assert (target / "gridworks/anvil.git").is_dir()
    assert (target / "repositories.csv").read_bytes() == before


def test_a_mistake_in_a_repository_leaves_no_facts(small: Path) -> None:
    (small / "authored/anvil/pulls.yaml").write_text("x")
    with pytest.raises(UserError, match=r"pulls\.yaml: expected a list"):
        build_world(small / "world")
    assert not (small / "world/repositories.csv").exists()


def test_a_folder_that_holds_something_else_is_not_emptied(small: Path) -> None:
    (small / "mine").mkdir()
    (small / "mine/thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="mine"):
        build_world(small / "mine")
    assert (small / "mine/thesis.txt").read_text() == "years of work"


def test_an_empty_folder_is_built_into(small: Path) -> None:
    (small / "empty").mkdir()
    assert build_world(small / "empty").exists()


def test_what_git_says_is_told_with_the_command_that_failed(small: Path) -> None:
    (small / "blocked.git").write_text("a file in the way")
    with pytest.raises(LimiError, match=r"git init failed while the demo world was built: .*blocked"):
        build_repository(read_repository(WORLD / "anvil"), small / "blocked.git")


def test_a_failed_import_is_told_by_its_name(small: Path) -> None:
    text = (small / "authored/anvil/repository.yaml").read_text(encoding="utf-8")
    broken = text.replace("<lena@gridworks.example>", "lena@gridworks.example")
    assert broken != text
    (small / "authored/anvil/repository.yaml").write_text(broken, encoding="utf-8")
    with pytest.raises(LimiError, match="git fast-import failed while the demo world was built"):
        build_world(small / "world")


def test_the_command_builds_into_a_folder_and_names_the_facts(tmp_path: Path, world: Path) -> None:
    done = command(str(tmp_path / "world"))
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path / "world/repositories.csv"))
    assert refs_of(tmp_path / "world") == refs_of(world)


def test_the_command_checks_a_folder_and_lists_its_pull_requests() -> None:
    done = command("--check", "anvil")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("gridworks/anvil: 17 entries, main is ")
    assert done.stdout.count("\n  #") == 15
    assert "insertion" in done.stdout


def test_the_command_checks_every_folder_when_none_is_named() -> None:
    done = command("--check")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(" entries, main is ") == len(list(WORLD.iterdir()))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "demo: name the one folder to build into, or give --check"),
        (("a", "b"), "demo: name the one folder to build into, or give --check"),
        (("--check", "nowhere"), "repository.yaml is missing: a demo repository has"),
    ],
)
def test_the_command_ends_a_mistake_with_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
