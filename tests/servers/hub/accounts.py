"""Who may do what: tokens, the accounts behind them, and how the Hub refuses a stranger."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.servers.hub.messages import Refusal, Request
from tests.servers.hub.store import Repository

TOKEN = "hf_loopback"  # noqa: S105


@dataclass(frozen=True)
class Account:
    """One person with one token. `orgs` maps the name of an organisation to the role there (admin, write, read)."""

    name: str = "amara"
    orgs: Mapping[str, str] = field(default_factory=lambda: {"limi-lab": "write", "onlookers": "read"})
    role: str = "write"  # of the token: read or write

    def writes(self, owner: str) -> bool:
        return self.role == "write" and (owner == self.name or self.orgs.get(owner) in ("admin", "write"))

    def reads(self, repository: Repository) -> bool:
        owner = repository.name.split("/")[0]
        return not repository.private or owner == self.name or owner in self.orgs

    def whoami(self) -> dict[str, Any]:
        return {
            "type": "user",
            "id": "0" * 24,
            "name": self.name,
            "fullname": self.name.title(),
            "orgs": [{"type": "org", "name": name, "roleInOrg": role} for name, role in self.orgs.items()],
            "auth": {"type": "access_token", "accessToken": {"displayName": "loopback", "role": self.role}},
        }


NOBODY = Account("", {}, "read")


def account(request: Request, accounts: Mapping[str, Account]) -> Account:
    """The account of the request's token; NOBODY without one. Raises Refusal for a token that is not known."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    if not given:
        return NOBODY
    if given not in accounts:
        raise Refusal(401, "Invalid credentials in Authorization header")
    return accounts[given]


def check_reads(repository: Repository | None, who: Account) -> Repository:
    """The repository. Raises Refusal where it is not there or not shown: a stranger is told 401, an account 404."""
    if repository is None or not who.reads(repository):
        if not who.name:
            raise Refusal(401, "Invalid username or password.", "RepoNotFound")
        raise Refusal(404, "Repository not found", "RepoNotFound")
    return repository


def check_writes(repository: Repository, who: Account) -> None:
    if not who.writes(repository.name.split("/")[0]):
        raise Refusal(403, "Forbidden: you don't have write access to this repository")
