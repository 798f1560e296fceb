"""Who asks: read from the environment, renewed in time, refused with a sentence, and never written anywhere."""

import json
import logging
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from github import Auth

from pipeline.errors import LimiError, UserError
from pipeline.github.api import Api
from pipeline.github.clock import VirtualClock
from pipeline.github.collect import Wanted, collect_repositories
from pipeline.github.credentials import Credential, read_credentials
from pipeline.github.reading import open_reading
from pipeline.github.repositories import candidates
from tests.pipeline.github.peer import Asked, Peer, in_turn, opened, reply
from tests.pipeline.github.worlds import limi
from tests.servers.contract.sdl import SDL
from tests.servers.github import DemoWorld, Fault, FaultScript, GitHubServer, SyntheticWorld, early_requests, over_limit

WORLD = SyntheticWorld([(20_000, 3)], pulls=3)
REPO = WORLD.repositories()[0].full_name
APP = "4711"


@pytest.fixture(scope="module")
def keys() -> tuple[str, str]:
    """A private key and its public half, as PEM."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def environment(key: str, installations: str = "12") -> dict[str, str]:
    return {"GITHUB_APP_ID": APP, "GITHUB_APP_PRIVATE_KEY": key, "GITHUB_APP_INSTALLATIONS": installations}


# --- what stands in the environment


def test_one_token_is_one_credential() -> None:
    assert read_credentials({"GITHUB_TOKEN": " ghp_a\n"}) == [Credential("token 1", "ghp_a")]


@pytest.mark.parametrize("text", ["ghp_a,ghp_b", "ghp_a ghp_b", " ghp_a ,\n ghp_b ,", "ghp_a\tghp_b"])
def test_several_tokens_stand_behind_commas_or_spaces(text: str) -> None:
    assert [held.token for held in read_credentials({"GITHUB_TOKENS": text})] == ["ghp_a", "ghp_b"]


def test_a_token_that_is_named_twice_has_its_limits_once() -> None:
    found = read_credentials({"GITHUB_TOKEN": "ghp_a", "GITHUB_TOKENS": "ghp_b,ghp_a,ghp_b"})
    assert [(held.name, held.token) for held in found] == [("token 1", "ghp_a"), ("token 2", "ghp_b")]


@pytest.mark.parametrize("given", [{}, {"GITHUB_TOKEN": ""}, {"GITHUB_TOKENS": " , "}])
def test_without_any_there_is_nobody(given: dict[str, str]) -> None:
    assert [held.name for held in read_credentials(given)] == ["nobody"]


@pytest.mark.parametrize("token", ["ghp_ä", "ghp_\x00secret", "ghp_sécret", "ghp_\x7f"])
def test_a_token_that_cannot_be_one_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(UserError) as caught:
        read_credentials({"GITHUB_TOKEN": token})
    assert "ghp_" not in "".join(traceback.format_exception(caught.value))


def test_the_tokens_are_read_from_the_real_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GITHUB_")]:
        monkeypatch.delenv(name)
    assert read_credentials()[0].name == "nobody"


def test_an_app_is_a_credential_for_each_installation(keys: tuple[str, str]) -> None:
    found = read_credentials(environment(keys[0], "12, 34") | {"GITHUB_TOKEN": "ghp_a"})
    assert [held.name for held in found] == ["token 1", "installation 12", "installation 34"]


@pytest.mark.parametrize("twice", ["12,12", "12 34 12", "12,12,12"])
def test_an_installation_that_is_named_twice_has_its_limits_once(keys: tuple[str, str], twice: str) -> None:
    numbers = [held.installation for held in read_credentials(environment(keys[0], twice))]
    assert sorted(numbers) == sorted(set(numbers))


@pytest.mark.parametrize("missing", ["GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_INSTALLATIONS"])
def test_half_an_app_is_refused_with_the_name_of_what_is_missing(keys: tuple[str, str], missing: str) -> None:
    with pytest.raises(UserError, match=missing):
        read_credentials(environment(keys[0]) | {missing: " "})


@pytest.mark.parametrize("ids", ["twelve", "12;34", "-1", "1" * 30])
def test_installations_are_numbers(keys: tuple[str, str], ids: str) -> None:
    with pytest.raises(UserError, match="GITHUB_APP_INSTALLATIONS"):
        read_credentials(environment(keys[0], ids))


def _as_text(key: str, folder: Path) -> str:
    return key


def _in_one_line(key: str, folder: Path) -> str:
    return key.replace("\n", "\\n")


def _as_file(key: str, folder: Path) -> str:
    (folder / "app.pem").write_text(key)
    return str(folder / "app.pem")


@pytest.mark.parametrize("form", [_as_text, _in_one_line, _as_file])
def test_an_apps_key_may_be_text_or_one_line_or_a_file(
    keys: tuple[str, str], tmp_path: Path, form: Callable[[str, Path], str]
) -> None:
    (held,) = read_credentials(environment(form(keys[0], tmp_path)))
    assert held.app is not None
    assert held.app.create_jwt().count(".") == 2


@pytest.mark.parametrize(
    "key",
    ["/no/such/file.pem", "MIIEpAIBAAKCAQEA" * 300, "-----BEGIN RSA PRIVATE KEY-----\nMIIEnonsense\n-----END RSA PRIVATE KEY-----", "a\0b"],
    ids=["no file", "no PEM", "broken PEM", "NUL"],
)  # fmt: skip
def test_a_key_that_is_none_is_a_mistake_of_the_user_and_is_not_shown(tmp_path: Path, key: str) -> None:
    with Peer(in_turn(reply(201, {"token": "ghs_x"}))) as peer:
        with (
            pytest.raises(UserError, match="GITHUB_APP_PRIVATE_KEY") as caught,
            opened(peer.url, tmp_path, VirtualClock(), environment(key)) as api,
        ):
            api.rest("/x")
        assert peer.asked == []
    assert "MIIE" not in "".join(traceback.format_exception(caught.value))


# --- an App, with a real key and GitHub's endpoint for its tokens


class Hour:
    """PyGithub dates an App's signature by the machine's time; here by the virtual clock's, so that hours can pass."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = VirtualClock(float(int(time.time())))
        monkeypatch.setattr("github.Auth.time", SimpleNamespace(time=self.clock.now))


@pytest.fixture
def hour(monkeypatch: pytest.MonkeyPatch) -> Hour:
    return Hour(monkeypatch)


@pytest.fixture
def server(hour: Hour, keys: tuple[str, str]) -> Iterator[GitHubServer]:
    with GitHubServer(WORLD, hour.clock, sdl_path=SDL, apps={APP: keys[1]}, tokens=[]) as running:
        yield running


def _number(api: Api) -> int:
    return int(json.loads(api.rest(f"/repos/{REPO}/pulls/3", fresh=True).body)["number"])


def _made(server: GitHubServer) -> int:
    return sum(record.path.endswith("/access_tokens") and record.status == 201 for record in server.log)


def test_an_installation_asks_with_a_token_that_is_made_once(
    server: GitHubServer, hour: Hour, keys: tuple[str, str], tmp_path: Path
) -> None:
    with opened(server.api_url, tmp_path, hour.clock, environment(keys[0])) as api:
        assert [_number(api) for _ in range(5)] == [3] * 5
    assert _made(server) == 1
    assert [record.status for record in server.log] == [201] + [200] * 5
    assert over_limit(server.log, server.limits) == []


def test_an_installations_token_is_made_anew_before_its_hour_is_over(
    server: GitHubServer, hour: Hour, keys: tuple[str, str], tmp_path: Path
) -> None:
    with opened(server.api_url, tmp_path, hour.clock, environment(keys[0])) as api:
        for _ in range(60):
            assert _number(api) == 3
            hour.clock.sleep_until(hour.clock.now() + 180)
    assert 401 not in {record.status for record in server.log}
    assert _made(server) == 4, "three hours and a bit, 55 minutes each"


def test_two_installations_have_a_token_each_and_share_the_work(
    server: GitHubServer, hour: Hour, keys: tuple[str, str], tmp_path: Path
) -> None:
    with opened(server.api_url, tmp_path, hour.clock, environment(keys[0], "12,34")) as api:
        for _ in range(20):
            _number(api)
    asked = [record.token for record in server.log if record.status == 200]
    assert (asked.count("installation-12"), asked.count("installation-34")) == (10, 10)


def test_threads_make_one_token_and_not_one_each(
    server: GitHubServer, hour: Hour, keys: tuple[str, str], tmp_path: Path
) -> None:
    with opened(server.api_url, tmp_path, hour.clock, environment(keys[0])) as api:
        threads = [threading.Thread(target=_number, args=(api,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert _made(server) == 1
    assert sum(record.status == 200 for record in server.log) == 8


def test_a_token_that_github_withdraws_early_is_made_anew_once(
    server: GitHubServer, hour: Hour, keys: tuple[str, str], tmp_path: Path
) -> None:
    with opened(server.api_url, tmp_path, hour.clock, environment(keys[0])) as api:
        for _ in range(3):
            _number(api)
            server.tokens._known.clear()
        assert _number(api) == 3
    assert _made(server) == 4


def test_threads_that_meet_a_withdrawn_token_at_once_all_go_on(keys: tuple[str, str], tmp_path: Path) -> None:
    made, both = [], threading.Barrier(2, timeout=3)

    def script(asked: Asked) -> bytes:
        if asked.target.endswith("access_tokens"):
            made.append(asked.order)
            return reply(201, {"token": f"ghs_{len(made)}"})
        if asked.token == "ghs_1" and asked.target != "/first":  # noqa: S105
            both.wait()
            return reply(401, {"message": "Bad credentials"})
        return reply(200, {})

    with Peer(script) as peer, opened(peer.url, tmp_path, VirtualClock(), environment(keys[0])) as api:
        api.rest("/first")
        got: list[object] = []

        def work(path: str) -> None:
            try:
                got.append(api.rest(path).status)
            except LimiError as error:
                got.append(error)

        threads = [threading.Thread(target=work, args=(path,)) for path in ("/a", "/b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert got == [200, 200]


def test_an_installation_whose_every_token_is_refused_is_given_up_and_not_asked_for_ever(
    keys: tuple[str, str], tmp_path: Path
) -> None:
    def script(asked: Asked) -> bytes:
        if asked.target.endswith("access_tokens"):
            return reply(201, {"token": f"ghs_{asked.order}"})
        return reply(401, {"message": "Bad credentials"}) if asked.order < 60 else reply(200, {})

    with Peer(script) as peer, opened(peer.url, tmp_path, VirtualClock(), environment(keys[0])) as api:
        with pytest.raises(UserError, match="refuses every token"):
            api.rest("/x")
        assert len(peer.asked) <= 8


def test_an_installation_that_is_given_up_leaves_its_work_to_a_token(keys: tuple[str, str], tmp_path: Path) -> None:
    def script(asked: Asked) -> bytes:
        if asked.target.endswith("access_tokens"):
            return reply(201, {"token": f"ghs_{asked.order}"})
        return reply(200, {}) if asked.token == "ghp_good" else reply(401, {"message": "Bad credentials"})  # noqa: S105

    with (
        Peer(script) as peer,
        opened(peer.url, tmp_path, VirtualClock(), environment(keys[0]) | {"GITHUB_TOKEN": "ghp_good"}) as api,
    ):
        assert [api.rest(f"/{at}").status for at in range(10)] == [200] * 10


@pytest.mark.parametrize("status", [401, 403, 404])
def test_an_app_that_is_not_installed_is_told_to_the_user(keys: tuple[str, str], tmp_path: Path, status: int) -> None:
    with (
        Peer(in_turn(reply(status, {"message": "Integration not found"}))) as peer,
        opened(peer.url, tmp_path, VirtualClock(), environment(keys[0])) as api,
    ):
        with pytest.raises(UserError, match=r"installation 12.*installed there"):
            api.rest("/x")
        assert len(peer.asked) == 1


@pytest.mark.parametrize("kind", ["500", "502", "reset", "cut", "bad_json"])
def test_trouble_with_making_a_token_is_asked_again(
    hour: Hour, keys: tuple[str, str], tmp_path: Path, kind: str
) -> None:
    faults = FaultScript([Fault(kind, on="access_tokens", times=2)])
    with (
        GitHubServer(WORLD, hour.clock, faults=faults, sdl_path=SDL, apps={APP: keys[1]}, tokens=[]) as running,
        opened(running.api_url, tmp_path, hour.clock, environment(keys[0])) as api,
    ):
        assert _number(api) == 3
        assert faults.unused == []


@pytest.mark.parametrize("kind", ["429_retry_after", "403_secondary_retry_after", "403_secondary_bare", "429_bare"])
def test_a_limit_on_making_tokens_is_waited_for_and_is_no_missing_app(
    hour: Hour, keys: tuple[str, str], tmp_path: Path, kind: str
) -> None:
    faults = FaultScript([Fault(kind, on="access_tokens", seconds=90)])
    with (
        GitHubServer(WORLD, hour.clock, faults=faults, sdl_path=SDL, apps={APP: keys[1]}, tokens=[]) as running,
        opened(running.api_url, tmp_path, hour.clock, environment(keys[0])) as api,
    ):
        assert _number(api) == 3
        assert early_requests(running.log) == []
        assert faults.unused == []


# --- nothing of it is written anywhere


SECRETS = ("ghp_SECRETone1", "ghp_SECRETtwo2")


def test_no_credential_shows_its_secret_when_it_is_printed(keys: tuple[str, str]) -> None:
    found = read_credentials(environment(keys[0]) | {"GITHUB_TOKENS": ",".join(SECRETS)})
    middle = keys[0].splitlines()[5]
    for text in (repr(found), str(found), repr(found[0]), f"{found[2]}", repr(found[2].app)):
        assert "SECRET" not in text
        assert middle not in text


def _grep(folder: Path, secrets: tuple[str, ...]) -> list[str]:
    """Every file under a folder with a secret in its bytes or its name; also as git and HTTP write it in base64."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [
        str(path)
        for path in files
        if any(secret.encode() in path.read_bytes() or secret in str(path) for secret in secrets)
    ]


def test_the_search_for_secrets_finds_one(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/.hidden").write_bytes(b"\0" * 9 + SECRETS[0].encode())
    assert _grep(tmp_path, SECRETS) == [str(tmp_path / "deep/.hidden")]


def test_after_a_whole_run_with_trouble_no_byte_on_disk_no_log_and_no_output_has_a_token(
    demo_world: DemoWorld, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    clock = VirtualClock()
    faults = FaultScript(
        [
            Fault(kind)
            for kind in ("403_secondary_bare", "500", "reset", "bad_json", "git_500", "git_429", "graphql_rate_limited")
        ]
    )
    names = [facts.full_name for facts in demo_world.repositories()][:3]
    with GitHubServer(demo_world, clock, faults=faults, sdl_path=SDL, tokens=SECRETS[:1]) as running:
        source = limi().source.model_copy(
            update={"api": running.api_url, "git": running.git_url, "folder": str(tmp_path / "github")}
        )
        with open_reading(source, clock, {"GITHUB_TOKENS": ",".join(reversed(SECRETS))}) as reading:
            candidates(reading, 10_000)
            wanted = [Wanted(name, "main", lambda frame: None) for name in names]
            collect_repositories(reading, wanted, limi().collect, limi().filter, lambda *_: None)
            assert _grep(tmp_path, SECRETS) == []
        used = {record.token for record in running.log if record.resource != "git"}
        assert {"", "token-0"} <= used, "a token was refused, and one was used"
    assert faults.unused == []
    assert list((tmp_path / "github").rglob("trace")), "git's own trace is there to be looked at"
    assert (tmp_path / "github/requests.jsonl").stat().st_size > 1_000
    assert _grep(tmp_path, SECRETS) == []
    told = capfd.readouterr()
    assert "SECRET" not in caplog.text + told.out + told.err


def test_git_is_started_without_any_credential_of_the_environment(
    demo_world: DemoWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, seen = VirtualClock(), tmp_path / "seen"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").write_text(
        f'#!/bin/sh\n{{ env; printf "%s\\n" "$@"; }} >> "{seen}"\nPATH="{os.environ["PATH"]}" exec git "$@"\n'
    )
    (tmp_path / "bin/git").chmod(0o755)
    for name in ("GITHUB_TOKEN", "GITHUB_TOKENS", "GH_TOKEN", "GITHUB_APP_PRIVATE_KEY"):
        monkeypatch.setenv(name, SECRETS[0])
    name = demo_world.repositories()[0].full_name
    with GitHubServer(demo_world, clock, sdl_path=SDL, tokens=SECRETS) as running:
        source = limi().source.model_copy(
            update={"api": running.api_url, "git": running.git_url, "folder": str(tmp_path / "github")}
        )
        with open_reading(source, clock, {"GITHUB_TOKENS": SECRETS[0]}) as reading, monkeypatch.context() as patched:
            patched.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
            collect_repositories(
                reading, [Wanted(name, "main", lambda frame: None)], limi().collect, limi().filter, lambda *_: None
            )
    told = seen.read_text()
    assert "\nfetch\n" in told, "git was seen fetching"
    assert "SECRET" not in told


def test_no_error_of_a_run_shows_a_token_with_all_that_led_to_it(tmp_path: Path) -> None:
    scripts: list[Any] = [
        in_turn(reply(401, {"message": "Bad credentials"})),
        in_turn(reply(404, {})),
        in_turn(reply(406, {})),
        in_turn(reply(500, b"")),
        in_turn(None),
        in_turn(reply(403, {"message": "secondary rate limit"})),
        in_turn(reply(301, {}, {"Location": "http://other.example/x"})),
        lambda asked: reply(500, asked.headers["authorization"].encode()),  # a server that says it back
    ]
    for at, script in enumerate(scripts):
        with (
            Peer(script) as peer,
            opened(peer.url, tmp_path / str(at), VirtualClock(), {"GITHUB_TOKEN": SECRETS[0]}) as api,
        ):
            with pytest.raises(Exception) as caught:
                api.rest("/x")
            assert peer.asked[0].token == SECRETS[0]
        error: BaseException | None = caught.value
        while error is not None:
            assert "SECRET" not in f"{error!r} {error} {getattr(error, '__notes__', '')}"
            error = error.__cause__ or error.__context__
        assert "SECRET" not in "".join(traceback.format_exception(caught.value))
    assert _grep(tmp_path, SECRETS) == []


def test_an_installations_token_and_signature_are_in_no_file_and_no_log_at_any_level(
    server: GitHubServer,
    hour: Hour,
    keys: tuple[str, str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    signed: list[str] = []
    create = Auth.AppAuth.create_jwt
    monkeypatch.setattr(
        Auth.AppAuth, "create_jwt", lambda self, *given: signed.append(create(self, *given)) or signed[-1]
    )
    with opened(server.api_url, tmp_path, hour.clock, environment(keys[0])) as api:
        assert _number(api) == 3
    secrets = (*signed, *server.tokens._known)
    assert len(secrets) >= 2
    assert _grep(tmp_path, secrets) == []
    assert [secret for secret in secrets if secret in caplog.text] == []
