"""The REST endpoints, as functions from a request to an answer. Limits, faults and headers are put around them elsewhere."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.servers.github.bodies import Json, diff_entry, full_repository, pull_request, repository
from tests.servers.github.facts import PullFacts, RepositoryFacts, World
from tests.servers.github.limits import Limits
from tests.servers.github.messages import Reply, Request, error_reply, json_reply
from tests.servers.github.search import REACHABLE, BadQueryError, matching, ordered

_DIFF_TYPES = re.compile(r"application/vnd\.github\.(v3\.)?diff")
_FILES_REACHABLE = 3_000


@dataclass(frozen=True)
class Oddities:
    """What an answer shows of the world's odd sides, for one pull request (`number`) or for all."""

    ghost: bool = False
    lost_fork: bool = False
    incomplete: bool = False
    number: int | None = None

    def strike(self, pull: PullFacts) -> bool:
        return self.number is None or self.number == pull.number


class Rest:
    """The endpoints over one world."""

    def __init__(self, world: World, limits: Limits) -> None:
        self.world, self.limits = world, limits

    def answer(self, request: Request, odd: Oddities) -> Reply:
        """Answer anything but /graphql, /rate_limit and the App's tokens, which need to know who asks."""
        path = request.path.rstrip("/")
        if path == "/search/repositories":
            return self._get(request, lambda: self._search(request, odd))
        inside = re.fullmatch(r"/(?:repos/([^/]+)/([^/]+)|repositories/(\d+))((?:/.*)?)", path)
        if not inside:
            return error_reply(404, "Not Found")
        owner, name, number, rest = inside.groups()
        facts = self.world.repository_by_number(int(number)) if number else self.world.repository(f"{owner}/{name}")
        if facts is None:
            return error_reply(404, "Not Found")
        if not rest:
            return self._get(request, lambda: json_reply(200, full_repository(facts, request.base)))
        one = re.fullmatch(r"/pulls/(\d+)(/files)?", rest)
        pull = self.world.pull(facts, int(one[1])) if one else None
        if one is None or pull is None:
            return error_reply(404, "Not Found")
        show = self._files if one[2] else self._pull
        return self._get(request, lambda: show(request, facts, pull, odd))

    def _get(self, request: Request, show: Callable[[], Reply]) -> Reply:
        return show() if request.method in ("GET", "HEAD") else error_reply(404, "Not Found")

    def _search(self, request: Request, odd: Oddities) -> Reply:
        query = request.parameter("q")
        if not query:
            return _invalid({"resource": "Search", "field": "q", "code": "missing"})
        per_page, page = min(100, request.number("per_page", 30)), request.number("page", 1)
        start = (page - 1) * per_page
        if start >= REACHABLE:
            return error_reply(422, "Only the first 1000 search results are available")
        try:
            found = matching(self.world.repositories(), query)
        except BadQueryError as problem:
            return _invalid({"message": str(problem), "resource": "Search", "field": "q", "code": "invalid"})
        shown = ordered(found, request.parameter("sort"), request.parameter("order"))[:REACHABLE]
        items = [{**repository(facts, request.base), "score": 1.0} for facts in shown[start : start + per_page]]
        if odd.incomplete:
            items = items[: len(items) // 2]
        data: Json = {"total_count": len(found), "incomplete_results": odd.incomplete, "items": items}
        return json_reply(200, data, _links(request, page, per_page, len(shown)))

    def _pull(self, request: Request, facts: RepositoryFacts, pull: PullFacts, odd: Oddities) -> Reply:
        if not _DIFF_TYPES.search(request.headers.get("accept", "")):
            struck = odd.strike(pull)
            data = pull_request(
                facts, pull, request.base, ghost=odd.ghost and struck, lost_fork=odd.lost_fork and struck
            )
            return json_reply(200, data)
        if len(pull.files) > self.limits.diff_files:
            return too_large(f"files ({self.limits.diff_files})")
        diff = self.world.diff(facts, pull)
        if diff.count(b"\n") > self.limits.diff_lines:
            return too_large(f"lines ({self.limits.diff_lines})")
        return Reply(200, diff, {"Content-Type": "application/vnd.github.diff; charset=utf-8"})

    def _files(self, request: Request, facts: RepositoryFacts, pull: PullFacts, odd: Oddities) -> Reply:
        per_page, page = min(100, request.number("per_page", 30)), request.number("page", 1)
        files = pull.files[:_FILES_REACHABLE]
        shown = files[(page - 1) * per_page : page * per_page]
        data = [diff_entry(facts, pull, file, request.base) for file in shown]
        return json_reply(200, data, _links(request, page, per_page, len(files)))


def too_large(what: str) -> Reply:
    return error_reply(
        406,
        f"Sorry, the diff exceeded the maximum number of {what}. Consider using 'List pull requests files' API or locally "
        "cloning the repository instead.",
        errors=[{"resource": "PullRequest", "field": "diff", "code": "too_large"}],
    )


def _invalid(error: Json) -> Reply:
    return error_reply(422, "Validation Failed", errors=[error])


def _links(request: Request, page: int, per_page: int, total: int) -> dict[str, str]:
    """The Link header; none where everything stands on one page."""
    last = max(1, -(-total // per_page))
    wanted: dict[str, int] = {}
    if page > 1:
        wanted |= {"first": 1, "prev": min(page - 1, last)}
    if page < last:
        wanted |= {"next": page + 1, "last": last}
    if not wanted:
        return {}
    kept = [part for part in request.query.split("&") if part and not part.startswith("page=")]
    links = [
        f'<{request.base}{request.path}?{"&".join([*kept, f"page={number}"])}>; rel="{name}"'
        for name, number in wanted.items()
    ]
    return {"Link": ", ".join(links)}
