"""List merged pull requests with their facts, newest first, by GraphQL: one call for fifty, over as many repositories as that takes.

A page that GitHub finds too much (502, 504, its resource limits) or answers with holes is asked for again at half the size; after a
while of quiet the size grows back. Every page is kept when it comes, so a listing that was cut off goes on after its last page.
"""

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import LimiError
from pipeline.github.api import Api
from pipeline.github.queries import page_query
from pipeline.github.store import Store
from pipeline.github.verdict import TooMuchError, has_holes, why_gone

PAGE = 50  # pull requests in one call
REPOSITORIES = 10  # in one call
QUIET = 4  # good pages before the size grows back
HOLES = 3  # times that a page of one is asked for before its hole is believed
TOO_MUCH = 16  # times that a page of one may be too much
LISTED_AHEAD = 4  # repositories that wait to be taken, so that memory does not grow


@dataclass
class Listed:
    """What is known of one repository's pull requests. `gone` is why GitHub has none for us; `unreadable` counts holes."""

    repo: str
    branch: str
    wanted: int
    signature: str  # of the repository's state: its pages are kept under it, so an unchanged one is not listed again
    nodes: list[dict[str, Any]] = field(default_factory=list)
    cursor: str | None = None
    more: bool = True
    pages: int = 0
    gone: str = ""
    unreadable: int = 0
    tries: int = 0

    @property
    def left(self) -> int:
        """How many are still to be asked for; at least one as long as there is a next page."""
        return max(1, self.wanted - len(self.nodes) - self.unreadable)

    @property
    def whole(self) -> bool:
        """Whether there is nothing left to ask."""
        return bool(self.gone) or not self.more or self.wanted <= len(self.nodes) + self.unreadable


class Listing:
    """Lists several repositories at once with one worker for each token."""

    def __init__(self, api: Api, store: Store) -> None:
        self._api = api
        self._store = store
        self._lock = threading.Lock()
        self._size = PAGE
        self._quiet = 0
        self._without_files = False

    def read(self, wanted: list[tuple[str, str, int, str]]) -> Iterator[Listed]:
        """Each `(owner/name, branch, how many, signature)` as soon as it is listed whole. Raises LimiError."""
        waiting: list[Listed] = []
        for repo, branch, most, signature in wanted:
            listed = self._known(Listed(repo, branch, most, signature))
            if listed.whole:
                yield listed
            else:
                waiting.append(listed)
        if not waiting:
            return
        count = len(waiting)  # the workers change the list
        finished: queue.Queue[Listed | BaseException] = queue.Queue(LISTED_AHEAD)
        stop = threading.Event()
        workers = [
            threading.Thread(target=self._work, args=(waiting, finished, stop), daemon=True)
            for _ in range(max(1, self._api.limiter.usable("graphql")))
        ]
        for worker in workers:
            worker.start()
        try:
            while count:
                try:
                    said = finished.get(timeout=0.5)  # in steps, or Ctrl-C would not be heard
                except queue.Empty:
                    continue
                if isinstance(said, BaseException):
                    raise said
                count -= 1
                yield said
        finally:
            stop.set()

    def _known(self, listed: Listed) -> Listed:
        """What an earlier run has kept of it."""
        while listed.more and (page := self._store.get("page", f"{listed.signature} {listed.pages}")) is not None:
            _add(listed, page)
        return listed

    def _work(
        self, waiting: list[Listed], finished: "queue.Queue[Listed | BaseException]", stop: threading.Event
    ) -> None:
        try:
            while not stop.is_set():
                with self._lock:
                    taken: list[tuple[Listed, int]] = []
                    room = self._size
                    for listed in list(waiting):
                        if room and len(taken) < REPOSITORIES:
                            taken.append((listed, min(room, listed.left)))
                            room -= taken[-1][1]
                            waiting.remove(listed)
                if not taken:
                    return
                self._ask(taken)
                for listed, _ in reversed(taken):
                    if listed.whole:
                        _hand_over(finished, listed, stop)
                    else:
                        with self._lock:
                            waiting.insert(0, listed)
        except BaseException as error:
            _hand_over(finished, error, stop)

    def _ask(self, taken: list[tuple[Listed, int]]) -> None:
        alone = len(taken) == 1 and taken[0][1] == 1
        query, variables, points = page_query(
            [(listed.repo, listed.branch, most, listed.cursor) for listed, most in taken],
            with_files=not (alone and self._without_files),
        )
        try:
            answer = self._api.graphql(query, variables, points)
        except TooMuchError:
            if alone:
                taken[0][0].tries += 1
                self._without_files = True
                if taken[0][0].tries > TOO_MUCH:
                    raise LimiError(
                        f"GitHub cannot list even one pull request of {taken[0][0].repo} at a time; what was read is kept, run the same "
                        "command later"
                    ) from None
            self._smaller()
            return
        good = True
        for i, (listed, most) in enumerate(taken):
            listed.gone = why_gone(answer, f"r{i}")
            if not listed.gone:
                good &= self._take(listed, most, answer["data"].get(f"r{i}"), has_holes(answer, f"r{i}"))
        self._larger() if good else self._smaller()

    def _take(self, listed: Listed, most: int, found: dict[str, Any] | None, holes: bool) -> bool:
        """Keep a page of one repository, unless it has holes that a smaller one may not have."""
        connection = (found or {}).get("pullRequests") or {}
        nodes = connection.get("nodes")
        page = None if nodes is None else _page(nodes, connection["pageInfo"])
        holes |= page is None or page["unreadable"] > 0 or (page["more"] and page["cursor"] in (None, listed.cursor))
        if holes:
            listed.tries += 1
            if most > 1 or listed.tries < HOLES:
                return False
        if page is None or (page["more"] and page["cursor"] in (None, listed.cursor)):
            raise LimiError(
                f"GitHub's list of the pull requests of {listed.repo} does not go on after {len(listed.nodes)}; what was read is kept, "
                "run the same command later"
            )
        self._store.keep("page", f"{listed.signature} {listed.pages}", page)
        listed.tries = 0
        _add(listed, page)
        return not holes

    def _smaller(self) -> None:
        with self._lock:
            self._size, self._quiet = max(1, self._size // 2), 0

    def _larger(self) -> None:
        with self._lock:
            self._quiet += 1
            if self._quiet >= QUIET and self._size < PAGE:
                self._size, self._quiet, self._without_files = min(PAGE, self._size * 2), 0, False


def _hand_over(
    finished: "queue.Queue[Listed | BaseException]", said: Listed | BaseException, stop: threading.Event
) -> None:
    """Wait until somebody takes it, or nobody will."""
    while not stop.is_set():
        try:
            finished.put(said, timeout=0.2)
            return
        except queue.Full:
            continue


def _page(nodes: list[dict[str, Any] | None], info: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a page."""
    whole = [node for node in nodes if node is not None]
    return {
        "nodes": whole,
        "unreadable": len(nodes) - len(whole),
        "cursor": info["endCursor"],
        "more": info["hasNextPage"],
    }


def _add(listed: Listed, page: dict[str, Any]) -> None:
    listed.nodes += page["nodes"]
    listed.unreadable += page["unreadable"]
    listed.cursor, listed.more = page["cursor"], page["more"]
    listed.pages += 1
