"""POST /graphql: any query against GitHub's official schema, validated, priced and executed over the world."""

import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    build_schema,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
)

from tests.servers.github.facts import World, iso
from tests.servers.github.graphql_connection import Arguments, Thing
from tests.servers.github.graphql_cost import Demand, demand, problem
from tests.servers.github.graphql_objects import Gallery, resolve, resolve_type
from tests.servers.github.ids import read_node_id
from tests.servers.github.limits import Window
from tests.servers.github.messages import Reply, Request, error_reply, json_reply
from tests.servers.github.rest import Oddities

_building = threading.Lock()


@lru_cache(maxsize=2)
def _built(path: Path) -> GraphQLSchema:
    return build_schema(path.read_text(encoding="utf-8"), assume_valid=True)


def official_schema(path: Path) -> GraphQLSchema:
    """The schema in that file, built once in a process (it takes most of a second)."""
    with _building:
        return _built(path)


@dataclass
class Prepared:
    """A query that was read, checked and priced, or the errors that GitHub answers with instead."""

    document: DocumentNode | None = None
    operation: str = ""
    variables: dict[str, Any] = field(default_factory=dict)
    demand: Demand = field(default_factory=Demand)
    errors: list[GraphQLError] = field(default_factory=list)
    malformed: bool = False


class GraphQL:
    """Queries over one world."""

    def __init__(self, world: World, sdl_path: Path) -> None:
        self.world = world
        self.schema = official_schema(sdl_path)
        self._read = lru_cache(maxsize=256)(self._parsed)

    def _parsed(self, text: str) -> tuple[DocumentNode | None, list[GraphQLError]]:
        try:
            document = parse(text)
        except GraphQLError as error:
            return None, [error]
        return document, validate(self.schema, document)

    def prepare(self, request: Request) -> Prepared:
        """Read a request's body, check the query against the schema and see what it asks for."""
        try:
            asked = json.loads(request.body)
            text, variables, name = asked["query"], asked.get("variables") or {}, asked.get("operationName")
        except (ValueError, KeyError, TypeError, AttributeError):
            return Prepared(malformed=True)
        document, errors = self._read(text)
        if document is None or errors:
            return Prepared(errors=list(errors))
        operation = get_operation_ast(document, name)
        if operation is None:
            return Prepared(errors=[GraphQLError("An operation name is required")])
        found = demand(self.schema, document, operation, variables)
        label = operation.name.value if operation.name else ""
        return Prepared(document, label, variables, found, found.problems)

    def answer(self, prepared: Prepared, request: Request, odd: Oddities, window: Window, skew: float) -> Reply:
        """Run a prepared query. `window` is the token's, this query's cost included."""
        if prepared.malformed:
            return error_reply(400, "Problems parsing JSON")
        if prepared.errors or prepared.document is None:
            return json_reply(200, {"errors": [_written(error) for error in prepared.errors]})
        root = self._root(Gallery(self.world, request.base, odd), prepared.demand, window, skew)
        result = execute_sync(
            self.schema,
            prepared.document,
            root_value=root,
            variable_values=prepared.variables,
            operation_name=prepared.operation or None,
            field_resolver=resolve,
            type_resolver=resolve_type,
        )
        data: dict[str, Any] = {"data": result.data}
        if result.errors:
            data["errors"] = [_written(error) for error in result.errors]
        return json_reply(200, data)

    def _root(self, gallery: Gallery, asked: Demand, window: Window, skew: float) -> Thing:
        def repository(arguments: Arguments) -> Thing:
            name = f"{arguments['owner']}/{arguments['name']}"
            facts = self.world.repository(name)
            if facts is None:
                raise problem("NOT_FOUND", f"Could not resolve to a Repository with the name '{name}'.")
            return gallery.repository(facts)

        def node(arguments: Arguments) -> Thing:
            return self._node(gallery, arguments["id"])

        def nodes(arguments: Arguments) -> list[Thing | GraphQLError]:
            found: list[Thing | GraphQLError] = []
            for name in arguments["ids"]:
                try:
                    found.append(self._node(gallery, name))
                except GraphQLError as error:
                    found.append(error)  # graphql-core makes a null with an error of it
            return found

        limit = {
            "cost": asked.cost,
            "limit": window.limit,
            "remaining": window.remaining,
            "used": window.used,
            "nodeCount": asked.nodes,
            "resetAt": iso(datetime.fromtimestamp(window.reset + skew, UTC)),
        }
        root = {"rateLimit": Thing("RateLimit", limit), "repository": repository, "node": node, "nodes": nodes}
        return Thing("Query", {**root, "viewer": Thing("User", {"login": "loopback"})})

    def _node(self, gallery: Gallery, name: str) -> Thing:
        read = read_node_id(name)
        facts = self.world.repository_by_number(read[1][0]) if read else None
        if read and facts and read[0] == "R":
            return gallery.repository(facts)
        pull = self.world.pull(facts, read[1][1]) if read and facts else None
        if facts is None or pull is None:
            raise problem("NOT_FOUND", f"Could not resolve to a node with the global id of '{name}'.")
        return gallery.pull(facts, pull)


def _written(error: GraphQLError) -> dict[str, Any]:
    """As GitHub writes an error: its `type` beside the message."""
    written: dict[str, Any] = dict(error.formatted)
    extensions = dict(written.pop("extensions", {}))
    kind = extensions.pop("type", None)
    return {**({"type": kind} if kind else {}), **written, **({"extensions": extensions} if extensions else {})}
