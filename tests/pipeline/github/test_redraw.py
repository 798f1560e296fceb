"""A repository that GitHub still finds and no longer has is drawn anew, and the frame says so."""

from pathlib import Path

import pytest

from pipeline.params import read_params
from pipeline.selection import choose_repositories, chosen_repositories
from stages import select_repos
from tests.pipeline.github.worlds import Altered, loopback
from tests.servers.github import DemoWorld
from tests.servers.github.facts import RepositoryFacts

ROOT = Path(__file__).resolve().parents[3]


class Hiding(Altered):
    """A world whose search shows repositories that are gone."""

    gone: frozenset[str] = frozenset()

    def repository(self, full_name: str) -> RepositoryFacts | None:
        return None if full_name in self.gone else super().repository(full_name)


def test_another_is_drawn_for_a_repository_that_is_gone(
    demo_world: DemoWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = read_params(ROOT / "profiles/limi.yaml")
    params = params.model_copy(update={"select": params.select.model_copy(update={"repositories": 5})})
    world = Hiding(demo_world)
    with loopback(world, tmp_path) as hub:
        monkeypatch.setattr(select_repos, "open_reading", lambda _: hub.door("first"))
        first = set(chosen_repositories(select_repos._from_github(params))["repo"])
        world.gone = frozenset(sorted(first)[:2])
        monkeypatch.setattr(select_repos, "open_reading", lambda _: hub.door("second"))
        frame = select_repos._from_github(params)
    chosen = chosen_repositories(frame)
    assert chosen.height == 5 and not set(chosen["repo"]) & world.gone
    assert first - world.gone < set(chosen["repo"]), "the others stay"
    assert dict(frame.select("repo", "reason").iter_rows()).items() >= dict.fromkeys(world.gone, "gone").items()
    assert all(len(head) == 40 for head in chosen["head_sha"]) and all(len(refs) == 64 for refs in chosen["pull_refs"])
    again = choose_repositories(
        frame.drop("leaning", "stratum", "draw_key", "chosen", "reason"), params.select, params.seed, world.gone
    )
    assert set(chosen_repositories(again)["repo"]) == set(chosen["repo"]), "the frame is enough to draw again"
