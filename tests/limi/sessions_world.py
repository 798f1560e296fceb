"""A project with a pool of two real-world queries and an archive, and `limi trajectories` in it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from limi.command import app
from pipeline.files import sha256_text, write_jsonl
from tests.conftest import Project
from tests.trajectories.made import answer, call, observed, said, value
from trajectories.archive.file import write_session
from trajectories.archive.session import session_of

QUERY = "Please make the search of our notes fast, and add a test."
ARCHIVE = Path("demo/trajectories")
SOLVED: dict[str, Any] = {"success": True, "checks": [{"name": "tests", "passed": True, "round": 1}]}


def enter(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the process into a project with a pool of two real-world queries and an empty archive."""
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("COLUMNS", "200")
    rows: list[dict[str, Any]] = [
        {
            "id": name,
            "query": text,
            "source": "somebody",
            "licence": "CC0-1.0",
            "pull_request": None,
            "success_criteria": [],
        }
        for name, text in (("real-001", QUERY), ("real-002", "Another one."))
    ]
    write_jsonl(Path("curated/pool.jsonl"), rows)
    for path in ARCHIVE.glob("*.json"):
        path.unlink()
    ARCHIVE.mkdir(exist_ok=True)


def limi(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["trajectories", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def archived(name: str = "real-001-a", query_id: str = "real-001", text: str = QUERY, **provenance: Any) -> Path:
    """A session of the archive that no check refuses."""
    steps = [
        said("user", text, limi={"kind": "request"}),
        said("agent", "I look.", tool_calls=[call("c1", "ls")], observation=observed(answer("c1", "src"))),
        said("agent", "The search is fast now, and a test holds it."),
    ]
    facts = {"query_id": query_id, "query_sha256": sha256_text(text), "pr_id": None, "outcome": SOLVED} | provenance
    made = value(*steps, **{key: fact for key, fact in facts.items() if fact is not None})
    for key in [key for key, fact in facts.items() if fact is None]:
        made["extra"]["limi"].pop(key, None)
    return write_session(session_of(made | {"trajectory_id": name}, name), ARCHIVE)


def recording(*messages: dict[str, Any]) -> str:
    path = Path("recorded.json")
    path.write_text(json.dumps({"messages": list(messages), "tools": []}), encoding="utf-8")
    return str(path)


def spoken(text: str = "Done.") -> str:
    return recording({"role": "user", "content": QUERY}, {"role": "assistant", "content": text})
