"""What an author may write, and that every mistake is told with its file and entry."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.authored import AuthoredRepository, Edit, Lines, content, read_repository
from demo.build import WORLD
from pipeline.errors import UserError

FACTS = {
    "full_name": "acme/parser",
    "description": "A parser.",
    "language": "Python",
    "licence": "MIT",
    "stars": 12_000,
    "started": "2023-01-09T09:00:00+01:00",
    "people": {"ada": "Ada Example <ada@acme.example>", "bo": "Bo Example <bo@acme.example>"},
}


def pull(**fields: Any) -> dict[str, Any]:
    known: dict[str, Any] = {"number": 4, "title": "Handle it", "author": "ada", "date": "2023-02-01T10:00:00+00:00"}
    known |= {"how": "squash", "commits": [{"edits": [{"path": "a.txt", "write": "a\n"}]}]}
    return {name: value for name, value in (known | fields).items() if value != "(absent)"}


def edited(**edit: Any) -> dict[str, Any]:
    return pull(commits=[{"edits": [{"path": "a.txt", **edit}]}])


def written(folder: Path, *pulls: Any, **facts: Any) -> Path:
    (folder / "base").mkdir(parents=True, exist_ok=True)
    known = {name: value for name, value in (FACTS | facts).items() if value != "(absent)"}
    (folder / "repository.yaml").write_text(yaml.safe_dump(known, sort_keys=False), encoding="utf-8")
    (folder / "pulls.yaml").write_text(yaml.safe_dump(list(pulls)), encoding="utf-8")
    return folder


def read(folder: Path, *pulls: Any, **facts: Any) -> AuthoredRepository:
    return read_repository(written(folder, *pulls, **facts))


def refused(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_repository(folder)
    return str(caught.value)


def refused_entry(folder: Path, entry: Any) -> str:
    message = refused(written(folder, pull(), entry))
    assert message.startswith(f"{folder / 'pulls.yaml'}, entry 2")
    return message


def test_a_repository_is_read_with_its_facts_files_and_life(tmp_path: Path) -> None:
    written(tmp_path, pull(number=4), pull(number=None, how="direct"))
    (tmp_path / "base/src").mkdir()
    (tmp_path / "base/src/naïve.txt").write_bytes(b"\xff\r\n")
    (tmp_path / "base/run.sh").write_bytes(b"")
    (tmp_path / "base/run.sh").chmod(0o755)
    repository = read_repository(tmp_path)
    assert repository.facts.full_name == "acme/parser"
    assert repository.base == {"src/naïve.txt": (b"\xff\r\n", False), "run.sh": (b"", True)}
    assert [(entry.number, entry.how, entry.body, entry.behind) for entry in repository.pulls] == [
        (4, "squash", "", 0),
        (None, "direct", "", 0),
    ]


def test_a_life_may_be_empty(tmp_path: Path) -> None:
    assert read(tmp_path).pulls == []


@pytest.mark.parametrize("name", sorted(path.name for path in WORLD.iterdir()))
def test_every_folder_of_the_world_is_read(name: str) -> None:
    assert len(read_repository(WORLD / name).pulls) > 10


@pytest.mark.parametrize("name", ["repository.yaml", "pulls.yaml"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    (written(tmp_path, pull()) / name).unlink()
    assert refused(tmp_path).startswith(f"{tmp_path / name} is missing")


@pytest.mark.parametrize("name", ["repository.yaml", "pulls.yaml"])
@pytest.mark.parametrize("text", ["a: [", "\tx: 1", "a: b: c", "'"])
def test_what_is_not_yaml_is_named(tmp_path: Path, name: str, text: str) -> None:
    (written(tmp_path, pull()) / name).write_text(text, encoding="utf-8")
    assert refused(tmp_path).startswith(f"{tmp_path / name} is not valid YAML")


def test_bytes_that_are_not_utf_8_are_told_with_the_file(tmp_path: Path) -> None:
    (written(tmp_path, pull()) / "pulls.yaml").write_bytes("- title: Größe".encode("latin-1"))
    assert str(tmp_path / "pulls.yaml") in refused(tmp_path)


def test_a_date_that_no_calendar_has_is_told_with_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, pull()) / "pulls.yaml"
    text = path.read_text(encoding="utf-8").replace("'2023-02-01T10:00:00+00:00'", "2023-02-31T10:00:00+00:00")
    path.write_text(text, encoding="utf-8")
    assert "02-31" in text
    assert str(path) in refused(tmp_path)


@pytest.mark.parametrize("text", ["a: 1", "x", "", "3"])
def test_a_life_that_is_no_list_is_told(tmp_path: Path, text: str) -> None:
    (written(tmp_path) / "pulls.yaml").write_text(text, encoding="utf-8")
    assert refused(tmp_path) == f"{tmp_path / 'pulls.yaml'}: expected a list of pull requests"


def test_facts_that_are_no_mapping_are_told(tmp_path: Path) -> None:
    (written(tmp_path) / "repository.yaml").write_text("- x", encoding="utf-8")
    assert refused(tmp_path).startswith(f"{tmp_path / 'repository.yaml'}, the facts: ")


@pytest.mark.parametrize("name", [*FACTS, "unknown"])
def test_a_missing_or_unknown_fact_is_named(tmp_path: Path, name: str) -> None:
    message = refused(written(tmp_path, **{name: "(absent)" if name in FACTS else 1}))
    assert message.startswith(f"{tmp_path / 'repository.yaml'}, the facts: {name}: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("full_name", "Acme/Parser"),
        ("full_name", "parser"),
        ("full_name", "acme/../parser"),
        ("full_name", "acme/parser/x"),
        ("stars", 10_000),
        ("stars", "many"),
        ("started", "yesterday"),
        ("people", ["ada"]),
        ("people", {"ada": 3}),
    ],
)
def test_a_wrong_fact_is_named(tmp_path: Path, name: str, value: Any) -> None:
    assert refused(written(tmp_path, **{name: value})).startswith(f"{tmp_path / 'repository.yaml'}, the facts: {name}")


def test_the_least_number_of_stars_is_taken(tmp_path: Path) -> None:
    assert read(tmp_path, stars=10_001).facts.stars == 10_001


def test_a_repository_without_people_is_told(tmp_path: Path) -> None:
    assert re.search("the facts: .*people", refused(written(tmp_path, people={})))


def test_a_beginning_without_an_offset_is_told(tmp_path: Path) -> None:
    assert re.search("the facts: .*started", refused(written(tmp_path, started="2023-01-09T09:00:00")))


@pytest.mark.parametrize("name", ["title", "author", "date", "how", "commits"])
def test_a_missing_key_of_an_entry_is_named(tmp_path: Path, name: str) -> None:
    assert f": {name}: " in refused_entry(tmp_path, pull(**{name: "(absent)"}))


def test_an_unknown_key_is_named_at_every_depth(tmp_path: Path) -> None:
    assert ": extra: " in refused_entry(tmp_path, pull(extra=1))
    assert ": commits.0.extra: " in refused_entry(tmp_path, pull(commits=[{"extra": 1, "edits": []}]))
    assert ": commits.0.edits.0.extra: " in refused_entry(tmp_path, edited(write="a", extra=1))
    lines = {"count": 1, "pattern": "x", "extra": 1}
    assert ": commits.0.edits.0.write_lines.extra: " in refused_entry(tmp_path, edited(write_lines=lines))


@pytest.mark.parametrize("entry", ["text", 3, None, ["a"]])
def test_an_entry_that_is_no_mapping_is_told(tmp_path: Path, entry: Any) -> None:
    assert "entry 2" in refused_entry(tmp_path, entry)


def test_an_entry_is_named_by_its_title_too(tmp_path: Path) -> None:
    assert "entry 2 ('Another thing')" in refused_entry(tmp_path, pull(title="Another thing", how="teleport"))


@pytest.mark.parametrize("how", ["merge", "squash", "rebase", "unmerged"])
def test_everything_but_a_direct_push_has_a_number(tmp_path: Path, how: str) -> None:
    assert "a direct push has no number" in refused_entry(tmp_path, pull(how=how, number="(absent)"))
    assert read(tmp_path, pull(how=how, number=4)).pulls[0].how == how


def test_a_direct_push_has_no_number(tmp_path: Path) -> None:
    assert "a direct push has no number" in refused_entry(tmp_path, pull(how="direct", number=4))


def test_a_number_stands_once(tmp_path: Path) -> None:
    later = "2023-03-01T10:00:00+00:00"
    assert "Handle more" in refused(written(tmp_path, pull(number=4), pull(number=4, title="Handle more", date=later)))


def test_a_date_needs_an_offset(tmp_path: Path) -> None:
    assert "the date needs an offset" in refused_entry(tmp_path, pull(date="2023-02-01T10:00:00"))


@pytest.mark.parametrize("how", ["squash", "rebase", "direct", "unmerged"])
def test_only_a_merge_may_change_nothing(tmp_path: Path, how: str) -> None:
    number = None if how == "direct" else 4
    assert "no edits" in refused_entry(tmp_path, pull(how=how, number=number, commits=[{"message": "Nothing"}]))
    assert read(tmp_path, pull(how="merge", commits=[{"message": "Nothing"}])).pulls[0].commits[0].edits == []


def test_an_entry_without_a_commit_is_told(tmp_path: Path) -> None:
    assert "commits" in refused_entry(tmp_path, pull(how="merge", commits=[]))


@pytest.mark.parametrize("behind", [-1, 6, "one"])
def test_a_branch_starts_at_most_five_commits_ago(tmp_path: Path, behind: Any) -> None:
    assert ": behind: " in refused_entry(tmp_path, pull(behind=behind))
    assert read(tmp_path, pull(behind=5)).pulls[0].behind == 5


WAYS: dict[str, dict[str, Any]] = {
    "find": {"find": "a", "replace": "b"},
    "write": {"write": "a"},
    "write_base64": {"write_base64": "/w=="},
    "write_lines": {"write_lines": {"count": 2, "pattern": "{i}"}},
    "rename": {"rename": "b.txt"},
    "delete": {"delete": True},
    "mode": {"mode": "executable"},
}


@pytest.mark.parametrize("way", WAYS)
def test_an_edit_does_exactly_one_thing(tmp_path: Path, way: str) -> None:
    assert len(read(tmp_path, edited(**WAYS[way])).pulls) == 1
    for other in WAYS:
        if other != way:
            message = refused_entry(tmp_path, edited(**WAYS[way], **WAYS[other]))
            assert "the edit of a.txt must do exactly one thing" in message
            assert way in message
            assert other in message


def test_an_edit_that_does_nothing_is_told(tmp_path: Path) -> None:
    assert "the edit of a.txt must do exactly one thing, it does nothing" in refused_entry(tmp_path, edited())


def test_find_and_replace_need_each_other(tmp_path: Path) -> None:
    assert "the edit of a.txt needs both find and replace" in refused_entry(tmp_path, edited(find="a"))
    assert "the edit of a.txt needs both find and replace" in refused_entry(tmp_path, edited(write="a", replace="b"))
    assert "the edit of a.txt must do exactly one thing" in refused_entry(tmp_path, edited(replace="b"))


@pytest.mark.parametrize(
    ("edit", "key"),
    [
        ({"delete": False}, "delete"),
        ({"mode": "setuid"}, "mode"),
        ({"write_lines": {"count": 0, "pattern": "x"}}, "write_lines.count"),
        ({"write_lines": {"count": 20_001, "pattern": "x"}}, "write_lines.count"),
        ({"write_lines": {"count": 1}}, "write_lines.pattern"),
        ({"write": 3}, "write"),
    ],
)
def test_a_wrong_value_of_an_edit_is_named(tmp_path: Path, edit: dict[str, Any], key: str) -> None:
    assert f": commits.0.edits.0.{key}: " in refused_entry(tmp_path, edited(**edit))


@pytest.mark.parametrize("text", ["not base64!", "/w=", "ä"])
def test_bytes_that_are_not_base64_are_told_with_the_entry(tmp_path: Path, text: str) -> None:
    assert "a.txt" in refused_entry(tmp_path, edited(write_base64=text))


def test_content_is_the_text_or_the_bytes_that_were_written() -> None:
    assert content(Edit(path="a", write="é\r\nx")) == "é\r\nx".encode()
    assert content(Edit(path="a", write="")) == b""
    assert content(Edit(path="a", write_base64=base64.b64encode(b"\x00\xff").decode())) == b"\x00\xff"


def test_long_content_counts_from_one_and_its_filler_differs_from_line_to_line() -> None:
    lines = content(Edit(path="a", write_lines=Lines(count=300, pattern="{i} {h} {i}"))).decode().split("\n")
    assert lines.pop() == ""
    assert (
        [line.split()[0] for line in lines] == [line.split()[2] for line in lines] == [str(i + 1) for i in range(300)]
    )
    fillers = {line.split()[1] for line in lines}
    assert len(fillers) == 300
    assert {len(filler) for filler in fillers} == {8}


@pytest.mark.parametrize("edit", [Edit(path="a", rename="b"), Edit(path="a", delete=True)])
def test_an_edit_that_writes_nothing_has_no_content(edit: Edit) -> None:
    with pytest.raises(ValueError, match="the edit of a writes nothing"):
        content(edit)
