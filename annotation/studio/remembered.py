"""What the last pull has read, kept in a file, so that the next one asks only for what has changed since.

It saves time and decides nothing: lost, damaged or of another server, it is made anew by reading everything. Projects hold only the
tasks that somebody has submitted something on, and of those no more than their marks and the annotations.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotation.studio.reading import ANNOTATION, account_of
from pipeline.files import atomic, canonical_json

FORMAT = "limi-pull 1"
_META = ("query_id", "query_sha256", "task_sha256", "annotator", "phase")


@dataclass
class ProjectMemory:
    """One project: its tasks with annotations by id, and the server's clock (seconds since 1970) when it was last read."""

    read_at: float
    tasks: dict[int, dict[str, Any]] = field(default_factory=dict)

    def take(self, rows: Iterable[dict[str, Any]]) -> int:
        """Take over tasks as they are now, and return how many they were."""
        count = 0
        for row in rows:
            count += 1
            if row["annotations"]:
                self.tasks[row["id"]] = {
                    "meta": {name: row["meta"][name] for name in _META if name in row["meta"]},
                    "annotations": sorted(map(_kept, row["annotations"]), key=canonical_json),
                }
            else:
                self.tasks.pop(row["id"], None)
        return count

    def counts(self) -> tuple[int, int]:
        """How many annotations there are, and how many skips."""
        skips = [one.get("was_cancelled") is True for task in self.tasks.values() for one in task["annotations"]]
        return len(skips) - sum(skips), sum(skips)


def remembered_path(folder: Path, server: str, review: str) -> Path:
    """Where the memory of a review on a server is kept."""
    return folder / f"pull-{hashlib.sha256(canonical_json([server, review])).hexdigest()[:16]}.json"


def read_memory(path: Path, server: str, review: str) -> dict[int, ProjectMemory]:
    """project -> what was read of it; nothing if the file is missing, damaged, or of something else."""
    try:
        head, _, body = path.read_bytes().partition(b"\n")
        if json.loads(head) != _head(server, review, body):
            return {}
        return {
            int(project): ProjectMemory(
                float(known["read_at"]), {int(task): held for task, held in known["tasks"].items()}
            )
            for project, known in json.loads(body).items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def write_memory(path: Path, server: str, review: str, memory: Mapping[int, ProjectMemory]) -> None:
    """Keep it, whole or not at all."""
    body = canonical_json(
        {
            str(project): {
                "read_at": known.read_at,
                "tasks": {str(task): held for task, held in known.tasks.items()},
            }
            for project, known in memory.items()
        }
    )
    with atomic(path) as unfinished:
        unfinished.write_bytes(canonical_json(_head(server, review, body)) + b"\n" + body)


def _head(server: str, review: str, body: bytes) -> dict[str, Any]:
    return {"format": FORMAT, "server": server, "review": review, "sha256": hashlib.sha256(body).hexdigest()}


def _kept(annotation: Mapping[str, Any]) -> dict[str, Any]:
    """Of an annotation what is looked at. Of who made it the account's number alone: no name and no address is kept."""
    if annotation.get("unreadable") is True:
        return {"id": None, "unreadable": True}
    kept = {name: annotation.get(name) for name in ("id", *ANNOTATION)}
    return kept | {"completed_by": account_of(kept["completed_by"])}
