"""A request as it came and an answer as it will go, free of sockets."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

HTML = "text/html; charset=utf-8"


@dataclass
class Request:
    """One API request. Header names are in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes = b""
    host: str = ""  # where the client believes to be talking to, a proxy in between included

    @property
    def base(self) -> str:
        return f"http://{self.host}"

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    def parameter(self, name: str) -> str | None:
        found = parse_qs(self.query, keep_blank_values=True).get(name)
        return found[-1] if found else None

    def number(self, name: str, otherwise: int) -> int:
        """A whole number from the query; GitHub takes the default for anything else."""
        text = self.parameter(name) or ""
        return int(text) if text.isdigit() and int(text) > 0 else otherwise


@dataclass
class Reply:
    """One answer. `ending` says how the connection goes on: "" as usual, reset before any byte, cut in the body."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    ending: str = ""
    refused: str = ""

    @property
    def data(self) -> Any:
        return json.loads(self.body)


def json_reply(status: int, data: object, headers: dict[str, str] | None = None) -> Reply:
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status, body, {"Content-Type": "application/json; charset=utf-8", **(headers or {})})


def error_reply(status: int, message: str, **more: object) -> Reply:
    """GitHub's basic-error (and, with errors, its validation-error)."""
    documentation = {"documentation_url": "https://docs.github.com/rest"}
    return json_reply(status, {"message": message, **more, **documentation, "status": str(status)})


def html_reply(status: int, words: str) -> Reply:
    page = f"<!DOCTYPE html>\n<html>\n<head><title>{words} &middot; GitHub</title></head>\n<body><p>{words}</p></body>\n</html>\n"
    return Reply(status, page.encode(), {"Content-Type": HTML})
