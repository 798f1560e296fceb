"""The docs tell every rule and every parameter of the checks."""

import re
from pathlib import Path

from trajectories.checks.check import RULES
from trajectories.checks.limits import Limits

ROOT = Path(__file__).resolve().parents[3]


def told() -> str:
    return (ROOT / "docs/TRAJECTORIES.md").read_text(encoding="utf-8")


def test_the_docs_have_the_table_of_rules() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (refused|flagged) \| .* \| (.*) \|$", told(), re.MULTILINE)
    assert rows == [(rule.name, rule.severity, rule.reason) for rule in RULES]


def test_the_docs_name_every_parameter() -> None:
    text = told()
    assert [name for name in Limits.model_fields if f"`{name}`" not in text] == []
