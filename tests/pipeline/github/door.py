"""An API client and the loopback GitHub behind it, both at one virtual clock, for the tests of what the client does."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pipeline.github.api import Api
from pipeline.github.clock import VirtualClock
from pipeline.github.limits import Limits as ClientLimits
from tests.pipeline.github.peer import opened
from tests.servers.contract.sdl import SDL
from tests.servers.github import Fault, FaultScript, GitHubServer, Limits, SyntheticWorld, early_requests, over_limit

WORLD = SyntheticWorld([(20_000, 12)], pulls=4)
REPO = WORLD.repositories()[0].full_name
PULL = f"/repos/{REPO}/pulls/3"
DIFF = "application/vnd.github.diff"
OWNER, NAME = REPO.split("/")
QUERY = f"""query {{
  rateLimit {{ cost }}
  repository(owner: "{OWNER}", name: "{NAME}") {{
    nameWithOwner pullRequests(states: MERGED, first: 2) {{ nodes {{ number }} }}
  }}
}}"""


class Door:
    """A client and the loopback GitHub at one virtual clock."""

    def __init__(self, server: GitHubServer, api: Api, clock: VirtualClock, folder: Path) -> None:
        self.server, self.api, self.clock, self.folder = server, api, clock, folder
        self.began = clock.now()

    @property
    def passed(self) -> float:
        return self.clock.now() - self.began

    def ask(self, resource: str) -> Any:
        if resource == "graphql":
            return self.api.graphql(QUERY, {}, 1)["data"]["repository"]["nameWithOwner"]
        if resource == "search":
            return json.loads(self.api.rest("/search/repositories", {"q": "stars:>1"}).body)["total_count"]
        return json.loads(self.api.rest(PULL).body)["number"]

    def well_behaved(self) -> None:
        assert early_requests(self.server.log) == []
        assert over_limit(self.server.log, self.server.limits) == []
        assert self.server.faults.unused == []


RIGHT = {"graphql": REPO, "search": 12, "core": 3}


@contextmanager
def door(
    folder: Path,
    *faults: Fault,
    limits: Limits | None = None,
    tokens: tuple[str, ...] = ("ghp_loopback",),
    known: tuple[str, ...] | None = None,
    asks: ClientLimits | None = None,
) -> Iterator[Door]:
    clock = VirtualClock()
    with ExitStack() as stack:
        server = stack.enter_context(
            GitHubServer(
                WORLD, clock, limits, FaultScript(list(faults)), sdl_path=SDL, tokens=tokens if known is None else known
            )
        )
        api = stack.enter_context(
            opened(server.api_url, folder, clock, {"GITHUB_TOKENS": ",".join(tokens)}, asks or ClientLimits())
        )
        yield Door(server, api, clock, folder)
