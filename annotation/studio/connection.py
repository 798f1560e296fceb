"""The line to a Label Studio server: its SDK opens and signs it; every failure is a sentence, and none of them holds the key.

The SDK's typed calls build an object for every field of every task, and repeat an import that a dying server may have finished. So
requests are made here through the SDK's HTTP client as plain JSON: what is read is tried again, what is written only where
twice is the same as once.
"""

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import LimiError, UserError

KEY = "LABEL_STUDIO_API_KEY"
TESTED = "1.23"
MOST_BYTES = 256 * 2**20  # of one answer; a page of a thousand tasks without what they show has less than one
WAITS = (0.3, 1.0, 3.0)  # seconds between tries
_LONGEST_WAIT = 30.0  # seconds, whatever a server asks for
_TIMEOUT = 300.0  # seconds for one request; an import of a batch takes one or two
_SAID = 300  # characters of a server's words in an error


class Connection:
    """Requests to one server under one key. `warnings` are sentences to show; `server_time` is the server's clock at its latest answer."""

    def __init__(self, server: str, key: str) -> None:
        """Import the SDK. Raises UserError if it is not installed, or if the key cannot be one."""
        try:
            # Takes a second or two, and is an extra: imported by who annotates only.
            import httpx
            import label_studio_sdk
        except ImportError as error:
            raise UserError(
                f"the Label Studio SDK is not installed ({error}); `make install` in a clone of this repository does "
                "it, or `pip install -e '.[annotation]'`"
            ) from None
        self.server = server.rstrip("/")
        self.warnings: list[str] = []
        self.server_time: float | None = None
        self._key = checked_key(key)
        self._failures: tuple[type[Exception], ...] = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)
        loopback = urlsplit(server).hostname in ("127.0.0.1", "localhost", "::1")
        client = httpx.Client(
            timeout=httpx.Timeout(_TIMEOUT, connect=10.0),
            follow_redirects=False,
            trust_env=not loopback,  # a proxy cannot reach this machine's own ports
            # A session's cookie would outlive the key that opened it.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
        try:
            # The SDK tells tokens of the two kinds apart, and exchanges a personal one for those that live five minutes.
            open_sdk: Any = label_studio_sdk.LabelStudio  # its constructor has no types
            sdk = open_sdk(base_url=self.server, api_key=key, httpx_client=client, max_retries=0)
        except Exception as error:
            raise UserError(f"{KEY} is refused by Label Studio's SDK: {self.words(error)}") from None
        self._client = client
        self._http = sdk._client_wrapper.httpx_client
        self._tokens = sdk._client_wrapper._tokens_client

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def read(self, path: str, patient: bool = True, **query: Any) -> Any:
        """GET as parsed JSON. If `patient`, a server that fails or is not reached is asked again, up to four times in all."""
        return self._tried("GET", path, None, query, (*WAITS, None) if patient else (None,))

    def write(self, method: str, path: str, body: Any, again: bool = True, **query: Any) -> Any:
        """POST, PATCH or DELETE of a JSON body (bytes: JSON already). `again` if twice is the same as once."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._tried(method, path, sent, query, (*WAITS, None) if again else (None,))

    def _tried(
        self, method: str, path: str, body: bytes | None, query: Mapping[str, Any], waits: tuple[float | None, ...]
    ) -> Any:
        for wait in waits:
            try:
                return self._once(method, path, body, query)
            except _PassingError as error:
                if wait is None:
                    raise FailedError(str(error), error.status) from None
                time.sleep(min(_LONGEST_WAIT, max(wait, error.wait)))
        raise AssertionError("the last try returns or raises")

    def _once(self, method: str, path: str, body: bytes | None, query: Mapping[str, Any]) -> Any:
        where = f"{method} {self.server}{path}"
        try:
            with self._http.stream(
                path,
                method=method,
                params=dict(query),
                content=body,
                headers={"Content-Type": "application/json"} if body is not None else None,
            ) as response:
                headers = dict(response.headers)
                received = bytearray()
                for piece in response.iter_bytes():
                    received += piece
                    if len(received) > MOST_BYTES:
                        raise LimiError(
                            f"{where} answers with more than {MOST_BYTES // 2**20} MB; that is no answer to it"
                        )
                status = response.status_code
        except self._failures as error:
            raise _PassingError(
                f"Label Studio does not answer {where} ({type(error).__name__}: {self.words(error)}); is it running? "
                "`limi annotate up` starts one, params.yaml says where as review.server"
            ) from None
        except LimiError:
            raise
        except Exception as error:
            # The SDK exchanges a personal token within the request; a broken answer to that comes as whatever its parts raise.
            self._refuse_token(error)
        self._note_time(headers.get("date", ""))
        return self._parsed(where, status, headers, bytes(received))

    def _refuse_token(self, error: Exception) -> None:
        status = getattr(error, "status_code", None)
        if isinstance(status, int) and status >= 500:
            raise _PassingError(f"{self.server} fails ({status}) to exchange the personal token of {KEY}") from None
        raise UserError(
            f"{self.server} does not exchange the personal token of {KEY} ({type(error).__name__}: "
            f"{self.words(getattr(error, 'body', None) or error)}); make a new one in Label Studio under Account & Settings"
        ) from None

    def _parsed(self, where: str, status: int, headers: dict[str, str], received: bytes) -> Any:
        if status in (429, 500, 502, 503, 504):
            wait = 0.0
            with suppress(ValueError):
                wait = float(headers.get("retry-after", "0"))
            raise _PassingError(f"Label Studio fails ({status}) at {where}: {self.words(received)}", status, wait)
        if status == 401:
            raise UserError(
                f"{self.server} does not know the key in {KEY}; it is shown in Label Studio under Account & Settings. "
                "Of the two kinds, a legacy token works only where the organization allows them"
            )
        if status == 403:
            raise UserError(f"the account of {KEY} may not {where}; take the key of the account that owns the projects")
        if 300 <= status < 400:
            raise UserError(
                f"{where} is sent on to {self.words(headers.get('location', 'nowhere'))}; the key is not sent along. "
                "Write Label Studio's own address as review.server in params.yaml"
            )
        if status >= 400:
            raise RefusedError(f"Label Studio refuses ({status}) {where}: {self.words(received)}", status)
        if not received.strip():
            return None
        try:
            # What an annotator stores must not break the reading of what others did: NaN and endless numbers become null.
            return json.loads(received, parse_constant=lambda _: None, parse_int=_integer)
        except (ValueError, RecursionError):
            raise LimiError(
                f"{where} does not answer with JSON but with {self.words(received)!r}; is review.server the address of a Label Studio?"
            ) from None

    def _note_time(self, date: str) -> None:
        try:
            self.server_time = parsedate_to_datetime(date).timestamp()
        except (TypeError, ValueError, OverflowError):
            self.server_time = None

    def words(self, said: object) -> str:
        """What a server or a library said, on one line, cut, and without the key or a token made of it."""
        text = said[: 4 * _SAID].decode("utf-8", "replace") if isinstance(said, bytes) else str(said)[: 4 * _SAID]
        for secret in self._secrets():
            text = text.replace(secret, "***")
        if text.lstrip()[:1] == "<":
            return "a page of HTML"
        shown = "".join(character if character.isprintable() else " " for character in text)
        return " ".join(shown.split())[:_SAID]

    def _secrets(self) -> list[str]:
        tokens = getattr(self, "_tokens", None)
        return [secret for secret in (self._key, getattr(tokens, "_access_token", None)) if secret]


class RefusedError(UserError):
    """The server understood and said no, with this status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class FailedError(LimiError):
    """The server failed with this status, also when it was asked again; 0 if it did not answer."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class _PassingError(Exception):
    """A failure that may pass: worth another try after `wait` seconds where that does no harm."""

    def __init__(self, message: str, status: int = 0, wait: float = 0.0) -> None:
        super().__init__(message)
        self.status = status
        self.wait = wait


def checked_key(key: str) -> str:
    """The key as it is. Raises UserError, without showing it, if it is empty or holds what no key holds."""
    if not key:
        raise UserError(
            f"{KEY} is not set; it is shown in Label Studio under Account & Settings, and by `limi annotate up`"
        )
    if not (key.isascii() and key.isprintable()) or " " in key or len(key) > 4096:
        raise UserError(f"{KEY} is not a key: it holds blanks, line ends or other characters that no key has")
    return key


def connect(server: str) -> Connection:
    """Open the line, a context that closes it, with the key of the environment, and see that server and key are good.

    Another version of Label Studio than the tested one is a warning. Raises UserError and LimiError.
    """
    connection = Connection(server, os.environ.get(KEY, ""))
    try:
        about = connection.read("/api/version")
        release = about.get("release") if isinstance(about, dict) else None
        if not isinstance(release, str):
            raise UserError(
                f"{server} is not a Label Studio: it does not tell its version; see review.server in params.yaml"
            )
        if release != TESTED and not release.startswith(f"{TESTED}."):
            connection.warnings.append(
                f"{server} runs Label Studio {connection.words(release)}; this was tested with {TESTED}, others may differ"
            )
        connection.read("/api/current-user/whoami")
    except BaseException:
        connection.__exit__()
        raise
    return connection


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= 20 else None
