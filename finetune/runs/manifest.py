"""What lies in model/final, file by file, and of which plan it is: the last thing that is written there. Imports no torch."""

import json
from pathlib import Path
from typing import Any

from finetune.plan import Plan
from finetune.training.base import DEMO
from pipeline.files import sha256_file, write_json

NAME = "manifest.json"


def write_manifest(folder: Path, plan: Plan) -> None:
    """Hash every file of the folder into its manifest; `demo` says that the weights began at random."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / NAME)
    write_json(
        folder / NAME,
        {
            "demo": plan.train.base.name == DEMO,
            "plan": plan.identity,
            "prepared_sha256": plan.prepared_sha256,
            "steps": plan.steps,
            "files": {
                path.relative_to(folder).as_posix(): {"sha256": sha256_file(path), "bytes": path.stat().st_size}
                for path in files
            },
        },
    )


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the manifest says; empty if there is none that can be read."""
    try:
        found = json.loads((folder / NAME).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def is_final_of(plan: Plan) -> bool:
    """Whether model/final holds the model of this very plan, whole: the manifest is written last."""
    return read_manifest(plan.final).get("plan") == plan.identity


def in_the_way(final: Path) -> list[str]:
    """What stands where the model is put, as a sentence: nothing, or a folder, which is an earlier model, may be there."""
    if not final.is_symlink() and (final.is_dir() or not final.exists()):
        return []
    return [
        f"{final} is a file or a link, and the trained model takes its place as a folder (behind a link may lie what is nobody's to "
        f"remove). Move it away; to have the model on another disk, make {final.parent} the link"
    ]


def withdraw(plan: Plan) -> None:
    """Say that model/final is not whole, if it is of this plan: a training of it begins, and one that stops must not pass for it."""
    if is_final_of(plan):
        (plan.final / NAME).unlink()
