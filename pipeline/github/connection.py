"""One HTTP exchange with GitHub through PyGithub's requester, and what came back, untouched.

PyGithub would retry, wait, and follow a redirect without its query string on its own. Here it does none of these: every request
passes the limiter and the log, and every answer is looked at in one place (`api.py`).
"""

import threading
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from github import Auth, Consts
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, Requester, RequestsResponse
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

TIMEOUT = 60  # seconds; GitHub itself gives up after 10 (REST and GraphQL)
USER_AGENT = "limi-curation"


class NoAnswerError(Exception):
    """The connection broke before a whole answer was there. The message is the kind of failure, never an address or a header."""


@dataclass(frozen=True)
class Reply:
    """What came back: the status, the headers with lower-case names, the body's bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Whole:
    """Keeps the answer as it came. PyGithub is shown a 301 as a 308, which it hands on instead of following it without its query."""

    answer: Reply | None = None

    def getresponse(self) -> RequestsResponse:
        self.answer = None
        response = super().getresponse()  # type: ignore[misc]
        # A 202 would make PyGithub sleep and ask again, unseen by the limiter.
        response.status = {301: 308, 202: 503}.get(response.status, response.status)
        headers = {name.lower(): str(value) for name, value in response.getheaders()}
        self.answer = Reply(response.status, headers, response.response.content)
        return response  # type: ignore[no-any-return]


class _Http(_Whole, HTTPRequestsConnectionClass):
    pass


class _Https(_Whole, HTTPSRequestsConnectionClass):
    pass


class Exchange:
    """Sends requests to one base address; each thread has its own connection, since PyGithub's keep state while they wait."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._address = urllib.parse.urlsplit(self.base_url)
        self._mine = threading.local()

    def send(
        self,
        auth: Auth.Auth | None,
        verb: str,
        path: str,
        parameters: dict[str, Any],
        headers: dict[str, str],
        body: Any,
    ) -> Reply:
        """One request. `path` begins with a slash; `/graphql` is the GraphQL endpoint. Raises NoAnswerError."""
        requester = Requester(
            auth=auth,
            base_url=self.base_url,
            timeout=TIMEOUT,
            user_agent=USER_AGENT,
            per_page=100,
            verify=True,
            retry=0,
            pool_size=None,
            api_version=Consts.API_VERSION_2022_11_28,
        )
        url = requester.graphql_url if path == "/graphql" else f"{self.base_url}{path}"
        connection = self._connection()
        try:
            requester.requestJson(verb, url, parameters, dict(headers), body, cnx=connection)
        except (RequestException, HTTPError, OSError) as error:
            self._mine.connection = None
            # The exception's own text may hold an address; its kind says enough.
            raise NoAnswerError(type(error).__name__) from None
        except (ValueError, OverflowError):
            # PyGithub stumbles over a limit's header that is no number; the answer is there all the same. (Without one, requests
            # has stumbled over a redirect to no address.)
            pass
        if connection.answer is None:
            raise NoAnswerError("nothing came")
        return connection.answer

    def _connection(self) -> _Http | _Https:
        connection: _Http | _Https | None = getattr(self._mine, "connection", None)
        if connection is None:
            kind = _Https if self._address.scheme == "https" else _Http
            connection = kind(self._address.hostname or "", self._address.port, timeout=TIMEOUT, retry=0)
            self._mine.connection = connection
        return connection
