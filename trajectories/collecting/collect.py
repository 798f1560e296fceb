"""`limi trajectories collect`: a recording from its first workspace to its file in the archive, one round after the other."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

from pipeline.errors import LimiError, UserError
from pipeline.llm.prices import is_this_machine
from trajectories.archive.file import text_of_session, write_session
from trajectories.archive.session import Session, session_of
from trajectories.archive.values import storable
from trajectories.collecting.checks import run_checks
from trajectories.collecting.inside.limi_key import is_secret
from trajectories.collecting.installation import install
from trajectories.collecting.mini import run_round
from trajectories.collecting.recording import HANDED_IN, Recording, archived, begin_or_resume, under_way
from trajectories.collecting.sandbox import WARNING, Sandbox, open_sandbox
from trajectories.collecting.settings import Human, Places, Settings
from trajectories.importing.formats import import_file
from trajectories.importing.given import Given

KEY = "OPENAI_API_KEY"


class _UnfinishedError(Exception):
    """The round ended without the work handed in; its text says how."""


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
    if give_up:
        if new:
            raise UserError("--give-up archives the session under way and --new begins another; say one of them")
        recording = under_way(query_id, settings, places)
        with recording.held():
            return _finish(recording, False, places, key, masked)
    if not key and not is_this_machine(settings.endpoint):
        raise UserError(f"{KEY} is not set; the endpoint {settings.endpoint} needs a key")
    recording, resumed = begin_or_resume(query_id, settings, places, new)
    _refuse_a_word(key, recording)
    python = install(places.environment)
    with recording.held() as held:
        recording.keep_plan()
        sandbox = open_sandbox(recording.folder, recording.settings.sandbox)
        _introduce(recording, resumed, sandbox, human)
        try:
            solved = _work(python, recording, sandbox, human, key, held)
        except (EOFError, KeyboardInterrupt):
            ended = "stopped"
        except _UnfinishedError as error:
            ended = str(error)
        else:
            return _finish(recording, solved, places, key, masked)
        human.tell(
            f"\n{recording.trajectory_id} is not finished ({ended}). The same command goes on with it; with --give-up it is archived as "
            "it is"
        )
        return None


def _refuse_a_word(key: str, recording: Recording) -> None:
    """A key that stands in what is recorded anyway would be taken out of it, or could not be."""
    settings = recording.settings
    written = [
        recording.assignment.query,
        settings.model,
        settings.endpoint,
        *map(str, settings.model_settings.values()),
    ]
    if is_secret(key) and any(key in text for text in written):
        raise UserError(
            f"{KEY} stands in the text of {recording.assignment.query_id}, the model's name or the endpoint's address, so it can't be kept "
            "out of the recording; set another key"
        )


def _work(python: Path, recording: Recording, sandbox: Sandbox, human: Human, key: str, held: IO[str]) -> bool | None:
    """One round after the other, until the human wants no more. Returns whether the query is solved; None if nobody said."""
    mode = recording.settings.mode
    while True:
        if recording.ended() != HANDED_IN or recording.further():
            code = run_round(python, recording, sandbox, key, held, mode)
            if code or recording.ended() != HANDED_IN:
                raise _UnfinishedError(
                    recording.ended() or ("stopped" if code in (1, 130) else f"its program ended with {code}")
                )
            mode = recording.mode()
        passed = _check(recording, sandbox, human)
        request = _further(human)
        if not request:
            return _solved(passed, human)
        recording.ask_further(request)


def _further(human: Human) -> str:
    """A further request of the human; empty if there is none."""
    while human.ask is not None:
        request = human.ask("A further request, or Enter to end the session: ").strip()
        if request == storable(request):
            return request
        human.tell(
            "this is not UTF-8, so the terminal's encoding is another one; type it with other letters, or mend LANG"
        )
    return ""


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
    for sentence in recording.without_effect:
        human.tell(sentence)
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
    solved: bool | None,
    places: Places,
    key: str,
    masked: Callable[[Session], Session],
) -> Path:
    """Write the archive's file."""
    recorded = recording.recorded()
    if recorded is None:
        raise UserError(
            f"nothing of {recording.trajectory_id} is recorded yet, so there is nothing to archive; go on with it, or remove "
            f"{recording.folder}"
        )
    assignment, settings = recording.assignment, recording.settings
    environment = {"sandbox": recorded["info"]["config"]["environment"]["sandbox"]}
    if environment["sandbox"] == "container":
        environment["image"] = settings.sandbox.image
    checks = [run.model_dump(exclude_none=True) for run in recording.checks()]
    outcome = {"checks": checks} | ({} if solved is None else {"success": solved})
    given = Given(
        query_id=assignment.query_id,
        query_sha256=assignment.query_sha256,
        trajectory_id=recording.trajectory_id,
        pr_id=assignment.pr_id,
        base_commit=assignment.base_commit,
        environment=environment,
        outcome=outcome,
        tools=recorded["info"].get("limi", {}).get("tools"),
        recorded=True,
    )
    (session,) = import_file(recording.trajectory, "mini-swe-agent", given=given)
    told = {"network": settings.sandbox.network, "links_left_out": list(recording.left_out)}
    session = masked(_with_aside(session, {"collecting": told}))
    if is_secret(key) and key in text_of_session(session):
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
