import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import UserError
from tests.trajectories.collecting.world import OWN_QUERY, PULL_QUERY, World
from trajectories.collecting.assignment import clone_of, find_assignment
from trajectories.collecting.recording import Recording, archived, begin_or_resume, under_way
from trajectories.collecting.sandbox import Wanted
from trajectories.collecting.settings import Places, Settings

SETTINGS = Settings("model-a", "http://127.0.0.1:1/v1", checks=("true",), sandbox=Wanted(without=True))


@pytest.fixture
def places(world: World) -> Places:
    return Places(**{name: Path(path) for name, path in world.places.items()})


def wrote(recording: Recording, *messages: dict[str, object], status: str = "") -> None:
    data = {"messages": messages, "info": {"exit_status": status}}
    recording.trajectory.write_text(json.dumps(data), encoding="utf-8")


def test_a_session_under_way_goes_on_with_its_plan(places: Places) -> None:
    first, resumed = begin_or_resume(PULL_QUERY, SETTINGS, places)
    assert (first.trajectory_id, resumed) == (f"{PULL_QUERY}-1", False)
    assert (first.folder / "workspace/greet.sh").read_text() == "echo helo\n"
    (first.folder / "workspace/greet.sh").write_text("work\n")
    wrote(first, {"role": "system"}, {"role": "user"}, {"role": "assistant"})
    other = Settings("model-b", "http://127.0.0.1:2/v1", mode="yolo", step_limit=9, command_seconds=1, check_seconds=2)
    again, resumed = begin_or_resume(PULL_QUERY, other, places)
    assert (again.folder, resumed) == (first.folder, True)
    assert again.assignment == first.assignment
    assert (again.settings.model, again.settings.checks, again.settings.sandbox) == (
        "model-a",
        ("true",),
        Wanted(without=True),
    )
    now = again.settings
    assert (now.endpoint, now.mode, now.step_limit) == (other.endpoint, "yolo", 9)
    assert (now.command_seconds, now.check_seconds) == (1, 2)
    assert (again.folder / "workspace/greet.sh").read_text() == "work\n"


def test_what_a_resumed_session_does_not_take_from_the_call_is_told(places: Places, tmp_path: Path) -> None:
    first, _ = begin_or_resume(PULL_QUERY, replace(SETTINGS, model_settings={"temperature": 0.5}), places)
    wrote(first, {"role": "system"}, {"role": "user"}, {"role": "assistant"})
    sandbox = Wanted(image="python:3.12", network=True, also=(tmp_path,))
    other = Settings("model-b", "http://127.0.0.1:2/v1", sandbox=sandbox)
    again, _ = begin_or_resume(PULL_QUERY, other, replace(places, repository=tmp_path))
    assert again.without_effect == (
        "--repository and --folder have no effect: the workspace was made when the session began",
        "model: it stays model-a, as the session began, and not model-b",
        "temperature and effort: it stays temperature 0.5, as the session began, and not none",
        "container image: it stays none, as the session began, and not python:3.12",
        "network: it stays off, as the session began, and not on",
        "--without-sandbox: it stays on, as the session began, and not off",
        f"--also: it stays none, as the session began, and not {tmp_path}",
    )
    alike, _ = begin_or_resume(PULL_QUERY, replace(SETTINGS, model_settings={"temperature": 0.5}), places)
    assert alike.without_effect == ()


def test_until_something_is_recorded_model_and_sandbox_are_those_of_the_call(places: Places) -> None:
    first, _ = begin_or_resume(PULL_QUERY, SETTINGS, places)
    wrote(first, {"role": "system"}, {"role": "user"})
    other = Settings("model-b", "http://127.0.0.1:2/v1", sandbox=Wanted(network=True))
    again, _ = begin_or_resume(PULL_QUERY, other, places)
    assert (again.settings, again.without_effect) == (replace(other, checks=("true",)), ())
    again.keep_plan()
    wrote(first, {"role": "system"}, {"role": "user"}, {"role": "assistant"})
    assert begin_or_resume(PULL_QUERY, SETTINGS, places)[0].settings.model == "model-b"


def test_without_a_session_under_way_there_is_none_to_give_up(places: Places) -> None:
    with pytest.raises(UserError, match=f"no session on {OWN_QUERY} is under way"):
        under_way(OWN_QUERY, SETTINGS, places)
    first, _ = begin_or_resume(OWN_QUERY, SETTINGS, places)
    assert under_way(OWN_QUERY, SETTINGS, places).folder == first.folder
    archived(first, Path("there"))
    with pytest.raises(UserError, match=f"no session on {OWN_QUERY} is under way"):
        under_way(OWN_QUERY, SETTINGS, places)


def test_numbers_go_on_from_the_archive_and_the_sessions_under_way(places: Places) -> None:
    places.archive.mkdir()
    (places.archive / f"{OWN_QUERY}-3.json").touch()
    first, _ = begin_or_resume(OWN_QUERY, SETTINGS, places)
    second, _ = begin_or_resume(OWN_QUERY, SETTINGS, places, new=True)
    assert [first.trajectory_id, second.trajectory_id] == [f"{OWN_QUERY}-4", f"{OWN_QUERY}-5"]
    archived(second, Path("there"))
    assert begin_or_resume(OWN_QUERY, SETTINGS, places)[0].trajectory_id == first.trajectory_id
    archived(first, Path("there"))
    assert begin_or_resume(OWN_QUERY, SETTINGS, places)[0].trajectory_id == f"{OWN_QUERY}-6"


def test_what_was_killed_before_its_plan_was_written_is_made_anew(places: Places) -> None:
    half = places.work / f"{OWN_QUERY}-1/workspace"
    half.mkdir(parents=True)
    (half / "half").touch()
    recording, resumed = begin_or_resume(OWN_QUERY, SETTINGS, places)
    assert (recording.folder, resumed) == (half.parent, False)
    assert list(half.iterdir()) == []


def test_a_further_request_waits_until_it_is_recorded(places: Places) -> None:
    recording, _ = begin_or_resume(OWN_QUERY, SETTINGS, places)
    wrote(recording, {"role": "user"}, {"role": "exit"}, status="Submitted")
    assert (recording.ended(), recording.rounds()) == ("Submitted", 1)
    recording.ask_further("a test")
    assert recording.further() == "a test"
    wrote(recording, {"role": "user"}, {"role": "user", "extra": {"interrupt_type": "UserNewTask"}})
    assert (recording.ended(), recording.rounds(), recording.further()) == ("", 2, "")


def test_a_recording_that_cannot_be_read_is_told(places: Places) -> None:
    recording, _ = begin_or_resume(OWN_QUERY, SETTINGS, places)
    recording.trajectory.write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match=r"mini.traj.json can't be read .* --new begins another"):
        recording.ended()


def test_one_at_a_time_holds_a_recording(places: Places) -> None:
    recording, _ = begin_or_resume(OWN_QUERY, SETTINGS, places)
    with recording.held(), pytest.raises(UserError, match="is being recorded elsewhere"), recording.held():
        pass
    with recording.held():
        pass


@pytest.mark.parametrize("query_id", ["../../etc", "gh-*", "", "UPPER", "a" * 71])
def test_a_query_id_that_would_be_no_folder_is_refused(places: Places, query_id: str) -> None:
    with pytest.raises(UserError, match="a query's id is"):
        begin_or_resume(query_id, SETTINGS, places)


def test_a_query_that_is_nowhere_and_a_clone_that_is_not_there_are_named(places: Places) -> None:
    with pytest.raises(UserError, match=r"no query gh-ffff in .*pool\.jsonl"):
        find_assignment("gh-ffff", places.pool, places.data)
    with pytest.raises(UserError, match=r"the run has no clone of other/name at .*--repository"):
        clone_of("other/name", places.sources, places.data)


@pytest.mark.parametrize("wrong", [{"mode": "maybe"}, {"timeout": 0}, {"checks": (" ",)}, {"checks": ("a\nb",)}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UserError):
        Settings("model", "http://127.0.0.1/v1", **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "endpoint",
    [
        *("nonsense", "", "ftp://host/v1", "http://", "http://host:99999/v1", "http://host:x/v1", "http://host /v1"),
        *("https://name:password@host/v1", "https://host/v1?key=secret", "https://host/v1\n"),
    ],
)
def test_an_endpoint_that_is_no_address_is_refused(endpoint: str) -> None:
    with pytest.raises(UserError, match="is no address of a server"):
        Settings("model", endpoint)
    Settings("model", "http://[::1]:8000/v1")
