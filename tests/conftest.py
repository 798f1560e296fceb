"""What several rooms' tests share: a throwaway git repository, a project folder that runs on its own, one finished run of the demo.

The suite runs in several processes (tests/README.md). Each has its own session fixtures; `demo_run` is one for all.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest
import yaml
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from tests.alone import alone, can_be_alone
from tests.parallel import UnitScheduling, made_once, place

ROOT = Path(__file__).resolve().parent.parent
# All but the training, and those of them that no other one reads.
STAGES = [name for name in yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"] if name != "train"]
LAST = ("build_dataset", "report_run")
PRODUCTS = ("curated/pool.jsonl", "curated/candidates.jsonl", "curated/choice.json", "data/ledger.parquet")

# On a busy machine an example may take long without anything being wrong with it.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> UnitScheduling:
    config.option.loadscopereorder = False
    return UnitScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: place(item.nodeid))


class Repository:
    """A scratch git repository whose commits have fixed names and growing dates."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = 1_700_000_000
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "Ada Example")
        self.git("config", "user.email", "ada@example.invalid")
        self.commit("Initial commit", {"README.md": "# Start\n"})

    def git(self, *arguments: str) -> str:
        environment = {
            **os.environ,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_DATE": f"{self.clock} +0000",
            "GIT_COMMITTER_DATE": f"{self.clock + 5} +0000",
        }
        done = subprocess.run(["git", *arguments], cwd=self.path, capture_output=True, env=environment)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode(errors="replace").strip()

    def commit(self, message: str, files: dict[str, str | bytes | None]) -> str:
        """Write (or with None remove) files and commit them; the hash."""
        self.clock += 60
        for name, content in files.items():
            path = self.path / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def pull_ref(self, number: int, commit: str) -> None:
        self.git("update-ref", f"refs/pull/{number}/head", commit)


@pytest.fixture
def make_repository(tmp_path: Path) -> Callable[[str], Repository]:
    return lambda name="repository": Repository(tmp_path / name)


@pytest.fixture
def repository(make_repository: Callable[[str], Repository]) -> Repository:
    return make_repository("repository")


class Project:
    """A copy of the project in an empty folder, where stages and commands run as a user runs them, without workers of Dask.

    A cluster takes more time to start than the demo world takes to be worked on, and the suite's other process wants the second core.
    What workers do otherwise is shown by tests that say `workers: 2`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in (
            "annotation",
            "demo",
            "docs",
            "finetune",
            "limi",
            "pipeline",
            "profiles",
            "stages",
            "trajectories",
        ):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        outputs = shutil.ignore_patterns("__pycache__", "*.json", "*.jsonl", "dataset")
        shutil.copytree(ROOT / "curated", folder / "curated", ignore=outputs)
        shutil.copy(ROOT / "profiles/demo.yaml", folder / "params.yaml")
        self.edit("workers: 0", "workers: 1")

    def run(self, *command: str, network: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *command] if network else alone("-m", *command),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        )

    @classmethod
    def copy_of(cls, folder: Path, to: Path) -> Self:
        """A project with all that is in another one's folder, except what git and DVC keep for themselves."""
        shutil.copytree(folder, to, symlinks=True, ignore=shutil.ignore_patterns(".git", ".dvc"))
        return cls._at(to)

    @classmethod
    def _at(cls, folder: Path) -> Self:
        project = cls.__new__(cls)
        project.folder = folder
        return project

    def stage(self, name: str) -> None:
        done = self.run(f"stages.{name}")
        assert done.returncode == 0, done.stderr

    def edit(self, old: str, new: str, name: str = "params.yaml") -> None:
        text = (self.folder / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        (self.folder / name).write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


class DvcProject(Project):
    """A project with git and DVC, as a fresh clone is."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for name in ("dvc.yaml", "dvc.lock", ".gitignore", ".dvcignore", ".gitattributes"):
            shutil.copy(ROOT / name, folder / name)
        shutil.copytree(ROOT / ".dvc", folder / ".dvc", ignore=shutil.ignore_patterns("tmp", "cache", "config.local"))
        self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "as cloned")

    @classmethod
    def copy_of(cls, folder: Path, to: Path) -> Self:
        """A project with all that is in another one's folder."""
        shutil.copytree(folder, to, symlinks=True)
        return cls._at(to)

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.invalid", *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def mend_lock(self) -> None:
        """What `limi doctor` says to do after a kill that hit DVC in the middle of writing its own lock."""
        lock = self.folder / ".dvc/tmp/rwlock"
        if lock.exists() and not lock.read_bytes():
            lock.unlink()

    def dvc(self, *arguments: str, network: bool = True) -> subprocess.CompletedProcess[str]:
        self.mend_lock()
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return self.run("dvc", *arguments, network=network, PATH=path)

    def repro(self, *arguments: str, network: bool = True) -> list[str]:
        """Run `dvc repro` of the stages named, else of all but the training, and return the stages it ran."""
        named = any(argument.partition("@")[0] in (*STAGES, "train") for argument in arguments)
        done = self.dvc("repro", *arguments, *(() if named else LAST), network=network)
        assert done.returncode == 0, done.stdout + done.stderr
        return [line.split("'")[1] for line in done.stdout.splitlines() if line.startswith("Running stage")]

    def digests(self) -> dict[str, str]:
        return {name: hashlib.sha256((self.folder / name).read_bytes()).hexdigest() for name in PRODUCTS}


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a fresh clone after its first `dvc repro`. Nobody changes it: tests work on copies (`copy_of`).

    There is no network, which tests/stages/test_demo_run.py tells of; a machine that cannot be without one fails there alone.
    """

    def make(folder: Path) -> None:
        assert DvcProject(folder).repro(network=not can_be_alone()) == STAGES

    top = tmp_path_factory.getbasetemp()
    return made_once(top.parent if "PYTEST_XDIST_WORKER" in os.environ else top, "demo run", make)


def count_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: Callable[[], object]) -> int:
    """How many times `work` starts git: a git of ours, earlier on PATH, writes a line for each."""
    log, folder = tmp_path / "processes", tmp_path / "bin"
    log.write_text("")
    folder.mkdir(exist_ok=True)
    (folder / "git").write_text(f'#!/bin/sh\necho "$1" >> "{log}"\nPATH="{os.environ["PATH"]}" exec git "$@"\n')
    (folder / "git").chmod(0o755)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        work()
    return len(log.read_text().splitlines())
