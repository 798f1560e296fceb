"""What `limi trajectories` does with the archive's sessions: check, export, show. Its commands' options are in limi/trajectories.py."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from rich.table import Table

from limi.screen import OUT, cell, line, table
from pipeline.errors import UserError
from pipeline.files import write_text
from pipeline.masking.found import Kind
from pipeline.masking.mask import KINDS
from pipeline.params import Params, read_params
from pipeline.trajectory_sections import Trajectories
from trajectories.archive.file import sessions, whole_ones, write_session
from trajectories.archive.session import Session
from trajectories.checks.check import check, refused
from trajectories.checks.limits import Known, Limits
from trajectories.checks.masking import mask
from trajectories.checks.size import distribution
from trajectories.export.counting import Counting
from trajectories.export.messages import messages_of, tools_of
from trajectories.export.policy import Policy
from trajectories.export.rows import rows_of, write_rows
from trajectories.queries import POOL, Query, pool_queries
from trajectories.selection import Repeats, Selection, chosen, counting_by
from trajectories.viewing.page import page
from trajectories.viewing.terminal import lines

MOST_NAMED = 20  # sessions that are named; of more the rest is counted
_STYLES = {"refused": "red", "flagged": "yellow"}


def kinds_to_mask(params: Params) -> list[Kind]:
    """The kinds that are masked in a session: those of the parameters' `mask`, and what the check `not_masked` refuses."""
    return [kind for kind in KINDS if kind in params.mask.kinds or kind in params.trajectories.checks.kinds]


def sessions_table(*columns: str) -> Table:
    """A table of sessions, whose ids stay in one piece, as people copy them, and so does the word in the last column."""
    made = table("session", *columns)
    made.columns[0].no_wrap = made.columns[-1].no_wrap = True
    return made


def check_sessions(items: list[str], masking: bool) -> bool:
    """Hold sessions (all of the archive if none is named) against every rule; whether none is refused.

    Raises UserError for files that can't be read, once it has told of all others.
    """
    params = read_params()
    section, counting, repeats = params.trajectories, counting_by(params.trajectories.tokenizer), Repeats()
    pool = _pool()
    shown, tokens, bad = sessions_table(">rounds", ">tokens", ">refused", ">flagged"), list[int](), 0
    try:
        for path, session in _named(items, Path(section.archive)):
            if masking:
                session = _masked(path, session, kinds_to_mask(params))
            found = check(session, _limits(section), _known(session, pool), _policy(section), counting)
            counted = _tokens(session, section, counting)
            if found:
                line(session.trajectory_id, "bold")
            for one in found:
                line(f"  {one}", _STYLES[one.severity])
            if session.provenance.query_id not in pool:
                line(
                    f"{session.trajectory_id}: {session.provenance.query_id} is not in the pool, so it is not trained on",
                    "yellow",
                )
            elif counted is not None and not refused(found):
                _tell_repeat(session, repeats, _policy(section))
            tokens += [] if counted is None else [counted]
            bad += refused(found)
            severities = [one.severity for one in found]
            counts = ("none" if counted is None else counted, severities.count("refused"), severities.count("flagged"))
            shown.add_row(*map(cell, (session.trajectory_id, session.rounds, *counts)))
    finally:  # also before the error that names the broken files
        if shown.row_count:
            OUT.print(shown)
            line(str(distribution(tokens)))
        if uncounted := shown.row_count - len(tokens):
            line(f"{uncounted} of {shown.row_count} can't be exported, so their tokens are not among these", "yellow")
        if bad:
            line(f"{bad} of {shown.row_count} are refused; `limi trajectories show ID` shows where", "red")
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
    rows = "1 session" if len(tokens) == 1 else f"{len(tokens)} sessions"
    line(f"{out}: {rows} on {len(selection.by_query)} of the pool's {len(pool)} queries")


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


def _tell_repeat(session: Session, repeats: Repeats, policy: Policy) -> None:
    first = repeats.first_of(session, messages_of(session, policy))
    if first != session.trajectory_id:
        line(f"{session.trajectory_id}: it has the messages of {first}, so it is not trained on again", "yellow")


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
    """The sessions that a person named, by id or file, or all of the archive, each with its file. Broken files are told at the end."""
    if items:
        return whole_ones([_file_of(item, archive) for item in items])
    return ((archive / f"{session.trajectory_id}.json", session) for session in sessions(archive))


def _file_of(item: str, archive: Path) -> Path:
    path = Path(item)
    # An id holds no dot and no slash, a file's name does.
    return path if path.suffix or len(path.parts) > 1 else archive / f"{item}.json"


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


def _tokens(session: Session, section: Trajectories, counting: Counting) -> int | None:
    """Of the rendered export; None if the policy can't tell it, which is a finding."""
    try:
        return counting(messages_of(session, _policy(section)), tools_of(session))
    except UserError:
        return None
