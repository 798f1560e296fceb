"""The docs tell every column and every policy of the export."""

import re

from tests.trajectories.checks.test_documented import told
from trajectories.export.policy import Policy
from trajectories.export.rows import TRAJECTORIES


def test_the_docs_have_the_tables_columns() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", told(), re.MULTILINE))
    assert {name: rows.get(name) for name in TRAJECTORIES.columns} == {
        name: meaning for name, (_, meaning) in TRAJECTORIES.columns.items()
    }


def test_the_docs_have_the_policies_with_their_defaults() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .* \| `(\w+)` \|$", told(), re.MULTILINE)
    assert rows == [(name, field.default) for name, field in Policy.model_fields.items()]
