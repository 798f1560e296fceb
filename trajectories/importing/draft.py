"""A session while it is put together: steps in order, unique ids, results at the call they answer, and all that is left over."""

from collections import defaultdict, deque
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import UserError
from trajectories.archive.session import Session, session_of
from trajectories.archive.values import Json
from trajectories.importing.absences import absences
from trajectories.importing.fields import is_time
from trajectories.importing.given import Given
from trajectories.importing.reading import Recording, parsed

Content = str | list[dict[str, str]]
Step = dict[str, Any]
_JSON = TypeAdapter(Json)


class Draft:
    """What an importer has read so far. `finished` makes the session of it and has the archive's model check it.

    `reasons` are why the format lacks a field, by the archive's name of it; `stated` is what was found missing on the way.
    """

    def __init__(self, agent: str, reasons: dict[str, str] | None = None) -> None:
        self.agent: dict[str, Any] = {"name": agent, "version": "unknown"}
        self.agent_kept: dict[str, Any] = {}
        self.steps: list[Step] = []
        self.outcome: dict[str, Any] = {}
        self.totals: dict[str, Any] = {}
        self.kept: dict[str, Any] = {}
        self.session_id: str | None = None
        self.reasons = dict(reasons or {})
        self.stated: list[tuple[str, str]] = []
        self._aside: list[dict[str, Any]] = []
        self._ids: set[str] = set()
        self._made = 0  # ids of ours
        self._unanswered: set[str] = set()
        self._waiting: defaultdict[str, list[tuple[Step, deque[str]]]] = defaultdict(list)  # by recorded id and step
        self._waiting_in_latest: deque[str] = deque()
        self.latest: Step | None = None  # of the agent
        self._requested = self._asked_since = False

    def step(self, source: str, message: Content, *, kind: str | None = None, time: Any = None, **notes: Any) -> Step:
        """Add a step and return it. `time` that is no time with a zone, and `kept` of it, are kept aside; other notes are StepNotes."""
        kept = dict(notes.pop("kept", {}))
        step: Step = {"source": source, "message": message}
        if is_time(time):
            step["timestamp"] = time
        elif time is not None:
            kept["timestamp"] = time
            self.reasons.setdefault("steps.timestamp", "the file's times have no zone; they are kept aside")
        step["notes"] = {"kind": kind, **notes, "kept_aside": kept}
        self.steps.append(step)
        if source == "agent":
            self.latest, self._asked_since, self._waiting_in_latest = step, False, deque()
        elif kind == "request":
            self._requested = self._asked_since = True
        return step

    def human(self, message: Content, *, time: Any = None, **notes: Any) -> Step:
        """Add what the human says: a request if it is the first, or the agent had finished; else a remark in between."""
        calls = self.latest.get("tool_calls", []) if self.latest else []
        handed_over = self.latest is not None and (
            not calls or any(call["notes"].get("ends_session") for call in calls)
        )
        kind = "request" if not self._requested or (handed_over and not self._asked_since) else "remark"
        return self.step("user", message, kind=kind, time=time, **notes)

    def call(self, step: Step, recorded: Any, name: str, arguments: Any, **notes: Any) -> str:
        """Add a call to an agent's step and return its id: the recorded one, or a new one where that is none or stands twice.

        Arguments that are a text are read as JSON; what is then no object stays as `raw_arguments`.
        """
        given = recorded if isinstance(recorded, str) else ""
        kept = dict(notes.pop("kept", {}))
        if recorded is not None and not isinstance(recorded, str):
            kept["id"] = recorded
        made = given
        while not made.strip() or not made.isprintable() or made in self._ids:
            self._made += 1
            made = f"call-{self._made}"
        self._ids.add(made)
        read, raw = _arguments(arguments)
        if raw is not None:
            notes["raw_arguments"] = raw
        elif not isinstance(arguments, str | dict):
            kept["arguments"] = arguments
        if made != given:
            notes["recorded_id"] = given
        call = {"tool_call_id": made, "function_name": name, "arguments": read, "notes": {**notes, "kept_aside": kept}}
        step.setdefault("tool_calls", []).append(call)
        self._unanswered.add(made)
        waiting = self._waiting[given]
        if not waiting or waiting[-1][0] is not step:
            waiting.append((step, deque()))
        waiting[-1][1].append(made)
        if step is self.latest:
            self._waiting_in_latest.append(made)
        return made

    def answer(self, recorded: str | None, content: Content, place: str, **notes: Any) -> tuple[Step, str]:
        """Add the result of a call, at the call's step, and return step and id.

        Of calls with one id it answers the first that is open in the latest step. Without an id it answers the first open call there.
        Raises UserError if there is no such call: the recording is not whole.
        """
        found = self._open(recorded)
        if found is None:
            raise UserError(
                f"{place}: it answers a call that is not in the recording before it, or is answered already; the recording is not whole"
            )
        step, name = found
        self._unanswered.remove(name)
        kept = notes.pop("kept", {})
        step.setdefault("results", []).append(
            {"source_call_id": name, "content": content, "notes": {**notes, "kept_aside": kept}}
        )
        return step, name

    def is_open(self, recorded: str) -> bool:
        """Whether a call of this id waits for its result."""
        return self._open(recorded) is not None

    def _open(self, recorded: str | None) -> tuple[Step, str] | None:
        if recorded is None:
            name = self._first(self._waiting_in_latest)
            return (self.latest, name) if self.latest is not None and name is not None else None
        waiting = self._waiting.get(recorded, [])
        while waiting:
            step, names = waiting[-1]
            name = self._first(names)
            if name is not None:
                return step, name
            waiting.pop()
        return None

    def _first(self, names: deque[str]) -> str | None:
        """The first of these that waits; those before it, which were answered, are forgotten."""
        while names and names[0] not in self._unanswered:
            names.popleft()
        return names[0] if names else None

    def reject(self, calls: Iterable[str], message: Content, *, comment: str | None = None, **notes: Any) -> Step:
        """Add the human's rejection of calls of the agent's latest step. The message is what the model was shown beside the result."""
        more = {"comment": comment} if comment is not None else {}
        return self.step("user", message, kind="rejection", rejects=list(calls), **more, **notes)

    def aside(self, place: str, value: Any) -> None:
        """Keep what is no step, with where it stood: the file's line and the step before it."""
        self._aside.append({"place": place.rpartition(": ")[2], "after_step": len(self.steps), "value": value})

    def finished(self, given: Given, recording: Recording, format: str, row: int | None = None) -> Session:  # noqa: A002
        """The session. Raises UserError with place, step and field where the archive refuses it."""
        place = str(recording.path) + ("" if row is None else f": row {row}")
        if not any(step["source"] == "agent" for step in self.steps):
            raise UserError(f"{place}: it holds no step of an agent, so it is no session")
        return session_of(self._value(given, recording, format, row), place)

    def _value(self, given: Given, recording: Recording, name: str, row: int | None) -> dict[str, Any]:
        agent = dict(self.agent)
        if given.tools is not None and "tool_definitions" not in agent:
            agent["tool_definitions"] = [dict(tool) for tool in given.tools]
        if self.agent_kept:
            agent["extra"] = {"limi": {"kept_aside": self.agent_kept}}
        outcome = self.outcome | dict(given.outcome or {})
        provenance: dict[str, Any] = {
            "format": "limi-session 1",
            "query_id": given.query_id,
            "query_sha256": given.query_sha256,
            "collector": {"name": "limi-curation", "version": _version()},
            "outcome": outcome,
        }
        for field in ("pr_id", "base_commit"):
            if getattr(given, field) is not None:
                provenance[field] = getattr(given, field)
        if given.environment is not None:
            provenance["environment"] = dict(given.environment)
        if not given.recorded:
            source = {"format": name, "file": recording.name, "sha256": recording.sha256}
            provenance["source"] = source if row is None else source | {"row": row}
        kept = dict(self.kept)
        if self._aside:
            kept["events"] = self._aside
        if recording.cut:
            number, text = recording.cut
            kept["cut_line"] = text
            self.stated.append(
                ("steps", f"the file's last line, {number}, is cut off; it was left out and is kept aside")
            )
        if kept:
            provenance["kept_aside"] = kept
        identifier = f"{given.query_id}-{recording.sha256[:12]}" + ("" if row is None else f"-{row}")
        value: dict[str, Any] = {
            "schema_version": "ATIF-v1.8",
            "trajectory_id": given.trajectory_id or identifier,
            "agent": agent,
            "steps": [_step(number, step) for number, step in enumerate(self.steps, 1)],
            "extra": {"limi": provenance},
        }
        if self.session_id is not None:
            value["session_id"] = self.session_id
        if self.totals:
            value["final_metrics"] = self.totals
        missing = absences(value, self.reasons, self.stated)
        if missing:
            provenance["absent"] = missing
        return value


def _arguments(arguments: Any) -> tuple[dict[str, Any], str | None]:
    """The arguments as an object, and the model's text where they are none."""
    if isinstance(arguments, dict):
        return arguments, None
    if not isinstance(arguments, str):
        return {}, None
    try:
        read = parsed(arguments)
    except (ValueError, RecursionError):
        return {}, arguments
    return (read, None) if isinstance(read, dict) and _storable(read) else ({}, arguments)


def _storable(read: dict[str, Any]) -> bool:
    """Whether the archive takes these arguments: no whole number of more than 64 bits, not nested too deep."""
    try:
        _JSON.validate_python(read)
    except ValidationError:
        return False
    return True


def _step(number: int, step: Step) -> dict[str, Any]:
    made = {name: value for name, value in step.items() if name not in ("notes", "results", "tool_calls")}
    if "tool_calls" in step:
        made["tool_calls"] = [_with_notes(call) for call in step["tool_calls"]]
    if "results" in step:
        made["observation"] = {"results": [_with_notes(result) for result in step["results"]]}
    return {"step_id": number, **_with_notes({**made, "notes": step["notes"]})}


def _with_notes(value: dict[str, Any]) -> dict[str, Any]:
    """With `notes` as `extra.limi`, without those that say nothing."""
    notes = {name: note for name, note in value["notes"].items() if note is not None and note != {}}
    made = {name: field for name, field in value.items() if name != "notes"}
    return {**made, "extra": {"limi": notes}} if notes else made


def _version() -> str:
    try:
        return version("limi-curation")
    except PackageNotFoundError:
        return "unknown"
