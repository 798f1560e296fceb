"""Each kind of answer has its verdict, and none whatever breaks it."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.github.connection import Reply
from pipeline.github.verdict import verdict


@pytest.mark.parametrize(
    ("status", "headers", "body", "resource", "meant"),
    [
        (200, {}, {"data": {"x": 1}}, "graphql", "answer"),
        (200, {}, {"data": {"x": None}, "errors": [{"message": "m", "path": ["x"]}]}, "graphql", "answer"),
        (200, {}, {"data": None, "errors": [{"message": "m"}]}, "graphql", "trouble (no data)"),
        (200, {}, {"errors": [{"type": "RATE_LIMITED", "message": "m"}]}, "graphql", "wait"),
        (200, {}, {"errors": [{"message": "You have exceeded a Secondary Rate Limit"}]}, "graphql", "wait"),
        (200, {}, {"errors": [{"type": "MAX_NODE_LIMIT_EXCEEDED", "message": "m"}]}, "graphql", "too much"),
        (200, {}, [], "graphql", "trouble (not JSON)"),
        (200, {}, {}, "core", "answer"),
        (304, {}, {}, "core", "unchanged"),
        (401, {}, {}, "core", "refused token"),
        (403, {}, {"message": "You have triggered an abuse detection mechanism."}, "core", "wait"),
        (403, {"retry-after": "1"}, {}, "core", "wait"),
        (403, {"x-ratelimit-remaining": "0"}, {}, "core", "wait"),
        (403, {}, {"message": "Must have admin rights"}, "core", "gone"),
        (429, {}, {}, "graphql", "wait"),
        (404, {}, {}, "core", "gone"),
        (410, {}, {}, "core", "gone"),
        (451, {}, {}, "core", "gone"),
        (406, {}, {}, "core", "too much"),
        (502, {}, {}, "graphql", "too much"),
        (504, {}, {}, "graphql", "too much"),
        (502, {}, {}, "core", "trouble (502)"),
        (503, {}, {}, "graphql", "trouble (503)"),
        (418, {}, {}, "core", "trouble (418)"),
    ],
)
def test_each_kind_of_answer_has_its_verdict(
    status: int, headers: dict[str, str], body: object, resource: str, meant: str
) -> None:
    told = {"content-type": "application/json"} | headers
    assert verdict(Reply(status, told, json.dumps(body).encode()), resource) == meant


_NAMES = st.sampled_from(["type", "message", "path", "data", "errors"])
_JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.sampled_from(["RATE_LIMITED", "NOT_FOUND"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.fixed_dictionaries({}, optional={"data": _JSON_VALUES, "errors": _JSON_VALUES}),
    st.sampled_from(["graphql", "core"]),
)
def test_no_json_whatever_breaks_the_verdict(answer: dict[str, Any], resource: str) -> None:
    told = verdict(Reply(200, {"content-type": "application/json"}, json.dumps(answer).encode()), resource)
    assert told.split(" (")[0] in {"answer", "wait", "too much", "trouble"}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(100, 599), st.binary(max_size=60), st.sampled_from(["graphql", "core", "search"]))
def test_no_bytes_whatever_break_the_verdict(status: int, body: bytes, resource: str) -> None:
    kinds = {"answer", "unchanged", "wait", "too much", "gone", "refused token", "moved", "trouble"}
    for kind in ("application/json", "text/html", ""):
        assert verdict(Reply(status, {"content-type": kind}, body), resource).split(" (")[0] in kinds


def test_a_page_that_calls_itself_a_diff_is_no_answer_to_json(tmp_path: Path) -> None:
    page = b"\n<!DOCTYPE html><html>Unicorn!</html>"
    assert verdict(Reply(200, {"content-type": "text/html; charset=utf-8"}, page), "core").startswith("trouble")
