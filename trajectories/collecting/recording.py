"""The folder of one session under way. Everything in it is whole or not there, so a kill at any moment loses at most one step.

FOLDER/plan.json         the query and the settings; written last, so that its existence means that the workspace is whole
FOLDER/workspace/        what the agent works on; home/ and tmp/ are its other folders
FOLDER/mini.traj.json    mini-swe-agent's trajectory, written anew with every message
FOLDER/executing         is there while commands run
FOLDER/further.json      the further request that began, or is about to begin, a round
FOLDER/checks.json       what the checks said, by round
FOLDER/archived          the archive's file, once the session is finished
FOLDER/lock              held by whoever works on it, and by mini-swe-agent
"""

import fcntl
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

from pipeline.errors import UserError
from pipeline.files import write_json, write_text
from trajectories.archive.provenance import CheckRun
from trajectories.archive.values import storable
from trajectories.collecting.assignment import Assignment, clone_of, find_assignment
from trajectories.collecting.sandbox import INSIDE, Wanted
from trajectories.collecting.settings import Mode, Places, Settings
from trajectories.collecting.workspace import copy_of, repository_at

_QUERY_ID = re.compile(r"[a-z0-9][a-z0-9-]{2,69}")
HANDED_IN = "Submitted"  # mini-swe-agent's word
_PROMPTS = 2  # messages before the first reply of the model, or command of the human


@dataclass(frozen=True)
class Recording:
    """A session under way. `left_out` are links of the repository that lead out of it.

    `without_effect` are sentences on what the call that resumes it asks for otherwise, though it goes on as it began.
    """

    folder: Path
    assignment: Assignment
    settings: Settings
    left_out: tuple[str, ...] = ()
    without_effect: tuple[str, ...] = ()

    @property
    def trajectory_id(self) -> str:
        """The folder is named after it."""
        return self.folder.name

    @property
    def trajectory(self) -> Path:
        """mini-swe-agent's file."""
        return self.folder / "mini.traj.json"

    def keep_plan(self) -> None:
        """Write what a later call goes on with."""
        kept = asdict(self.settings)
        kept["sandbox"]["also"] = [str(path) for path in self.settings.sandbox.also]
        plan = {"assignment": asdict(self.assignment), "settings": kept, "left_out": list(self.left_out)}
        write_json(self.folder / "plan.json", plan)

    def recorded(self) -> dict[str, Any] | None:
        """What mini-swe-agent wrote; None if it has not begun."""
        return _read(self.trajectory)

    def mode(self) -> Mode:
        """The mode as the human left it when mini-swe-agent last wrote."""
        recorded = self.recorded()
        mode: Mode = recorded["info"]["config"]["agent"]["mode"] if recorded else self.settings.mode
        return mode

    def rounds(self) -> int:
        """Rounds that have begun: the query's, and one for each further request that was recorded."""
        messages = (self.recorded() or {"messages": []})["messages"]
        begun = [one for one in messages if (one.get("extra") or {}).get("interrupt_type") == "UserNewTask"]
        return 1 + len(begun)

    def ended(self) -> str:
        """How the work ended in mini-swe-agent's word; empty if it is under way."""
        recorded = self.recorded()
        if recorded is None or recorded["messages"][-1].get("role") != "exit":
            return ""
        return str(recorded["info"]["exit_status"])

    def further(self) -> str:
        """The further request that is to begin the next round; empty if there is none."""
        wanted = _read(self.folder / "further.json")
        return str(wanted["request"]) if wanted and wanted["round"] == self.rounds() + 1 else ""

    def ask_further(self, request: str) -> None:
        """Keep a further request until mini-swe-agent has recorded it."""
        write_json(self.folder / "further.json", {"round": self.rounds() + 1, "request": request})

    def checks(self) -> list[CheckRun]:
        """What the checks said after each round."""
        return [CheckRun(**run) for run in (_read(self.folder / "checks.json") or {"runs": []})["runs"]]

    def keep_checks(self, runs: list[CheckRun]) -> None:
        """Write them all."""
        write_json(self.folder / "checks.json", {"runs": [run.model_dump(exclude_none=True) for run in runs]})

    @contextmanager
    def held(self) -> Iterator[IO[str]]:
        """Hold it alone. Raises UserError if somebody works on it."""
        with (self.folder / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UserError(f"{self.trajectory_id} is being recorded elsewhere; end that first") from None
            yield lock


def begin_or_resume(query_id: str, settings: Settings, places: Places, new: bool = False) -> tuple[Recording, bool]:
    """The session under way on a query and True, or a new one and False. A resumed one keeps its model, what is sent with it, and its
    sandbox once something is recorded; the rest, and the checks where some are named, are those of this call.

    With `new` another is begun in any case. Raises UserError for a query that is not there, or a workspace that can't be made.
    """
    places.work.mkdir(parents=True, exist_ok=True)
    places.work.chmod(0o700)
    with (places.work / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two that begin at once get two numbers
        begun = _folders(places.work, query_id)
        open_ones = _open(begun)
        if open_ones and not new:
            return _resumed(open_ones[-1], settings, places), True
        taken = {_number(path.name) for path in begun}
        taken |= {_number(path.stem) for path in places.archive.glob(f"{query_id}-*.json")}
        return _begun(places.work / f"{query_id}-{max(taken, default=0) + 1}", query_id, settings, places), False


def under_way(query_id: str, settings: Settings, places: Places) -> Recording:
    """The session under way on a query, as begin_or_resume resumes it. Raises UserError if there is none."""
    open_ones = _open(_folders(places.work, query_id))
    if not open_ones:
        raise UserError(f"no session on {query_id} is under way, so there is none to give up")
    return _resumed(open_ones[-1], settings, places)


def _begun(folder: Path, query_id: str, settings: Settings, places: Places) -> Recording:
    assignment = find_assignment(query_id, places.pool, places.data)
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed before its plan was written
    for name in INSIDE:
        if name != "workspace":
            (folder / name).mkdir(parents=True)
    left_out: list[str] = []
    if assignment.repo and assignment.base_commit:
        clone = places.repository or clone_of(assignment.repo, places.sources, places.data)
        links = repository_at(clone, assignment.base_commit, folder / "workspace")
        left_out = [storable(name) for name in links]  # a name may be no UTF-8
    else:
        copy_of(places.folder, folder / "workspace")
    recording = Recording(folder, assignment, settings, tuple(left_out))
    recording.keep_plan()
    return recording


def _resumed(folder: Path, settings: Settings, places: Places) -> Recording:
    plan = _read(folder / "plan.json")
    assert plan is not None  # noqa: S101 - it was looked for
    assignment, kept = plan["assignment"], plan["settings"]
    assignment["success_criteria"] = tuple(assignment["success_criteria"])
    settings = replace(settings, checks=settings.checks or tuple(kept["checks"]))
    recording = Recording(folder, Assignment(**assignment), settings, tuple(plan["left_out"]))
    without_effect = []
    if places.repository or places.folder:
        without_effect.append("--repository and --folder have no effect: the workspace was made when the session began")
    if len((recording.recorded() or {"messages": []})["messages"]) <= _PROMPTS:
        # Nobody has done anything yet, so a wrong name of a model can still be mended.
        return replace(recording, without_effect=tuple(without_effect))
    sandbox = Wanted(**kept["sandbox"] | {"also": tuple(Path(path) for path in kept["sandbox"]["also"])})
    began = replace(settings, model=kept["model"], model_settings=kept["model_settings"], sandbox=sandbox)
    for what, stays, asked in (
        ("model", began.model, settings.model),
        ("temperature and effort", dict(began.model_settings), dict(settings.model_settings)),
        ("container image", began.sandbox.image, settings.sandbox.image),
        ("network", began.sandbox.network, settings.sandbox.network),
        ("--without-sandbox", began.sandbox.without, settings.sandbox.without),
        ("--also", [str(path) for path in began.sandbox.also], [str(path) for path in settings.sandbox.also]),
    ):
        if stays != asked:
            without_effect.append(f"{what}: it stays {_told(stays)}, as the session began, and not {_told(asked)}")
    return replace(recording, settings=began, without_effect=tuple(without_effect))


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    named = [f"{name} {one}" for name, one in value.items()] if isinstance(value, dict) else value
    return ", ".join(named) if isinstance(named, list) and named else str(named or "none")


def archived(recording: Recording, path: Path) -> None:
    """Mark a session as finished; its folder stays until somebody removes it."""
    write_text(recording.folder / "archived", f"{path}\n")


def _folders(work: Path, query_id: str) -> list[Path]:
    """The folders of a query's sessions that have a plan, in the order of their numbers."""
    if not _QUERY_ID.fullmatch(query_id):
        raise UserError("a query's id is 3 to 70 small letters, digits and hyphens, such as gh-0123456789ab")
    numbered = [path for path in work.glob(f"{query_id}-*") if (path / "plan.json").exists() and _number(path.name)]
    return sorted(numbered, key=lambda path: _number(path.name))


def _open(folders: list[Path]) -> list[Path]:
    return [path for path in folders if not (path / "archived").exists()]


def _number(name: str) -> int:
    number = name.rpartition("-")[2]
    return int(number) if re.fullmatch(r"[1-9][0-9]{0,8}", number) else 0


def _read(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} can't be read ({error}); --new begins another session on the query, and this one stays as it is"
        ) from None
    return value
