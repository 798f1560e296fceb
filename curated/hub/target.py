"""Where a push goes, of a dataset or a model, and with which key: HF_ENDPOINT and HF_TOKEN of the environment, nothing on the disk."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from pipeline.errors import UserError

HUB = "https://huggingface.co"
Kind = Literal["dataset", "model"]
_HOST = re.compile(r"[A-Za-z0-9.-]+|[0-9a-f:.]*:[0-9a-f:.]*")
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_REPOSITORY = re.compile(rf"{_PART}/{_PART}")
# git's rules for a reference (git-check-ref-format), and no slash, so that a tag is one part of an address.
_TAG = re.compile(r"(?![.-])(?!.*(?:\.\.|\.lock$|\.$))[A-Za-z0-9._+-]{1,100}")
_COMMIT = re.compile(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
# Endings that huggingface_hub refuses.
_NO_ENDING = (".git", ".ipynb")


@dataclass(frozen=True)
class Target:
    """A repository on a Hub, and the tag that this version of it gets. The token is in no repr."""

    repository: str
    tag: str
    endpoint: str
    token: str = field(repr=False)
    kind: Kind = "dataset"

    @property
    def url(self) -> str:
        """The repository's page."""
        return f"{self.endpoint}/{'datasets/' * (self.kind == 'dataset')}{self.repository}"


def target(repository: str, tag: str, environment: Mapping[str, str], kind: Kind = "dataset") -> Target:
    """Check the names and read HF_ENDPOINT and HF_TOKEN. Raises UserError saying what is wrong and how to mend it."""
    odd = "--" in repository or ".." in repository or repository.endswith(_NO_ENDING)
    if odd or not _REPOSITORY.fullmatch(repository) or len(repository) > 96:
        raise UserError(
            f"{repository!r} is no name of a {kind} on the Hub: it is OWNER/NAME, of letters, digits, '-', '_' and '.', at most 96 signs, "
            "and does not end in .git or .ipynb"
        )
    if not _TAG.fullmatch(tag):
        raise UserError(f"{tag!r} is no name of a tag: use letters, digits, '.', '-' and '_', such as v1.0")
    if tag in ("main", "HEAD") or _COMMIT.fullmatch(tag):
        raise UserError(f"the tag {tag!r} would be taken for a branch or a commit: name the version, such as v1.0")
    token = environment.get("HF_TOKEN", "").strip()
    if not token:
        raise UserError(
            "HF_TOKEN is not set: make a token with write access at https://huggingface.co/settings/tokens and put it into the environment"
        )
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UserError(
            "HF_TOKEN holds characters that no token has; copy it again from https://huggingface.co/settings/tokens"
        )
    return Target(repository, tag, _endpoint(environment.get("HF_ENDPOINT", "").strip() or HUB), token, kind)


def _endpoint(address: str) -> str:
    plain = UserError(
        "HF_ENDPOINT must be a plain address such as https://huggingface.co, without a user, a path, a query or a fragment"
    )
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        parts.port  # noqa: B018 - a port that is none is found out when it is asked for
    except ValueError:
        raise plain from None
    if parts.username or parts.password or parts.path.rstrip("/") or parts.query or parts.fragment:
        raise plain
    if not _HOST.fullmatch(host):
        raise plain
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise UserError(
            f"HF_ENDPOINT is {address!r}: a token is sent only over https, or to this machine itself (http://127.0.0.1:PORT)"
        )
    return address.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
