"""A dataset names the commit and the lock that it can be rebuilt from, or none at all."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from curated.making.hub_names import hub_licence, size_category
from curated.making.provenance import Provenance, provenance_of
from pipeline.errors import UserError


def git(root: Path, *arguments: str) -> str:
    environment = os.environ | {
        **{"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@x.example", "GIT_COMMITTER_NAME": "A"},
        **{"GIT_COMMITTER_EMAIL": "a@x.example", "GIT_COMMITTER_DATE": "2026-11-21T23:30:00 -0500"},
    }
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "dvc.lock").write_text("schema: '2.0'\n")
    git(tmp_path, "add", "dvc.lock")
    git(tmp_path, "commit", "--quiet", "-m", "one")
    return tmp_path


def test_commit_day_in_utc_and_hash_of_the_lock(root: Path) -> None:
    lock = hashlib.sha256((root / "dvc.lock").read_bytes()).hexdigest()
    assert provenance_of(root) == Provenance(git(root, "rev-parse", "HEAD"), "2026-11-22", lock)


@pytest.mark.parametrize(
    ("remote", "project"),
    [
        ("https://git.example/a/b.git", "https://git.example/a/b.git"),
        ("git@git.example:a/b.git", "https://git.example/a/b.git"),
        ("ssh://git@git.example/a/b", "https://git.example/a/b"),
        ("https://me:secret@git.example/a/b", ""),
        ("/home/me/project", ""),
        ("https://git.example/a/b`x`", ""),
    ],
)
def test_the_project_is_where_a_stranger_could_fetch_it_and_no_key_is_in_it(
    root: Path, remote: str, project: str
) -> None:
    git(root, "remote", "add", "origin", remote)
    assert provenance_of(root).project == project


def test_a_lock_that_is_not_committed_is_refused(root: Path) -> None:
    (root / "dvc.lock").write_text("schema: '3.0'\n")
    with pytest.raises(UserError, match="not what is committed"):
        provenance_of(root)
    (root / "dvc.lock").unlink()
    with pytest.raises(UserError, match="cannot be read"):
        provenance_of(root)


def test_a_folder_without_a_commit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dvc.lock").write_text("x")
    with pytest.raises(UserError, match="git knows no commit"):
        provenance_of(tmp_path)


@pytest.mark.parametrize(
    "parts", [("main", "", ""), ("a" * 40, "", ""), ("a" * 40, "21.11.2026", "b" * 64), ("", "2026-11-21", "")]
)
def test_half_a_provenance_is_none(parts: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match="commit"):
        Provenance(*parts)


@pytest.mark.parametrize(
    ("spdx", "name"),
    [
        *(("MIT", "mit"), ("Apache-2.0", "apache-2.0"), ("GPL-2.0-only", "gpl-2.0"), ("GPL-3.0-or-later", "gpl-3.0")),
        *(("AGPL-3.0-only", "agpl-3.0"), ("LGPL-2.1-only", "lgpl-2.1"), ("CC0-1.0", "cc0-1.0"), ("BSL-1.0", "bsl-1.0")),
        *(
            ("Apache-2.0 OR MIT", "other"),
            ("LicenseRef-Own", "other"),
            ("LGPL-2.0-only", "other"),
            ("ODbL-1.0", "odbl"),
        ),
    ],
)
def test_a_licence_has_the_hubs_name(spdx: str, name: str) -> None:
    assert hub_licence(spdx) == name


@pytest.mark.parametrize(("rows", "name"), [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (10**8, "10M<n<100M")])
def test_sizes_have_the_hubs_names(rows: int, name: str) -> None:
    assert size_category(rows) == name
