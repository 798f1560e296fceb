"""Asks one OpenAI-compatible endpoint as mini-swe-agent's own OpenRouter model does, for any address, and keeps the key to itself."""
# mypy: disable-error-code="import-not-found, import-untyped, misc, no-any-return"
# mini-swe-agent is in its own environment, not in the one where this is checked.

import json
from collections.abc import Mapping
from typing import Any

import requests
from minisweagent.models.openrouter_model import OpenRouterAPIError, OpenRouterAuthenticationError, OpenRouterModel
from minisweagent.models.utils.actions_toolcall import BASH_TOOL

_CONNECT = 30.0  # seconds
_MOST_BYTES = 32 * 2**20  # of a reply
_LATER = (408, 409, 425, 429)  # these may pass; other refusals stay as they are
_SHORTEST_KEY = 8  # characters; a shorter one is no secret, and a local server's "none" is a word
HIDDEN = "[the key]"


class EndpointModel(OpenRouterModel):
    """A model behind `endpoint`. `prices` are dollars per million tokens (input, cached_input, output), or None if they are not known."""

    def __init__(
        self, endpoint: str, key: str, timeout: float, prices: Mapping[str, float] | None, **settings: Any
    ) -> None:
        super().__init__(**settings, cost_tracking="ignore_errors")
        self._api_url = endpoint.rstrip("/") + "/chat/completions"
        self._key, self._timeout, self._prices = key, timeout, prices
        self._session = requests.Session()

    def hide(self, text: str) -> str:
        """A text without the key, should a server have sent it back."""
        return text.replace(self._key, HIDDEN) if len(self._key) >= _SHORTEST_KEY else text

    def _query(self, messages: list[dict[str, Any]], **kwargs: Any) -> dict[str, Any]:
        asked = {"model": self.config.model_name, "messages": messages, "tools": [BASH_TOOL]}
        content = json.dumps(asked | self.config.model_kwargs | kwargs)
        try:
            with self._session.post(
                self._api_url,
                data=content.encode(),
                headers={"Content-Type": "application/json"},
                auth=self._authorize,
                timeout=(_CONNECT, self._timeout),
                allow_redirects=False,  # another address must not be given the key
                stream=True,
            ) as response:
                status, body = response.status_code, _whole(response)
        except requests.exceptions.RequestException as error:
            raise OpenRouterAPIError(f"no answer came from the endpoint: {type(error).__name__}") from None
        text = self.hide(body.decode("utf-8", "replace"))
        if status != 200:
            said = "".join(one if one.isprintable() else " " for one in text[:300])
            refused = 300 <= status < 500 and status not in _LATER
            raise (OpenRouterAuthenticationError if refused else OpenRouterAPIError)(
                f"the endpoint said {status}: {said}"
            )
        return _checked(text)

    def _authorize(self, request: Any) -> Any:
        # Set here and not as a header, as a .netrc would otherwise win.
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key}"
        return request

    def query(self, messages: list[dict[str, Any]], **kwargs: Any) -> dict[str, Any]:
        """The reply as a message, with `extra` of actions, the raw response, its time, and its cost where it is known."""
        message: dict[str, Any] = super().query(messages, **kwargs)
        if not self._known(message["extra"]["response"]):
            del message["extra"]["cost"]  # 0 would say that it was free
        return message

    def _known(self, response: dict[str, Any]) -> bool:
        return self._prices is not None or "cost" in _usage(response)

    def _calculate_cost(self, response: dict[str, Any]) -> dict[str, float]:
        usage = _usage(response)
        if self._prices is None:
            return {"cost": _number(usage.get("cost"))}
        whole, replied = _number(usage.get("prompt_tokens")), _number(usage.get("completion_tokens"))
        details = usage.get("prompt_tokens_details")
        cached = min(whole, _number(details.get("cached_tokens")) if isinstance(details, dict) else 0)
        price = self._prices
        total = (whole - cached) * price["input"] + cached * price["cached_input"] + replied * price["output"]
        return {"cost": total / 1e6}


def _whole(response: requests.Response) -> bytes:
    body = b""
    for part in response.iter_content(65536):
        body += part
        if len(body) > _MOST_BYTES:
            raise OpenRouterAPIError(f"the endpoint's reply is larger than {_MOST_BYTES} bytes")
    return body


def _checked(text: str) -> dict[str, Any]:
    """A reply in which everything that mini-swe-agent reads has the form that it expects."""
    try:
        reply = json.loads(text, parse_constant=_refuse)
        message = reply["choices"][0]["message"]
        calls = message.get("tool_calls") or []
        whole = message.get("role", "assistant") == "assistant" and isinstance(message.get("content"), str | None)
        for call in calls:
            told = call["id"], call["function"]["name"], call["function"]["arguments"]
            whole = whole and all(isinstance(one, str) for one in told)
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError):
        whole = False
    if not whole:
        raise OpenRouterAPIError("the endpoint's reply is no chat completion")
    message.setdefault("role", "assistant")
    message.setdefault("content", None)
    return reply


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _usage(response: dict[str, Any]) -> dict[str, Any]:
    usage = response.get("usage")
    return usage if isinstance(usage, dict) else {}


def _number(value: Any) -> float:
    return value if isinstance(value, int | float) and value > 0 else 0
