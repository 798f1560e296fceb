"""What several rooms' tests share: a throwaway git repository, and a project folder that runs on its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


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
    """A copy of the project in an empty folder, where stages and commands run as a user runs them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("annotation", "demo", "limi", "pipeline", "profiles", "stages"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "curated/contamination", folder / "curated/contamination")
        shutil.copy(ROOT / "profiles/demo.yaml", folder / "params.yaml")

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *command],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        )

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
