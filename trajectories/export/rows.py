"""Rows to train on, one for each session, with where it comes from: the table, its rows, and the file in little memory.

`messages` and `tools` are JSON texts: Arrow makes one type of all objects of a column, so that `{"path": "x"}` would come back as
`{"path": "x", "command": null}` beside another call's `command`.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.errors import UserError
from pipeline.files import sha256_text
from pipeline.table import Table
from trajectories.archive.file import text_of_session
from trajectories.archive.session import Session
from trajectories.export.counting import Counting, plainly
from trajectories.export.messages import messages_of, tools_of
from trajectories.export.policy import Policy

_PIECE = 16  # rows held at a time; one may have some megabytes


class _WideTable(Table):
    """A table of so long texts that a few rows make a row group: a writer, and most readers, hold one in memory."""

    def _layout(self, fingerprint: str) -> dict[str, Any]:
        return super()._layout(fingerprint) | {"row_group_size": 4 * _PIECE}


_TEXT, _COUNT = pl.String(), pl.Int64()
TRAJECTORIES = _WideTable(
    "trajectories",
    "export_sft",
    "one session, as messages to train on",
    {
        "trajectory_id": (_TEXT, "names the session and its file in the archive"),
        "query_id": (_TEXT, "the query that was worked on"),
        "query_sha256": (_TEXT, "of the query's text as it was then"),
        "pr_id": (_TEXT, "owner/name#number of the query's pull request; empty for real-world queries"),
        "base_commit": (_TEXT, "the commit that the work began at; empty where there is none"),
        "licence": (_TEXT, "SPDX id of the query's repository at the base commit, or of the query; empty if unknown"),
        "agent": (_TEXT, "name and version of the agent"),
        "model": (_TEXT, "the models that the agent's turns are of, by name, with commas between; empty if unknown"),
        "collector": (_TEXT, "name and version of the program that wrote the archive's file"),
        "rounds": (_COUNT, "requests of the human until the end: the R of success at R"),
        "success": (pl.Boolean(), "whether the query was solved; null if nobody said so"),
        "turns": (_COUNT, "messages of the assistant that carry loss"),
        "tokens": (_COUNT, "of the rendered messages and tools"),
        "archive_sha256": (
            _TEXT,
            "of the session's file as the project writes it",
        ),
        "messages": (_TEXT, "JSON list of messages"),
        "tools": (_TEXT, "JSON list of tool definitions; [] if the source did not tell"),
    },
)


def row_of(session: Session, policy: Policy, licence: str = "", counting: Counting | None = None) -> dict[str, Any]:
    """The TRAJECTORIES row of a session. Raises UserError if the policy can't tell one of its steps."""
    messages, tools = messages_of(session, policy), tools_of(session)
    provenance = session.provenance
    return {
        "trajectory_id": session.trajectory_id,
        "query_id": provenance.query_id,
        "query_sha256": provenance.query_sha256,
        "pr_id": provenance.pr_id or "",
        "base_commit": provenance.base_commit or "",
        "licence": licence,
        "agent": f"{session.agent.name} {session.agent.version}",
        "model": ", ".join(_models(session)),
        "collector": f"{provenance.collector.name} {provenance.collector.version}",
        "rounds": session.rounds,
        "success": provenance.outcome.success,
        "turns": sum(message["role"] == "assistant" and message.get("train", True) for message in messages),
        "tokens": (counting or plainly())(messages, tools),
        "archive_sha256": sha256_text(text_of_session(session)),
        "messages": json.dumps(messages, ensure_ascii=False),
        "tools": json.dumps(tools, ensure_ascii=False),
    }


def rows_of(
    sessions: Iterable[Session],
    policy: Policy,
    licence_of: Callable[[str], str] = lambda query_id: "",
    counting: Counting | None = None,
) -> Iterator[dict[str, Any]]:
    """The TRAJECTORIES row of each session, in their order, one in memory at a time. Raises UserError if a trajectory_id comes twice.

    `licence_of` gives the licence of a query_id, `counting` the tokens of messages and tools.
    """
    seen: set[str] = set()
    for session in sessions:
        if session.trajectory_id in seen:
            raise UserError(f"{session.trajectory_id} comes twice; each trajectory is one row, so leave one out")
        seen.add(session.trajectory_id)
        yield row_of(session, policy, licence_of(session.provenance.query_id), counting)


def write_rows(rows: Iterable[dict[str, Any]], path: Path, fingerprint: str = "") -> list[int]:
    """Write a TRAJECTORIES file, whole or not at all, and return each row's tokens. The same rows always give the same bytes."""
    tokens: list[int] = []

    def pieces() -> Iterator[pl.DataFrame]:
        held: list[dict[str, Any]] = []
        for row in rows:
            tokens.append(row["tokens"])
            held.append(row)
            if len(held) == _PIECE:
                yield TRAJECTORIES.frame(held)
                held.clear()
        yield TRAJECTORIES.frame(held)

    TRAJECTORIES.write_pieces(pieces(), path, fingerprint)
    return tokens


def _models(session: Session) -> list[str]:
    """The names of the models that replied, in order of appearance."""
    named = (step.model_name or session.agent.model_name for step in session.steps if step.source == "agent")
    return list(dict.fromkeys(name for name in named if name))
