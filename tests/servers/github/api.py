"""One API request from its arrival to its answer: who asks, what the limits say, which fault strikes, which headers go on."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from pipeline.github.clock import Clock
from tests.servers.github.facts import World, iso
from tests.servers.github.fault_answers import graphql_primary, instead, primary, secondary, spoiled
from tests.servers.github.faults import Fault, FaultScript
from tests.servers.github.graphql_run import GraphQL, Prepared
from tests.servers.github.limits import Limits, Meter, Window
from tests.servers.github.log import Log, Record
from tests.servers.github.messages import Reply, Request, error_reply, json_reply
from tests.servers.github.rest import Oddities, Rest
from tests.servers.github.tokens import Identity, Tokens

_HOLD_AT_MOST = 20.0  # seconds, so that a test that forgets to release a hold fails and does not hang


@dataclass
class Api:
    """The API over one world. `handle` may be called from any thread."""

    world: World
    clock: Clock
    limits: Limits
    faults: FaultScript
    log: Log
    tokens: Tokens
    sdl_path: Path
    takes: Mapping[str, float] = field(default_factory=dict)  # seconds of the clock that an answer takes, by resource

    def __post_init__(self) -> None:
        self.meter = Meter(self.limits)
        self.rest = Rest(self.world, self.limits)
        self.graphql = GraphQL(self.world, self.sdl_path)

    def handle(self, request: Request) -> Reply:
        """Answer, and log that it was answered."""
        now, skew = self.clock.now(), self.faults.skew
        identity = self.tokens.identify(request.headers.get("authorization"), now + skew)
        token = identity.name if isinstance(identity, Identity) else ""
        resource = _resource(request.path)
        prepared = self.graphql.prepare(request) if resource == "graphql" else None
        page = prepared.demand.page_size if prepared else request.number("per_page", 0)
        concurrent = self.meter.begin(token)
        record = self.log.arrive(
            Record(
                arrived=now,
                arrived_order=0,
                arrived_real=0.0,
                token=token,
                resource=resource,
                method=request.method,
                path=request.target,
                operation=prepared.operation if prepared else "",
                page=page,
                concurrent=concurrent,
                skew=skew,
                received=len(request.body),
            )
        )
        try:
            reply = self._decide(request, identity, prepared, record)
            if (seconds := self.takes.get(resource, 0.0)) and not record.fault:
                record.took = seconds
                self.clock.sleep_until(now + seconds)
        finally:
            self.meter.end(token)
        self._finish(request, reply, record)
        return reply

    def _decide(self, request: Request, identity: Identity | str, prepared: Prepared | None, record: Record) -> Reply:
        if not request.headers.get("user-agent"):
            return error_reply(
                403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
            )
        if isinstance(identity, str):
            return error_reply(401, identity)
        if prepared and identity.kind in ("anonymous", "app"):
            return error_reply(401, "This endpoint requires you to be authenticated.")
        cost = 0 if record.resource == "rate_limit" else prepared.demand.cost if prepared else 1
        points = 1 if prepared or request.method in ("GET", "HEAD", "OPTIONS") else 5
        refusal = self.meter.admit(record.token, record.resource, cost, points, record.concurrent, record.arrived)
        if refusal and refusal.kind == "primary":
            return graphql_primary() if prepared else primary(self.limits.primary_status)
        if refusal:
            return secondary(self.limits.secondary_status, refusal.retry_after)
        record.cost, record.points = cost, points
        labels = (
            f"{request.method} {request.target}",
            record.resource,
            *([record.operation] if record.operation else []),
        )
        fault = self.faults.take(labels, record.resource, record.page)
        record.fault = fault.kind if fault else ""
        return self._faulty(request, identity, prepared, record, fault)

    def _faulty(
        self, request: Request, identity: Identity, prepared: Prepared | None, record: Record, fault: Fault | None
    ) -> Reply:
        if fault is None:
            return self._right(request, identity, prepared, record, Oddities())
        if fault.kind == "hold":
            fault.release.wait(_HOLD_AT_MOST)
        reply = instead(fault, request, record.arrived + record.skew, self._renamed(request))
        if reply is None:
            odd = Oddities(
                ghost=fault.kind == "null_author",
                lost_fork=fault.kind == "null_head_repository",
                incomplete=fault.kind == "incomplete_results",
                number=fault.number,
            )
            reply = spoiled(fault, self._right(request, identity, prepared, record, odd))
        return reply

    def _right(
        self, request: Request, identity: Identity, prepared: Prepared | None, record: Record, odd: Oddities
    ) -> Reply:
        server_now = record.arrived + record.skew
        if prepared:
            window = self.meter.window(record.token, "graphql", record.arrived)
            return self.graphql.answer(prepared, request, odd, window, record.skew)
        if record.resource == "rate_limit":
            return self._overview(record)
        parts = request.path.strip("/").split("/")
        if parts[:2] == ["app", "installations"] and parts[3:] == ["access_tokens"] and request.method == "POST":
            return self._installation_token(identity, parts[2], server_now)
        if identity.kind == "app":
            return error_reply(401, "A JSON web token opens the App's own endpoints only")
        reply = self.rest.answer(request, odd)
        if reply.status == 200:
            reply.headers["ETag"] = f'W/"{hashlib.sha256(reply.body).hexdigest()}"'
            known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
            if reply.headers["ETag"].removeprefix("W/") in known:
                self.meter.refund(record.token, record.resource, record.cost, record.arrived)
                record.cost = 0
                reply = Reply(304, b"", {"ETag": reply.headers["ETag"]})
        return reply

    def _installation_token(self, identity: Identity, installation: str, now: float) -> Reply:
        if identity.kind != "app":
            return error_reply(401, "A JSON web token could not be decoded")
        text, ends = self.tokens.issue(installation, now)
        permissions = {"contents": "read", "metadata": "read", "pull_requests": "read"}
        expires = iso(datetime.fromtimestamp(ends, UTC))
        return json_reply(
            201, {"token": text, "expires_at": expires, "permissions": permissions, "repository_selection": "all"}
        )

    def _overview(self, record: Record) -> Reply:
        def shown(resource: str) -> dict[str, int | str]:
            window = self.meter.window(record.token, resource, record.arrived)
            numbers = {"limit": window.limit, "used": window.used, "remaining": window.remaining}
            return {**numbers, "reset": int(window.reset + record.skew), "resource": resource}

        resources = {resource: shown(resource) for resource in ("core", "graphql", "search")}
        return json_reply(200, {"resources": resources, "rate": resources["core"]})

    def _renamed(self, request: Request) -> int | None:
        parts = request.path.split("/")
        facts = self.world.repository("/".join(parts[2:4])) if parts[1] == "repos" and len(parts) > 3 else None
        return facts.number if facts else None

    def _finish(self, request: Request, reply: Reply, record: Record) -> None:
        """Put on the headers that every answer has, and note in the log what it tells the client."""
        resource = "core" if record.resource == "rate_limit" else record.resource
        window: Window = self.meter.window(record.token, resource, record.arrived)
        now = self.clock.now()
        headers = {
            "Date": format_datetime(datetime.fromtimestamp(now + record.skew, UTC), usegmt=True),
            "X-GitHub-Request-Id": f"10CA:1B0C:{record.arrived_order:08X}",
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-RateLimit-Limit": str(window.limit),
            "X-RateLimit-Remaining": str(window.remaining),
            "X-RateLimit-Used": str(window.used),
            "X-RateLimit-Reset": str(int(window.reset + record.skew)),
            "X-RateLimit-Resource": resource,
        }
        reply.headers = {**headers, **reply.headers}
        record.status, record.refused, record.sent = reply.status, reply.refused, len(reply.body)
        if reply.status:
            after = reply.headers.get("Retry-After")
            record.retry_after = int(after) if after else None
            record.remaining = int(reply.headers["X-RateLimit-Remaining"])
            record.reset = int(reply.headers["X-RateLimit-Reset"])
        self.log.answer(record, now)


def _resource(path: str) -> str:
    if path == "/graphql":
        return "graphql"
    if path.startswith("/search/"):
        return "search"
    return "rate_limit" if path == "/rate_limit" else "core"
