"""The export of reviews is read whole or refused with a sentence, and written the same each time."""

import json
from pathlib import Path
from typing import Any

import pytest

from annotation.exported import FORMAT, Export, read_export, write_export
from pipeline.errors import UserError
from tests.annotation.submitted import (
    adjudication,
    annotation,
    answers,
    evidence,
    export,
    leak,
    reviewed,
    text,
    written,
)

WHOLE = export(
    reviewed(annotation(answers("accept", leak("unnatural"), evidence("supports"))), adjudication(id=8)),
    reviewed(annotation(answers("edit", text("edited_query", "Größe 修复 🎉")), lead_time=None), name="gh-2"),
    reviewed(name="gh-3"),
)


def refused(folder: Path, data: Any) -> str:
    with pytest.raises(UserError) as caught:
        read_export(written(folder, data))
    assert str(folder / "reviews.json") in str(caught.value)
    return str(caught.value)


def test_an_export_is_read_with_all_it_holds(tmp_path: Path) -> None:
    read = read_export(written(tmp_path, WHOLE))
    assert read.model_dump() == WHOLE
    assert [len(task.annotations) for task in read.tasks] == [2, 1, 0]
    assert [given.role for given in read.tasks[0].annotations] == ["annotator", "adjudicator"]


def test_an_export_is_written_as_it_is_read(tmp_path: Path) -> None:
    whole = Export.model_validate(WHOLE)
    write_export(tmp_path / "folder/a.json", whole)
    assert read_export(tmp_path / "folder/a.json") == whole


def test_the_same_export_gives_the_same_bytes(tmp_path: Path) -> None:
    write_export(tmp_path / "a.json", Export.model_validate(WHOLE))
    turned = json.loads(json.dumps(WHOLE), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    results = [given["result"] for task in WHOLE["tasks"] for given in task["annotations"]]
    for task in turned["tasks"]:
        for given in task["annotations"]:
            given["result"] = results.pop(0)
    write_export(tmp_path / "b.json", Export.model_validate(turned))
    written_once = (tmp_path / "a.json").read_bytes()
    assert (tmp_path / "b.json").read_bytes() == written_once
    assert written_once.endswith(b"}\n") and b"\r" not in written_once
    assert "Größe 修复 🎉".encode() in written_once


def test_each_answer_has_a_line_of_its_own_for_who_reads_the_difference(tmp_path: Path) -> None:
    write_export(tmp_path / "a.json", Export.model_validate(WHOLE))
    lines = (tmp_path / "a.json").read_text(encoding="utf-8").splitlines()
    assert sum('"from_name"' in line for line in lines) == 3 * 5 + 3
    assert max(map(len, lines)) < 100


def test_a_number_that_json_has_not_is_never_written(tmp_path: Path) -> None:
    whole = export(reviewed(annotation(lead_time=float("inf"))))
    with pytest.raises(ValueError, match="JSON"):
        write_export(tmp_path / "a.json", Export.model_validate(whole))
    assert not (tmp_path / "a.json").exists()


def test_an_export_without_tasks_is_read(tmp_path: Path) -> None:
    assert read_export(written(tmp_path, export())).tasks == []


def test_a_missing_export_names_the_command_that_writes_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"the reviews .*no\.json are missing; `limi annotate pull` writes them"):
        read_export(tmp_path / "no.json")


def test_a_folder_in_the_place_of_the_export_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_export(tmp_path)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[}", "nothing", "[" * 100_000, "[" * 100_000 + "]" * 100_000, '{"a":' * 100_000, "\ufeff[]", "1" * 5000],
    ids=["empty", "open", "mixed", "word", "deep", "deep and closed", "deep objects", "byte order mark", "long number"],
)
def test_what_is_not_json_is_told(tmp_path: Path, content: str) -> None:
    assert "is not JSON" in refused(tmp_path, content)


def test_bytes_that_are_not_utf_8_are_told(tmp_path: Path) -> None:
    (tmp_path / "latin.json").write_bytes('{"format": "Größe"}'.encode("latin-1"))
    with pytest.raises(UserError, match="is not JSON in UTF-8"):
        read_export(tmp_path / "latin.json")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_has_not_is_told(tmp_path: Path, number: str) -> None:
    held = json.dumps(WHOLE).replace("12.5", number, 1)
    assert f"is not JSON: {number} is no number of JSON" in refused(tmp_path, held)


@pytest.mark.parametrize(
    "half", ['"\\ud800"', '["\\udfff"]', '{"\\ud800": 1}', '"\\udf89\\ud83c"'], ids=["high", "low", "key", "turned"]
)
def test_half_of_a_surrogate_pair_is_no_text_wherever_it_stands(tmp_path: Path, half: str) -> None:
    held = json.dumps(export(reviewed(annotation([{"value": "@@"}]))))
    assert "is not JSON" in refused(tmp_path, held.replace('"@@"', half))
    assert read_export(written(tmp_path, held.replace('"@@"', '"\\ud83c\\udf89"'))).tasks


@pytest.mark.parametrize("data", [[], [{"id": 1, "annotations": [], "data": {}, "meta": {}}], [1], [None]])
def test_an_export_made_by_label_studio_is_told_so(tmp_path: Path, data: Any) -> None:
    message = refused(tmp_path, json.dumps(data))
    assert "is an export made by Label Studio itself" in message
    assert "`limi annotate pull` writes the one that is read here" in message


@pytest.mark.parametrize("data", [{}, {"tasks": []}, 1, "tasks", None, True, 1.5, {"format": FORMAT, "tasks": {}}])
def test_json_of_another_shape_is_told(tmp_path: Path, data: Any) -> None:
    message = refused(tmp_path, json.dumps(data))
    assert "is not of the form 'limi-reviews 1'" in message
    assert "`limi annotate pull` writes it once more" in message


@pytest.mark.parametrize("other", ["limi-reviews 2", "limi-reviews", "", None, 1])
def test_another_format_is_told(tmp_path: Path, other: Any) -> None:
    assert "format: Input should be 'limi-reviews 1'" in refused(tmp_path, export(format=other))


LEVELS: dict[str, tuple[Any, ...]] = {
    "": (),
    "tasks.0": ("tasks", 0),
    "tasks.0.annotations.0": ("tasks", 0, "annotations", 0),
}


def at_level(level: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A good export, and what stands at one level of it."""
    whole = json.loads(json.dumps(WHOLE))
    inner = whole
    for step in LEVELS[level]:
        inner = inner[step]
    return whole, inner


@pytest.mark.parametrize("level", LEVELS)
def test_an_unknown_key_is_named_with_its_place(tmp_path: Path, level: str) -> None:
    whole, inner = at_level(level)
    inner["completed_by"] = 3
    place = f"{level}.completed_by".lstrip(".")
    assert f"{place}: Extra inputs are not permitted" in refused(tmp_path, whole)


@pytest.mark.parametrize(
    ("level", "key"),
    [(level, key) for level in LEVELS for key in at_level(level)[1]],
)
def test_a_missing_key_is_named_with_its_place(tmp_path: Path, level: str, key: str) -> None:
    whole, inner = at_level(level)
    del inner[key]
    assert f"{f'{level}.{key}'.lstrip('.')}: Field required" in refused(tmp_path, whole)


@pytest.mark.parametrize(
    ("level", "key", "value"),
    [
        ("", "tasks_sha256", 12),
        ("", "tasks", None),
        ("tasks.0", "query_id", ["gh-1"]),
        ("tasks.0", "task_sha256", None),
        ("tasks.0", "annotations", {}),
        ("tasks.0.annotations.0", "id", "7"),
        ("tasks.0.annotations.0", "id", True),
        ("tasks.0.annotations.0", "task", 1.5),
        ("tasks.0.annotations.0", "annotator", 1),
        ("tasks.0.annotations.0", "role", "owner"),
        ("tasks.0.annotations.0", "created_at", 1758103200),
        ("tasks.0.annotations.0", "lead_time", "12"),
        ("tasks.0.annotations.0", "lead_time", True),
        ("tasks.0.annotations.0", "result", {}),
        ("tasks.0.annotations.0", "result", None),
    ],
)
def test_a_value_of_another_type_is_named_with_its_place(tmp_path: Path, level: str, key: str, value: Any) -> None:
    whole, inner = at_level(level)
    inner[key] = value
    assert f" {f'{level}.{key}'.lstrip('.')}: Input should be" in refused(tmp_path, whole)


def test_a_long_wrong_value_is_cut_in_the_sentence(tmp_path: Path) -> None:
    assert len(refused(tmp_path, export(tasks_sha256=["x" * 100_000]))) < 500
