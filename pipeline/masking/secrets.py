"""Find the secrets of a text: by the forms that detect-secrets knows, by those of `secrets.toml`, and by the names they have."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from detect_secrets.plugins.artifactory import ArtifactoryDetector
from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.base import RegexBasedDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

from pipeline.masking.assignments import assigned_secrets
from pipeline.masking.found import Found
from pipeline.masking.key_blocks import key_lines
from pipeline.masking.literals import is_literal_secret

TABLE = Path(__file__).with_name("secrets.toml")
# Not its others: those for keywords, high entropy, keys, JWT, npm, OpenAI, basic auth and IBM take quadratic time on hostile text or
# mask types and checksums; this package has its own rules for the same. Only the patterns of a plugin are used: its
# `analyze_line` can verify a secret over the network, and `analyze_string` tells of some tokens only their prefix.
_PLUGINS: tuple[RegexBasedDetector, ...] = (
    ArtifactoryDetector(),
    AWSKeyDetector(),
    DiscordBotTokenDetector(),
    GitHubTokenDetector(),
    GitLabTokenDetector(),
    MailchimpDetector(),
    PypiTokenDetector(),
    SendGridDetector(),
    SlackDetector(),
    SquareOAuthDetector(),
    StripeDetector(),
    TelegramBotTokenDetector(),
    TwilioKeyDetector(),
)
_SHORTEST_GROUP = 16  # characters; a shorter group of a plugin's pattern is the prefix of its token
# Without regard to case these match i, k and s, and are not made so by `lower`.
_ODD_CASE = re.compile("[\u0130\u0131\u017f\u212a]")
_DELIMITERS = ' \t\r\n\f\v"=:'  # some patterns of plugins take the character before and after


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    needs: tuple[str, ...]
    judged: bool
    password: bool
    bare: bool


def secrets(text: str) -> Iterator[Found]:
    """Every place that looks like a literal secret, be it a real one or one made for a test."""
    yield from key_lines(text)
    yield from _known_to_plugins(text)
    folded = "" if _ODD_CASE.search(text) else text.lower()
    for rule in _rules():
        if folded and not any(need in folded for need in rule.needs):
            continue
        group = "value" if "value" in rule.pattern.groupindex else 0
        for match in rule.pattern.finditer(text):
            if not rule.judged or is_literal_secret(match[group], rule.password, not rule.bare):
                yield Found("secret", *match.span(group), match[group])
    yield from assigned_secrets(text)


def _known_to_plugins(text: str) -> Iterator[Found]:
    for plugin in _PLUGINS:
        for pattern in plugin.denylist:
            for match in pattern.finditer(text):
                group = next((number for number in range(1, pattern.groups + 1) if _is_token(match[number])), 0)
                start, end = match.span(group)
                while text[start] in _DELIMITERS:
                    start += 1
                while text[end - 1] in _DELIMITERS:
                    end -= 1
                if _is_whole_word(text, start, end) and _has_digits(text[start:end]) and "\n" not in text[start:end]:
                    yield Found("secret", start, end, text[start:end])


def _is_token(group: str | None) -> bool:
    return group is not None and len(group) >= _SHORTEST_GROUP


def _is_whole_word(text: str, start: int, end: int) -> bool:
    """Not a part of a longer run of letters and digits, such as base64 of an image."""
    return not (start and text[start - 1].isalnum() and text[start - 2 : start] not in ("\\n", "\\t", "\\r")) and not (
        end < len(text) and text[end].isalnum()
    )


def _has_digits(value: str) -> bool:
    return any(sign.isdigit() for sign in value)


@cache
def _rules() -> tuple[_Rule, ...]:
    entries = tomllib.loads(TABLE.read_text(encoding="utf-8"))["rule"]
    if unknown := {name for entry in entries for name in entry} - {
        "name",
        "needs",
        "pattern",
        "note",
        "inside",
        "judged",
        "password",
        "bare",
    }:
        raise ValueError(f"{TABLE.name} has unknown settings: {', '.join(sorted(unknown))}")
    return tuple(
        _Rule(
            re.compile(entry["pattern"] if entry.get("inside") else _AT_WORD + f"(?:{entry['pattern']})", re.MULTILINE),
            tuple(entry["needs"]),
            entry.get("judged", False),
            entry.get("password", False),
            entry.get("bare", False),
        )
        for entry in entries
    )


# Where a token can begin: not inside a word, unless the letter before belongs to an escape such as `\n`.
_AT_WORD = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
