"""Each filter's rule, one line per case."""

from typing import Any

import pytest

from pipeline.filters import Drop, binary, empty, markdown, no_text_change, not_utf8, rules, size, too_many_files
from pipeline.params import Filter
from pipeline.tokens import at_least, count

SUFFIXES = frozenset({".md", ".mdx", ".rmd"})
File = dict[str, Any]


def text(path: str, old_path: str = "", additions: int = 1, deletions: int = 0, status: str = "M") -> File:
    """A changed text file; renamed if it has an old path."""
    return {
        "path": path,
        "old_path": old_path or path,
        "status": "R" if old_path else status,
        "additions": additions,
        "deletions": deletions,
    }


def image(path: str = "logo.png") -> File:
    return text(path) | {"additions": None, "deletions": None}


def pull(*files: File, patch: str | None = "+x\n", patch_bytes: int = 3, utf8: bool = True) -> dict[str, Any]:
    return {"files": list(files), "patch": patch, "patch_bytes": patch_bytes, "patch_utf8": utf8}


def chosen(**changed: Any) -> Filter:
    standard = {
        "max_tokens": 1200,
        "count_up_to": 4800,
        "markdown": "only",
        "markdown_suffixes": [".md", ".MDX"],
        "binary": "any",
        "max_files": 0,
        "bots": "keep",
        "lock_files": "keep",
    }
    return Filter(**{**standard, **changed})


def first_drop(row: dict[str, Any], **changed: Any) -> str | None:
    """The reason of the rule that decides, as the stage finds it."""
    drops = (rule(row) for rule in rules(chosen(**changed)))
    return next((drop.reason for drop in drops if drop), None)


@pytest.mark.parametrize(
    ("files", "reason"), [([], "empty"), ([text("a.py")], None), ([image()], None), ([text("a", "b", 0)], None)]
)
def test_a_change_of_no_file_is_empty(files: list[File], reason: str | None) -> None:
    assert empty(pull(*files)) == (Drop(reason) if reason else None)


@pytest.mark.parametrize(
    ("mode", "files", "dropped"),
    [
        ("any", [image()], 1),
        ("any", [image(), text("a.py")], 1),
        ("any", [image("a"), image("b"), text("a.py")], 2),
        ("any", [text("a.py")], None),
        ("any", [text("empty.py", additions=0)], None),
        ("only", [image()], 1),
        ("only", [image("a"), image("b")], 2),
        ("only", [image(), text("a.py")], None),
        ("only", [text("a.py")], None),
        ("off", [image()], None),
        ("off", [image(), text("a.py")], None),
    ],
)
def test_binary_files(mode: str, files: list[File], dropped: int | None) -> None:
    assert binary(pull(*files), mode) == (Drop("binary", dropped, 0) if dropped else None)


@pytest.mark.parametrize(
    ("files", "only", "touched"),
    [
        ([text("README.md")], True, 1),
        ([text("README.MD")], True, 1),
        ([text("docs/Guide.Mdx"), text("a.md")], True, 2),
        ([text("docs/a.md"), text("a.py")], False, 1),
        ([text("a.py")], False, 0),
        ([text("new.md", "old.md")], True, 1),
        ([text("new.md", "old.txt")], False, 1),
        ([text("new.txt", "old.md")], False, 1),
        ([text("new.md", "old.md"), text("b.md", "b.rst")], False, 2),
        ([text("gone.md", status="D", additions=0, deletions=9)], True, 1),
        ([text('quo"ted é\t.md')], True, 1),
        ([text("new\nline.md")], True, 1),
        ([text("a b.md")], True, 1),
        ([text("a.md.py")], False, 0),
        ([text("docs.md/a.py")], False, 0),
        ([text("md")], False, 0),
        ([text("readme_md")], False, 0),
        ([text(".md")], False, 0),
        ([text("a.rst")], False, 0),
        ([text("a.markdown")], False, 0),
    ],
    ids=lambda value: value[0]["path"] if isinstance(value, list) else None,
)
def test_markdown_files(files: list[File], only: bool, touched: int) -> None:
    assert markdown(pull(*files), "only", SUFFIXES) == (Drop("markdown_only", len(files), len(files)) if only else None)
    assert markdown(pull(*files), "any", SUFFIXES) == (Drop("markdown_touched", touched, 0) if touched else None)
    assert markdown(pull(*files), "off", SUFFIXES) is None


@pytest.mark.parametrize("suffix", [".md", ".MD", ".Md"])
@pytest.mark.parametrize("path", ["A.md", "a.MD", "a.mD"])
def test_a_markdown_suffix_is_compared_without_case(suffix: str, path: str) -> None:
    assert first_drop(pull(text(path)), markdown_suffixes=[suffix]) == "markdown_only"
    assert first_drop(pull(text(path)), markdown_suffixes=[".rst"]) is None


@pytest.mark.parametrize(
    ("files", "dropped"),
    [
        ([text("new.py", "old.py", additions=0)], True),
        ([text("run.sh", additions=0)], True),  # a changed mode
        ([text("a", "b", additions=0), text("run.sh", additions=0)], True),
        ([text("empty.py", additions=0, status="A")], True),
        ([image()], True),
        ([text("new.py", "old.py", additions=0, deletions=1)], False),
        ([text("new.py", "old.py", additions=1)], False),
        ([text("a", "b", additions=0), text("a.py")], False),
        ([image(), text("a.py")], False),
    ],
)
def test_a_change_of_no_line(files: list[File], dropped: bool) -> None:
    assert no_text_change(pull(*files)) == (Drop("no_text_change", 0, 1) if dropped else None)


@pytest.mark.parametrize(
    ("number", "most", "dropped"), [(1, 1, False), (2, 1, True), (3, 3, False), (4, 3, True), (500, 0, False)]
)
def test_more_files_than_allowed(number: int, most: int, dropped: bool) -> None:
    row = pull(*(text(f"{at}.py") for at in range(number)))
    assert too_many_files(row, most) == (Drop("too_many_files", number, most) if dropped else None)


@pytest.mark.parametrize("utf8", [True, False])
def test_bytes_that_are_not_utf8(utf8: bool) -> None:
    assert not_utf8(pull(text("a.py"), utf8=utf8)) == (None if utf8 else Drop("not_utf8"))


@pytest.mark.parametrize(
    ("files", "changed", "reason"),
    [
        ([], {}, "empty"),
        ([], {"binary": "only"}, "empty"),
        ([], {"markdown": "any", "max_files": 1}, "empty"),
        ([image("a.md")], {}, "binary"),
        ([image("a.md")], {"binary": "off"}, "markdown_only"),
        ([image()], {"binary": "off"}, "no_text_change"),
        ([text("b.md", "a.md", additions=0)], {}, "markdown_only"),
        ([text("b.md", "a.md", additions=0)], {"markdown": "off"}, "no_text_change"),
        ([text("b", "a", additions=0), text("c", "d", additions=0)], {"max_files": 1}, "no_text_change"),
        ([text("a.py"), text("a.md")], {"markdown": "any", "max_files": 1}, "markdown_touched"),
        ([text("a.py"), text("b.py")], {"max_files": 1}, "too_many_files"),
        ([text("a.py"), text("b.py")], {}, None),
    ],
)
def test_the_first_rule_to_drop_decides(files: list[File], changed: dict[str, Any], reason: str | None) -> None:
    assert first_drop(pull(*files), **changed) == reason


def test_not_utf8_comes_last() -> None:
    assert first_drop(pull(text("a.py"), utf8=False)) == "not_utf8"
    assert first_drop(pull(text("a.py"), text("b.py"), utf8=False), max_files=1) == "too_many_files"


@pytest.mark.parametrize(("more", "dropped"), [(-1, True), (0, True), (1, False)])
def test_a_patch_stays_with_fewer_tokens_than_the_limit(more: int, dropped: bool) -> None:
    patch = "+def f(x):\n+    return x\n" * 9
    tokens = count(patch)
    counted, drop = size(pull(text("a.py"), patch=patch), chosen(max_tokens=tokens + more))
    assert counted == tokens
    assert drop == (Drop("patch_too_large", tokens, tokens + more) if dropped else None)


def test_a_patch_over_the_limit_is_counted_exactly_below_the_end_of_the_count() -> None:
    patch = "+def f(x):\n+    return x\n" * 600
    tokens = count(patch)
    assert size(pull(patch=patch), chosen(max_tokens=10, count_up_to=7500))[0] == tokens < 7500
    counted, drop = size(pull(patch=patch), chosen(max_tokens=10, count_up_to=tokens // 3))
    assert tokens // 3 <= counted <= tokens
    assert drop == Drop("patch_too_large", counted, 10)


@pytest.mark.parametrize("size_in_bytes", [262_145, 10_000_000_000])
def test_a_patch_too_long_to_store_goes_by_its_bytes(size_in_bytes: int) -> None:
    tokens, drop = size(pull(patch=None, patch_bytes=size_in_bytes), chosen())
    assert tokens is None
    assert drop == Drop("patch_too_large", at_least(size_in_bytes), 1200)
    assert drop.value >= drop.limit
