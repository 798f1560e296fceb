"""The rules of subdomains.toml speak as they are written, and a table that is wrong is refused."""

import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import subdomains
from pipeline.subdomains import SUB_DOMAINS, TABLE, classify
from tests.pipeline.rule_tables import EditedTable, edited_table


def by_title(title: str) -> str:
    return classify(["x"], title, "")[0]


def by_path(*paths: str) -> str:
    return classify(list(paths), "x", "")[0]


@pytest.mark.parametrize(
    ("path", "sub_domain"),
    [
        ("Dockerfile", "deployment"),
        (".github/workflows/x.yml", "deployment"),
        ("deploy/values.yaml", "deployment"),
        ("Makefile", "deployment"),
        ("pyproject.toml", "deployment"),
        ("src/button.tsx", "front-end"),
        ("STYLE.CSS", "front-end"),
        ("lib/components/x.ts", "front-end"),
        ("x_bench.go", "optimization"),
        ("src/api/users.py", "back-end"),
        ("db/001.sql", "back-end"),
    ],
)
def test_a_path_speaks_for_its_sub_domain(path: str, sub_domain: str) -> None:
    assert by_path(path) == sub_domain


@pytest.mark.parametrize(
    ("title", "sub_domain"),
    [
        ("Fix crash on empty input", "debugging"),
        ("perf: avoid copying the buffer", "optimization"),
        ("Make the reader faster", "optimization"),
        ("Build the docker image once", "deployment"),
        ("Close the dialog with Escape", "front-end"),
        ("Add an endpoint for users", "back-end"),
        ("FIX CRASH", "debugging"),
    ],
)
def test_a_title_speaks_for_its_sub_domain(title: str, sub_domain: str) -> None:
    assert by_title(title) == sub_domain


@pytest.mark.parametrize("title", ["Say hello", "", "Prefix the crasher", "Исправить ошибку"])
def test_what_no_rule_speaks_for_is_back_end_without_evidence(title: str) -> None:
    assert classify(["x"], title, "") == ("back-end", "")


def test_evidence_is_the_text_that_spoke() -> None:
    assert classify(["x"], "Something CRASHES here", "") == ("debugging", "title:crashes")
    assert classify(["a", "Dockerfile"], "x", "") == ("deployment", "path:Dockerfile")


def test_evidence_is_of_the_heaviest_rule() -> None:
    assert classify(["x"], "Fix the crash", "Fixes #3. It was wrong.") == ("debugging", "title:fix")


def test_the_weight_of_a_path_is_shared_among_the_paths() -> None:
    assert by_path("a.css", "src/api/a.py") == "front-end"  # 5/2 against 4/2
    assert by_path("a.css", "src/api/a.py", "src/api/b.py") == "back-end"  # 5/3 against 8/3


def test_a_tie_goes_to_the_sub_domain_that_stands_first() -> None:
    # deployment 5 against front-end 5 for one path that both rules know
    assert by_path(".github/page.html") == "deployment"


def test_a_body_is_read_for_its_first_4000_characters() -> None:
    assert classify(["x"], "x", " " * 3980 + "segmentation fault")[0] == "debugging"
    assert classify(["x"], "x", " " * 4000 + "segmentation fault")[0] == "back-end"


def test_a_change_without_paths_is_judged_by_its_words() -> None:
    assert classify([], "Fix crash", "") == ("debugging", "title:fix")
    assert classify([], "", "") == ("back-end", "")


TEXT = st.text(max_size=40) | st.sampled_from(["Fix crash", "perf: x", "docker", "button", "api", "Fixes #1"])


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.lists(st.text(max_size=20) | st.sampled_from(["a.css", "Dockerfile", "api/x"]), max_size=5), TEXT, TEXT)
def test_whatever_a_change_holds_it_gets_one_of_the_five(paths: list[str], title: str, body: str) -> None:
    sub_domain, evidence = classify(paths, title, body)
    assert sub_domain in SUB_DOMAINS
    assert evidence == "" or evidence.split(":", 1)[0] in ("path", "title", "body")
    assert classify(list(reversed(paths)), title, body)[0] == sub_domain  # the order of the paths is no reason


@pytest.mark.parametrize(
    "unit", ["avoid re-", "avoid re", "1.1 ms ", "1.", "docker", "a/", " ", "do not ", "auth", "x"]
)
def test_no_repeated_unit_is_slow(unit: str) -> None:
    long = (unit * 200_000)[:200_000]
    started = time.process_time()
    classify([long], long, long)
    assert time.process_time() - started < 5.0


def test_every_rule_of_the_table_says_one_thing_and_has_weight() -> None:
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    assert sorted(table["order"]) == sorted(SUB_DOMAINS)
    for rule in table["rule"]:
        assert set(rule) - {"sub_domain", "weight"} in ({"path"}, {"title"}, {"body"})
        assert rule["weight"] > 0


@pytest.fixture
def other_table(tmp_path: Path) -> Iterator[EditedTable]:
    with edited_table(subdomains, tmp_path, subdomains._table.cache_clear) as table:
        yield table


def test_the_same_table_elsewhere_says_the_same(other_table: EditedTable) -> None:
    assert other_table.path != TABLE
    assert by_title("Fix crash on empty input") == "debugging"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('order = ["debugging", ', "order = [", "sub-domains in order must be front-end"),
        ('sub_domain = "front-end"', 'sub_domain = "frontend"', "'frontend' is none of the sub-domains front-end"),
        ('otherwise = "back-end"', 'otherwise = "other"', "'other' is none of the sub-domains front-end"),
        (
            "weight = 5",
            "heaviness = 5",
            "the parts of rule 1 must be sub_domain, weight, path, not sub_domain, heaviness",
        ),
        ("weight = 5", "weight = 0", "weight of rule 1 must be a number above 0, not 0"),
        ("path = [", "paths = [", "the parts of rule 1 must be"),
        ("path = [\n    '", "path = [\n    '(", "a pattern of rule 1 cannot be read"),
        ("[[rule]]", "[[rules]]", "its parts must be order, otherwise, rule"),
    ],
)
def test_a_wrong_table_is_refused(other_table: EditedTable, old: str, new: str, message: str) -> None:
    other_table.change(old, new)
    with pytest.raises(ValueError, match=rf"subdomains\.toml: .*{message}"):
        by_title("Fix crash")


def test_a_changed_rule_changes_the_verdict(other_table: EditedTable) -> None:
    other_table.change('otherwise = "back-end"', 'otherwise = "front-end"')
    assert by_title("Say hello") == "front-end"
