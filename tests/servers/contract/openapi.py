"""GitHub's official REST description, cut down to the endpoints in use so that a validating proxy starts in seconds.

Schemas, parameters and documented responses are taken as they stand. What the description does not know, although GitHub's
prose documents it and a client must cope with it, is added:

* A pull request also comes as `application/vnd.github.diff` (the description only says in words that media types exist).
  The text must begin as a diff does, so that an HTML page under this name is a violation.
* Every GET may be answered with 304, every endpoint with 301, 401, 403, 404, 410, 429 and 451. The bodies of these must be
  errors with a message, which is more than the description's own error (no field of it is required) asks for.
* 500, 502, 503 and 504 may come as HTML from the machines before the API.
* After a rename GitHub redirects to `/repositories/{id}/...`, which the description does not list: the same operations stand
  there too.
* A pull request whose fork was deleted has a head without label, user and repository. The description denies it, but recorded
  answers (PyGithub's pull request 31, in 2023, 2024 and 2025) have null there.
* `per_page` is 1 to 100 and `page` at least 1, which the description says in words only (GitHub clamps in silence).

Removed: examples (not part of any check, half of the size) and operations that no client of ours calls. GraphQL is not in the
REST description at all.
"""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NODE_MODULES = Path(__file__).resolve().parent / "node_modules"
DESCRIPTION = NODE_MODULES / "@octokit/openapi/generated/api.github.com.json"
REPOSITORY = "/repos/{owner}/{repo}"
MOVED_REPOSITORY = "/repositories/{repository_id}"
ENDPOINTS = (
    ("get", "/search/repositories"),
    ("get", REPOSITORY),
    ("get", f"{REPOSITORY}/pulls/{{pull_number}}"),
    ("get", f"{REPOSITORY}/pulls/{{pull_number}}/files"),
    ("get", "/rate_limit"),
    ("post", "/app/installations/{installation_id}/access_tokens"),
)
DIFF_TYPES = ("application/vnd.github.diff", "application/vnd.github.v3.diff")
DIFF = {"type": "string", "pattern": r"^(diff --git |$)"}
ERRORS = {
    "301": "Moved permanently",
    "401": "Bad credentials",
    "403": "Forbidden, or a rate limit",
    "404": "Not found",
    "410": "Gone",
    "429": "A rate limit",
    "451": "Unavailable for legal reasons",
}
BUSY = {"500": "Internal error", "502": "Bad gateway", "503": "Service unavailable", "504": "Gateway timeout"}

Node = dict[str, Any]


def official() -> Node:
    """The description as published."""
    if not DESCRIPTION.exists():
        raise FileNotFoundError(f"no {DESCRIPTION}: run npm ci in {NODE_MODULES.parent}")
    description: Node = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    return description


def references(node: object) -> Iterator[str]:
    """Every `$ref` below a node."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def without_examples(node: Any) -> Any:
    """A copy whose media types carry no examples (a schema's own properties may be called so and stay)."""
    if isinstance(node, dict):
        media_type = "schema" in node and "examples" in node
        return {
            name: without_examples(value) for name, value in node.items() if not (media_type and name == "examples")
        }
    return [without_examples(value) for value in node] if isinstance(node, list) else node


def resolve(description: Node, node: Node) -> Node:
    """The node itself, or what its `$ref` points to."""
    while "$ref" in node:
        _, kind, name = node["$ref"].removeprefix("#/").split("/")
        node = description["components"][kind][name]
    return node


def reached(description: Node, paths: Node) -> Node:
    """The components that the paths lead to, however indirectly, and no others."""
    components: Node = {}
    open_ends = list(references(paths))
    while open_ends:
        _, kind, name = open_ends.pop().removeprefix("#/").split("/")
        if name not in components.setdefault(kind, {}):
            component = without_examples(description["components"][kind][name])
            components[kind][name] = component
            open_ends += references(component)
    return components


def with_documented_answers(description: Node, method: str, path: str, operation: Node) -> None:
    """Add the answers that only GitHub's prose documents (see above)."""
    responses = operation["responses"]
    error = {**description["components"]["schemas"]["basic-error"], "required": ["message"]}
    for status, meaning in ERRORS.items():
        responses[status] = {"description": meaning, "content": {"application/json": {"schema": error}}}
    for status, meaning in BUSY.items():
        known = copy.deepcopy(resolve(description, responses.get(status, {"description": meaning})))
        known.setdefault("content", {"application/json": {"schema": error}})["text/html"] = {
            "schema": {"type": "string"}
        }
        responses[status] = known
    if method == "get":
        responses.setdefault("304", {"description": "Not modified"})
    if path.endswith("/pulls/{pull_number}"):
        responses["200"]["content"].update({name: {"schema": DIFF} for name in DIFF_TYPES})


def with_documented_bounds(description: Node, operation: Node) -> None:
    """Put the parameters in place of their references, the page's with the bounds that their descriptions name."""
    parameters = [copy.deepcopy(resolve(description, each)) for each in operation.get("parameters", [])]
    for parameter in parameters:
        if parameter["name"] in ("per_page", "page"):
            parameter["schema"]["minimum"] = 1
        if parameter["name"] == "per_page":
            parameter["schema"]["maximum"] = int(re.search(r"\(max (\d+)\)", parameter["description"])[1])  # type: ignore[index]
    operation["parameters"] = parameters


def with_deleted_forks(description: Node) -> Node:
    """The description, its pull requests' heads nullable where recorded answers have null; the original is left alone."""
    pull = copy.deepcopy(description["components"]["schemas"]["pull-request"])
    head = pull["properties"]["head"]["properties"]
    head["label"]["nullable"] = True
    head["user"] = {"$ref": "#/components/schemas/nullable-simple-user"}
    head["repo"] = {"$ref": "#/components/schemas/nullable-repository"}
    schemas = {**description["components"]["schemas"], "pull-request": pull}
    return {**description, "components": {**description["components"], "schemas": schemas}}


def moved(operation: Node) -> Node:
    """The same operation under the number of a renamed repository."""
    operation = copy.deepcopy(operation)
    operation["operationId"] += "-moved"
    identity = {"name": "repository_id", "in": "path", "required": True, "schema": {"type": "integer"}}
    others = [each for each in operation["parameters"] if each["name"] not in ("owner", "repo")]
    operation["parameters"] = [identity, *others]
    return operation


def pruned(server: str, description: Node | None = None) -> Node:
    """The description of the endpoints in use, served at the given address."""
    description = with_deleted_forks(description or official())
    paths: Node = {}
    for method, path in ENDPOINTS:
        operation = without_examples(description["paths"][path][method])
        with_documented_answers(description, method, path, operation)
        with_documented_bounds(description, operation)
        paths[path] = {method: operation}
        if path.startswith(REPOSITORY):
            paths[MOVED_REPOSITORY + path.removeprefix(REPOSITORY)] = {method: moved(operation)}
    return {
        "openapi": description["openapi"],
        "info": description["info"],
        "servers": [{"url": server}],
        "paths": paths,
        "components": reached(description, paths),
    }


def pattern(path: str, operation: Node) -> re.Pattern[str]:
    """What a request's path must match: whole numbers where the description has them, so that /pulls/comments is no pull."""
    numbers = {
        each["name"] for each in operation["parameters"] if each["in"] == "path" and each["schema"]["type"] == "integer"
    }
    parts = re.split(r"\{(\w+)\}", path)
    fixed, names = parts[::2], parts[1::2]
    variable = [r"\d+" if name in numbers else "[^/]+" for name in names]
    return re.compile("".join(re.escape(text) + each for text, each in zip(fixed, [*variable, "$"], strict=True)))


class Endpoints:
    """Finds the operation of a description that a request is for."""

    def __init__(self, description: Node) -> None:
        self.known = [
            (method, pattern(path, operation), path, operation)
            for path, operations in description["paths"].items()
            for method, operation in operations.items()
        ]

    def find(self, method: str, path: str) -> tuple[str, Node] | None:
        """The path as the description has it, and the operation."""
        for known, path_pattern, template, operation in self.known:
            if known == method.lower() and path_pattern.match(path):
                return template, operation
        return None


def written(description: Node, target: Path) -> Path:
    """Write a description to the given path."""
    target.write_text(json.dumps(description), encoding="utf-8")
    return target
