"""Every request that was sent, one JSON line each, and the sums that people watch while it runs."""

import json
import sys
import threading
import urllib.parse
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from pipeline.github.connection import Reply


class RequestLog:
    """Appends to a file; never holds a token, a body or a header but the limit's. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab", buffering=0)
            if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
                self._file.write(b"\n")  # a kill cut the last line off
        except OSError as error:
            raise self._unwritable(error) from None
        self._lock = threading.Lock()
        self.calls: Counter[str] = Counter()  # by resource: core, search, graphql, app
        self.points = 0
        self.fetches = 0

    def add(
        self, who: str, resource: str, verb: str, path: str, parameters: dict[str, Any], reply: Reply | None, verdict: str, began: float,
        ended: float,
    ) -> None:  # fmt: skip
        """Note one request of the API and what became of it."""
        headers = reply.headers if reply else {}
        cost = 0 if reply and reply.status == 304 else 1
        if resource == "graphql" and reply and verdict == "answer":
            cost = (json.loads(reply.body).get("data", {}).get("rateLimit") or {}).get("cost", 1)
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        with self._lock:
            self.calls[resource] += 1
            self.points += cost if resource == "graphql" else 0
            self._write(
                {
                    "at": _iso(began),
                    "who": who,
                    "resource": resource,
                    "request": f"{verb} {path}{query}",
                    "status": reply.status if reply else None,
                    "verdict": verdict,
                    "cost": cost,
                    "remaining": headers.get("x-ratelimit-remaining"),
                    "id": headers.get("x-github-request-id"),
                    "seconds": round(ended - began, 3),
                }
            )

    def fetched(self, what: str, began: float, ended: float, outcome: str) -> None:
        """Note one git fetch, which is no request of the API."""
        with self._lock:
            self.fetches += 1
            self._write(
                {
                    "at": _iso(began),
                    "resource": "git",
                    "request": what,
                    "verdict": outcome,
                    "seconds": round(ended - began, 3),
                }
            )

    def say(self, sentence: str) -> None:
        """Tell the user something that matters while it runs."""
        print(f"github: {sentence}", file=sys.stderr)  # noqa: T201

    def spent(self) -> str:
        """The sums in words."""
        with self._lock:
            rest = self.calls["core"] + self.calls["search"] + self.calls["app"]
            return f"{self.calls['graphql']} GraphQL calls ({self.points} points), {rest} REST calls, {self.fetches} git fetches"

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, line: dict[str, Any]) -> None:
        try:
            self._file.write(json.dumps(line).encode() + b"\n")
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> UserError:
        return UserError(
            f"the log of requests {self._path} cannot be written ({error.strerror}); free some space or mend the permissions"
        )


def _iso(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).isoformat(timespec="milliseconds")
