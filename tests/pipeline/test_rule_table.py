"""A table of rules is read as it stands, and what is not as it must be is refused with the table's name."""

from pathlib import Path

import pytest

from pipeline.rule_table import check_names, read_rules, texts


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "doors.toml"
    path.write_text('order = ["oak"]\n[doors]\noak = "d\u00f6\u00f6r"\n', encoding="utf-8")
    return path


def test_a_table_is_read_by_its_parts(table: Path) -> None:
    assert read_rules(table, ("doors", "order")) == {"order": ["oak"], "doors": {"oak": "d\u00f6\u00f6r"}}


@pytest.mark.parametrize("parts", [("order",), ("order", "doors", "windows"), ()])
def test_a_part_too_many_or_too_few_is_refused(table: Path, parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"^doors\.toml: its parts must be .*, not order, doors$"):
        read_rules(table, parts)


def test_what_is_no_toml_is_refused(table: Path) -> None:
    table.write_text("order = [", encoding="utf-8")
    with pytest.raises(ValueError, match=r"^doors\.toml: it is not TOML: "):
        read_rules(table, ("order",))


@pytest.mark.parametrize("found", [["a"], ["a", "b", "b"], ["a", "c"], []])
def test_names_that_are_not_those_wanted_are_refused(table: Path, found: list[str]) -> None:
    check_names(table, "order", ["b", "a"], ("a", "b"))
    with pytest.raises(ValueError, match=r"^doors\.toml: order must be a, b, not (nothing|[abc, ]+)$"):
        check_names(table, "order", found, ("a", "b"))


@pytest.mark.parametrize("found", ["text", [1], ["a", ""], {"a": "b"}, None])
def test_what_is_no_list_of_texts_is_refused(table: Path, found: object) -> None:
    assert texts(table, "doors", ["a", "b"]) == ["a", "b"]
    assert texts(table, "doors", []) == []
    with pytest.raises(ValueError, match=r"^doors\.toml: doors must be a list of texts$"):
        texts(table, "doors", found)
