"""What an answer of a model's server means, and the errors that end a question or a run. The only place that knows each refusal."""

import json
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import LimiError, UserError

_WORD = re.compile(r"[a-z][a-z0-9_.\-\[\]]{0,59}")
_NO_CREDIT = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "account_deactivated")

_ABOUT_ONE = """
    context_length_exceeded string_above_max_length request_too_large content_filter content_policy_violation invalid_prompt
""".split()


class NoReplyError(LimiError):
    """One question has no answer, however often it was asked, or is refused as it stands. Its row fails; the stage goes on."""


class BudgetSpentError(UserError):
    """The next call could go over the cap. The stage stops; what was answered is kept."""


class TooManyFailuresError(LimiError):
    """More than half of the latest attempts failed: asking on would cost time and money for nothing. The stage stops."""


class ModelRefusesError(UserError):
    """The server refuses every question: no such model, no such address, a wrong key, no credit. The stage stops."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the headers with lower-case names, the body's bytes as they were."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def verdict(answer: Answer) -> str:
    """What an answer means: done, wait (for all), again (this one), refused (this one), or stop (all).

    Sources: "Error codes" and "Rate limits" of OpenAI's documentation (2026-11); RFC 9110 for what those leave open.
    """
    status = answer.status
    if 200 <= status < 300:
        return "done"
    if status == 429:
        # No money in the account: no wait mends it.
        return "stop" if error_word(answer).partition(" ")[0] in _NO_CREDIT else "wait"
    if status == 503 and "retry-after" in answer.headers:
        return "wait"
    if status in (408, 409, 425) or status >= 500:
        return "stop" if status in (501, 505) else "again"
    if status in (400, 413, 422):
        return "refused"
    return "stop"


def error_word(answer: Answer) -> str:
    """The server's own code for an error and the field it is about, such as `unsupported_parameter max_tokens`; empty without one.

    Never its message, which may hold a part of the key or of the prompt.
    """
    try:
        error = json.loads(answer.body)["error"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return ""
    if not isinstance(error, dict):
        return ""
    code = _word(error.get("code")) or _word(error.get("type"))
    return " ".join(filter(None, (code, _word(error.get("param")))))


def is_about_one(answer: Answer) -> bool:
    """Whether a refused question is refused for its own text, so that it says nothing about the others."""
    return answer.status == 413 or error_word(answer).partition(" ")[0] in _ABOUT_ONE


def shown(endpoint: str) -> str:
    """An address for people: without a name and password, a query or a fragment, which may be secrets."""
    try:
        parts = urllib.parse.urlsplit(endpoint)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"
    except ValueError:
        return "model.endpoint"


def refusal_sentence(answer: Answer, model: str, endpoint: str) -> str:
    """Why the server refuses every question, and what to do."""
    word = error_word(answer)
    told = f"{shown(endpoint)} answered {answer.status}{f' ({word})' if word else ''}"
    if answer.status in (402, 429):
        return f"{told}: the account has no credit left; add some and run the same command again, what was answered is kept"
    if answer.status == 401:
        return f"{told}: it does not accept the key; is OPENAI_API_KEY set to a key of this server?"
    if answer.status == 403:
        return f"{told}: the key may not use {model}; allow it there, or choose another model.name"
    if answer.status == 404:
        return f"{told}: it has no model {model}, or is no OpenAI-compatible address; mend model.name or model.endpoint"
    if 300 <= answer.status < 400:
        return f"{told}: it has moved, and a key is not sent after it; put the new address into model.endpoint"
    return f"{told} to every question; do model.limit_field, model.structured, model.temperature and model.reasoning_effort suit {model}?"


def _word(value: Any) -> str:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""
