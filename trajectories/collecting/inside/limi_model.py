"""Asks one OpenAI-compatible endpoint as mini-swe-agent's own OpenRouter model does, for any address, and keeps the key to itself."""
# mypy: disable-error-code="import-not-found, import-untyped, misc, no-any-return"
# mini-swe-agent is in its own environment, not in the one where this is checked.

import json
import time
from collections.abc import Mapping
from typing import Any

import requests
import urllib3
from jinja2 import StrictUndefined, Template
from limi_key import hidden
from limi_reply import checked
from minisweagent.exceptions import FormatError
from minisweagent.models.openrouter_model import OpenRouterAPIError, OpenRouterAuthenticationError, OpenRouterModel
from minisweagent.models.utils.actions_toolcall import BASH_TOOL

_CONNECT = 30.0  # seconds
_MOST_BYTES = 8 * 2**20  # of what is read of a reply; what is too large to be kept is refused later
_MOST_COUNTED = 2**53  # tokens or dollars; more is no figure
_LATER = (408, 409, 425, 429)  # these may pass; other refusals stay as they are


class EndpointModel(OpenRouterModel):
    """A model behind `endpoint`. `prices` are dollars per million tokens (input, cached_input, output), or None if they are not known."""

    def __init__(
        self, endpoint: str, key: str, timeout: float, prices: Mapping[str, float] | None, **settings: Any
    ) -> None:
        super().__init__(**settings, cost_tracking="ignore_errors")
        self._api_url = endpoint.rstrip("/") + "/chat/completions"
        self._key, self._timeout, self._prices = key, timeout, prices
        self._session = requests.Session()

    def hide(self, value: Any) -> Any:
        """A JSON value without the key, should a server have sent it back."""
        return hidden(value, self._key)

    def _query(self, messages: list[dict[str, Any]], **kwargs: Any) -> dict[str, Any]:
        asked = {"model": self.config.model_name, "messages": messages, "tools": [BASH_TOOL]}
        content = json.dumps(asked | self.config.model_kwargs | kwargs)
        deadline = time.monotonic() + self._timeout
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
                status, body = response.status_code, _whole(response, deadline)
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            raise OpenRouterAPIError(f"no answer came from the endpoint: {type(error).__name__}") from None
        text = body.decode("utf-8", "replace")
        if status != 200:
            said = "".join(one if one.isprintable() else " " for one in self.hide(text)[:300])
            refused = 300 <= status < 500 and status not in _LATER
            raise (OpenRouterAuthenticationError if refused else OpenRouterAPIError)(
                f"the endpoint said {status}: {said}"
            )
        try:
            return dict(self.hide(checked(text)))
        except ValueError as error:
            raise OpenRouterAPIError(
                f"the endpoint's reply is no chat completion that can be recorded: {error}"
            ) from None

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

    def _parse_actions(self, response: dict[str, Any]) -> list[dict[str, Any]]:
        actions: list[dict[str, Any]] = super()._parse_actions(response)
        if all(isinstance(action["command"], str) for action in actions):
            return actions
        told = {"error": "The 'command' argument must be a string.", "actions": [], "has_tool_calls": True}
        template = Template(self.config.format_error_template, undefined=StrictUndefined)
        content = template.render(**told, finish_reason=response["choices"][0].get("finish_reason"))
        raise FormatError({"role": "user", "content": content, "extra": {"interrupt_type": "FormatError"}})

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


def _whole(response: requests.Response, deadline: float) -> bytes:
    """The body. What is there is taken at once, so that a server that sends little by little is not waited for without end."""
    body = b""
    while part := response.raw.read1(65536, decode_content=True):
        body += part
        if len(body) > _MOST_BYTES:
            raise OpenRouterAPIError(f"the endpoint's reply is larger than {_MOST_BYTES} bytes")
        if time.monotonic() > deadline:
            raise OpenRouterAPIError("the endpoint's reply took too long (model.timeout_seconds)")
    return body


def _usage(response: dict[str, Any]) -> dict[str, Any]:
    usage = response.get("usage")
    return usage if isinstance(usage, dict) else {}


def _number(value: Any) -> float:
    return value if isinstance(value, int | float) and 0 < value < _MOST_COUNTED else 0
