"""How the server's own tests ask it: plain requests, without a client's retries or pacing in between."""

from typing import Any

import requests

from tests.servers.github.server import TOKEN, GitHubServer

Answer = requests.Response


def get(server: GitHubServer, path: str, token: str | None = TOKEN, **headers: str) -> Answer:
    """GET, redirects not followed. `headers` have `_` for `-`."""
    return requests.get(server.api_url + path, headers=_headers(token, headers), timeout=30, allow_redirects=False)


def ask(server: GitHubServer, query: str, token: str | None = TOKEN, **variables: Any) -> Answer:
    """One GraphQL query."""
    body: dict[str, Any] = {"query": query, "variables": variables}
    return requests.post(f"{server.api_url}/graphql", json=body, headers=_headers(token, {}), timeout=30)


def _headers(token: str | None, more: dict[str, str]) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return {"User-Agent": "tests", **({"Authorization": f"Bearer {token}"} if token else {}), **named}
