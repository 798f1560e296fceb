"""What `limi trajectories` does with sessions: import, check, export, show. The commands' options are in limi/trajectories.py."""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from limi.screen import OUT, cell, line, table
from pipeline.errors import UserError
from pipeline.files import write_text
from pipeline.masking.found import Kind
from pipeline.params import read_params
from pipeline.trajectory_sections import Trajectories
from trajectories.archive.file import read_session, sessions, write_session
from trajectories.archive.session import Session
from trajectories.checks.check import check, refused
from trajectories.checks.limits import Known, Limits
from trajectories.checks.masking import mask
from trajectories.checks.size import distribution
from trajectories.collecting.assignment import find_assignment
from trajectories.export.counting import Counting
from trajectories.export.messages import messages_of, tools_of
from trajectories.export.policy import Policy
from trajectories.export.rows import rows_of, write_rows
from trajectories.importing.formats import import_file
from trajectories.importing.given import Given, GivenOf
from trajectories.queries import POOL, Query, pool_queries
from trajectories.selection import Selection, chosen, counting_by
from trajectories.viewing.page import page
from trajectories.viewing.terminal import lines

MOST_NAMED = 20  # sessions that are named; of more the rest is counted
_STYLES = {"refused": "red", "flagged": "yellow"}


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
    shown = table("session", ">rounds", ">steps", ">calls", "solved", ">masked", ">not told", "")
    kept = 0
    try:
        for path in files:
            given = _given(query, told) if query and not row else _given_of_rows(path, told, query, row)
            for session in import_file(path, format or None, given=given, leave_out_cut_line=leave_out_cut_line):
                masked = mask(session, params.mask.kinds)
                done = _keep(masked.session, archive, replace)
                facts = (sum(masked.counts.values()), len(session.provenance.absent), done)
                shown.add_row(*map(cell, (*_facts(masked.session), *facts)))
                kept += 1
    finally:
        if kept:  # also before an error: what was written stays
            OUT.print(shown)
    line(f"{archive}: {kept} sessions; `limi trajectories check` looks at them")


def check_sessions(items: list[str], masking: bool) -> bool:
    """Hold sessions (all of the archive if none is named) against every rule; whether none is refused."""
    params = read_params()
    section, counting = params.trajectories, counting_by(params.trajectories.tokenizer)
    pool = _pool()
    shown, tokens, bad = table("session", ">rounds", ">tokens", ">refused", ">flagged"), list[int](), 0
    for path, session in _named(items, Path(section.archive)):
        if masking:
            session = _masked(path, session, params.mask.kinds)
        found = check(session, _limits(section), _known(session, pool), _policy(section), counting)
        if found:
            line(session.trajectory_id, "bold")
        for one in found:
            line(f"  {one}", _STYLES[one.severity])
        if session.provenance.query_id not in pool:
            line(
                f"{session.trajectory_id}: {session.provenance.query_id} is not in the pool, so it is not trained on",
                "yellow",
            )
        tokens.append(_tokens(session, section, counting))
        bad += refused(found)
        severities = [one.severity for one in found]
        counts = (session.rounds, tokens[-1], severities.count("refused"), severities.count("flagged"))
        shown.add_row(*map(cell, (session.trajectory_id, *counts)))
    OUT.print(shown)
    line(str(distribution(tokens)))
    if bad:
        line(f"{bad} of {len(tokens)} are refused; `limi trajectories show ID` shows where", "red")
    return not bad


def export_rows(out: Path) -> None:
    """Write the rows to train on, as `dvc repro export_sft` does: one for each session on a query of the pool that no check refuses."""
    section = read_params().trajectories
    pool, selection, counting = pool_queries(), Selection(), counting_by(section.tokenizer)
    taken = chosen(sessions(Path(section.archive)), pool, _limits(section), _policy(section), selection, counting)
    tokens = write_rows(rows_of(taken, _policy(section), lambda query_id: pool[query_id].licence, counting), out)
    for name, reason in list(selection.left_out.items())[:MOST_NAMED]:
        line(f"left out: {name}, {reason}", "yellow")
    if (more := len(selection.left_out) - MOST_NAMED) > 0:
        line(f"and {more} more: {', '.join(f'{reason} {n}' for reason, n in selection.reasons().items())}", "yellow")
    line(str(distribution(tokens)))
    line(f"{out}: {len(tokens)} sessions on {len(selection.by_query)} of the pool's {len(pool)} queries")


def show_session(item: str, full: bool, html: Path | None) -> None:
    """A session from its outcome to its last step, with what the checks find where it is."""
    section = read_params().trajectories
    _, session = next(_named([item], Path(section.archive)))
    found = check(session, _limits(section), _known(session, _pool()), _policy(section), counting_by(section.tokenizer))
    if html is None:
        for text, style in lines(session, found, full):
            line(text, style)
    else:
        write_text(html, page(session, found))
        line(f"{html}: the page; a browser opens it")


def _given(query_id: str, told: Mapping[str, Any], sha256: str = "") -> Given:
    """What is known of a session on this query. `sha256` is that of the text that was worked on, where a row tells it.

    The commit that the work began at is what somebody or the file tells; that of the query's pull request may be another one.
    """
    known = find_assignment(query_id)
    return Given(query_id=query_id, query_sha256=sha256 or known.query_sha256, pr_id=known.pr_id, **told)


def _given_of_rows(path: Path, told: Mapping[str, Any], query: str, wanted: int) -> GivenOf:
    """Each row tells its query, and more, as those of our own export do; or one row is wanted, on a query that the caller names."""

    def given(row: int, columns: Mapping[str, Any]) -> Given | None:
        if wanted and row != wanted:
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
        write_session(session, archive)
        return "new"
    if read_session(path) == session:
        return "there already"
    if not replace:
        raise UserError(f"{path} holds this session otherwise, perhaps mended by hand; --replace writes over it")
    write_session(session, archive)
    return "replaced"


def _masked(path: Path, session: Session, kinds: Collection[Kind]) -> Session:
    """The session masked, in its file too. Raises UserError if that is not named after it, as another file would be written."""
    if path.name != f"{session.trajectory_id}.json":
        raise UserError(
            f"{path} holds {session.trajectory_id}; --mask writes only files that are named after their session"
        )
    masked = mask(session, kinds).session
    if masked != session:
        write_session(masked, path.parent)
    return masked


def _named(items: list[str], archive: Path) -> Iterator[tuple[Path, Session]]:
    """The sessions that a person named, by id or file, or all of the archive, each with its file."""
    if not items:
        for session in sessions(archive):
            yield archive / f"{session.trajectory_id}.json", session
    for item in items:
        path = Path(item)
        # An id holds no dot and no slash, a file's name does.
        if path.suffix or len(path.parts) > 1:
            yield path, read_session(path)
        else:
            yield archive / f"{item}.json", read_session(archive / f"{item}.json")


def _pool() -> dict[str, Query]:
    """The pool's queries; none before there is a pool, as a session can be looked at without."""
    return pool_queries() if POOL.exists() else {}


def _known(session: Session, pool: Mapping[str, Query]) -> Known:
    query = pool.get(session.provenance.query_id)
    return query.known if query else Known()


def _limits(section: Trajectories) -> Limits:
    return Limits(**section.checks.model_dump())


def _policy(section: Trajectories) -> Policy:
    return Policy(**section.export.model_dump())


def _tokens(session: Session, section: Trajectories, counting: Counting) -> int:
    """Of the rendered export; 0 if the policy can't tell it, which is a finding."""
    try:
        return counting(messages_of(session, _policy(section)), tools_of(session))
    except UserError:
        return 0


def _facts(session: Session) -> tuple[object, ...]:
    calls = sum(len(step.calls) for step in session.steps)
    solved = {True: "yes", False: "no", None: "not told"}[session.provenance.outcome.success]
    return session.trajectory_id, session.rounds, len(session.steps), calls, solved
