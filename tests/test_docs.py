"""The docs are true: every parameter, column, rule, command and profile is in them, and what they name exists."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from curated.making.columns import CANDIDATES, POOL, TRAJECTORIES
from limi.command import app
from pipeline.filters import content_rules, rules, too_many_tokens
from pipeline.params import known_keys, read_params
from pipeline.query_tables import QUERY_TABLES
from pipeline.sections import Filter
from pipeline.tables import PULL_TABLES

ROOT = Path(__file__).resolve().parent.parent
DOCS = {path.name: path.read_text(encoding="utf-8") for path in (*ROOT.glob("docs/*.md"), ROOT / "README.md")}


def rows_of(doc: str) -> set[str]:
    """The first cells of a page's tables."""
    return {
        name
        for line in DOCS[doc].splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([^`]+)`", line.split("|")[1])
    }


def test_every_parameter_is_documented_with_its_meaning_and_no_other() -> None:
    assert rows_of("PARAMETERS.md") == set(known_keys())
    for key, meaning in known_keys().items():
        assert f"| `{key}` | {meaning} |" in DOCS["PARAMETERS.md"]


@pytest.mark.parametrize(
    "table", (*PULL_TABLES, *QUERY_TABLES, POOL, CANDIDATES, TRAJECTORIES), ids=lambda table: table.name
)
def test_every_column_is_documented_with_its_meaning(table) -> None:  # type: ignore[no-untyped-def]
    section = DOCS["DATA.md"].split(f"\n## {table.name}\n")[1].split("\n## ")[0]
    documented = re.findall(r"^\| `(\w+)` \| [^|]+ \| (.+) \|$", section, re.MULTILINE)
    assert documented == [(name, meaning) for name, (_, meaning) in table.columns.items()]


def filter_with_everything(**modes: object) -> Filter:
    """Every rule of the filter is on."""
    standard = read_params(ROOT / "params.yaml").filter.model_dump()
    dropping = {name: "drop" for name, value in standard.items() if value == "keep"}
    return Filter(**(standard | dropping | {"licences": ["MIT"], "max_files": 1} | modes))


def reasons_of(chosen: Filter) -> list[str]:
    return [rule.reason for rule in (*rules(chosen), too_many_tokens(1), *content_rules(chosen))]


def test_every_reason_that_the_filter_gives_is_documented() -> None:
    given = {*reasons_of(filter_with_everything()), *reasons_of(filter_with_everything(markdown="any", binary="only"))}
    assert len(given) == 20
    assert given <= rows_of("FILTERS.md")


def test_the_rules_are_documented_in_the_order_they_run() -> None:
    run = reasons_of(filter_with_everything())
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", DOCS["FILTERS.md"], re.MULTILINE)
    documented = [name for row in rows for name in re.findall(r"\w+", row) if name in run]
    # Versions are looked for in the title and again in the patch; the page has them once, where it says so.
    assert [name for at, name in enumerate(run) if name != "version_bump" or name not in run[:at]] == documented


def test_every_command_is_in_the_readme_or_the_operating_guide() -> None:
    group = typer.main.get_command(app)
    names = [f"limi {name}" for name in group.commands if name != "clones"] + ["limi clones add"]  # type: ignore[attr-defined]
    assert len(names) >= 5
    assert [name for name in names if name not in DOCS["README.md"] + DOCS["OPERATING.md"]] == []


def test_every_command_that_the_docs_name_exists() -> None:
    group = typer.main.get_command(app)
    named = {
        found for text in DOCS.values() for found in re.findall(r"`?limi ([a-z]+)\b", text) if not text.startswith("#x")
    }
    assert named & set(group.commands)  # type: ignore[attr-defined]
    prose = {"and"}
    assert named - set(group.commands) - prose == set()  # type: ignore[attr-defined]


def test_every_profile_is_valid_and_documented() -> None:
    profiles = sorted((ROOT / "profiles").glob("*.yaml"))
    assert len(profiles) == 5
    for path in profiles:
        assert read_params(path).profile == path.stem
        assert f"`{path.stem}`" in DOCS["PARAMETERS.md"]


def test_files_that_the_docs_name_exist() -> None:
    named = {
        name
        for text in DOCS.values()
        for name in re.findall(r"\b(?:pipeline|annotation|docs|tests|stages)/\w+\.\w+", text)
    }
    assert len(named) > 8
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py")))
def test_every_benchmark_explains_itself_and_is_in_the_page(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert f"python -m benchmarks.{name}" in done.stdout and "Needs:" in done.stdout
    assert f"python -m benchmarks.{name}" in DOCS["BENCHMARKS.md"]


def test_no_path_of_a_machine_and_no_registry_host_is_committed() -> None:
    tracked = (
        subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    )
    # Spelled in two parts, or this file would find itself.
    hosts = re.compile("|".join(["pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npmjs", "deb" + r"\.debian"]))
    paths = re.compile("|".join(["/wo" + "rk/main", "/wo" + r"rk/\.", "(?<![\\w/])/ro" + "ot/"]))
    found = []
    for name in filter(None, tracked):
        text = (ROOT / name).read_bytes().decode("utf-8", "replace")
        found += [f"{name}: {match[0]}" for pattern in (hosts, paths) for match in pattern.finditer(text)]
    assert found == []
