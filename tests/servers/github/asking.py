"""How the server's own tests ask it: plain requests, without a client's retries or pacing in between."""

import os
import subprocess
from pathlib import Path
from typing import Any

import requests

from tests.servers.github.server import TOKEN, GitHubServer

Answer = requests.Response


# The merged pull requests of a repository, page by page.
PAGE = """
query($owner: String!, $name: String!, $first: Int!, $after: String, $direction: OrderDirection = ASC) {
  repository(owner: $owner, name: $name) {
    pullRequests(states: [MERGED], first: $first, after: $after, orderBy: {field: CREATED_AT, direction: $direction}) {
      totalCount pageInfo { hasNextPage endCursor }
      nodes { number author { __typename login } additions deletions mergeCommit { oid parents { totalCount } }
              files(first: 100) { totalCount nodes { path additions deletions changeType } } }
      edges { node { id number } }
    }
  }
}"""


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


def git(*arguments: str, cwd: Path, stdin: str = "", **more: str) -> str:
    """Git's output, without the user's configuration; a failure is an assertion with git's words."""
    environment = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    done = subprocess.run(
        ["git", *arguments], cwd=cwd, input=stdin.encode(), capture_output=True, env={**environment, **more}, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode(errors="replace")
