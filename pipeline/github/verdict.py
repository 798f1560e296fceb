"""What an answer of GitHub means. The only place that knows how each kind of refusal and trouble looks."""

import json
from typing import Any

from pipeline.errors import LimiError
from pipeline.github.connection import Reply

_GONE = {"NOT_FOUND", "FORBIDDEN", "REPOSITORY_ACCESS_BLOCKED", "DMCA"}
_SECONDARY = ("secondary rate limit", "abuse detection")


class GoneError(Exception):
    """GitHub has no such thing for us: 404, 410, 451, or 403 for this one thing. `reason` is the ledger's."""

    def __init__(self, status: int) -> None:
        self.reason = f"http_{status}"
        super().__init__(f"GitHub answered {status}")


class TroubleError(LimiError):
    """GitHub could not answer one request, however often it was asked. A run ends with it unless the caller knows another way."""


class TooMuchError(Exception):
    """GitHub will not or cannot answer so large a request: 406, 502, 504, or GraphQL's own limits. Ask for less."""


def verdict(reply: Reply, resource: str, wants_json: bool = True) -> str:
    """What an answer means: answer, unchanged, wait, too much, gone, refused token, or trouble."""
    status = reply.status
    if status == 200:
        return _graphql_verdict(reply) if resource == "graphql" else _rest_verdict(reply, wants_json)
    if status == 304:
        return "unchanged"
    if status in (403, 429):
        said = reply.body[:2000].decode("utf-8", "replace").lower()
        limited = (
            status == 429
            or "retry-after" in reply.headers
            or reply.headers.get("x-ratelimit-remaining") == "0"
            or "rate limit" in said
            or any(phrase in said for phrase in _SECONDARY)
        )
        return "wait" if limited else "gone"
    if status == 401:
        return "refused token"
    if status in (302, 307, 308):
        return "moved"
    if status == 422 and not wants_json:  # "this diff is taking too long to generate"
        return "too much"
    if status in (400, 404, 409, 410, 422, 451):  # asked again, it would be the same
        return "gone"
    if status == 406 or (status in (502, 504) and resource == "graphql"):
        return "too much"
    return f"trouble ({status})"


def installation_token(reply: Reply) -> str:
    """The token that GitHub has made for an installation of an App; empty if the answer has none."""
    said = _parsed(reply.body) if reply.status == 201 else None
    token = said.get("token") if isinstance(said, dict) else None
    return token if isinstance(token, str) else ""


def why_gone(answer: dict[str, Any], alias: str) -> str:
    """Why GitHub has no repository for an alias of a GraphQL query (the ledger's reason); empty if it does not say that it has none."""
    if answer["data"].get(alias) is not None:
        return ""
    kinds = sorted(_kinds(answer, alias) & _GONE)
    return f"repository_{kinds[0].lower()}" if kinds else ""


def has_holes(answer: dict[str, Any], alias: str) -> bool:
    """Whether GitHub failed at something under an alias, so that a null there says nothing. (What we may not see is no hole.)"""
    return bool(_kinds(answer, alias) - _GONE) or (answer["data"].get(alias) is None and not why_gone(answer, alias))


def _kinds(answer: dict[str, Any], alias: str) -> set[str]:
    found = set()
    for error in _errors(answer):
        path = error.get("path")
        # An error without a path may be about anything.
        if not isinstance(path, list) or not path or path[0] == alias:
            found.add(str(error.get("type", "")))
    return found


def _rest_verdict(reply: Reply, wants_json: bool) -> str:
    """An error page with status 200, or a body that was cut, is trouble."""
    if wants_json:
        return "answer" if _parsed(reply.body) is not None else "trouble (not JSON)"
    page = "html" in reply.headers.get("content-type", "") or reply.body[:15].lower().startswith(
        (b"<!doctype", b"<html")
    )
    return "trouble (a page)" if page else "answer"


def _graphql_verdict(reply: Reply) -> str:
    answer = _parsed(reply.body)
    if not isinstance(answer, dict):
        return "too much" if b"in time" in reply.body else "trouble (not JSON)"
    errors = _errors(answer)
    kinds = {str(error.get("type")) for error in errors}
    told = " ".join(str(error.get("message", "")) for error in errors).lower()
    if "RATE_LIMITED" in kinds or any(phrase in told for phrase in _SECONDARY):
        return "wait"
    data = answer.get("data")
    if not data and (kinds & {"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED"} or "in time" in told):
        return "too much"
    return "answer" if isinstance(data, dict) else "trouble (no data)"


def _errors(answer: dict[str, Any]) -> list[dict[str, Any]]:
    errors = answer.get("errors")
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _parsed(body: bytes) -> Any | None:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
