"""The section of params.yaml has the fields of the checks' and the export's own parameters, and the demo has their defaults."""

from pathlib import Path

import pytest

from pipeline.params import read_params
from pipeline.sections import Section
from pipeline.trajectory_sections import TrajectoryChecks, TrajectoryExport
from trajectories.checks.limits import Limits
from trajectories.export.policy import Policy

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("section", "own"), [(TrajectoryChecks, Limits), (TrajectoryExport, Policy)])
def test_the_section_has_the_same_fields(section: type[Section], own: type[Section]) -> None:
    assert {
        name: (field.annotation, field.description, field.metadata) for name, field in section.model_fields.items()
    } == {name: (field.annotation, field.description, field.metadata) for name, field in own.model_fields.items()}


def test_the_profiles_have_the_defaults() -> None:
    for path in (ROOT / "profiles").glob("*.yaml"):
        section = read_params(path).trajectories
        assert Limits(**section.checks.model_dump()) == Limits()
        assert Policy(**section.export.model_dump()) == Policy()


def test_a_bare_off_in_yaml_is_off(tmp_path: Path) -> None:
    text = (ROOT / "profiles/demo.yaml").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.strip().startswith("severity:"))
    (tmp_path / "params.yaml").write_text(text.replace(line, "    severity: {loop: refused, other_language: off}"))
    found = read_params(tmp_path / "params.yaml").trajectories.checks.severity
    assert found == {"loop": "refused", "other_language": "off"}
