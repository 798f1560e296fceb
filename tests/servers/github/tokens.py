"""Who asks: plain tokens, an App's JWT, and the installation tokens that it buys. Times are the server's."""

import base64
import binascii
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jwt

LIFETIME = 3_600  # of an installation token
LONGEST_JWT = 600


@dataclass(frozen=True)
class Identity:
    """The account that a request counts against. `kind` is user, installation or app."""

    name: str
    kind: str = "user"


class Tokens:
    """The tokens that are known. `apps` maps an App's id to its public key (PEM)."""

    def __init__(self, tokens: Sequence[str] | Mapping[str, str], apps: Mapping[str, str] | None = None) -> None:
        named = tokens if isinstance(tokens, Mapping) else {f"token-{at}": text for at, text in enumerate(tokens)}
        self._known = {text: Identity(name) for name, text in named.items()}
        self._expiry: dict[str, float] = {}
        self._apps = dict(apps or {})
        self._lock = threading.Lock()

    def identify(self, header: str | None, now: float) -> Identity | str:
        """The account behind an Authorization header ("" as name: none was sent), or what is wrong with it."""
        if not header:
            return Identity("", "anonymous")
        scheme, _, text = header.partition(" ")
        text = text.strip()
        if scheme.lower() == "basic":
            text = _password(text)
        if text.count(".") == 2:
            return self._app(text, now)
        with self._lock:
            found = self._known.get(text)
            if found is None or self._expiry.get(text, now + 1) <= now:
                return "Bad credentials"
            return found

    def issue(self, installation: str, now: float) -> tuple[str, float]:
        """A new token of an installation, and when it ends. All tokens of an installation share its limits."""
        with self._lock:
            text = f"ghs_loopback{installation}n{len(self._known):04d}"
            self._known[text] = Identity(f"installation-{installation}", "installation")
            self._expiry[text] = now + LIFETIME
            return text, self._expiry[text]

    def _app(self, text: str, now: float) -> Identity | str:
        try:
            claims = jwt.decode(text, options={"verify_signature": False})
            app = str(claims["iss"])
            jwt.PyJWS().decode(text, self._apps[app], algorithms=["RS256"])  # the signature alone: the clock is ours
            issued, expires = float(claims["iat"]), float(claims["exp"])
        except (jwt.PyJWTError, KeyError, TypeError, ValueError):
            return "A JSON web token could not be decoded"
        if expires <= now:
            return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
        if expires - now > LONGEST_JWT:
            return "'Expiration time' claim ('exp') is too far in the future"
        if issued > now:
            return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
        return Identity(f"app-{app}", "app")


def _password(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
