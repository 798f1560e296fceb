"""What the Hub or the network answered, as a sentence that says what happened, what it means for the push, and what to do."""

import re
from collections.abc import Iterator
from typing import Any

from curated.hub.target import Target
from pipeline.errors import LimiError, UserError

LONGEST_WAIT = 120  # seconds; a Hub that wants more is left alone
_MOST_WORDS = 300  # characters of the Hub's own message
_RATE_LIMIT = re.compile(r";\s*r\s*=\s*0\s*;\s*t\s*=\s*(\d{1,9})")  # `"api";r=0;t=55`: none left, 55 seconds to go
STALE = (
    "somebody has changed the {kind} on the Hub since the preview was made; nothing of this push is visible there. Look at what is new, "
    "preview again, and push"
)


class HubBusyError(LimiError):
    """The Hub is overloaded, or this account has used up its requests, for longer than we wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the Hub asks to wait {seconds:.0f} seconds before the next request")
        self.seconds = seconds


def seconds_to_wait(answer: Any) -> float:
    """What Retry-After or the rate limit of a response, or of an error that carries one, asks for; 0 if nothing."""
    if isinstance(answer, HubBusyError):
        return answer.seconds
    headers = getattr(getattr(answer, "response", answer), "headers", {})
    asked = str(headers.get("retry-after", "")).strip()
    if asked.isdecimal():
        return float(asked[:9])
    used_up = _RATE_LIMIT.search(headers.get("ratelimit", ""))
    return float(used_up[1]) if used_up else 0.0


def status_of(error: BaseException) -> int | None:
    """The HTTP status an error (or what caused it) carries; None if no answer came."""
    for cause in _causes(error):
        status = getattr(getattr(cause, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
    return None


def sentence(error: BaseException, doing: str, outcome: str, target: Target) -> LimiError:
    """The error to end with. `doing` is what was asked ("read the dataset"), `outcome` what it means for the push; no token is in it."""
    where = f"{target.repository} on {target.endpoint}"
    status, words = status_of(error), _words(error, target)
    told = f" The Hub says: {words.rstrip('.')}." if words else ""
    wait = next((cause for cause in _causes(error) if isinstance(cause, HubBusyError)), None)
    if wait is not None:
        return LimiError(f"could not {doing} {where}: {wait}. {outcome} Try again after that time")
    if status is None:
        return LimiError(
            f"could not {doing} {where}: no complete answer came ({words}). {outcome} Check the connection "
            "and run the same command again"
        )
    advice = {
        401: "HF_TOKEN is not valid (401): make a new token with write access at https://huggingface.co/settings/tokens",
        403: "HF_TOKEN may not write there (403): give the token write access to this repository or its owner, or choose another owner",
        404: f"there is no such {target.kind}, or HF_TOKEN may not see it (404): check the name and the token's access",
        409: "the Hub is in conflict with it (409): somebody else has made or changed the same. Preview again, and push",
        412: STALE.format(kind=target.kind) + " (412)",
        413: "it is too large for the Hub (413)",
        429: "this account has sent too many requests (429): wait some minutes",
    }.get(status)
    if status == 403 and not _from_hub(error, target):
        advice = "the storage behind the Hub refused it (403); what it allows, it allows for a short time. Run the same command again"
    if advice is not None:
        return UserError(f"could not {doing} {where}: {advice}.{told} {outcome}".rstrip())
    if status >= 500:
        return LimiError(
            f"could not {doing} {where}: the Hub is in trouble ({status}).{told} {outcome} Try again later"
        )
    return LimiError(f"could not {doing} {where}: it was refused ({status}).{told} {outcome}".rstrip())


def _from_hub(error: BaseException, target: Target) -> bool:
    """Whether the Hub itself answered, and not the storage that it sends large files to."""
    answers = (getattr(cause, "response", None) for cause in _causes(error))
    response = next((answer for answer in answers if answer is not None), None)
    return str(getattr(response, "url", target.url)).startswith(f"{target.endpoint}/")


def cleaned(text: str, target: Target) -> str:
    """A text from outside in one short line, without control characters and without the token."""
    text = text.replace(target.token, "[HF_TOKEN]")
    shown = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return shown if len(shown) <= _MOST_WORDS else shown[:_MOST_WORDS] + "…"


def _words(error: BaseException, target: Target) -> str:
    """The Hub's own message, or that of the innermost cause."""
    causes = list(_causes(error))
    for cause in causes:
        message = getattr(cause, "server_message", None)
        if isinstance(message, str) and message.strip():
            return cleaned(message, target)
    return "" if status_of(error) is not None else cleaned(f"{type(causes[-1]).__name__}: {causes[-1]}", target)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        cause = error.__cause__ or error.__context__
        if cause is None:
            return
        error = cause
