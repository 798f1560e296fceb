"""Keeps the endpoint's key out of what is written and shown. Imported by the project, and inside mini-swe-agent's environment."""

from typing import Any

HIDDEN = "[the key]"
_SHORTEST = 8  # characters of a secret
_LONGEST_WORD = 19  # "sk-no-key-required" has 18


def is_secret(key: str) -> bool:
    """Whether it is a secret. A word is none: a local server takes any, and taking a word out would change what is said."""
    return len(key) > _LONGEST_WORD or (len(key) >= _SHORTEST and any(one.isdigit() for one in key))


def hidden(value: Any, key: str) -> Any:
    """The same JSON value with HIDDEN where the key stood in its texts and names."""
    if not is_secret(key):
        return value
    if isinstance(value, str):
        return value.replace(key, HIDDEN)
    if isinstance(value, list):
        return [hidden(part, key) for part in value]
    if isinstance(value, dict):
        return {hidden(name, key): hidden(part, key) for name, part in value.items()}
    return value
