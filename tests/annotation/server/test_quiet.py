"""Label Studio calls nothing outside its machine, and tells browsers to do likewise."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.annotation.server.asking import Asking
from tests.annotation.server.running import Running
from tests.annotation.server.template import ROOT

PROGRAM = "tests.annotation.server.without_a_network"
PAGES = ("/user/login/", "/projects/", "/user/account", "/api/projects", "/health")


def test_a_day_of_work_sends_no_packet_to_the_outside(tmp_path: Path) -> None:
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--net", sys.executable, "-m", PROGRAM, str(tmp_path / "data")],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["day"] == said["before"], "the kernel had no packet to throw away"
    assert said["refused_by_day"] == 0, "and Label Studio did not even try"
    assert said["refused_when_asked"] > 0, "it does try when it is asked to call somebody, and that is refused"
    assert said["asked"] == said["day"], "before a packet is made"
    assert said["day"] < said["ours"] < said["our_question"], "a call and a question of our own were counted"


@pytest.fixture(scope="module")
def browser(label_studio: Running) -> Asking:
    asking, amara = Asking(label_studio.url), label_studio.accounts["amara"]
    assert asking.log_in(amara.email, amara.password)
    return asking


@pytest.mark.parametrize("page", PAGES)
def test_every_page_comes_with_a_policy_that_is_enforced_and_names_no_other_origin(browser: Asking, page: str) -> None:
    headers = browser.get(page).headers
    assert headers.get("Content-Security-Policy-Report-Only") is None
    policy = {part.split()[0]: part.split()[1:] for part in headers["Content-Security-Policy"].split(";")}
    kept = {"'self'", "'none'", "'unsafe-inline'", "data:", "blob:"}
    foreign = [word for words in policy.values() for word in words if not re.match(r"'(nonce|sha256)-", word)]
    assert set(foreign) <= kept
    assert "'unsafe-inline'" not in policy["script-src"]
    assert "data:" not in policy["script-src"]
    assert policy["default-src"] == policy["connect-src"] == ["'self'"]
    assert policy["frame-src"] == policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]


@pytest.mark.parametrize("page", PAGES[:3])
def test_no_page_loads_anything_from_another_origin(browser: Asking, page: str) -> None:
    asking = Asking(browser.url) if page == "/user/login/" else browser
    html = asking.get(page).body.decode()
    loaded = re.findall(r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=[\"']([^\"']+)", html)
    assert loaded, "a page without anything would prove nothing"
    assert [address for address in loaded if not address.startswith(("/", browser.url))] == []


def test_every_inline_script_of_a_page_is_allowed_by_its_policy(browser: Asking) -> None:
    answer = browser.get("/projects/")
    inline = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", answer.body.decode())
    without_nonce = [attributes for attributes in inline if "nonce=" not in attributes]
    assert len(without_nonce) == answer.headers["Content-Security-Policy"].count("'sha256-")


def test_another_origin_may_not_read_the_api(browser: Asking) -> None:
    headers = browser.ask("GET", "/api/projects", Origin="https://elsewhere.example").headers
    assert headers.get("Access-Control-Allow-Origin") is None


def test_another_name_for_this_machine_is_not_answered(label_studio: Running) -> None:
    assert Asking(label_studio.url).ask("GET", "/health", Host="elsewhere.example").status == 400
