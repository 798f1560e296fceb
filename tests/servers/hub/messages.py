"""What comes in and what goes out, between the wire and what answers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """One request. `headers` have lower-case names; `origin` is http://HOST:PORT as the client named it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    origin: str

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Route = Callable[..., Reply]


class Refusal(Exception):  # noqa: N818
    """An answer that is an error, as the Hub gives it: JSON, X-Error-Message, and X-Error-Code where it has one."""

    def __init__(self, status: int, message: str, code: str = "", **headers: str) -> None:
        super().__init__(message)
        named = {"X-Error-Message": message, **({"X-Error-Code": code} if code else {})}
        self.reply = as_json({"error": message}, status, **named, **headers)


def as_json(data: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(data).encode(), {"Content-Type": "application/json; charset=utf-8", **headers})
