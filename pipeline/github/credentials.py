"""Who asks: tokens from the environment alone. They are held in memory, and no message, log or file ever names them.

`GITHUB_TOKEN` is one token, `GITHUB_TOKENS` several (commas or spaces between). A GitHub App comes as `GITHUB_APP_ID`,
`GITHUB_APP_PRIVATE_KEY` (the PEM text, or the path of its file) and `GITHUB_APP_INSTALLATIONS` (ids, commas between): each
installation is one more token with limits of its own, made when it is needed and again before its hour is over.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import jwt
from github import Auth

from pipeline.errors import UserError

APP_VARIABLES = ("GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_INSTALLATIONS")


@dataclass(frozen=True)
class Credential:
    """One holder of limits: a personal token, an installation of an App, or nobody (60 calls an hour, no GraphQL)."""

    name: str  # how logs call it: token 1, installation 12
    token: str = field(default="", repr=False)
    installation: int = 0
    app: Auth.AppAuth | None = field(default=None, repr=False)


def read_credentials(environment: Mapping[str, str] = os.environ) -> list[Credential]:
    """Every credential of the environment, or the one of nobody. Raises UserError for one that is malformed."""
    found: list[Credential] = []
    seen: set[str] = set()
    for text in (environment.get("GITHUB_TOKEN", ""), environment.get("GITHUB_TOKENS", "")):
        for token in re.split(r"[,\s]+", text.strip()):
            if token and token not in seen:
                if not re.fullmatch(r"[\x21-\x7e]+", token):
                    raise UserError(f"token {len(found) + 1} of GITHUB_TOKEN(S) holds characters that no token has")
                seen.add(token)
                found.append(Credential(f"token {len(found) + 1}", token))
    found += _installations(environment)
    return found or [Credential("nobody")]


def _installations(environment: Mapping[str, str]) -> list[Credential]:
    given = {name: environment.get(name, "").strip() for name in APP_VARIABLES}
    if not any(given.values()):
        return []
    if missing := [name for name, value in given.items() if not value]:
        raise UserError(f"a GitHub App needs {', '.join(APP_VARIABLES)}; {' and '.join(missing)} is not set")
    key = given["GITHUB_APP_PRIVATE_KEY"].replace("\\n", "\n")
    if "-----BEGIN" not in key:
        try:
            key = Path(key).read_text(encoding="ascii")
        except (OSError, ValueError):
            key = ""
        if "-----BEGIN" not in key:
            raise UserError("GITHUB_APP_PRIVATE_KEY is neither a PEM text nor the path of a PEM file")
    ids = re.split(r"[,\s]+", given["GITHUB_APP_INSTALLATIONS"])
    if not all(re.fullmatch(r"[1-9][0-9]{0,17}", name) for name in ids):
        raise UserError("GITHUB_APP_INSTALLATIONS is a list of numbers, such as 12345,67890")
    app = Auth.AppAuth(given["GITHUB_APP_ID"], key)
    try:
        _ = app.token  # signs once, so that a broken key is told before anything is asked
    except (ValueError, TypeError, jwt.PyJWTError):
        raise UserError(
            "the key of GITHUB_APP_PRIVATE_KEY cannot sign; it must be the PEM file that GitHub gave"
        ) from None
    return [Credential(f"installation {name}", installation=int(name), app=app) for name in dict.fromkeys(ids)]
