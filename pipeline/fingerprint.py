"""What a result came from, as one hash: the code that computes it, the parameters and the inputs.

A partition carries its fingerprint, so that a rerun after a kill knows which partitions are done and a change of code,
parameter or input makes exactly the right ones again. Timestamps play no part.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.files import canonical_json

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("pipeline", "annotation", "curated", "stages", "demo", "trajectories", "finetune")
# Read at run time by the module beside them, so they are as much its code as its Python is.
DATA_BESIDE = {
    "pipeline/masking/secrets.py": ("pipeline/masking/secrets.toml",),
    "pipeline/paths.py": ("pipeline/paths.toml",),
    "pipeline/subdomains.py": ("pipeline/subdomains.toml",),
    "pipeline/titles.py": ("pipeline/titles.toml",),
    "pipeline/llm/prices.py": ("pipeline/llm/prices.toml",),
    "pipeline/synthesis/prompting.py": tuple(
        path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "pipeline/synthesis/prompts").glob("*.md"))
    ),
    "curated/making/inputs.py": ("docs/draw_again.py",),
    "annotation/tasks.py": ("annotation/interface.xml",),
    "finetune/launch/launches.py": tuple(
        path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "finetune/launch").glob("*.yaml"))
    ),
    # The program that every rank is: started, never imported.
    "finetune/launch/launching.py": ("finetune/training/__main__.py",),
    "finetune/data/templates/__init__.py": tuple(
        path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "finetune/data/templates").glob("*.jinja"))
    ),
}
# Say how a run looks and where it works, never what it computes.
WITHOUT_EFFECT = ("pipeline/partitions.py", "pipeline/cluster.py", "pipeline/progress.py", "pipeline/errors.py")


def fingerprint(*parts: Any) -> str:
    """A hex sha256 over JSON-like parts."""
    return hashlib.sha256(canonical_json(parts)).hexdigest()


@cache
def code_fingerprint(module: str) -> str:
    """A hash over the source of a module and of everything of this project that it imports."""
    digest = hashlib.sha256()
    for path in import_closure(module):
        if path not in WITHOUT_EFFECT:
            digest.update(f"{path}\0".encode() + hashlib.sha256((ROOT / path).read_bytes()).digest())
    return digest.hexdigest()


@cache
def import_closure(module: str) -> tuple[str, ...]:
    """The project files a module needs, itself included, as sorted paths relative to the project's root."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        path = _file_of(waiting.pop())
        if path is None or path in found:
            continue
        found.add(path)
        for beside in DATA_BESIDE.get(path, ()):
            module_beside = beside.removesuffix(".py").replace("/", ".")
            if _file_of(module_beside) == beside:
                waiting.append(module_beside)  # with all that it imports
            else:
                found.add(beside)
        waiting += _imports(ROOT / path)
    return tuple(sorted(found))


def _file_of(module: str) -> str | None:
    if module.split(".")[0] not in ROOMS:
        return None
    base = ROOT.joinpath(*module.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate.relative_to(ROOT).as_posix()
    return None


def _imports(path: Path) -> list[str]:
    modules = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            modules.append(node.module)
            modules += [f"{node.module}.{alias.name}" for alias in node.names]
    return modules
