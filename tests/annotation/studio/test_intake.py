"""Contributors fill blank forms on a real Label Studio; what they submitted comes home as a file that the import takes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from annotation.intake.submitted import collect
from annotation.studio.connection import KEY, Connection
from annotation.studio.intake import bring_forms, submissions
from annotation.studio.projects import find_places
from curated.intake.incoming import read_incoming
from limi.intake_projects import contributors, make_projects, pull_submissions
from pipeline.errors import LimiError, UserError
from pipeline.files import write_json
from tests.annotation.intake.forms import TEXT, filled
from tests.annotation.server.running import Running
from tests.annotation.studio.desk import Desk, next_task, submit
from tests.annotation.studio.stranger import says, stranger
from tests.conftest import ROOT


class Forms:
    """The intake of a desk's review: its contributors are amara and bo."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.people = {name: desk.review.annotators[name] for name in ("amara", "bo")}

    def bring(self, forms: int = 2, **people: str) -> dict[str, tuple[int, int, int]]:
        done, self.warnings = bring_forms(
            self.desk.line(), people or self.people, self.desk.review.project, forms, self.desk.folder
        )
        self.projects = {one.name: one.project for one in done}
        return {one.name: (one.made, one.blank, one.filled) for one in done}

    def fill(self, name: str, by: str = "", **changed: Any) -> int:
        line = self.desk.line(by or name)
        task = next_task(self.desk.line(name), self.projects[name])
        assert task is not None
        return submit(line, task["id"], filled(**changed))

    def pull(self, to: Path) -> Any:
        collected = collect(*submissions(self.desk.line(), self.people, self.desk.review.project))
        write_json(to, collected.document())
        return collected


@pytest.fixture
def forms(label_studio: Running, tmp_path: Path) -> Iterator[Forms]:
    with Desk(label_studio, tmp_path / "state", people=2) as desk:
        yield Forms(desk)


def test_a_form_goes_out_is_filled_and_comes_home(forms: Forms, tmp_path: Path) -> None:
    assert forms.bring() == {"amara": (2, 2, 0), "bo": (2, 2, 0)}
    forms.fill("amara")
    forms.fill("bo", query=f"{TEXT} And say how.", consent="yes")
    collected = forms.pull(tmp_path / "intake.json")
    assert [entry["contributor"] for entry in collected.queries] == ["amara", "bo"]
    found = read_incoming(tmp_path / "intake.json")
    assert found.problems == []
    assert [one.query for _, one in found.queries] == [TEXT, f"{TEXT} And say how."]
    again = forms.pull(tmp_path / "intake.json")
    assert again == collected


def test_only_missing_forms_and_one_project_are_made(forms: Forms) -> None:
    forms.bring()
    projects = forms.projects
    assert forms.bring() == {"amara": (0, 2, 0), "bo": (0, 2, 0)}
    forms.fill("amara")
    assert forms.bring() == {"amara": (1, 2, 1), "bo": (0, 2, 0)}
    assert forms.bring(1)["bo"] == (0, 2, 0)
    assert forms.projects == projects


def test_what_was_changed_by_hand_or_in_the_form_is_brought_back(forms: Forms) -> None:
    forms.bring(1, amara=forms.people["amara"])
    line, path = forms.desk.line(), f"/api/projects/{forms.projects['amara']}"
    line.write(
        "PATCH", path, {"expert_instruction": "Write anything.", "show_skip_button": True, "title": "Our queries"}
    )
    forms.bring(1, amara=forms.people["amara"])
    project = line.read(path)
    assert "Licence in plain words" in project["expert_instruction"]
    assert (project["show_skip_button"], project["title"]) == (False, "Our queries")


def test_the_review_passes_over_them(forms: Forms) -> None:
    forms.bring()
    assert find_places(forms.desk.line(), forms.desk.review.project) == {}


def test_what_another_wrote_in_a_contributors_name_is_refused(forms: Forms, tmp_path: Path) -> None:
    forms.bring()
    forms.fill("amara", by="bo")
    (refused,) = forms.pull(tmp_path / "intake.json").refused
    assert refused["contributor"] == "amara" and "consent is given by nobody else" in refused["reason"]


def test_a_mended_text_keeps_its_id(forms: Forms, tmp_path: Path) -> None:
    forms.bring()
    number = forms.fill("amara")
    before = forms.pull(tmp_path / "intake.json").queries[0]["row"]
    forms.desk.line("amara").write("PATCH", f"/api/annotations/{number}", {"result": filled(query=f"{TEXT} Please.")})
    after = forms.pull(tmp_path / "intake.json").queries[0]["row"]
    assert (after["id"], after["query"]) == (before["id"], f"{TEXT} Please.")


def test_who_has_no_account_is_told(forms: Forms) -> None:
    forms.bring(1, zoe="zoe@limi.example")
    assert any("zoe has no account zoe@limi.example" in warning for warning in forms.warnings)


def test_without_a_project_the_command_that_makes_one_is_told(forms: Forms, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="`limi intake project` makes them"):
        forms.pull(tmp_path / "intake.json")


@pytest.mark.parametrize("answer", [{}, [], {"results": [3]}, {"results": [{"id": "x"}]}])
def test_a_server_that_answers_with_nonsense_is_told(answer: Any, tmp_path: Path) -> None:
    with (
        stranger(says(answer)) as server,
        Connection(server.url, "5ec2e7" * 6 + "abcd") as line,
        pytest.raises(LimiError, match="answers with no list of projects"),
    ):
        bring_forms(line, {"amara": "amara@limi.example"}, "LIMI", 2, tmp_path)


def test_contributors_are_those_of_the_review_or_those_who_are_named(forms: Forms) -> None:
    review = forms.desk.review
    assert contributors(review, []) == review.annotators | review.adjudicators
    assert contributors(review, ["bo", "zoe=zoe@limi.example"]) == {
        "bo": review.annotators["bo"],
        "zoe": "zoe@limi.example",
    }
    for wrong in ("zoe", "Zoe=zoe@limi.example", "zoe=nowhere", "=x@y.z", "\x1b"):
        with pytest.raises(UserError, match="--contributor") as raised:
            contributors(review, [wrong])
        assert str(raised.value).isprintable()


def test_the_commands_tell_what_was_made_and_what_is_gone(
    forms: Forms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    review = forms.desk.review
    text = (ROOT / "profiles/demo.yaml").read_text(encoding="utf-8")
    text = text.replace("server: http://127.0.0.1:8080", f"server: {review.server}").replace(
        "LIMI demo", review.project
    )
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(KEY, forms.desk.running.owner_token)
    to = tmp_path / "data/intake.json"
    forms.bring(1)
    make_projects(1, ["amara"])
    assert capsys.readouterr().out.splitlines()[1].split()[2:] == ["0", "1", "0"]
    number = forms.fill("amara")
    pull_submissions(to, [])
    before = to.read_bytes()
    pull_submissions(to, [])
    assert to.read_bytes() == before
    assert "gone" not in capsys.readouterr().out
    forms.desk.line("amara").write("DELETE", f"/api/annotations/{number}", None)
    pull_submissions(to, [])
    said = capsys.readouterr().out
    assert f"gone from the server since the last pull: ls-{number}-" in said and "0 queries" in said
