"""A model is shown what a pull request says and does, by name."""

import polars as pl

from pipeline.synthesis.shown import LIMITS, shown
from pipeline.tables import SAMPLED
from tests.pipeline.synthesis.rows import PATCH, pull


def test_all_parts_are_there_and_each_has_a_limit() -> None:
    texts = shown(pull())
    assert texts == {
        "facts": "repository: acme/uploads\ndescription: Uploads files\nmain language: Python",
        "title": "Honour the server's delay",
        "description": "The client ignores what the server says about waiting.",
        "labels": "(none)",
        "issues": "(none)",
        "files": "changed: src/retry.py",
        "diff": PATCH,
    }
    assert texts.keys() == LIMITS.keys()


def test_labels_and_closing_issues_are_shown_where_a_row_has_them() -> None:
    issue = {"repo": "acme/uploads", "number": 3, "title": "Too fast", "body": "It never waits."}
    texts = shown(pull(labels=["bug", "network"], closing_issues=[issue, issue | {"title": "Second", "body": ""}]))
    assert texts["labels"] == "bug, network"
    assert texts["issues"] == "Too fast\n\nIt never waits.\n\nSecond"


def test_a_file_is_shown_with_what_happened_to_it() -> None:
    files = [
        {"path": "b.py", "old_path": "a.py", "status": "R", "additions": 0, "deletions": 0},
        {"path": "c.py", "old_path": "c.py", "status": "A", "additions": 1, "deletions": 0},
        {"path": "d.py", "old_path": "d.py", "status": "D", "additions": 0, "deletions": 1},
    ]
    assert shown(pull(files=files))["files"] == "renamed: b.py (was a.py)\nnew: c.py\ndeleted: d.py"


def test_of_many_files_the_number_is_shown() -> None:
    file = {"path": "a.py", "old_path": "a.py", "status": "M", "additions": 1, "deletions": 0}
    assert shown(pull(files=[file] * 250))["files"].endswith("changed: a.py\nand 150 more")


def test_what_is_empty_is_said_to_be() -> None:
    texts = shown(pull(body=" \n", description="", language=""))
    assert texts["facts"] == "repository: acme/uploads\ndescription: (none)\nmain language: (unknown)"
    assert texts["description"] == "(none)"


def test_a_sampled_row_has_what_is_shown() -> None:
    empty = {pl.String(): "", pl.List(pl.String()): []}
    row = {name: empty.get(kind) for name, kind in SAMPLED.schema.items()}
    assert shown(row | {"files": [], "closing_issues": []}).keys() == LIMITS.keys()
