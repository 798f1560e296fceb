"""Prompts are files whose slots are filled once, and whose every change can be told by their version."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.synthesis import prompting
from pipeline.synthesis.prompting import CURRENT, FOLDER, render, version
from pipeline.synthesis.records import Judgement


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of prompts of our own."""
    monkeypatch.setattr(prompting, "FOLDER", tmp_path)
    (tmp_path / "writer-1.user.md").write_text("Title: ${title}, again ${title}. It costs $$5.\n")
    (tmp_path / "writer-1.system.md").write_text("Write.\n")
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    """What is remembered of the files' texts."""
    prompting._text.cache_clear()
    version.cache_clear()


def test_slots_are_filled_and_doubled_dollars_are_single(folder: Path) -> None:
    assert render("writer", "user", {"title": "A"}) == "Title: A, again A. It costs $5."


@pytest.mark.parametrize("value", ["${title}", "$title", "$$", "${body}", "$", "{title}", "%(title)s", r"\1 \g<0>"])
def test_a_value_is_never_rendered_itself(folder: Path, value: str) -> None:
    assert render("writer", "user", {"title": value}) == f"Title: {value}, again {value}. It costs $5."


def test_a_missing_value_an_unknown_one_and_a_lone_dollar_are_errors(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"writer-1\.user\.md: no value for title"):
        render("writer", "user", {})
    with pytest.raises(ValueError, match=r"writer-1\.user\.md: no slot for body"):
        render("writer", "user", {"title": "a", "body": "b"})
    (folder / "writer-1.rewrite.md").write_text("It costs $5.")
    with pytest.raises(ValueError, match=r"writer-1\.rewrite\.md: a \$ is neither a slot"):
        render("writer", "rewrite")


def test_the_version_tells_every_change_of_any_text(folder: Path) -> None:
    seen = {version("writer")}
    for change in (
        lambda: (folder / "writer-1.system.md").write_text("Write!\n"),
        lambda: (folder / "writer-1.rewrite.md").write_text("Again.\n"),
        lambda: (folder / "writer-1.rewrite.md").rename(folder / "writer-1.anew.md"),
    ):
        change()
        forget()
        seen.add(version("writer"))
    assert len(seen) == 4


def test_the_version_tells_a_change_of_the_schema(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = version("writer")
    monkeypatch.setitem(prompting.ANSWERS, "writer", Judgement)
    forget()
    assert version("writer") != before


def test_another_roles_or_versions_texts_change_nothing(folder: Path) -> None:
    before = version("writer")
    (folder / "judge-1.system.md").write_text("Judge.\n")
    (folder / "writer-2.system.md").write_text("Write better.\n")
    (folder / "writer-11.system.md").write_text("Write best.\n")
    forget()
    assert version("writer") == before


def test_the_version_is_short_and_names_role_and_number() -> None:
    assert version("writer").startswith(f"writer/{CURRENT['writer']} (")
    assert version("judge").startswith(f"judge/{CURRENT['judge']} (")
    assert len(version("judge")) == len("judge/1 (0123456789ab)")


def test_every_prompt_of_the_house_is_one_of_a_role_and_version_that_is_used() -> None:
    used = {f"{role}-{number}.{part}.md" for role, number in CURRENT.items() for part in ("system", "user")}
    assert {path.name for path in FOLDER.iterdir()} == used | {f"writer-{CURRENT['writer']}.rewrite.md"}
