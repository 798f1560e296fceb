"""Who names a public benchmark's repository or pull request is found, in whatever form it is written."""

import pytest

from curated.intake.rules import Rules
from pipeline.compare.contamination import Contamination
from tests.curated.intake.brought import TEXT, demo_rules, findings, found, query

LISTS = Contamination({("repository", "acme/parser"): ("Bench A", "Bench B"), ("pull", "acme/door#7"): ("Bench C",)})
BOTH = frozenset({"repository", "pull"})


def named(text: str, refusing: frozenset[str] = BOTH, **changed: object) -> list[tuple[str, str, bool]]:
    return found(query(f"{TEXT} {text}", **changed), benchmarks=LISTS, refusing=refusing)


@pytest.mark.parametrize(
    "text",
    [
        "It is in acme/parser.",
        "See ACME/Parser#12, please.",
        "https://github.com/acme/parser",
        "clone git@github.com:acme/parser.git first",
        "https://api.github.com/repos/acme/parser/issues/3",
        "https://raw.githubusercontent.com/acme/parser/main/README.md",
        "(acme/parser)",
    ],
)
def test_a_repository_is_found(text: str) -> None:
    assert named(text) == [("benchmark_repository", "query", True)]


@pytest.mark.parametrize(
    "text", ["As in acme/door#7.", "https://github.com/acme/door/pull/7/files", "github.com/acme/door/issues/7"]
)
def test_a_pull_request_is_found(text: str) -> None:
    assert named(text) == [("benchmark_pull", "query", True)]


@pytest.mark.parametrize(
    "text",
    [
        "parser by acme",
        "src/acme/parser",
        "acme/parser/main.py",
        "acme/parsers",
        "my-acme/parser",
        "acme/door",
        "acme/door#70",
        "and/or",
    ],
)
def test_what_names_none_is_not(text: str) -> None:
    assert named(text) == []


def test_by_the_parameter_a_kind_refuses_or_is_flagged() -> None:
    assert named("acme/parser and acme/door#7", frozenset({"pull"})) == [
        ("benchmark_repository", "query", False),
        ("benchmark_pull", "query", True),
    ]


def test_each_is_told_once_in_a_text_and_with_all_benchmarks() -> None:
    (one,) = findings(query(f"{TEXT} acme/parser, acme/parser#3"), benchmarks=LISTS, refusing=BOTH)
    assert "Bench A, Bench B" in one.said and "acme/parser" in one.evidence


def test_the_source_is_looked_at_as_well() -> None:
    assert named("", source="https://github.com/acme/parser/issues/1") == [("benchmark_repository", "source", True)]


def test_the_shipped_lists_are_used() -> None:
    assert isinstance(demo_rules(), Rules)
    assert found(query(f"{TEXT} It is django/django.")) == [("benchmark_repository", "query", True)]
