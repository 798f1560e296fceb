"""From GitHub come the licence files of given commits and nothing else; what GitHub has not got is left out."""

from pathlib import Path

import pytest

from pipeline.github.fetch import Fetched, GitHost
from pipeline.github.licences import fetch_licences
from pipeline.github.reading import Reading
from tests.pipeline.github.test_fetch import UNKNOWN, has
from tests.pipeline.github.worlds import GitWorld, loopback

MIT = "Permission is hereby granted, free of charge, to any person"
GPL = "GNU GENERAL PUBLIC LICENSE\nVersion 2, June 1991\n"


def test_each_commit_tells_the_licence_that_it_had(tmp_path: Path) -> None:
    world = GitWorld(tmp_path / "world")
    none = world.git("rev-parse", "HEAD")
    mit = world.commit("Licence", {"LICENSE": MIT, "main.c": "int x;\n"})
    gpl = world.commit("Another", {"LICENSE": GPL})
    with loopback(world, tmp_path / "github") as hub, hub.door() as reading:
        found = fetch_licences(reading, "ada/doors", {none, mit, gpl, UNKNOWN})
        assert found == {none: "NOASSERTION", mit: "MIT", gpl: "GPL-2.0-only"}
        here = Fetched(reading.repositories, reading.git, "ada/doors")
        oids = [world.git("rev-parse", f"{mit}:{name}") for name in ("LICENSE", "main.c")]
        assert has(here, *oids) == ["blob", "missing"]
        assert not hub.log.of("graphql") and not hub.log.of("rest")


def test_a_licence_that_cannot_be_fetched_is_not_told_and_a_line_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = GitWorld(tmp_path / "world")
    mit = world.commit("Licence", {"LICENSE": MIT})
    with loopback(world, tmp_path / "github") as hub, hub.door() as reading:
        gone = Reading(**(vars(reading) | {"git": GitHost("http://127.0.0.1:9", reading.log, reading.api.clock)}))
        assert fetch_licences(gone, "ada/doors", {mit}) == {}
    assert "the licence files of ada/doors could not be fetched" in capsys.readouterr().err
