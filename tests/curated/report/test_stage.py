"""The stage writes the page, or says in a sentence why not and leaves the earlier one as it is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from curated.report.evidence import read_evidence
from curated.report.page import page
from pipeline.params import read_params
from tests.curated.dataset.run import ROOT
from tests.curated.report.world import World


@pytest.fixture
def root(tmp_path: Path) -> Path:
    text = (ROOT / "profiles/demo.yaml").read_text(encoding="utf-8")
    (tmp_path / "params.yaml").write_text(
        text.replace("lists: curated/contamination", "lists: lists"), encoding="utf-8"
    )
    return World(dollars=0).write(tmp_path)


def run(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stages.report_run"],
        cwd=root,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
    )


def test_it_writes_one_page_the_same_each_time(root: Path) -> None:
    assert run(root).returncode == 0
    written = (root / "reports/run.html").read_text(encoding="utf-8")
    assert written == page(read_evidence(root, read_params(root / "params.yaml")))
    assert [path.name for path in (root / "reports").iterdir()] == ["run.html"]
    assert str(root) not in written


def test_what_is_missing_is_told_and_the_earlier_page_stays(root: Path) -> None:
    (root / "reports").mkdir()
    (root / "reports/run.html").write_text("earlier")
    (root / "curated/choice.json").unlink()
    done = run(root)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "report_run: curated/choice.json is missing; `dvc repro build_pool` writes it\n"
    assert (root / "reports/run.html").read_text() == "earlier"
