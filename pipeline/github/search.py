"""Find every repository over a number of stars, though one search shows only its first 1,000 results.

Repositories come by stars, most first. Past the thousandth the search begins again at the lowest number of stars seen, so that
what shares it is not lost. Where more than 1,000 share one number, they are taken by the time they were made, in halves until each
half fits. `incomplete_results` (GitHub ran out of time) is asked again; if it stays, the range is cut, which takes less time.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.errors import LimiError
from pipeline.github.api import Api
from pipeline.github.store import Store
from pipeline.github.verdict import GoneError, TooMuchError

SHOWN = 1_000  # results of a search that GitHub shows
PER_PAGE = 100
ROUNDS = 3  # times that all is searched, if fewer were found than GitHub counts
INCOMPLETE = 4  # times that an incomplete page is asked for again
FIRST_DAY = datetime(2007, 10, 1, tzinfo=UTC)  # GitHub's first repositories


_NEEDED = {
    "id",
    "full_name",
    "stargazers_count",
    "language",
    "description",
    "archived",
    "fork",
    "created_at",
    "pushed_at",
    "default_branch",
}
_MOST_STARS = 10_000_000


class _IncompleteError(Exception):
    """GitHub's search ran out of time, every time."""


class Search:
    """All repositories with more stars than a limit. Pages are kept, so a search that was cut off goes on."""

    def __init__(self, api: Api, store: Store, qualifiers: str = "fork:true") -> None:
        self._api = api
        self._store = store
        self._qualifiers = qualifiers
        self._round = 0

    def repositories(self, min_stars: int) -> list[dict[str, Any]]:
        """One item of GitHub's answer for each repository with more than `min_stars` stars, by name. Raises LimiError."""
        found: dict[int, dict[str, Any]] = {}
        for self._round in range(ROUNDS):
            found |= {item["id"]: item for item in self._stars(min_stars + 1, None)}
            # One that gains stars while pages turn can move from a page that is still to come to one that has been.
            missing = self._counted(min_stars) - len(found)
            if missing <= 0:
                break
        else:
            self._api.log.say(
                f"GitHub counts {missing} repositories more than its search shows, {ROUNDS} times; they are not in the frame"
            )
        return sorted(found.values(), key=lambda item: str(item["full_name"]))

    def _counted(self, min_stars: int) -> int:
        """How many there are by GitHub's own count; 0 if it never counts them all."""
        try:
            return int(self._page(f"stars:>={min_stars + 1}", 1)["total_count"])
        except _IncompleteError:
            return 0

    def _stars(self, low: int, high: int | None) -> Iterator[dict[str, Any]]:
        """Every repository of `low` to `high` stars (None: any number); some of them more than once."""
        query = f"stars:>={low}" if high is None else f"stars:{low}..{high}"
        try:
            total, items = self._shown(query)
        except _IncompleteError:
            if low == high:
                yield from self._by_creation(low)
                return
            middle = low * 2 if high is None else (low + high) // 2
            if middle > _MOST_STARS:
                raise LimiError(
                    f"GitHub's search is incomplete even for {query!r}; what was read is kept, run the same command later"
                ) from None
            yield from self._stars(low, middle)
            yield from self._stars(middle + 1, high)
            return
        yield from items
        if total <= SHOWN:
            return
        lowest = min(item["stargazers_count"] for item in items)
        if high is not None and lowest >= high:  # a whole thousand shares one number
            yield from self._by_creation(high)
            lowest = high - 1
        if lowest >= low:
            yield from self._stars(low, lowest)

    def _by_creation(self, stars: int) -> Iterator[dict[str, Any]]:
        """Every repository of exactly so many stars, by halves of the time in which they were made."""
        waiting = [(FIRST_DAY, self._last_day())]
        while waiting:
            begin, end = waiting.pop()
            query = f"stars:{stars} created:{_time(begin)}..{_time(end)}"
            try:
                total = self._page(query, 1)["total_count"]
                if total <= SHOWN:
                    yield from self._shown(query)[1]
                    continue
            except _IncompleteError:
                total = 0
            middle = (begin + (end - begin) / 2).replace(microsecond=0)
            if begin == end:
                what = f"shows {SHOWN} of {total}" if total else "is incomplete for the"
                raise LimiError(
                    f"GitHub's search {what} repositories of {stars} stars that were made at {_time(begin)}, and cannot be asked for less"
                )
            waiting += [(begin, middle), (middle + timedelta(seconds=1), end)]

    def _shown(self, query: str) -> tuple[int, list[dict[str, Any]]]:
        """How many a query has in all, and the items that GitHub shows of them."""
        first = self._page(query, 1)
        items = list(first["items"])
        for page in range(2, -(-min(first["total_count"], SHOWN) // PER_PAGE) + 1):
            items += self._page(query, page)["items"]
        return first["total_count"], items

    def _page(self, query: str, page: int) -> dict[str, Any]:
        asked = f"{query} {self._qualifiers}".strip()
        name = f"{asked} page {page} round {self._round}"
        if (kept := self._store.get("search", name)) is not None:
            return dict(kept)
        parameters = {"q": asked, "sort": "stars", "order": "desc", "per_page": PER_PAGE, "page": page}
        for attempt in range(INCOMPLETE):
            # An incomplete answer has an ETag too; asked again with it, GitHub would only say that it is still the same.
            try:
                reply = self._api.rest("/search/repositories", parameters, fresh=attempt > 0 or self._round > 0)
            except (GoneError, TooMuchError) as error:
                raise LimiError(f"GitHub refuses to search for {asked!r}: {error}") from None
            answer = json.loads(reply.body)
            if not _is_page(answer):
                continue
            if not answer["incomplete_results"]:
                read = {"total_count": answer["total_count"], "items": [_facts(item) for item in answer["items"]]}
                self._store.keep("search", name, read)
                return read
        raise _IncompleteError

    def _last_day(self) -> datetime:
        """A day after the search began; kept, so that a search that goes on asks for the same times."""
        began = self._store.get("search", "began")
        if began is None:
            began = int(self._api.clock.now())
            self._store.keep("search", "began", began)
        return datetime.fromtimestamp(began, UTC) + timedelta(days=1)


def _is_page(answer: Any) -> bool:
    """Whether an answer is a page of a search at all."""
    if not isinstance(answer, dict) or not {"items", "total_count", "incomplete_results"} <= answer.keys():
        return False
    items = answer["items"]
    return isinstance(items, list) and all(isinstance(item, dict) and item.keys() >= _NEEDED for item in items)


def _time(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _facts(item: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a search result: about a twentieth of it."""
    return {
        "id": item["id"],
        "full_name": item["full_name"],
        "stargazers_count": item["stargazers_count"],
        "language": item["language"] or "",
        "licence": (item.get("license") or {}).get("spdx_id") or "NONE",
        "description": item["description"] or "",
        "topics": item.get("topics") or [],
        "archived": item["archived"],
        "fork": item["fork"],
        "created_at": item["created_at"],
        "pushed_at": item["pushed_at"],
        "default_branch": item["default_branch"],
    }
