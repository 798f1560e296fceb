"""Where a push may go: named plainly, over https or to this machine, with a token of the environment."""

import pytest

from curated.hub.target import target
from pipeline.errors import UserError

TOKEN = {"HF_TOKEN": "hf_loopback"}


def test_the_hub_itself_is_the_default() -> None:
    found = target("limi-lab/queries", "v1.0", TOKEN)
    assert found.url == "https://huggingface.co/datasets/limi-lab/queries"
    assert "hf_loopback" not in repr(found)


@pytest.mark.parametrize(
    "address",
    ["https://hub.example/", "http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:80", "http://127.9.9.9"],
)
def test_https_and_this_machine_are_allowed(address: str) -> None:
    assert target("a/b", "v1", {**TOKEN, "HF_ENDPOINT": address}).endpoint == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    [
        "http://huggingface.co",
        "http://10.0.0.1",
        "http://127.0.0.1.example",
        "ftp://127.0.0.1",
        "https://",
        "huggingface.co",
        "https://user:word@hub.example",
        "https://hub.example/?x=1",
        "https://hub.example/path",
        "https://hub.example/x y",
        "http://[::1",
        "http://127.0.0.1:abc",
        "http://127.0.0.1:99999",
        "https://hub example",
    ],
)
def test_a_token_goes_nowhere_else(address: str) -> None:
    with pytest.raises(UserError, match="HF_ENDPOINT"):
        target("a/b", "v1", {**TOKEN, "HF_ENDPOINT": address})


@pytest.mark.parametrize(
    "name",
    [
        "queries",
        "a/b/c",
        "a/",
        "/b",
        "a b/c",
        "a/../b",
        "a/b--c",
        "a/" + "b" * 96,
        "a/b\n",
        "a/.b",
        "a/b.git",
        "a/b.ipynb",
    ],
)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="OWNER/NAME"):
        target(name, "v1", TOKEN)


@pytest.mark.parametrize(
    "tag", ["", "v 1", "v1/2", "-v1", ".v1", "v1.lock", "v1..2", "v1.", "a@{b", "v1\n", "ä", "main", "HEAD", "0" * 40]
)
def test_a_tag_that_git_would_not_take_is_refused(tag: str) -> None:
    with pytest.raises(UserError, match="tag"):
        target("a/b", tag, TOKEN)


@pytest.mark.parametrize("token", ["", " ", "two words", "hf_ä", "hf\x07x"])
def test_no_token_no_push(token: str) -> None:
    with pytest.raises(UserError, match="HF_TOKEN") as refused:
        target("a/b", "v1", {"HF_TOKEN": token})
    assert token.strip() == "" or token not in str(refused.value)
