"""Queries as people bring them, and the rules that the tests of the intake hold them against."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from curated.intake.check import check
from curated.intake.finding import Finding
from curated.intake.rules import Rules, rules_of
from pipeline.params import read_params
from pipeline.real_world import RealWorldQuery

ROOT = Path(__file__).resolve().parents[3]
TEXT = (
    "Our order page takes eleven seconds when a customer has more than two hundred rows. Find out where the time goes and bring it "
    "below one second, without a new database."
)


def row(text: str = TEXT, **changed: Any) -> dict[str, Any]:
    """A row with which nothing is wrong."""
    return {
        "id": "rw-orders",
        "query": text,
        "domain": "vibe-coding",
        "sub_domain": "optimization",
        "success_criteria": [
            "The page with 200 rows loads in less than one second.",
            "No table of the database has changed.",
        ],
        "contributor_role": "web developer, wholesale",
        "source": "written for this set",
        "licence": "CC-BY-4.0",
        "consent": True,
    } | changed


def query(text: str = TEXT, **changed: Any) -> RealWorldQuery:
    return RealWorldQuery.model_validate(row(text, **changed))


@cache
def demo_rules() -> Rules:
    params = read_params(ROOT / "profiles/demo.yaml")
    compare = params.compare.model_copy(update={"lists": str(ROOT / params.compare.lists)})
    return rules_of(params.model_copy(update={"compare": compare}))


def rules(**changed: Any) -> Rules:
    """Those of the demo profile, with other fields of `checks` or of Rules itself."""
    of_words = type(demo_rules().limits).model_fields.keys() - {"similarity"}
    limits = {name: value for name, value in changed.items() if name in of_words}
    others = {name: value for name, value in changed.items() if name not in limits}
    return replace(demo_rules(), limits=demo_rules().limits.model_copy(update=limits), **others)


def found(*queries: RealWorldQuery, **changed: Any) -> list[tuple[str, str, bool]]:
    """`(check, column, refused)` of every finding."""
    return [(one.check, one.column, one.refused) for one in findings(*queries, **changed)]


def findings(*queries: RealWorldQuery, **changed: Any) -> list[Finding]:
    return check(queries or (query(),), rules(**changed))
