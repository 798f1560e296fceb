"""What `limi trajectories import` does: recordings of other programs come into the archive, masked, each once."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from limi.screen import OUT, cell, line
from limi.sessions import kinds_to_mask, sessions_table
from pipeline.errors import UserError
from pipeline.files import sha256_text
from pipeline.params import read_params
from trajectories.archive.file import read_session, text_of_session, write_session
from trajectories.archive.session import Session
from trajectories.checks.masking import mask
from trajectories.checks.outcome import asks
from trajectories.collecting.assignment import find_assignment
from trajectories.importing.formats import import_file
from trajectories.importing.given import Given, GivenOf


def import_sessions(
    files: list[Path],
    query: str,
    format: str,  # noqa: A002
    success: bool | None,
    sandbox: str,
    base_commit: str,
    tools: Path | None,
    row: int,
    replace: bool,
    leave_out_cut_line: bool,
) -> None:
    """Bring recordings of other agents into the archive, masked. What a format lacks is stated, never guessed."""
    params = read_params()
    archive = Path(params.trajectories.archive)
    told: dict[str, Any] = {} if success is None else {"outcome": {"success": success}}
    told |= {"environment": {"sandbox": sandbox}} if sandbox else {}
    told |= {"base_commit": base_commit} if base_commit else {}
    told |= {"tools": _tools_of(tools)} if tools else {}
    shown = sessions_table(">rounds", ">steps", ">calls", "solved", ">masked", ">not told", "")
    kept = 0
    try:
        for path in files:
            given = _given(query, told) if query and not row else _given_of_rows(path, told, query, row, archive)
            for session in import_file(path, format or None, given=given, leave_out_cut_line=leave_out_cut_line):
                masked = mask(session, kinds_to_mask(params))
                done = _keep(masked.session, archive, replace)
                facts = (sum(masked.counts.values()), len(session.provenance.absent), done)
                shown.add_row(*map(cell, (*_facts(masked.session), *facts)))
                kept += 1
                _doubt(masked.session)
    finally:
        if kept:  # also before an error: what was written stays
            OUT.print(shown)
    line(f"{archive}: {kept} {'session' if kept == 1 else 'sessions'}; `limi trajectories check` looks at them")


def _given(query_id: str, told: Mapping[str, Any], sha256: str = "") -> Given:
    """What is known of a session on this query. `sha256` is that of the text that was worked on, where a row tells it.

    The commit that the work began at is what somebody or the file tells; that of the query's pull request may be another one.
    """
    known = find_assignment(query_id)
    return Given(query_id=query_id, query_sha256=sha256 or known.query_sha256, pr_id=known.pr_id, **told)


def _given_of_rows(path: Path, told: Mapping[str, Any], query: str, wanted: int, archive: Path) -> GivenOf:
    """Each row tells its query, and more, as those of our own export do; or one row is wanted, on a query that the caller names."""
    names = {file.stem for file in archive.glob("*.json")}

    def given(row: int, columns: Mapping[str, Any]) -> Given | None:
        if wanted and row != wanted:
            return None
        name = columns.get("trajectory_id")
        if isinstance(name, str) and name in names and _is_of(columns, archive / f"{name}.json"):
            line(f"{path} row {row} is the export of {name}, which the archive has", "yellow")
            return None
        query_id, sha256 = query or columns.get("query_id"), columns.get("query_sha256", "")
        if not isinstance(query_id, str) or not isinstance(sha256, str):
            raise UserError(
                f"{path} row {row} does not tell which query it is work on; --query QUERY_ID does (of a file of many with --row N)"
            )
        own: dict[str, Any] = {}
        if isinstance(columns.get("success"), bool):
            own["outcome"] = {"success": columns["success"]}
        if columns.get("base_commit"):
            own["base_commit"] = columns["base_commit"]
        return _given(query_id, {**own, **told}, sha256)

    return given


def _is_of(columns: Mapping[str, Any], path: Path) -> bool:
    """Whether a row was exported from the session of this file as it is now."""
    return columns.get("archive_sha256") == sha256_text(text_of_session(read_session(path)))


def _tools_of(path: Path) -> list[dict[str, Any]]:
    """The tools that the agent had, of a file: for formats that do not tell them."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"--tools {path} cannot be read: {error}") from None
    if not isinstance(found, list) or not found or not all(isinstance(tool, dict) for tool in found):
        raise UserError(f"--tools {path} is no list of tools; docs/TRAJECTORIES.md shows one")
    return found


def _keep(session: Session, archive: Path, replace: bool) -> str:
    """Write a session into the archive; what became of it, in a word. Raises UserError if another one of this name would be lost."""
    path = archive / f"{session.trajectory_id}.json"
    if not path.exists():
        _refuse_under_two_queries(session, archive)
        write_session(session, archive)
        return "new"
    if read_session(path) == session:
        return "unchanged"
    if not replace:
        raise UserError(f"{path} holds this session otherwise, perhaps mended by hand; --replace writes over it")
    write_session(session, archive)
    return "replaced"


def _refuse_under_two_queries(session: Session, archive: Path) -> None:
    """One recording is work on one query."""
    source, query_id = session.provenance.source, session.provenance.query_id
    if source is None:
        return
    for path in sorted(archive.glob(f"*-{source.sha256[:12]}*.json")):
        other = read_session(path).provenance
        same = other.source and (other.source.sha256, other.source.row or 1) == (source.sha256, source.row or 1)
        if same and other.query_id != query_id:
            raise UserError(
                f"{path} is the same recording as work on {other.query_id}; if it is work on {query_id}, remove that file first"
            )


def _doubt(session: Session) -> None:
    """Say so where the first request is not the query: a wrong --query would go unseen."""
    where = session.provenance
    if not asks(session, find_assignment(where.query_id).query):
        line(
            f"{session.trajectory_id}: the first request does not hold the text of {where.query_id}; is it work on that query?",
            "yellow",
        )


def _facts(session: Session) -> tuple[object, ...]:
    calls = sum(len(step.calls) for step in session.steps)
    solved = {True: "yes", False: "no", None: "not told"}[session.provenance.outcome.success]
    return session.trajectory_id, session.rounds, len(session.steps), calls, solved
