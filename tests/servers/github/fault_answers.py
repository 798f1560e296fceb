"""What each kind of fault looks like on the wire. Some stand instead of the answer, some spoil the right one."""

import json
import re
from typing import Any

from tests.servers.github.faults import Fault
from tests.servers.github.messages import Reply, Request, error_reply, html_reply, json_reply
from tests.servers.github.rest import too_large

SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub "
    "Support for help, please include the request ID 0A1B:2C3D:4E5F."
)
PRIMARY = (
    "API rate limit exceeded for user ID 1. If you reach out to GitHub Support for help, please include the request ID."
)
TIMEOUT = (
    "We couldn't respond to your request in time. Sorry about that. Please try resubmitting your request and contact us if "
    "the problem persists."
)
WRONG = (
    "Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug. "
    "Please include `0A1B:2C3D:4E5F` when reporting this issue."
)
_HTML = {"500": "Oops, something went wrong.", "502": "Unicorn! Server Error", "504": TIMEOUT}
_PLAIN = {"404": "Not Found", "410": "This repository is gone", "451": "Repository access blocked"}


def secondary(status: int, retry_after: int | None) -> Reply:
    """The documented answer of a secondary limit."""
    reply = error_reply(status, SECONDARY)
    reply.refused = "secondary"
    if retry_after is not None:
        reply.headers["Retry-After"] = str(retry_after)
    return reply


def primary(status: int) -> Reply:
    """REST's answer of the primary limit; the headers that say when are put on with all others."""
    reply = error_reply(status, PRIMARY)
    reply.refused = "primary"
    return reply


def graphql_primary() -> Reply:
    """GraphQL's answer of the primary limit: status 200."""
    reply = json_reply(200, {"errors": [{"type": "RATE_LIMITED", "message": PRIMARY}]})
    reply.refused = "primary"
    return reply


def instead(fault: Fault, request: Request, now: float, repository: int | None) -> Reply | None:
    """The answer that a fault gives without looking for the right one. `repository`: the id that a 301 points to."""
    kind = fault.kind
    exhausted = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(now + fault.seconds))}
    if kind in ("429_retry_after", "403_secondary_retry_after"):
        return secondary(int(kind[:3]), fault.seconds)
    if kind in ("429_bare", "403_secondary_bare"):
        return secondary(int(kind[:3]), None)
    if kind == "403_primary" or kind == "graphql_rate_limited":
        reply = primary(403) if kind == "403_primary" else graphql_primary()
        reply.headers |= exhausted
        return reply
    if kind == "graphql_resource_limits":
        error = {"type": "RESOURCE_LIMITS_EXCEEDED", "message": "Resource limits for this query exceeded."}
        return json_reply(200, {"data": None, "errors": [error]})
    if kind == "graphql_timeout":
        error = {"message": TIMEOUT}
        return html_reply(502, TIMEOUT) if fault.status == 502 else json_reply(200, {"data": None, "errors": [error]})
    if kind in _HTML:
        return html_reply(int(kind), _HTML[kind])
    if kind in _PLAIN:
        return error_reply(int(kind), _PLAIN[kind])
    if kind == "406_too_large":
        return too_large("lines (20000)")
    if kind == "422_not_available":
        what = "Server Error: Sorry, this diff is taking too long to generate."
        return error_reply(422, what, errors=[{"resource": "PullRequest", "field": "diff", "code": "not_available"}])
    if kind == "reset":
        return Reply(0, ending="reset")
    if kind == "html_200":
        return html_reply(200, "Whoa there!")
    if kind == "301":
        rest = re.sub(r"^/repos/[^/]+/[^/]+", "", request.path)
        query = f"?{request.query}" if request.query else ""
        location = f"{request.base}/repositories/{repository}{rest}{query}"
        return json_reply(
            301,
            {"message": "Moved Permanently", "url": location, "documentation_url": "https://docs.github.com/rest"},
            {"Location": location},
        )
    return None


def spoiled(fault: Fault, reply: Reply) -> Reply:
    """The right answer after the fault has been at it."""
    if fault.kind == "cut":
        reply.ending = "cut"
    elif fault.kind == "bad_json":
        reply.body = reply.body[: len(reply.body) * 2 // 3]
    elif fault.kind == "graphql_partial" and reply.status == 200:
        data = reply.data
        data.setdefault("errors", []).extend(_nulled(data.get("data"), fault.number))
        reply.body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    return reply


def _nulled(data: Any, number: int | None) -> list[dict[str, Any]]:
    """Make nulls where the schema allows them, and say so: the errors.

    With a number its pull request goes; without one the first node of the first list and the second one's files.
    """
    places = [
        (holder, key, path) for holder, key, path in _pulls(data, []) if number in (None, holder[key].get("number"))
    ]
    errors = []
    if places:
        holder, key, path = places[0]
        holder[key] = None
        errors.append({"message": WRONG, "path": path})
    if number is None and len(places) > 1:
        holder, key, path = places[1]
        if "files" in holder[key]:
            holder[key]["files"] = None
            errors.append({"message": WRONG, "path": [*path, "files"]})
    return errors


def _pulls(data: Any, path: list[str | int]) -> list[tuple[Any, Any, list[str | int]]]:
    """Every outermost thing below a list or with a number: (its holder, its key there, its path)."""
    found: list[tuple[Any, Any, list[str | int]]] = []
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        here = [*path, key]
        if isinstance(value, dict) and (isinstance(key, int) or "number" in value):
            if "node" in value and isinstance(value["node"], dict):  # an edge: its node may be null
                found.append((value, "node", [*here, "node"]))
            else:
                found.append((data, key, here))
        else:
            found += _pulls(value, here)
    return found
