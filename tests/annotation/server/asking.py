"""Asking a Label Studio over plain HTTP: by token as a program does, or logged in as a browser does."""

import http.client
import http.cookies
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit


@dataclass
class Answer:
    """An answer as it came."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Asking:
    """Somebody who asks the Label Studio at `url`."""

    url: str
    token: str = ""
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: bytes | str | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        if self.token:
            headers["Authorization"] = f"Token {self.token}"
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, cookie in http.cookies.SimpleCookie(line).items():
                self.cookies[name] = cookie.value
        return answer

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, path: str, data: Any) -> Answer:
        return self.ask("POST", path, json.dumps(data), Content_Type="application/json")

    def post_form(self, path: str, form: dict[str, str]) -> Answer:
        """Fill in the form of a page and send it, as a browser does."""
        page = self.get(path).body.decode()
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found is not None, page
        body = urlencode({"csrfmiddlewaretoken": found.group(1), **form})
        return self.ask(
            "POST", path, body, Content_Type="application/x-www-form-urlencoded", Referer=f"{self.url}{path}"
        )

    def log_in(self, email: str, password: str) -> bool:
        """Log in by the page's form; whether it let us in."""
        return self.post_form("/user/login/", {"email": email, "password": password}).status == 302
