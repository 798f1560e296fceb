"""The house keeps its rules: imports run one way, each door is the only one, dvc.yaml knows what its stages import."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.fingerprint import DATA_BESIDE, WITHOUT_EFFECT, import_closure

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("annotation", "benchmarks", "curated", "demo", "finetune", "limi", "pipeline", "stages", "trajectories")
# room -> rooms it may import from, besides itself
ALLOWED = {
    "pipeline": set(),
    "annotation": {"pipeline"},
    "curated": {"annotation", "pipeline", "trajectories"},
    "demo": {"pipeline"},
    "finetune": {"pipeline"},
    "trajectories": {"pipeline"},
    "stages": {"annotation", "curated", "demo", "finetune", "pipeline", "trajectories"},
    "limi": {"annotation", "curated", "demo", "finetune", "pipeline", "trajectories"},
    "benchmarks": {"annotation", "curated", "demo", "finetune", "pipeline", "trajectories"},
}
# library -> the only folder that imports it
DOORS = {
    "github": "pipeline/github",
    "openai": "pipeline/llm",
    "label_studio_sdk": "annotation/studio",
    "huggingface_hub": "curated/hub/connection.py",
    "accelerate": "finetune",
    "datasets": "finetune",
    "dvclive": "finetune",
    "peft": "finetune",
    "torch": "finetune",
    "trl": "finetune",
    "highspy": "pipeline/pooling/relaxation.py",
    "distributed": "pipeline/cluster.py",
    "tiktoken": "pipeline/tokens.py",
    "splintr": "pipeline/tokens.py",
    "pygments": "pipeline/code_lines.py",
    "markdown_it": "annotation/render/body.py",
    "py3langid": "pipeline/text_language.py",
    "rensa": "pipeline/compare",
    "detect_secrets": "pipeline/masking",
    "jsonschema": "trajectories/checks/arguments.py",
    "transformers": ("trajectories/export/counting.py", "finetune"),
    "packaging": "pipeline/spdx.py",
    "phonenumbers": "pipeline/masking",
    "httpx2": ("pipeline/llm/connection.py", "curated/hub/connection.py"),
    "unidiff": "pipeline/patch.py",
}


def imports_of(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            found.add(node.module)
    return found


def broken_rules(path: str, source: str) -> list[str]:
    room = path.split("/")[0]
    broken = []
    for module in imports_of(source):
        top = module.split(".")[0]
        if top in ROOMS and top != room and top not in ALLOWED[room]:
            broken.append(f"{path} imports {module}: {room} may not import {top}")
        if top in DOORS and not path.startswith(DOORS[top]) and room != "benchmarks":
            broken.append(f"{path} imports {module}: only {DOORS[top]} may")
    return broken


def python_files() -> list[str]:
    return sorted(
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if "world" not in path.parts
    )


def test_imports_run_one_way_and_through_the_doors() -> None:
    files = python_files()
    assert len(files) > 40
    assert [rule for path in files for rule in broken_rules(path, (ROOT / path).read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("pipeline/x.py", "import annotation.tasks"),
        ("annotation/x.py", "from stages import run"),
        ("stages/x.py", "import openai"),
        ("limi/x.py", "from stages.run import run_stage"),
    ],
)
def test_a_broken_rule_is_found(path: str, source: str) -> None:
    assert len(broken_rules(path, source)) == 1


def test_no_module_is_over_300_lines() -> None:
    long = {
        path: lines
        for path in python_files()
        if (lines := len((ROOT / path).read_text(encoding="utf-8").splitlines())) > 300
    }
    assert long == {}


def declared(stage: str) -> set[str]:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    return {dep for dep in stages[stage]["deps"] if dep.endswith((".jinja", ".md", ".py", ".toml", ".xml", ".yaml"))}


def imported(stage: str) -> set[str]:
    return set(import_closure(f"stages.{stage}")) - set(WITHOUT_EFFECT)


STAGES = sorted(yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"])


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_exactly_what_it_imports(stage: str) -> None:
    assert declared(stage) == imported(stage)


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("limi.command", ("dask", "github", "numpy", "openai", "polars", "pydantic")),
        ("stages.synthesize", ("dask", "label_studio_sdk", "openai")),
    ],
)
def test_what_starts_often_imports_nothing_heavy_that_it_may_not_need(module: str, heavy: tuple[str, ...]) -> None:
    program = f"import sys, {module}; print(sorted(sys.modules.keys() & {set(heavy)!r}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_every_stage_file_is_a_stage() -> None:
    files = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__", "run", "source"}
    assert files == set(STAGES)


def test_data_files_of_modules_exist() -> None:
    assert all((ROOT / name).is_file() for module, names in DATA_BESIDE.items() for name in (module, *names))


def test_the_committed_parameters_are_the_demo_profile() -> None:
    assert (ROOT / "params.yaml").read_bytes() == (ROOT / "profiles/demo.yaml").read_bytes()
