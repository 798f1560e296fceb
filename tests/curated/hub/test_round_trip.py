"""From a folder to a stranger's load_dataset with an empty cache, by LFS and by Xet, each side in a process of its own."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tests.curated.hub.datasets import dataset, rows
from tests.curated.hub.pushing import NAME, half_published, hashes, start_load, start_push
from tests.servers.hub import TOKEN, Fault, HubServer

WAYS = {"lfs": False, "xet": True}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HubServer]:
    with HubServer(tmp_path / "hub") as hub:
        yield hub


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def holds_token(home: Path) -> list[str]:
    return [path.name for path in home.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


@pytest.mark.parametrize(("pushed", "loaded"), [("lfs", "lfs"), ("xet", "xet"), ("xet", "lfs")])
def test_rows_and_hashes_are_equal(server: HubServer, folder: Path, tmp_path: Path, pushed: str, loaded: str) -> None:
    code, out, err = ended(start_push(server, folder, tmp_path / "publisher", WAYS[pushed]))
    assert code == 0, err
    assert TOKEN not in out + err
    by_xet = any("/xet-write-token/" in record.path for record in server.log)
    assert (by_xet, any(record.path.startswith("/storage/") for record in server.log)) == (
        WAYS[pushed],
        not WAYS[pushed],
    )
    code, out, err = ended(start_load(server, tmp_path / "stranger", WAYS[loaded]))
    assert code == 0, err
    found = json.loads(out.splitlines()[-1])
    assert found["hashes"] == hashes(folder)
    for config, sent in {"pool": rows(20), "candidates": rows(20) * 3}.items():
        assert found["rows"][config] == sent == pl.read_parquet(folder / config / f"{config}.parquet").to_dicts()
    assert holds_token(tmp_path / "publisher") == holds_token(tmp_path / "stranger") == []
    assert not [record for record in server.log if record.path.startswith("/storage/") and record.authorized]


@pytest.mark.parametrize("way", WAYS)
def test_a_push_that_is_killed_before_its_commit_leaves_nothing_and_is_made_good(
    server: HubServer, folder: Path, tmp_path: Path, way: str
) -> None:
    held = Fault("hold", "POST .*/commit/")
    server.script.faults.append(held)
    process = start_push(server, folder, tmp_path / "publisher", WAYS[way])
    assert held.arrived.wait(60)
    process.kill()
    ended(process)
    held.release.set()
    state = server.dataset(NAME)
    assert len(state.history(state.commit(state.head))) == 1
    assert half_published(state, [hashes(folder)]) == []
    code, out, err = ended(start_push(server, folder, tmp_path / "publisher", WAYS[way]))
    assert code == 0, err
    assert "would be made" not in out
    assert half_published(state, [hashes(folder)]) == []
    assert state.tags == {"v1.0": state.head}


def test_a_xet_store_that_does_not_answer_leaves_nothing(server: HubServer, folder: Path, tmp_path: Path) -> None:
    server.script.faults.append(Fault("cas_down", "xet-write-token", times=9))
    code, out, err = ended(start_push(server, folder, tmp_path / "publisher", xet=True))
    assert code == 1, out + err
    assert "limi: could not upload to amara/queries" in err
    assert "Nothing of this push is visible on the Hub" in err
    assert half_published(server.dataset(NAME), [hashes(folder)]) == []
    dataset(folder, rows(21))
    code, _, err = ended(start_push(server, folder, tmp_path / "publisher", xet=False))
    assert code == 0, err
