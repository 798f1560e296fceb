"""The facts file is checked row by row, and each repository's clone is found where its row or its name says."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.clones.facts import (
    COLUMNS,
    FULL_NAME,
    RepositoryFacts,
    find_clone,
    read_facts,
    read_repositories,
    write_facts,
)
from pipeline.errors import UserError
from pipeline.table import part_name
from pipeline.tables import CANDIDATE_SCHEMA
from tests.conftest import Repository

HEADER = "full_name,stars,language,licence,description"
GOOD = RepositoryFacts("ada/doors", 12_000, "Python", "MIT", "Doors.")


def facts_file(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "facts.csv"
    path.write_bytes("".join(f"{line}\n" for line in (header, *lines)).encode())
    return path


def error_of(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_facts(path)
    return str(caught.value)


def one(path: Path) -> RepositoryFacts:
    (row,) = read_facts(path)
    return row


# Reading


def test_a_row_is_read(tmp_path: Path) -> None:
    assert one(facts_file(tmp_path, "ada/doors,12000,Python,MIT,Doors.")) == GOOD


def test_the_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    path = facts_file(
        tmp_path, "Doors.,MIT,Python,12000,ada/doors", header="description,licence,language,stars,full_name"
    )
    assert one(path) == GOOD


def test_head_and_clone_are_read_if_given(tmp_path: Path) -> None:
    path = facts_file(tmp_path, f"ada/doors,1,Go,MIT,,{'a' * 40},my clone", header=HEADER + ",head,clone")
    assert (one(path).head, one(path).clone) == ("a" * 40, "my clone")


@pytest.mark.parametrize(
    "description",
    ["with, comma", 'with "quotes"', "two\nlines", "two\r\nlines", "", " spaces ", "日本語 🚪", "=1+1", "\x1b[31m"],
)
def test_any_description_survives_writing_and_reading(tmp_path: Path, description: str) -> None:
    row = RepositoryFacts("ada/doors", 1, "C++", "MIT", description, "b" * 40, "x.git")
    write_facts(tmp_path / "facts.csv", [row])
    assert one(tmp_path / "facts.csv") == row


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40), st.integers(0, 999_999_999)
)
def test_any_row_survives_writing_and_reading(tmp_path_factory: pytest.TempPathFactory, text: str, stars: int) -> None:
    row = RepositoryFacts("ada/doors", stars, f"x{text}", f"x{text}", text, "", text)
    path = tmp_path_factory.mktemp("facts") / "facts.csv"
    write_facts(path, [row])
    assert one(path) == row


def test_rows_are_written_by_name_whatever_the_case(tmp_path: Path) -> None:
    names = ["Zed/a", "ada/Doors", "Ada/doorknobs"]
    write_facts(tmp_path / "facts.csv", [RepositoryFacts(name, 1, "Go", "MIT", "") for name in names])
    assert [row.full_name for row in read_facts(tmp_path / "facts.csv")] == ["Ada/doorknobs", "ada/Doors", "Zed/a"]


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = facts_file(tmp_path, "ada/doors,12000,Python,MIT,Doors.")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert one(path) == GOOD


def test_lines_may_end_as_in_windows(tmp_path: Path) -> None:
    path = facts_file(tmp_path, "ada/doors,12000,Python,MIT,Doors.")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert one(path) == GOOD


def test_blank_lines_are_passed_over_and_still_counted(tmp_path: Path) -> None:
    path = facts_file(tmp_path, "", "ada/doors,12000,Python,MIT,Doors.", "", "bo/x,many,Go,MIT,")
    assert f"{path} line 5, column stars: 'many'" in error_of(path)


# A file that cannot be read


def test_a_missing_file_is_named_with_the_command_that_begins_one(tmp_path: Path) -> None:
    assert "none.csv is missing; `limi clones add URL`" in error_of(tmp_path / "none.csv")


def test_a_folder_in_the_place_of_the_file_is_an_error_of_the_user(tmp_path: Path) -> None:
    assert str(tmp_path) in error_of(tmp_path)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "facts.csv"
    path.write_bytes(f"{HEADER}\nada/doors,1,Go,MIT,T".encode() + b"\xfcr\n")
    assert f"{path} is not a CSV file in UTF-8" in error_of(path)


def test_a_file_in_utf16_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "facts.csv"
    path.write_bytes(f"{HEADER}\nada/doors,1,Go,MIT,x\n".encode("utf-16"))
    assert "is not a CSV file in UTF-8" in error_of(path)


@pytest.mark.parametrize("row", ["ada/doors,1,Go,MIT,a\0b", "ada/do\0ors,1,Go,MIT,", "ada/doors,1,G\0o,MIT,", "\0"])
def test_a_file_with_nul_bytes_is_refused(tmp_path: Path, row: str) -> None:
    assert str(tmp_path / "facts.csv") in error_of(facts_file(tmp_path, row))


@pytest.mark.parametrize("row", ['ada/doors,1,Go,MIT,"open', 'ada/doors,1,Go,MIT,"a"b'])
def test_a_broken_quotation_is_refused(tmp_path: Path, row: str) -> None:
    assert "is not a CSV file" in error_of(facts_file(tmp_path, row))


def test_a_field_beyond_all_measure_is_refused(tmp_path: Path) -> None:
    assert "is not a CSV file" in error_of(facts_file(tmp_path, "ada/doors,1,Go,MIT," + "x" * 200_000))


@pytest.mark.parametrize("content", ["", "\n", "\n\n"])
def test_an_empty_file_lacks_every_column(tmp_path: Path, content: str) -> None:
    (tmp_path / "facts.csv").write_text(content)
    assert all(f"column {name} is missing" in error_of(tmp_path / "facts.csv") for name in COLUMNS)


def test_a_file_of_columns_alone_has_no_repository(tmp_path: Path) -> None:
    assert "has no repository; `limi clones add URL`" in error_of(facts_file(tmp_path))


# Columns


@pytest.mark.parametrize("name", COLUMNS)
def test_a_missing_column_is_named(tmp_path: Path, name: str) -> None:
    header = ",".join(column for column in COLUMNS if column != name)
    assert f"line 1: column {name} is missing; the columns are" in error_of(facts_file(tmp_path, "x", header=header))


@pytest.mark.parametrize("name", ["license", "Stars", " stars", "", "full name"])
def test_an_unknown_column_is_named(tmp_path: Path, name: str) -> None:
    assert f"column {name!r} is unknown" in error_of(facts_file(tmp_path, "x", header=f"{HEADER},{name}"))


@pytest.mark.parametrize("name", [*COLUMNS, "head"])
def test_a_column_that_stands_twice_is_named(tmp_path: Path, name: str) -> None:
    path = facts_file(tmp_path, f"ada/doors,1,Go,MIT,Doors.,{'a' * 40},ada/doors", header=f"{HEADER},head,{name}")
    assert f"column {name}" in error_of(path)


def test_a_file_with_semicolons_lacks_its_columns(tmp_path: Path) -> None:
    assert "column full_name is missing" in error_of(facts_file(tmp_path, header=HEADER.replace(",", ";")))


# Rows


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("ada,1,Go,MIT,", "full_name"),
        ("ada/doors,,Go,MIT,", "stars"),
        ("ada/doors,-1,Go,MIT,", "stars"),
        ("ada/doors,1.5,Go,MIT,", "stars"),
        ("ada/doors,12k,Go,MIT,", "stars"),
        ("ada/doors,1_000,Go,MIT,", "stars"),
        ("ada/doors, 1,Go,MIT,", "stars"),
        ("ada/doors,١٢,Go,MIT,", "stars"),
        ("ada/doors,9999999999,Go,MIT,", "stars"),
        ("ada/doors,1,,MIT,", "language"),
        ("ada/doors,1, ,MIT,", "language"),
        ("ada/doors,1,Go,,", "licence"),
    ],
)
def test_a_bad_value_is_named_by_line_and_column(tmp_path: Path, row: str, column: str) -> None:
    path = facts_file(tmp_path, "bo/good,1,Go,MIT,", row)
    assert f"{path} line 3, column {column}: " in error_of(path)


@pytest.mark.parametrize("head", ["abc", "a" * 39, "a" * 41, "A" * 40, "g" * 40, "HEAD", "--all", "main"])
def test_a_head_is_a_full_hash_or_nothing(tmp_path: Path, head: str) -> None:
    path = facts_file(tmp_path, f"ada/doors,1,Go,MIT,,{head}", header=HEADER + ",head")
    assert f"{path} line 2, column head: " in error_of(path)


@pytest.mark.parametrize("row", ["ada/doors,1,Go,MIT", "ada/doors,1,Go,MIT,with,comma", "ada/doors", ",,,,,,,"])
def test_a_row_of_another_length_is_named_by_its_line(tmp_path: Path, row: str) -> None:
    path = facts_file(tmp_path, "bo/good,1,Go,MIT,", row)
    assert f"{path} line 3, it has not 5 columns as the first line says" in error_of(path)


def test_every_bad_row_is_told_at_once(tmp_path: Path) -> None:
    text = error_of(facts_file(tmp_path, "x,many,Go,MIT,", "bo/good,1,Go,MIT,", "bo/bad,1,,,"))
    assert [line.split(" line ")[1].split(":")[0] for line in text.splitlines()] == [
        "2, column full_name",
        "2, column stars",
        "4, column language",
        "4, column licence",
    ]


@pytest.mark.parametrize("second", ["ada/doors", "Ada/Doors", "ADA/DOORS"])
def test_a_repository_that_stands_twice_is_named_with_its_first_line(tmp_path: Path, second: str) -> None:
    path = facts_file(tmp_path, "ada/doors,1,Go,MIT,", "bo/x,1,Go,MIT,", f"{second},2,Go,MIT,")
    assert f"{path} line 4, column full_name: {second} stands already in line 2" in error_of(path)


@pytest.mark.parametrize(
    "name",
    [
        "../doors",
        "ada/..",
        "ada/.",
        "/ada/doors",
        "ada//doors",
        "ada/doors/more",
        "ada/doors/",
        "ada\\doors",
        "-ada/doors",
        "ada-/doors",
        "ada--x/doors",
        "ada/do ors",
        "ada/doors\n",
        "ada/doörs",
        "./ada",
        "~/doors",
        "ada/$HOME",
        "ada/" + "x" * 101,
        "a" * 66 + "/x",
        "C:/doors",
    ],
)
def test_a_name_that_is_no_owner_and_name_is_refused(tmp_path: Path, name: str) -> None:
    assert FULL_NAME.fullmatch(name) is None
    path = tmp_path / "facts.csv"
    write_facts(path, [RepositoryFacts(name, 1, "Go", "MIT", "")])
    assert "column full_name" in error_of(path)


@pytest.mark.parametrize("name", ["a/b", "a-b/c", "A1/.github", "x/-y", "user_company/repo", "a/b.git", "a/_", "a/__b"])
def test_names_that_github_has_are_taken(name: str) -> None:
    assert FULL_NAME.fullmatch(name)


_OWNER, _NAME = st.text("ab_-", min_size=1, max_size=5), st.text("ab_-.", min_size=1, max_size=5)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.tuples(_OWNER, _NAME).map("/".join))
def test_two_repositories_never_share_a_part(name: str) -> None:
    """The slash is written as two underscores, so the same letters with the slash elsewhere must not be a name as well."""
    part = part_name(name)
    places = [at for at in range(len(part)) if part.startswith("__", at)]
    others = {part.removesuffix(".parquet")[:at] + "/" + part.removesuffix(".parquet")[at + 2 :] for at in places}
    assume(FULL_NAME.fullmatch(name))
    assert [other for other in sorted(others) if FULL_NAME.fullmatch(other)] == [name]


# Finding the clone


def row(**changes: str) -> RepositoryFacts:
    return RepositoryFacts(
        **{**{"full_name": "ada/doors", "stars": 1, "language": "Go", "licence": "MIT", "description": ""}, **changes}
    )  # type: ignore[arg-type]


@pytest.mark.parametrize("place", ["ada/doors.git", "ada/doors", "ada__doors.git", "ada__doors", "doors.git", "doors"])
def test_a_clone_is_found_at_each_usual_place(
    tmp_path: Path, make_repository: Callable[[str], Repository], place: str
) -> None:
    make_repository(f"clones/{place}")
    assert find_clone(tmp_path / "clones", row()) == tmp_path / "clones" / place


def test_the_row_says_where_the_clone_lies_and_nothing_else_is_tried(
    tmp_path: Path, make_repository: Callable[[str], Repository]
) -> None:
    make_repository("clones/ada/doors")
    make_repository("clones/elsewhere")
    assert find_clone(tmp_path / "clones", row(clone="elsewhere")) == tmp_path / "clones/elsewhere"
    with pytest.raises(UserError, match=r"looked for nowhere\)"):
        find_clone(tmp_path / "clones", row(clone="nowhere"))


def test_a_clone_that_is_nowhere_is_told_with_the_places(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no clone of ada/doors in .*looked for ada/doors\.git, ada/doors, ada__doors"):
        find_clone(tmp_path, row())


def test_a_folder_that_is_no_clone_is_passed_over(tmp_path: Path, make_repository: Callable[[str], Repository]) -> None:
    (tmp_path / "clones/ada/doors.git").mkdir(parents=True)
    make_repository("clones/doors")
    assert find_clone(tmp_path / "clones", row()) == tmp_path / "clones/doors"


# All repositories


def write_rows(folder: Path, *rows: RepositoryFacts) -> Path:
    write_facts(folder / "facts.csv", list(rows))
    return folder / "facts.csv"


def test_a_repository_is_read_at_its_head(tmp_path: Path, make_repository: Callable[[str], Repository]) -> None:
    repository = make_repository("clones/ada/doors")
    frame = read_repositories(write_rows(tmp_path, row()), tmp_path / "clones")
    assert dict(frame.schema) == CANDIDATE_SCHEMA
    assert frame.select("repo", "head_sha", "clone").rows() == [
        ("ada/doors", repository.git("rev-parse", "HEAD"), "ada/doors")
    ]


def test_a_pinned_head_is_kept_though_the_clone_goes_on(
    tmp_path: Path, make_repository: Callable[[str], Repository]
) -> None:
    repository = make_repository("clones/ada/doors")
    pinned = repository.git("rev-parse", "HEAD")
    repository.commit("Later", {"a": "1"})
    pinned_row = write_rows(tmp_path, row(head=pinned))
    assert read_repositories(pinned_row, tmp_path / "clones")["head_sha"].to_list() == [pinned]


def test_a_new_pull_ref_shows_and_a_new_branch_does_not(
    tmp_path: Path, make_repository: Callable[[str], Repository]
) -> None:
    repository = make_repository("clones/ada/doors")
    facts = write_rows(tmp_path, row())
    before = read_repositories(facts, tmp_path / "clones")
    repository.git("branch", "other")
    assert read_repositories(facts, tmp_path / "clones").equals(before)
    repository.pull_ref(1, repository.git("rev-parse", "HEAD"))
    assert not read_repositories(facts, tmp_path / "clones").equals(before)


def test_a_clone_at_an_absolute_place_is_read(tmp_path: Path, make_repository: Callable[[str], Repository]) -> None:
    repository = make_repository("elsewhere/doors")
    (tmp_path / "clones").mkdir()
    frame = read_repositories(write_rows(tmp_path, row(clone=str(repository.path))), tmp_path / "clones")
    assert (tmp_path / "clones" / frame["clone"][0]).resolve() == repository.path


def test_a_clone_beside_the_folder_is_read(tmp_path: Path, make_repository: Callable[[str], Repository]) -> None:
    repository = make_repository("elsewhere/doors")
    (tmp_path / "clones").mkdir()
    frame = read_repositories(write_rows(tmp_path, row(clone="../elsewhere/doors")), tmp_path / "clones")
    assert (tmp_path / "clones" / frame["clone"][0]).resolve() == repository.path


def test_every_clone_that_cannot_be_read_is_told_at_once(
    tmp_path: Path, make_repository: Callable[[str], Repository]
) -> None:
    make_repository("clones/ada/good")
    pinned = make_repository("clones/ada/pinned")
    shallow = make_repository("clones/ada/shallow")
    (shallow.path / ".git/shallow").write_text(f"{shallow.git('rev-parse', 'HEAD')}\n")
    broken = make_repository("clones/ada/broken")
    for path in [path for path in (broken.path / ".git/objects").rglob("*") if path.is_file()]:
        path.unlink()
    rows = [
        row(full_name="ada/broken"),
        row(full_name="ada/good"),
        row(full_name="ada/missing"),
        row(full_name="ada/pinned", head="d" * 40),
        row(full_name="ada/shallow"),
    ]
    with pytest.raises(UserError) as caught:
        read_repositories(write_rows(tmp_path, *rows), tmp_path / "clones")
    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    assert f"the clone {broken.path} lacks the commit its HEAD names" in lines[0]
    assert "no clone of ada/missing" in lines[1]
    assert f"the clone {pinned.path} lacks the commit {'d' * 40} that its row pins" in lines[2]
    assert "is shallow" in lines[3]


@pytest.mark.parametrize("content", [b"", b"garbage", b"ref: refs/heads/none\n"])
def test_a_clone_whose_head_names_nothing_is_told(
    tmp_path: Path, make_repository: Callable[[str], Repository], content: bytes
) -> None:
    repository = make_repository("clones/ada/doors")
    (repository.path / ".git/HEAD").write_bytes(content)
    with pytest.raises(UserError, match="lacks the commit its HEAD names"):
        read_repositories(write_rows(tmp_path, row()), tmp_path / "clones")


def test_a_clone_whose_first_tree_is_missing_is_told(
    tmp_path: Path, make_repository: Callable[[str], Repository]
) -> None:
    repository = make_repository("clones/ada/doors")
    tree = repository.git("rev-parse", "HEAD^{tree}")
    (repository.path / ".git/objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(UserError, match="or the object is broken"):
        read_repositories(write_rows(tmp_path, row()), tmp_path / "clones")


def test_a_clone_with_a_broken_configuration_is_an_error_of_the_user_or_none(
    tmp_path: Path, make_repository: Callable[[str], Repository]
) -> None:
    repository = make_repository("clones/ada/doors")
    head = repository.git("rev-parse", "HEAD")
    (repository.path / ".git/config").write_text("[core\nbroken")
    try:
        found = read_repositories(write_rows(tmp_path, row()), tmp_path / "clones")["head_sha"].to_list()
    except UserError as error:
        assert str(repository.path) in str(error)
    else:
        assert found == [head]


def test_a_nul_byte_in_the_clones_place_is_an_error_of_the_user(tmp_path: Path) -> None:
    path = facts_file(tmp_path, "ada/doors,1,Go,MIT,,a\0b", header=HEADER + ",clone")
    with pytest.raises(UserError):
        read_repositories(path, tmp_path)


def test_writing_leaves_no_unfinished_file(tmp_path: Path) -> None:
    write_facts(tmp_path / "facts.csv", [GOOD])
    write_facts(tmp_path / "facts.csv", [GOOD])
    assert os.listdir(tmp_path) == ["facts.csv"]  # noqa: PTH208
    assert (tmp_path / "facts.csv").read_text() == f"{HEADER},head,clone\nada/doors,12000,Python,MIT,Doors.,,\n"


def test_two_rows_never_share_a_clone(tmp_path: Path, make_repository: Callable[[str], Repository]) -> None:
    make_repository("clones/core")
    path = facts_file(tmp_path, "vuejs/core,1,Go,MIT,x", "other/core,1,Go,MIT,x")
    with pytest.raises(UserError, match=r"vuejs/core and other/core .* would both be read from the clone"):
        read_repositories(path, tmp_path / "clones")
