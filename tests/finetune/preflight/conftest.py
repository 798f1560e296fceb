"""Where a preflight of the demo's model on three rows writes."""

from pathlib import Path

import pytest

from finetune.preflight.preflight import Places
from tests.finetune.preflight.made import WORDS, write_rows


@pytest.fixture
def places(tmp_path: Path) -> Places:
    write_rows(tmp_path / "rows.parquet", WORDS)
    return Places(tmp_path / "model", tmp_path / "plots", tmp_path / "train.json")
