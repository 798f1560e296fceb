"""Holds GraphQL exchanges against GitHub's official schema: each query, its variables, and every leaf of each answer.

graphql-core validates the query. The answer is walked here with nothing but the query and the schema, so that a server which
executes queries with graphql-core too gets a second opinion: the fields are those asked for and no others, null stands only
where the schema allows it (also in partial answers: an error makes the nearest nullable parent null), lists are lists, and
scalars and enum values are of their type.
"""

import functools
import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    build_schema,
    get_named_type,
    is_abstract_type,
    is_object_type,
    parse,
    validate,
    value_from_ast_untyped,
)
from graphql.execution.values import get_variable_values

from tests.servers.contract.openapi import NODE_MODULES

SDL = NODE_MODULES / "@octokit/graphql-schema/schema.graphql"

Fields = dict[str, list[FieldNode]]
Objections = Iterator[str]


@functools.cache
def schema() -> GraphQLSchema:
    """GitHub's schema, built once per process."""
    return build_schema(SDL.read_text(encoding="utf-8"), assume_valid=True)


def whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def iso(kind: type[date]) -> Callable[[object], bool]:
    def fits(value: object) -> bool:
        try:
            return isinstance(value, str) and bool(kind.fromisoformat(value))
        except ValueError:
            return False

    return fits


def text(pattern: str = "") -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and re.match(pattern, value) is not None


SCALARS: dict[str, Callable[[object], bool]] = {
    "Boolean": lambda value: isinstance(value, bool),
    "Int": lambda value: whole(value) and -(2**31) <= value < 2**31,  # type: ignore[operator]
    "Float": lambda value: whole(value) or isinstance(value, float),
    "BigInt": lambda value: whole(value) or text(r"-?\d+$")(value),
    "CustomPropertyValue": lambda _: True,  # one of several kinds
    "Date": iso(date),
    "DateTime": iso(datetime),
    "PreciseDateTime": iso(datetime),
    "GitTimestamp": iso(datetime),
    "GitObjectID": text(r"[0-9a-f]{40}$"),
    "URI": text(r"[a-z][a-z0-9+.-]*:|/"),
}


class Answer:
    """One answer to one operation, under the eyes of the schema."""

    def __init__(self, document: DocumentNode, operation: OperationDefinitionNode, variables: dict[str, Any]) -> None:
        self.schema = schema()
        self.operation = operation
        nodes = document.definitions
        self.fragments = {node.name.value: node for node in nodes if isinstance(node, FragmentDefinitionNode)}
        defaults = {
            node.variable.name.value: value_from_ast_untyped(node.default_value)
            for node in operation.variable_definitions or ()
            if node.default_value
        }
        self.variables = defaults | variables

    def objections(self, data: object) -> Objections:
        root = self.schema.get_root_type(self.operation.operation)
        if data is not None and root is not None:
            yield from self.of_object(root, [self.operation.selection_set], data, "data")

    def wanted(self, selection: Any) -> bool:
        """Whether @skip and @include leave a selection in."""
        for directive in selection.directives or ():
            for argument in directive.arguments or ():
                value = argument.value
                given = self.variables.get(value.name.value) if isinstance(value, VariableNode) else value.value
                if bool(given) == (directive.name.value == "skip"):
                    return False
        return True

    def covers(self, condition: str, kind: GraphQLObjectType) -> bool:
        """Whether a fragment on that type applies to an object of this kind."""
        named = self.schema.get_type(condition)
        return named is kind or (is_abstract_type(named) and self.schema.is_sub_type(named, kind))

    def fields(self, kind: GraphQLObjectType, sets: list[SelectionSetNode]) -> Fields:
        """The fields asked for, by the name that each has in the answer."""
        found: Fields = {}
        for selection in (each for each_set in sets for each in each_set.selections if self.wanted(each)):
            if isinstance(selection, FieldNode):
                found.setdefault((selection.alias or selection.name).value, []).append(selection)
                continue
            fragment: Any = self.fragments[selection.name.value] if hasattr(selection, "name") else selection
            condition = fragment.type_condition
            if condition is None or self.covers(condition.name.value, kind):
                for name, nodes in self.fields(kind, [fragment.selection_set]).items():
                    found.setdefault(name, []).extend(nodes)
        return found

    def of_object(self, kind: GraphQLObjectType, sets: list[SelectionSetNode], value: object, at: str) -> Objections:
        if not isinstance(value, dict):
            yield f"{at}: {kind.name} expected, not {json.dumps(value)[:60]}"
            return
        fields = self.fields(kind, sets)
        yield from (f"{at}: {name} was asked for and is not there" for name in fields if name not in value)
        yield from (f"{at}: {name} is there and was not asked for" for name in value if name not in fields)
        for name, nodes in fields.items():
            if name in value:
                yield from self.of_field(kind, nodes, value[name], f"{at}.{name}")

    def of_field(self, kind: GraphQLObjectType, nodes: list[FieldNode], value: object, at: str) -> Objections:
        name = nodes[0].name.value
        if name == "__typename":
            if value != kind.name:
                yield f"{at}: {kind.name} expected, not {json.dumps(value)[:60]}"
        elif not name.startswith("__"):
            sets = [node.selection_set for node in nodes if node.selection_set]
            yield from self.of_type(kind.fields[name].type, sets, value, at)

    def of_type(self, kind: GraphQLOutputType, sets: list[SelectionSetNode], value: object, at: str) -> Objections:
        if isinstance(kind, GraphQLNonNull):
            if value is None:
                yield f"{at}: null where {kind} is promised"
            else:
                yield from self.of_type(kind.of_type, sets, value, at)
        elif value is None:
            return
        elif isinstance(kind, GraphQLList):
            if not isinstance(value, list):
                yield f"{at}: a list expected, not {json.dumps(value)[:60]}"
                return
            for index, item in enumerate(value):
                yield from self.of_type(kind.of_type, sets, item, f"{at}.{index}")
        elif is_abstract_type(kind):
            yield from self.of_one_of(kind, sets, value, at)
        elif is_object_type(kind):
            yield from self.of_object(kind, sets, value, at)
        elif not fits(kind, value):
            yield f"{at}: {get_named_type(kind)} expected, not {json.dumps(value)[:60]}"

    def of_one_of(self, kind: GraphQLAbstractType, sets: list[SelectionSetNode], value: object, at: str) -> Objections:
        """An interface or union: the type that the answer names, or where it names none, any that it fits."""
        kinds = self.schema.get_possible_types(kind)
        if isinstance(value, dict) and isinstance(value.get("__typename"), str):
            named = [each for each in kinds if each.name == value["__typename"]]
            if not named:
                yield f"{at}: {value['__typename']} is no {kind.name}"
                return
            kinds = named
        if isinstance(value, dict):
            kinds = [each for each in kinds if set(self.fields(each, sets)) == set(value)] or kinds[:1]
        fewest = min((list(self.of_object(each, sets, value, at)) for each in kinds), key=len)
        yield from fewest


def fits(kind: GraphQLOutputType, value: object) -> bool:
    """Whether a leaf is of its type; scalars that are not listed are texts in GitHub's schema."""
    if isinstance(kind, GraphQLEnumType):
        return isinstance(value, str) and value in kind.values
    return SCALARS.get(str(kind), text())(value)


@functools.lru_cache(maxsize=256)
def checked(query: str) -> tuple[DocumentNode | None, tuple[str, ...]]:
    """The query's document and what is wrong with it."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, (f"query: {error.message}",)
    return document, tuple(f"query: {error.message}" for error in validate(schema(), document))


def objections(request: bytes, status: int, response: bytes) -> list[str]:
    """What is wrong with one exchange; answers other than 200 have no schema, only the query is then looked at."""
    try:
        asked = json.loads(request)
        query, name, variables = str(asked["query"]), asked.get("operationName"), asked.get("variables") or {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return [f"request: no GraphQL request: {error!r}"]
    document, wrong = checked(query)
    if document is None or wrong:
        return list(wrong)
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    chosen = [node for node in operations if name is None or (node.name and node.name.value == name)]
    if len(chosen) != 1:
        return [f"request: {len(chosen)} operations fit the name {name!r}"]
    coerced = get_variable_values(schema(), chosen[0].variable_definitions or (), variables)
    found = [f"variables: {error.message}" for error in coerced] if isinstance(coerced, list) else []
    undeclared = set(variables) - {node.variable.name.value for node in chosen[0].variable_definitions or ()}
    found += [f"variables: {each} is not declared" for each in sorted(undeclared)]
    if status == 200:
        found += answer_objections(Answer(document, chosen[0], variables), response)
    return found


def answer_objections(answer: Answer, response: bytes) -> Objections:
    """What is wrong with an answer: its envelope, then its data."""
    try:
        body = json.loads(response)
    except ValueError as error:
        yield f"response: no JSON: {error}"
        return
    if not isinstance(body, dict) or not body.keys() & {"data", "errors"}:
        yield "response: neither data nor errors"
        return
    errors = body.get("errors")
    if "errors" in body and not (isinstance(errors, list) and errors):
        yield "response: errors must be a list that is not empty"
    for each in errors if isinstance(errors, list) else ():
        if not (isinstance(each, dict) and isinstance(each.get("message"), str)):
            yield "response: an error without a message"
    if body.get("data") is None and not errors:
        yield "response: no data and no errors"
    yield from (f"response: {objection}" for objection in answer.objections(body.get("data")))
