"""The contract gate lets right exchanges pass untouched, and objects to every kind of wrong one."""

import gzip
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import psutil
import pytest
from github import Auth, Github

from tests.servers.contract.gate import ContractGate, Listener
from tests.servers.contract.openapi import ENDPOINTS, official, pruned, references, written
from tests.servers.contract.prism import Prism
from tests.servers.contract.wire import Request, Response, read_request, send, value, write_response

CONTRACT = Path(__file__).resolve().parent / "contract"
SHA = "f00dfacef00dfacef00dfacef00dfacef00dface"
JSON = ("Content-Type", "application/json; charset=utf-8")
DIFF = ("Content-Type", "application/vnd.github.diff; charset=utf-8")
SEARCH = "/search/repositories?q=stars%3A%3E%3D100+fork%3Atrue&sort=stars&order=desc&per_page=100&page=2"
PULL = "/repos/ada/engine/pulls/7"
QUERY = """query($owner: String!, $first: Int = 2, $bodies: Boolean = false) {
  repository(owner: $owner, name: "engine") {
    ...Names
    pullRequests(first: $first, states: MERGED) {
      nodes { number createdAt state body @include(if: $bodies) author { login ... on Bot { id } } mergeCommit { oid } }
    }
  }
  thing: node(id: "X") { __typename ... on Commit { oid } }
}
fragment Names on Repository { name: nameWithOwner }"""


class Upstream:
    """A server that answers as it was last told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answer: Response | None = None
        self.seen: list[Request] = []
        self.listener = Listener(("127.0.0.1", 0), type("BoundHandler", (Answering,), {"upstream": self}))
        self.url = f"http://127.0.0.1:{self.listener.server_address[1]}"


class Answering(BaseHTTPRequestHandler):
    upstream: ClassVar[Upstream]
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        self.upstream.seen.append(read_request(self))
        if self.upstream.answer:
            write_response(self, self.upstream.answer)
        else:
            self.close_connection = True

    do_GET = do_POST = handle_any  # noqa: N815

    def log_message(self, format: str, *arguments: object) -> None: ...  # noqa: A002


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Upstream, ContractGate]]:
    upstream = Upstream()
    threading.Thread(target=upstream.listener.serve_forever, daemon=True).start()
    with ContractGate(upstream.url) as gate:
        yield upstream, gate
    upstream.listener.shutdown()
    upstream.listener.server_close()


@pytest.fixture
def upstream(running: tuple[Upstream, ContractGate]) -> Upstream:
    running[0].answer = None
    running[0].seen.clear()
    return running[0]


@pytest.fixture
def gate(running: tuple[Upstream, ContractGate]) -> ContractGate:
    running[1].violations.clear()
    running[1].requests.clear()
    return running[1]


def example(name: str) -> Any:
    """An official example. Three of them lack what their own schemas require: that is put in."""
    examples = official()["components"]["examples"]
    body = examples[name]["value"]
    if name == "full-repository-default-response":
        body["language"] = body["source"]["language"] = None
    if name == "pull-request":
        body["requested_teams"][0]["type"] = "organization"
    return body


def answered(body: object, status: int = 200, *headers: tuple[str, str]) -> Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, "Whatever", [*(headers or (JSON,)), ("Content-Length", str(len(data)))], data)


def ask(gate: ContractGate, target: str, method: str = "GET", body: bytes = b"", **headers: str) -> Response:
    length = {"Content-Length": str(len(body))} if body else {}
    asked = {"Host": gate.url.removeprefix("http://"), **{key.replace("_", "-"): text for key, text in headers.items()}}
    port = gate.listener.server_address[1]
    return send("127.0.0.1", port, Request(method, target, list((asked | length).items()), body))


def objected(gate: ContractGate, part: str) -> None:
    assert any(part in each for each in gate.violations), f"{part!r} is in none of {gate.violations}"


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (SEARCH, "repo-search-result-item-paginated"),
        ("/repos/ada/engine", "full-repository-default-response"),
        ("/repositories/1296269", "full-repository-default-response"),
        (PULL, "pull-request"),
        ("/repositories/1296269/pulls/7", "pull-request"),
        (f"{PULL}/files?per_page=100&page=30", "diff-entry-items"),
        ("/rate_limit", "rate-limit-overview"),
    ],
)
def test_the_official_examples_pass_untouched(gate: ContractGate, upstream: Upstream, target: str, name: str) -> None:
    upstream.answer = answered(example(name))
    assert ask(gate, target) == upstream.answer
    assert gate.violations == []
    assert [each.target for each in upstream.seen] == [target]
    assert gate.requests == {"rest": 1}


def test_an_installation_token_passes_and_a_wrong_wish_does_not(gate: ContractGate, upstream: Upstream) -> None:
    upstream.answer = answered(example("installation-token"), 201)
    for body in (b"", b'{"repositories": ["engine"]}'):
        answer = ask(gate, "/app/installations/7/access_tokens", "POST", body, Content_Type="application/json")
        assert (answer.status, gate.violations) == (201, [])
    wrong = b'{"repositories": "engine"}'
    assert ask(gate, "/app/installations/7/access_tokens", "POST", wrong, Content_Type="application/json").status == 422
    objected(gate, "repositories must be array")
    assert len(upstream.seen) == 2


@pytest.mark.parametrize(
    ("target", "objection"),
    [
        (SEARCH.replace("=100&", "=abc&"), "per_page must be integer"),
        (SEARCH.replace("=100&", "=101&"), "per_page must be <= 100"),
        (SEARCH.replace("page=2", "page=0"), "page must be >= 1"),
        (SEARCH.replace("sort=stars", "sort=fame"), "sort must be equal to one of the allowed values"),
        (SEARCH.replace("q=", "query="), "must have required property 'q'"),
        (SEARCH.replace("order=", "perpage="), "query.perpage: no such parameter"),
        ("/repos/ada/engine/pulls/seven", "pull_number must be integer"),
        ("/repos/ada/engine/pulls", "NO_PATH_MATCHED_ERROR"),
    ],
)
def test_wrong_requests_are_objected_to(gate: ContractGate, upstream: Upstream, target: str, objection: str) -> None:
    upstream.answer = answered(example("repo-search-result-item-paginated"))
    ask(gate, target)
    objected(gate, objection)


def test_a_request_that_prism_refuses_never_reaches_the_server(gate: ContractGate, upstream: Upstream) -> None:
    assert ask(gate, SEARCH.replace("=100&", "=abc&")).status == 422
    assert upstream.seen == []


def lacking(body: Any, *names: str) -> Any:
    return {name: text for name, text in body.items() if name not in names}


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        (lambda pull: answered(lacking(pull, "merged")), "must have required property 'merged'"),
        (lambda pull: answered({**pull, "number": "7"}), "number must be integer"),
        (lambda pull: answered({**pull, "state": "merged"}), "state must be equal to one of the allowed values"),
        (lambda pull: answered({**pull, "base": lacking(pull["base"], "sha")}), "must have required property 'sha'"),
        (lambda pull: answered([pull]), "must be object"),
        (lambda pull: answered(pull, 203), "Unable to match the returned status code"),
        (lambda pull: answered(pull, 418), "Unable to match the returned status code"),
        (lambda pull: answered(pull, 501), "Prism answers 200 where the server answered 501"),
        (lambda pull: answered({"error": "Not found"}, 404), "must have required property 'message'"),
        (lambda pull: answered(json.dumps(pull).encode()[:-9]), "invalid json response body"),
        (lambda pull: answered(b"<html>", 200, ("Content-Type", "text/html")), 'media type "text/html" does not match'),
        (lambda pull: answered(b"diff --git a/x b/x\n", 200, DIFF), "a diff was not asked for"),
        (lambda pull: answered(b"?", 200, JSON, ("Content-Encoding", "gzip")), "response: no gzip"),
    ],
)
def test_wrong_answers_are_objected_to(
    gate: ContractGate, upstream: Upstream, change: Callable[[Any], Response], objection: str
) -> None:
    upstream.answer = change(example("pull-request"))
    ask(gate, PULL)
    objected(gate, objection)


def test_a_pull_request_of_a_deleted_fork_passes_but_not_one_of_a_deleted_base(
    gate: ContractGate, upstream: Upstream
) -> None:
    pull = example("pull-request")
    gone = {"label": None, "user": None, "repo": None}
    upstream.answer = answered({**pull, "head": {**pull["head"], **gone}})
    assert ask(gate, PULL) == upstream.answer
    assert gate.violations == []
    upstream.answer = answered({**pull, "base": {**pull["base"], **gone}})
    ask(gate, PULL)
    for name in gone:
        objected(gate, f"base.{name}")


def test_an_answer_that_breaks_a_schema_becomes_prisms_problem(gate: ContractGate, upstream: Upstream) -> None:
    upstream.answer = answered(lacking(example("pull-request"), "merged"))
    answer = ask(gate, PULL)
    assert answer.status == 500
    assert json.loads(answer.body)["type"].endswith("#VIOLATIONS")


@pytest.mark.parametrize("status", [401, 403, 404, 406, 410, 429, 451, 500, 502, 503, 504])
def test_documented_errors_pass(gate: ContractGate, upstream: Upstream, status: int) -> None:
    upstream.answer = answered({"message": "No"}, status)
    assert ask(gate, PULL) == upstream.answer
    assert gate.violations == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_only_errors_of_the_machines_before_the_api_may_be_pages(
    gate: ContractGate, upstream: Upstream, status: int
) -> None:
    upstream.answer = answered(b"<html>Unicorn!", status, ("Content-Type", "text/html; charset=utf-8"))
    assert ask(gate, PULL) == upstream.answer
    assert gate.violations == []
    upstream.answer = answered(b"<html>Unicorn!", 404, ("Content-Type", "text/html; charset=utf-8"))
    ask(gate, PULL)
    objected(gate, "text/html")


def test_a_diff_passes_when_asked_for_and_must_look_like_one(gate: ContractGate, upstream: Upstream) -> None:
    for text in (b"diff --git a/x b/x\n+\xc3\xa9\xff\r\n", b""):
        upstream.answer = answered(text, 200, DIFF)
        assert ask(gate, PULL, Accept="application/vnd.github.diff") == upstream.answer
    assert gate.violations == []
    upstream.answer = answered(b"<html>", 200, DIFF)
    ask(gate, PULL, Accept="application/vnd.github.diff")
    objected(gate, "must match pattern")


def test_json_in_place_of_a_diff_is_objected_to(gate: ContractGate, upstream: Upstream) -> None:
    upstream.answer = answered(example("pull-request"))
    ask(gate, PULL, Accept="application/vnd.github.diff")
    objected(gate, "a diff was asked for, the answer is not one")


def test_nothing_modified_keeps_its_tag_and_its_missing_body(gate: ContractGate, upstream: Upstream) -> None:
    upstream.answer = Response(304, "Not Modified", [JSON, ("ETag", 'W/"abc"'), ("X-RateLimit-Remaining", "12")], b"")
    assert ask(gate, "/repos/ada/engine", If_None_Match='W/"abc"') == upstream.answer
    assert value(upstream.seen[0].headers, "if-none-match") == 'W/"abc"'
    assert gate.violations == []


def test_bytes_and_headers_come_as_the_server_sent_them(gate: ContractGate, upstream: Upstream) -> None:
    spaced = json.dumps(example("pull-request"), indent=3).encode() + b"\n\n"
    headers = [JSON, ("Content-Encoding", "gzip"), ("Keep-Alive", "timeout=5"), ("Connection", "keep-alive")]
    upstream.answer = answered(gzip.compress(spaced), 200, *headers)
    answer = ask(gate, PULL, Accept_Encoding="gzip", Authorization="Bearer secret", X_GitHub_Api_Version="2022-11-28")
    assert answer == upstream.answer
    assert answer.decoded() == spaced
    sent = dict(upstream.seen[0].headers)
    assert sent["Accept-Encoding"] == "gzip"
    assert sent["Authorization"] == "Bearer secret"
    assert sent["X-GitHub-Api-Version"] == "2022-11-28"
    assert not {name for name in sent if "contract" in name.lower()}
    assert gate.violations == []


def test_one_connection_serves_many_requests(gate: ContractGate, upstream: Upstream) -> None:
    upstream.answer = answered(example("pull-request"))
    connection = http.client.HTTPConnection("127.0.0.1", gate.listener.server_address[1])
    connection.connect()
    socket = connection.sock
    for _ in range(3):
        connection.request("GET", PULL)
        assert connection.getresponse().read() == upstream.answer.body
    assert connection.sock is socket
    connection.close()


def test_a_chunked_answer_passes(gate: ContractGate, upstream: Upstream) -> None:
    body = json.dumps(example("pull-request")).encode()
    upstream.answer = Response(200, "OK", [JSON, ("Transfer-Encoding", "chunked")], body)
    assert ask(gate, PULL) == upstream.answer
    assert gate.violations == []


def test_addresses_in_headers_lead_back_through_the_gate(gate: ContractGate, upstream: Upstream) -> None:
    moved = ("Location", f"{upstream.url}/repositories/5?x=1")
    pages = ("Link", f'<{upstream.url}/repositories/5?page=2>; rel="next"')
    upstream.answer = answered({"message": "Moved Permanently"}, 301, JSON, moved, pages)
    answer = ask(gate, "/repos/ada/engine")
    assert value(answer.headers, "location") == f"{gate.url}/repositories/5?x=1"
    assert value(answer.headers, "link") == f'<{gate.url}/repositories/5?page=2>; rel="next"'
    assert (len(upstream.seen), gate.violations) == (1, [])


def test_broken_connections_are_passed_on_and_are_no_violations(gate: ContractGate, upstream: Upstream) -> None:
    for target in (PULL, "/ada/engine.git/info/refs"):
        upstream.answer = None
        with pytest.raises(http.client.RemoteDisconnected):
            ask(gate, target)
        upstream.answer = Response(200, "OK", [JSON, ("Content-Length", "1000"), ("Connection", "close")], b"[1,")
        answer = ask(gate, target)
        assert (answer.cut, answer.body) == (True, b"[1,")
    assert gate.violations == []


def test_git_goes_straight_to_the_server_with_its_chunks(gate: ContractGate, upstream: Upstream) -> None:
    upstream.answer = answered(b"\x00PACK\xff" * 9000, 200, ("Content-Type", "application/x-git-upload-pack-result"))
    headers = [("Host", "gate"), ("Transfer-Encoding", "chunked"), ("Content-Encoding", "gzip")]
    body = gzip.compress(b"0032want " * 5000)
    asked = Request("POST", "/ada/engine.git/git-upload-pack", headers, body)
    assert send("127.0.0.1", gate.listener.server_address[1], asked) == upstream.answer
    assert upstream.seen == [asked]
    assert (gate.requests, gate.violations) == ({"git": 1}, [])


def graphql(gate: ContractGate, query: str = QUERY, **variables: object) -> Response:
    body = json.dumps({"query": query, "variables": {"owner": "ada", **variables}}).encode()
    return ask(gate, "/graphql", "POST", body, Content_Type="application/json")


def pull(**changes: object) -> dict[str, object]:
    author = {"login": "ada"}
    right = {"number": 7, "createdAt": "2026-01-02T03:04:05Z", "state": "MERGED", "author": author}
    return {**right, "mergeCommit": {"oid": SHA}, **changes}


def data(*nodes: object, **changes: object) -> dict[str, Any]:
    repository = {"name": "ada/engine", "pullRequests": {"nodes": list(nodes)}}
    return {"data": {"repository": repository, "thing": {"__typename": "Commit", "oid": SHA}, **changes}}


ERRORS = [{"message": "API rate limit exceeded", "type": "RATE_LIMITED"}]


@pytest.mark.parametrize(
    "body",
    [
        data(pull(), None, pull(mergeCommit=None, author=None)),
        data(pull(author={"login": "bot", "id": "B_1"})),
        data(thing={"__typename": "Issue"}),
        {
            **data(repository=None),
            "errors": [{"message": "Could not resolve", "path": ["repository"], "type": "NOT_FOUND"}],
        },
        {"errors": ERRORS},
        {"data": None, "errors": ERRORS},
    ],
)
def test_right_graphql_passes(gate: ContractGate, upstream: Upstream, body: object) -> None:
    upstream.answer = answered(body)
    assert graphql(gate) == upstream.answer
    assert (gate.violations, gate.requests) == ([], {"graphql": 1})


@pytest.mark.parametrize(
    ("body", "objection"),
    [
        (data(pull(number="7")), 'nodes.0.number: Int expected, not "7"'),
        (data(pull(number=True)), "nodes.0.number: Int expected"),
        (data(pull(number=None)), "nodes.0.number: null where Int! is promised"),
        (data(pull(state="DONE")), "nodes.0.state: PullRequestState expected"),
        (data(pull(createdAt="yesterday")), "nodes.0.createdAt: DateTime expected"),
        (data(pull(mergeCommit={"oid": "f00d"})), "oid: GitObjectID expected"),
        (data(pull(mergeCommit=[])), "mergeCommit: Commit expected, not []"),
        (data(pull(author={})), "author: login was asked for and is not there"),
        (data(pull(title="T")), "title is there and was not asked for"),
        (data(pull(body="T")), "body is there and was not asked for"),
        (data(lacking(pull(), "state")), "state was asked for and is not there"),
        (data(thing={"__typename": "Comit", "oid": SHA}), "Comit is no Node"),
        (data(thing={"__typename": "Issue", "oid": SHA}), "oid is there and was not asked for"),
        ({"data": {"thing": None}}, "repository was asked for and is not there"),
        ({"data": None}, "no data and no errors"),
        ({**data(), "errors": []}, "errors must be a list that is not empty"),
        ({"errors": [{"type": "RATE_LIMITED"}]}, "an error without a message"),
        ({"message": "hello"}, "neither data nor errors"),
        (b"<html>", "response: no JSON"),
    ],
)
def test_wrong_graphql_answers_are_objected_to(
    gate: ContractGate, upstream: Upstream, body: object, objection: str
) -> None:
    upstream.answer = answered(body)
    assert graphql(gate) == upstream.answer
    objected(gate, objection)


@pytest.mark.parametrize(
    ("query", "variables", "objection"),
    [
        (QUERY.replace("createdAt", "createdOn"), {}, "Cannot query field 'createdOn'"),
        (QUERY.replace("MERGED", "LANDED"), {}, "LANDED"),
        (QUERY.replace("owner: $owner, ", ""), {}, "'Query.repository(owner:)' of type 'String!' is required"),
        (QUERY.replace("{ oid }", "{ oid", 1), {}, "Syntax Error"),
        (QUERY, {"first": "many"}, "variables:"),
        (QUERY, {"last": 3}, "last is not declared"),
    ],
)
def test_wrong_graphql_queries_are_objected_to(
    gate: ContractGate, upstream: Upstream, query: str, variables: dict[str, object], objection: str
) -> None:
    upstream.answer = answered(data(pull()))
    graphql(gate, query, **variables)
    objected(gate, objection)


def test_a_directive_decides_what_must_be_there(gate: ContractGate, upstream: Upstream) -> None:
    upstream.answer = answered(data(pull(body="T")))
    graphql(gate, bodies=True)
    assert gate.violations == []
    upstream.answer = answered(data(pull()))
    graphql(gate, bodies=True)
    objected(gate, "body was asked for and is not there")


def test_pygithub_talks_through_the_gate(gate: ContractGate, upstream: Upstream) -> None:
    upstream.answer = answered(example("pull-request"))
    client = Github(base_url=gate.url, auth=Auth.Token("t"), retry=None, seconds_between_requests=0, lazy=True)
    assert client.get_repo("ada/engine").get_pull(7).title == "Amazing new feature"
    upstream.answer = answered(b"diff --git a/x b/x\n", 200, DIFF)
    accept = {"Accept": "application/vnd.github.diff"}
    assert client.requester.requestJsonAndCheck("GET", PULL, headers=accept)[1]["data"] == "diff --git a/x b/x\n"
    upstream.answer = answered(data(pull()))
    assert client.requester.graphql_query(QUERY, {"owner": "ada"})[1] == data(pull())
    client.close()
    assert (gate.violations, gate.requests) == ([], {"rest": 2, "graphql": 1})


def test_many_clients_at_once_get_their_own_answers_and_objections(gate: ContractGate, upstream: Upstream) -> None:
    upstream.answer = answered(example("pull-request"))
    answers: dict[int, int] = {}

    def one(number: int) -> None:
        answers[number] = ask(gate, f"/repos/ada/engine/pulls/{number if number % 2 else f'x{number}'}").status

    threads = [threading.Thread(target=one, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: 200 if number % 2 else 422 for number in range(40)}
    assert sorted({each.split()[1] for each in gate.violations}) == sorted(
        f"/repos/ada/engine/pulls/x{number}:" for number in range(0, 40, 2)
    )
    assert gate.requests == {"rest": 40}


def ended(process: psutil.Process) -> bool:
    """Whether it runs no more; one whose parent has not looked after it counts as ended."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_prism_ends_with_the_gate_also_when_a_test_fails() -> None:
    gate = ContractGate("http://127.0.0.1:9")
    with pytest.raises(ZeroDivisionError), gate:
        assert gate.prism.process
        process = psutil.Process(gate.prism.process.pid)
        assert not ended(process)
        listening = [each.laddr for each in process.net_connections("inet") if each.status == psutil.CONN_LISTEN]
        assert listening == [("127.0.0.1", gate.prism.port)]
        1 / 0  # noqa: B018
    assert ended(process)


def test_prism_ends_when_the_tests_are_killed(tmp_path: Path) -> None:
    written(pruned("http://127.0.0.1"), tmp_path / "openapi.json")
    code = (
        "import sys, time, pathlib; from tests.servers.contract.prism import Prism\n"
        "with Prism(pathlib.Path(sys.argv[1]), 'http://127.0.0.1:9') as prism:\n"
        "    print(prism.process.pid, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "openapi.json")]
    with subprocess.Popen(command, cwd=CONTRACT.parents[2], stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout
        prism = psutil.Process(int(tests.stdout.readline()))
        assert prism.name() == "node"
        os.kill(tests.pid, signal.SIGKILL)
    psutil.wait_procs([prism], timeout=10)
    assert ended(prism)


def test_a_prism_that_cannot_start_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text("{}")
    prism = Prism(tmp_path / "openapi.json", "http://127.0.0.1:9")
    with pytest.raises(RuntimeError, match="Unsupported document format"):
        prism.__enter__()
    assert prism.process is None


def test_the_pruned_description_holds_the_endpoints_in_use_and_what_they_reach() -> None:
    description = pruned("http://127.0.0.1:1")
    assert set(ENDPOINTS) <= {(method, path) for path, each in description["paths"].items() for method in each}
    assert len(description["paths"]) == len(ENDPOINTS) + 3
    assert description["servers"] == [{"url": "http://127.0.0.1:1"}]
    reached = {tuple(each.split("/")[2:]) for each in references(description)}
    assert reached == {(kind, name) for kind, each in description["components"].items() for name in each}
    untouched = official()["components"]["schemas"]
    for name in ("full-repository", "simple-user", "repo-search-result-item", "diff-entry"):
        assert description["components"]["schemas"][name] == untouched[name]


def test_the_node_packages_are_pinned_and_name_no_address() -> None:
    manifest = json.loads((CONTRACT / "package.json").read_text(encoding="utf-8"))
    lock = (CONTRACT / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(lock)["packages"]
    assert "://" not in lock
    for name, version in manifest["dependencies"].items():
        assert packages[f"node_modules/{name}"]["version"] == version
    assert all("integrity" in each for name, each in packages.items() if name)
