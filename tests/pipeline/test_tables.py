"""A table is written and read only in its written schema, and carries what it was made from."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.query_tables import QUERY_TABLES
from pipeline.table import Table, part_name
from pipeline.tables import LEDGER, PULL_TABLES, PULLS, REPOS

TABLES = (*PULL_TABLES, *QUERY_TABLES)

REPO = {
    "repo": "tide/pool",
    "stars": 12,
    "language": "Go",
    "licence": "MIT",
    "description": "One line.",
    "head_sha": "a" * 40,
    "pull_refs": "b" * 64,
    "clone": "tide/pool.git",
    "branch": "",
}
FATE = {
    "pr_id": "tide/pool#1",
    "repo": "tide/pool",
    "stage": "filter_prs",
    "fate": "dropped",
    "reason": "binary",
    "value": 1.0,
    "limit": None,
    "evidence": "",
}


def written(table: Table, path: Path, rows: list[dict[str, object]], fingerprint: str = "") -> Path:
    table.write(table.frame(rows), path, fingerprint)
    return path


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_an_empty_table_keeps_its_schema_on_disk(table: Table, tmp_path: Path) -> None:
    read = table.read(written(table, tmp_path / "a.parquet", []))
    assert list(read.schema.items()) == list(table.schema.items())
    assert read.height == 0


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_has_a_meaning(table: Table) -> None:
    assert [name for name, (_, meaning) in table.columns.items() if len(meaning) < 4] == []


def test_tables_have_names_of_their_own() -> None:
    assert len({table.name for table in TABLES}) == len(TABLES) == 12


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    path = written(LEDGER, tmp_path / "a.parquet", [FATE, {**FATE, "pr_id": "tide/pool#2"}])
    assert LEDGER.read(path).to_dicts() == [FATE, {**FATE, "pr_id": "tide/pool#2"}]


def test_chosen_columns_can_be_read_alone(tmp_path: Path) -> None:
    path = written(LEDGER, tmp_path / "a.parquet", [FATE])
    assert LEDGER.read(path, ["fate", "pr_id"]).to_dicts() == [{"fate": "dropped", "pr_id": "tide/pool#1"}]


@pytest.mark.parametrize(
    ("column", "value"),
    [("stars", "many"), ("stars", 1.5), ("repo", 7), ("repo", True), ("description", ["a"])],
)
def test_a_value_of_another_type_is_refused(column: str, value: object) -> None:
    with pytest.raises((TypeError, ValueError, pl.exceptions.PolarsError)):
        REPOS.frame([{**REPO, column: value}])


def test_a_whole_number_is_a_share() -> None:
    assert LEDGER.frame([{**FATE, "limit": 3}])["limit"].to_list() == [3.0]


def test_a_row_without_a_column_is_refused() -> None:
    with pytest.raises((TypeError, ValueError, KeyError, pl.exceptions.PolarsError)):
        REPOS.frame([{name: value for name, value in REPO.items() if name != "licence"}])


def test_a_row_with_an_unknown_column_is_refused() -> None:
    with pytest.raises((TypeError, ValueError, KeyError, pl.exceptions.PolarsError)):
        REPOS.frame([{**REPO, "license": "MIT"}])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda frame: frame.drop("stars"), "column stars is missing"),
        (lambda frame: frame.with_columns(pl.lit(1).alias("forks")), "column forks is unknown"),
        (lambda frame: frame.with_columns(pl.col("stars").cast(pl.Int32)), "column stars is Int32 instead of Int64"),
        (lambda frame: frame.select(*reversed(frame.columns)), "in another order"),
    ],
    ids=["missing", "unknown", "type", "order"],
)
def test_a_frame_of_another_shape_is_not_written(tmp_path: Path, change: object, said: str) -> None:
    path = tmp_path / "a.parquet"
    with pytest.raises(TypeError, match=said):
        REPOS.write(change(REPOS.frame([REPO])), path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda frame: frame.drop("stars"), "column stars is missing"),
        (lambda frame: frame.with_columns(pl.lit(1).alias("forks")), "column forks is unknown"),
        (lambda frame: frame.with_columns(pl.col("stars").cast(pl.String)), "column stars is String instead of Int64"),
        (lambda frame: frame.select(*reversed(frame.columns)), "in another order"),
    ],
    ids=["missing", "unknown", "type", "order"],
)
def test_a_file_of_another_shape_is_not_read(tmp_path: Path, change: object, said: str) -> None:
    path = tmp_path / "a.parquet"
    change(REPOS.frame([REPO])).write_parquet(path)
    with pytest.raises(UserError, match=f"{said}.*dvc repro --force select_repos"):
        REPOS.read(path)


def test_a_missing_file_names_its_stage(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"repos\.parquet is missing; `dvc repro select_repos`"):
        REPOS.read(tmp_path / "repos.parquet")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1PAR1", b"version https://git-lfs.example\n" * 3])
def test_what_is_not_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(UserError, match=r"is not a parquet file.*remove it and run `dvc repro select_repos`"):
        REPOS.read(tmp_path / "a.parquet")


def test_a_file_cut_short_anywhere_is_refused_and_has_no_fingerprint(tmp_path: Path) -> None:
    path = written(REPOS, tmp_path / "a.parquet", [REPO], "f" * 64)
    whole = path.read_bytes()
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        assert REPOS.written_from(path) == ""
        with pytest.raises(UserError):
            REPOS.read(path)
    path.write_bytes(whole)
    assert REPOS.written_from(path) == "f" * 64


def test_a_file_carries_what_it_was_made_from(tmp_path: Path) -> None:
    assert REPOS.written_from(written(REPOS, tmp_path / "a.parquet", [REPO], "abc")) == "abc"


def test_another_tables_file_has_no_fingerprint_here(tmp_path: Path) -> None:
    path = written(LEDGER, tmp_path / "a.parquet", [FATE], "abc")
    assert (LEDGER.written_from(path), REPOS.written_from(path)) == ("abc", "")


def test_a_strangers_parquet_file_has_no_fingerprint(tmp_path: Path) -> None:
    REPOS.frame([REPO]).write_parquet(tmp_path / "a.parquet")
    assert REPOS.written_from(tmp_path / "a.parquet") == ""


@pytest.mark.parametrize("name", ["nowhere.parquet", "folder.parquet"])
def test_no_file_has_no_fingerprint(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.parquet").mkdir()
    assert REPOS.written_from(tmp_path / name) == ""


def test_equal_frames_give_equal_bytes(tmp_path: Path) -> None:
    first = written(REPOS, tmp_path / "a.parquet", [REPO] * 50, "x").read_bytes()
    second = written(REPOS, tmp_path / "b.parquet", [REPO] * 50, "x").read_bytes()
    assert first == second
    assert first != written(REPOS, tmp_path / "c.parquet", [REPO] * 50, "y").read_bytes()


def test_parts_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("c", "a", "b"):
        written(REPOS, tmp_path / f"{name}.parquet", [{**REPO, "repo": f"o/{name}"}])
    (tmp_path / ".d.parquet.5.tmp").write_bytes(b"half")
    assert REPOS.read_parts(tmp_path)["repo"].to_list() == ["o/a", "o/b", "o/c"]
    assert REPOS.read_parts(tmp_path, ["stars"]).columns == ["stars"]


@pytest.mark.parametrize("folder", ["empty", "nowhere"])
def test_no_part_at_all_is_refused(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=f"{folder} holds no part of pulls; `dvc repro collect_prs`"):
        PULLS.read_parts(tmp_path / folder)


@pytest.mark.parametrize("folder", ["with space", "[brackets]", "star*", "what?", "ünï", "a=1"])
def test_any_name_of_a_folder_will_do(tmp_path: Path, folder: str) -> None:
    path = written(REPOS, tmp_path / folder / "a.parquet", [REPO], "abc")
    assert REPOS.written_from(path) == "abc"
    assert REPOS.read(path).to_dicts() == [REPO]
    assert REPOS.read_parts(tmp_path / folder).height == 1


def test_a_part_is_named_after_its_repository() -> None:
    assert part_name("tide-labs/pool.js") == "tide-labs__pool.js.parquet"


def test_no_two_repositories_share_a_part() -> None:
    repos = ["a/b", "a/b_", "a/_b", "a/__b", "a-b/c", "a/b-c", "a/b.c", "ab/c", "a/bc", "a_b/c", "a/b__c"]
    assert len({part_name(repo) for repo in repos}) == len(repos)


def test_a_table_can_be_written_in_pieces(tmp_path: Path) -> None:
    rows = [{**FATE, "pr_id": f"tide/pool#{at}"} for at in range(10_000)]
    pieces = (LEDGER.frame(rows[at : at + 3_000]) for at in range(0, 10_000, 3_000))
    LEDGER.write_pieces(pieces, tmp_path / "pieces.parquet", "from this")
    assert LEDGER.read(tmp_path / "pieces.parquet").equals(LEDGER.frame(rows))
    assert LEDGER.written_from(tmp_path / "pieces.parquet") == "from this"


def test_pieces_give_the_same_bytes_each_time(tmp_path: Path) -> None:
    rows = [{**FATE, "pr_id": f"tide/pool#{at}"} for at in range(10_000)]
    for name in ("one", "two"):
        LEDGER.write_pieces((LEDGER.frame(rows[at : at + 999]) for at in range(0, 10_000, 999)), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_piece_of_another_shape_leaves_what_was_there(tmp_path: Path) -> None:
    path = written(LEDGER, tmp_path / "a.parquet", [FATE])
    before = path.read_bytes()
    pieces = (LEDGER.frame([FATE]).select(*columns) for columns in (LEDGER.schema, ["pr_id"]))
    with pytest.raises(TypeError, match="column repo is missing"):
        LEDGER.write_pieces(pieces, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_among_the_pieces_arrives_as_it_is(tmp_path: Path) -> None:
    def pieces() -> Iterator[pl.DataFrame]:
        yield LEDGER.frame([FATE])
        raise UserError("the second piece is not there; make it")

    for _ in range(30):  # a file that is made too late is seen on a busy machine alone
        with pytest.raises(UserError, match="the second piece is not there"):
            LEDGER.write_pieces(pieces(), tmp_path / "a.parquet")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("height", [0, 1, 4096, 4097, 9_000])
def test_slices_are_the_whole_in_order(tmp_path: Path, height: int) -> None:
    path = written(LEDGER, tmp_path / "a.parquet", [{**FATE, "pr_id": f"tide/pool#{at}"} for at in range(height)])
    slices = list(LEDGER.read_slices(path, ["pr_id"]))
    assert [piece.height for piece in slices] == [min(4096, height - at) for at in range(0, height, 4096)]
    assert [pr_id for piece in slices for pr_id in piece["pr_id"]] == [f"tide/pool#{at}" for at in range(height)]
