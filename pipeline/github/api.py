"""Ask GitHub: one way for REST and GraphQL through the limiter, with every answer looked at, logged and, where it can be, kept.

How each kind of answer is met (docs/GITHUB.md has the table): a stated time is waited for, an unstated one is a minute that
doubles; trouble on GitHub's side is asked again a few times; what is gone, refused or too much is told to the caller, who
knows another way.
"""

import json
import random
import threading
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from github import Auth

from pipeline.errors import LimiError, UserError
from pipeline.github.clock import Clock
from pipeline.github.connection import Exchange, NoAnswerError, Reply
from pipeline.github.credentials import Credential
from pipeline.github.limits import WITH_TOKEN, WITHOUT_TOKEN, Limiter, Limits
from pipeline.github.log import RequestLog
from pipeline.github.store import Store
from pipeline.github.verdict import GoneError, TooMuchError, TroubleError, installation_token, verdict

JSON = "application/vnd.github+json"
DIFF = "application/vnd.github.diff"
TROUBLES = 16  # times that one request may meet trouble on GitHub's side: some ten minutes
MOVES = 3  # redirects that are followed
WAITS = 24  # times that one request may be told to wait
LONGEST_WAIT = 900.0  # seconds; how far an unstated wait doubles
LONGEST_REST = 60.0  # seconds; likewise the rest after trouble


@dataclass(frozen=True)
class _Request:
    """What is asked, by whichever credential has its turn."""

    resource: str
    verb: str
    path: str
    parameters: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    cost: int = 1

    @property
    def wants_json(self) -> bool:
        """Everything but a diff is JSON."""
        return self.headers.get("Accept") != DIFF


class Api:
    """GitHub, seen through every credential there is."""

    def __init__(
        self,
        base_url: str,
        credentials: list[Credential],
        tags: Store,
        log: RequestLog,
        clock: Clock,
        limits: Limits = WITH_TOKEN,
    ) -> None:
        self._exchange = Exchange(base_url)
        self._credentials = credentials
        self._tags = tags
        self._auth_lock = threading.Lock()
        self._installed: dict[int, tuple[Auth.Auth, float]] = {}  # installation tokens, and when they end
        self._renewed: set[int] = set()  # installations with a new token after a 401, not accepted yet
        self.log = log
        self.clock = clock
        self.limiter = Limiter(clock, [limits if known.token or known.app else WITHOUT_TOKEN for known in credentials])

    def rest(
        self,
        path: str,
        parameters: dict[str, Any] | None = None,
        accept: str = JSON,
        fresh: bool = False,
        patience: int = TROUBLES,
    ) -> Reply:
        """A GET; what is known from an answer with an ETag costs nothing, unless `fresh`. Raises GoneError, TooMuchError, LimiError."""
        given = parameters or {}
        request = f"{accept} {path}?{urllib.parse.urlencode(sorted(given.items()))}"
        known = None if fresh else self._tags.tagged(request)
        headers = {"Accept": accept} | ({"If-None-Match": known[0]} if known else {})
        resource = "search" if path.startswith("/search/") else "core"
        reply = self._asked(_Request(resource, "GET", path, given, headers), patience)
        if reply.status == 304 and known:
            return Reply(200, known[1], known[2])
        if reply.status == 200 and (etag := reply.headers.get("etag")):
            told = {name: reply.headers[name] for name in ("content-type", "link", "date") if name in reply.headers}
            self._tags.keep_tagged(request, etag, told, reply.body)
        return reply

    def graphql(self, query: str, variables: dict[str, Any], cost: int) -> dict[str, Any]:
        """The whole answer, `data` and `errors`, of a query expected to cost `cost` points. Raises TooMuchError and LimiError."""
        body = {"query": query, "variables": variables}
        try:
            reply = self._asked(_Request("graphql", "POST", "/graphql", {}, body=body, cost=cost), TROUBLES)
        except GoneError as error:
            raise UserError(
                f"{self._exchange.base_url} has no GraphQL for these credentials ({error}); is source.api right, and may the token read "
                "public repositories?"
            ) from None
        answer: dict[str, Any] = json.loads(reply.body)
        return answer

    def _asked(self, request: _Request, patience: int) -> Reply:
        """Ask until there is an answer that the caller can use, meeting trouble at most `patience` times."""
        troubles = moves = 0
        waits: Counter[int] = Counter()  # by token: several that are spent are one wait
        while True:
            at, auth, reply, what = self._once(request, waits)
            if reply is not None and what in ("answer", "unchanged"):
                return reply
            if reply is not None and what == "too much":
                raise TooMuchError(f"GitHub answered {reply.status}")
            if reply is not None and what == "gone":
                raise GoneError(reply.status)
            if reply is not None and what == "moved" and (there := self._moved(reply)) and moves < MOVES:
                request, moves = replace(request, path=there[0], parameters=there[1]), moves + 1
            elif what == "refused token":
                self._refuse(at, auth)
            elif what == "wait":
                if waits[at] > WAITS:
                    raise LimiError(
                        f"GitHub told {request.path} to wait {WAITS} times in a row; what was read is kept, run the same command later"
                    )
            else:
                troubles += 1
                if troubles >= patience:
                    raise TroubleError(
                        f"GitHub could not answer {request.path} {troubles} times in a row (the last: {what}); what was read is kept, run "
                        "the same command again"
                    )
                rest = min(LONGEST_REST, 2.0**troubles) * random.uniform(0.75, 1.25)  # noqa: S311
                self.limiter.pause(at, self.clock.now() + rest)

    def _once(self, request: _Request, waits: Counter[int]) -> tuple[int, Auth.Auth | None, Reply | None, str]:
        """Take a turn and ask: the credential's number and what it asked with, the answer, and its verdict. Counts `waits`."""
        resource = request.resource
        at = self._turn(resource, request.cost)
        began = self.clock.now()
        auth, reply, what = None, None, ""
        try:
            auth, reply = self._auth(at)
            if reply is None:
                sent = request.verb, request.path, request.parameters, request.headers, request.body
                reply = self._exchange.send(auth, *sent)
                what = verdict(reply, resource, request.wants_json)
            else:  # an installation's token was not given
                what = "wait" if verdict(reply, "core") == "wait" else f"trouble ({reply.status} for a token)"
            waits[at] += what == "wait"
            # Before the turn is given back: nobody else may ask with this credential in between.
            self._pause(at, resource, reply, what, waits[at])
            if what != "refused token":
                self._renewed.discard(at)
        except NoAnswerError as error:
            what = f"no answer ({error})"
        finally:
            self.limiter.done(at, resource, request.cost, self.clock.now() - began, reply.headers if reply else {})
        who = self._credentials[at].name
        self.log.add(
            who, resource, request.verb, request.path, request.parameters, reply, what, began, self.clock.now()
        )
        return at, auth, reply, what

    def _pause(self, at: int, resource: str, reply: Reply, what: str, waits: int) -> None:
        """GitHub's order: Retry-After; else the reset, if nothing remains; else a minute, doubling."""
        now = self.clock.now()
        stated = None if what in ("answer", "unchanged") else self.limiter.retry_after(reply.headers)
        if stated is not None:
            self.limiter.pause(at, stated)
        elif what == "too much":
            self.limiter.pause(at, now + 1)  # GitHub worked hard for nothing; a short rest before less is asked for
        elif what == "wait" and (resets := self.limiter.resets(reply.headers)) is not None:
            # A reset that is past already, or that comes again and again, is no reason to hammer.
            self.limiter.pause(at, max(resets, now + min(60.0, 2.0**waits)), resource)
        elif what == "wait":
            self.limiter.pause(at, now + min(LONGEST_WAIT, 60.0 * 2 ** (waits - 1)) + 1)

    def _moved(self, reply: Reply) -> tuple[str, dict[str, Any]] | None:
        """Where a redirect leads, query and all, if it stays on the same host (a token goes nowhere else)."""
        base = urllib.parse.urlsplit(self._exchange.base_url)
        try:
            location = urllib.parse.urljoin(self._exchange.base_url, reply.headers.get("location", ""))
            there = urllib.parse.urlsplit(location)
        except ValueError:
            return None
        if (there.scheme, there.netloc) != (base.scheme, base.netloc) or not there.path.startswith(f"{base.path}/"):
            return None
        return there.path.removeprefix(base.path), dict(urllib.parse.parse_qsl(there.query))

    def _turn(self, resource: str, cost: int) -> int:
        try:
            return self.limiter.turn(resource, cost)
        except LookupError:
            if resource == "graphql" and all(known.name == "nobody" for known in self._credentials):
                raise UserError("listing pull requests needs a token: set GITHUB_TOKEN (a classic or fine-grained one without any "
                                "permission will do); `limi doctor` shows what is set") from None  # fmt: skip
            raise UserError(
                "GitHub refuses every token of the environment (401); they have expired or were withdrawn"
            ) from None

    def _refuse(self, at: int, auth: Auth.Auth | None) -> None:
        """A 401. An installation's hour may be over sooner than it said, so its token is made anew, but only once in a row."""
        with self._auth_lock:
            if self._credentials[at].app and self._installed.get(at, (auth,))[0] is not auth:
                return  # another thread has a new one already
            if self._credentials[at].app and at not in self._renewed:
                self._renewed.add(at)
                self._installed.pop(at, None)
                return
        self.limiter.refuse(at)
        self.log.say(f"GitHub refuses {self._credentials[at].name} (401); it is not used any more")

    def _auth(self, at: int) -> tuple[Auth.Auth | None, Reply | None]:
        """What a credential asks with; or, where an installation's new token was not given, the answer that says so."""
        known = self._credentials[at]
        if known.token:
            return Auth.Token(known.token), None
        if known.app is None:
            return None, None
        with self._auth_lock:
            auth, ends = self._installed.get(at, (None, 0.0))
            if auth is not None and self.clock.now() < ends:
                return auth, None
            path = f"/app/installations/{known.installation}/access_tokens"
            began = self.clock.now()
            reply = self._exchange.send(known.app, "POST", path, {}, {"Accept": JSON}, {})
            token = installation_token(reply)
            what = "answer" if token else verdict(reply, "core")
            self.log.add(known.name, "app", "POST", path, {}, reply, what, began, self.clock.now())
            if token:
                # It lives an hour; a new one is made five minutes before.
                auth = Auth.Token(token)
                self._installed[at] = (auth, self.clock.now() + 55 * 60)
                return auth, None
            if what in ("gone", "refused token", "moved"):
                raise UserError(
                    f"GitHub gives no token for {known.name} of GITHUB_APP_INSTALLATIONS ({reply.status}); is the App installed there, "
                    "and are its id and its key right?"
                )
            return None, reply
