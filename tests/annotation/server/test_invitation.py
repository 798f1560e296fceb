"""On a Label Studio that somebody else runs, people get accounts by its invitation, once."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from annotation.server.accounts import Person
from annotation.server.invitation import invite
from pipeline.errors import LimiError, UserError
from tests.annotation.server.asking import Asking
from tests.annotation.server.running import Running

PEOPLE = [Person("gia", "Gia@limi.example", "annotator"), Person("amara", "AMARA@limi.example", "annotator")]


def test_who_has_no_account_gets_one_and_who_has_keeps_it(label_studio: Running) -> None:
    gia, amara = invite(label_studio.url, label_studio.owner_token, PEOPLE)
    assert (amara.password, amara.token) == ("", "")
    assert Asking(label_studio.url).log_in("gia@limi.example", gia.password)
    assert Asking(label_studio.url, gia.token).get("/api/current-user/whoami").json["email"] == "gia@limi.example"
    again = invite(label_studio.url, label_studio.owner_token, PEOPLE)
    assert [(account.password, account.token) for account in again] == [("", ""), ("", "")]


def test_a_key_that_opens_nothing_is_told_without_quoting_it(label_studio: Running) -> None:
    with pytest.raises(UserError, match="does not accept the key") as refused:
        invite(label_studio.url, "f" * 40, PEOPLE)
    assert "f" * 40 not in str(refused.value)


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(LimiError, match="cannot be reached"):
        invite("http://127.0.0.1:1", "f" * 40, PEOPLE)


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>"), (500, b"{}"), (302, b""), (200, b"\xff\xfe"), (200, b"[" * 100_000)],
    ids=["no JSON", "an error", "a redirect", "no text", "too deep"],
)
def test_a_server_that_is_no_label_studio_is_told_and_not_followed(status: int, body: bytes) -> None:
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.handle_request).start()
        with pytest.raises(LimiError, match=r"does not answer /api/users/ as a Label Studio does"):
            invite(f"http://127.0.0.1:{server.server_address[1]}", "f" * 40, PEOPLE)
    assert asked == ["/api/users/"]


def test_an_address_that_is_none_is_refused_before_anybody_is_asked() -> None:
    with pytest.raises(UserError, match="e-mail address"):
        invite("http://127.0.0.1:1", "f" * 40, [Person("ada", "a" * 1_000_000, "annotator")])
