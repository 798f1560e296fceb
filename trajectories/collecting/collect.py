"""`limi trajectories collect`: a recording from its first workspace to its file in the archive, one round after the other."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import LimiError, UserError
from pipeline.llm.prices import is_this_machine
from trajectories.archive.file import text_of_session, write_session
from trajectories.archive.session import Session, session_of
from trajectories.collecting.checks import run_checks
from trajectories.collecting.installation import install
from trajectories.collecting.mini import run_round
from trajectories.collecting.recording import HANDED_IN, Recording, archived, begin_or_resume
from trajectories.collecting.sandbox import WARNING, Sandbox, open_sandbox
from trajectories.collecting.settings import Human, Places, Settings
from trajectories.importing.formats import import_file
from trajectories.importing.given import Given

KEY = "OPENAI_API_KEY"
_SHORTEST_KEY = 8  # characters; a shorter one is no secret, and a local server's "none" is a word


def collect(
    query_id: str,
    settings: Settings,
    places: Places,
    human: Human,
    *,
    new: bool = False,
    give_up: bool = False,
    masked: Callable[[Session], Session] = lambda session: session,
) -> Path | None:
    """Record a session on a query, or go on with the one under way. Returns its file in the archive; None if it was stopped before.

    The query is solved if the checks of the last round passed and the human, where one is there, says so. `new` begins another
    session; `give_up` archives the one under way as it is, as not solved; `masked` changes it before it is written. Raises
    UserError for what the user can mend.
    """
    key = os.environ.get(KEY, "")
    if not key and not is_this_machine(settings.endpoint):
        raise UserError(f"{KEY} is not set; the endpoint {settings.endpoint} needs a key")
    python = install(places.environment)
    recording, resumed = begin_or_resume(query_id, settings, places, new)
    with recording.held() as held:
        sandbox = open_sandbox(recording.folder, recording.settings.sandbox)
        _introduce(recording, resumed, sandbox, human)
        if give_up:
            return _finish(recording, sandbox, False, places, key, masked)
        while True:
            if recording.ended() != HANDED_IN or recording.further():
                code = run_round(python, recording, sandbox, key, held)
                if code or recording.ended() != HANDED_IN:
                    ended = recording.ended() or ("stopped" if code in (1, 130) else f"its program ended with {code}")
                    human.tell(
                        f"{recording.trajectory_id} is not finished ({ended}). The same command goes on with it; with --give-up it "
                        "is archived as it is"
                    )
                    return None
            passed = _check(recording, sandbox, human)
            request = human.ask("A further request, or Enter to end the session: ").strip() if human.ask else ""
            if request:
                recording.ask_further(request)
                continue
            return _finish(recording, sandbox, _solved(passed, human), places, key, masked)


def _introduce(recording: Recording, resumed: bool, sandbox: Sandbox, human: Human) -> None:
    settings, kind = recording.settings, sandbox.environment.sandbox
    begun = f"going on with {recording.trajectory_id}" if resumed else f"new session {recording.trajectory_id}"
    where = "no sandbox" if kind == "none" else f"{kind}, {'with' if settings.sandbox.network else 'without'} a network"
    human.tell(f"{begun}: model {settings.model}, mode {settings.mode}, {where}, folder {recording.folder}")
    if kind == "none":
        human.tell(WARNING)
    if settings.prices() is None:
        human.tell(
            "the model's price is not in pipeline/llm/prices.toml, so its cost may be unknown and limits nothing"
        )
    if recording.left_out:
        human.tell(f"left out, as they lead out of the repository: {', '.join(recording.left_out[:10])}")
    for criterion in recording.assignment.success_criteria:
        human.tell(f"done when: {criterion}")


def _check(recording: Recording, sandbox: Sandbox, human: Human) -> bool | None:
    """Whether all checks of this round passed; None if there are none."""
    number, settings = recording.rounds(), recording.settings
    runs = run_checks(settings.checks, sandbox, settings.check_seconds, number)
    recording.keep_checks([*(run for run in recording.checks() if run.round != number), *runs])
    for run in runs:
        human.tell(f"check {'passed' if run.passed else 'FAILED'}: {run.name}")
        if not run.passed and run.output:
            human.tell("\n".join(run.output.splitlines()[-15:]))
    return all(run.passed for run in runs) if runs else None


def _solved(passed: bool | None, human: Human) -> bool | None:
    if human.ask is None:
        return passed
    answer = ""
    while answer not in ("y", "yes", "n", "no"):
        answer = human.ask("Is the query solved? [y/n] ").strip().lower()
    if answer.startswith("y") and passed is False:
        human.tell("it is recorded as not solved, since a check failed")
    return answer.startswith("y") and passed is not False


def _finish(
    recording: Recording,
    sandbox: Sandbox,
    solved: bool | None,
    places: Places,
    key: str,
    masked: Callable[[Session], Session],
) -> Path:
    """Write the archive's file."""
    recorded = recording.recorded()
    if recorded is None:
        raise UserError(f"nothing of {recording.trajectory_id} is recorded yet, so there is nothing to archive")
    assignment, settings = recording.assignment, recording.settings
    checks = [run.model_dump(exclude_none=True) for run in recording.checks()]
    outcome = {"checks": checks} | ({} if solved is None else {"success": solved})
    given = Given(
        query_id=assignment.query_id,
        query_sha256=assignment.query_sha256,
        trajectory_id=recording.trajectory_id,
        pr_id=assignment.pr_id,
        base_commit=assignment.base_commit,
        environment=sandbox.environment.model_dump(exclude_none=True),
        outcome=outcome,
        tools=recorded["info"].get("limi", {}).get("tools"),
        recorded=True,
    )
    (session,) = import_file(recording.trajectory, "mini-swe-agent", given=given)
    told = {"network": settings.sandbox.network, "links_left_out": list(recording.left_out)}
    session = masked(_with_aside(session, {"collecting": told}))
    if len(key) >= _SHORTEST_KEY and key in text_of_session(session):
        raise LimiError(
            f"{recording.trajectory_id} was not archived: it holds {KEY}. Take it out of {recording.trajectory}"
        )
    path = write_session(session, places.archive)
    archived(recording, path)
    return path


def _with_aside(session: Session, more: dict[str, object]) -> Session:
    data = json.loads(text_of_session(session))
    notes = data["extra"]["limi"]
    notes["kept_aside"] = notes.get("kept_aside", {}) | more
    return session_of(data, session.trajectory_id)
