"""What a query asks for, before it runs: its cost by the documented formula, its nodes, its page size, missing bounds.

Cost: for every connection the number of requests that fill it if each parent reaches its first or last; their sum
divided by 100, rounded, at least 1. A connection that is asked for its totalCount alone is counted too.
"""

from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    value_from_ast_untyped,
)

MOST_ITEMS, MOST_NODES = 100, 500_000


@dataclass
class Demand:
    """What one operation asks for."""

    requests: int = 0
    nodes: int = 0
    listed: int = 0  # the most that a pullRequests connection or a list of node ids asks for
    single: int = 0  # pullRequest, node and outermost repository fields, aliases counted one by one
    outermost: int = 0  # what the first connection asks for, whichever it is
    problems: list[GraphQLError] = field(default_factory=list)

    @property
    def cost(self) -> int:
        return max(1, (self.requests + 50) // 100)

    @property
    def page_size(self) -> int:
        """How many things the query is about, so that a fault can strike large queries only."""
        if self.listed or self.single > 1:
            return max(self.listed, self.single)
        return self.outermost


def demand(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: dict[str, Any]
) -> Demand:
    """Walk one operation, fragments included. Variables that were not sent have their defaults."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    values = {
        node.variable.name.value: value_from_ast_untyped(node.default_value)
        for node in operation.variable_definitions or ()
        if node.default_value
    }
    found = Demand()
    root = schema.get_root_type(operation.operation)
    if root:
        _Walk(schema, fragments, {**values, **variables}, found).selections(operation.selection_set, root, 1, ())
    if found.nodes > MOST_NODES:
        message = f"This query requests up to {found.nodes:,} possible nodes which exceeds the maximum limit of {MOST_NODES:,}."
        found.problems.append(problem("MAX_NODE_LIMIT_EXCEEDED", message))
    return found


def problem(kind: str, message: str, node: FieldNode | None = None, path: tuple[str, ...] = ()) -> GraphQLError:
    """An error with GitHub's `type`, which stands in the extensions until it is written out."""
    return GraphQLError(message, node, path=list(path) or None, extensions={"type": kind})


@dataclass
class _Walk:
    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    variables: dict[str, Any]
    found: Demand

    def selections(self, chosen: SelectionSetNode | None, parent: Any, times: int, path: tuple[str, ...]) -> None:
        for node in chosen.selections if chosen else ():
            if isinstance(node, FieldNode):
                self.field(node, parent, times, path)
            elif isinstance(node, InlineFragmentNode):
                name = node.type_condition.name.value if node.type_condition else parent.name
                self.selections(node.selection_set, self.schema.get_type(name), times, path)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                kind = self.schema.get_type(fragment.type_condition.name.value)
                self.selections(fragment.selection_set, kind, times, path)

    def field(self, node: FieldNode, parent: Any, times: int, path: tuple[str, ...]) -> None:
        name = node.name.value
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) or name not in parent.fields:
            return
        kind = get_named_type(parent.fields[name].type)
        path = (*path, node.alias.value if node.alias else name)
        arguments = {
            argument.name.value: value_from_ast_untyped(argument.value, self.variables)
            for argument in node.arguments or ()
        }
        if kind.name.endswith("Connection"):
            self.found.requests += times
            times *= self.connection(node, arguments, times, path)
        elif name == "nodes" and isinstance(arguments.get("ids"), list):
            count = len(arguments["ids"])
            self.found.listed = max(self.found.listed, count)
            if count > MOST_ITEMS:
                message = f"You may not provide more than {MOST_ITEMS} node ids; you provided {count}."
                self.found.problems.append(problem("ARGUMENT_LIMIT", message, node, path))
            times *= max(1, count)
        elif name in ("pullRequest", "repository", "node"):
            self.found.single += name != "repository" or len(path) == 1
        self.selections(node.selection_set, kind, times, path)

    def connection(self, node: FieldNode, arguments: dict[str, Any], times: int, path: tuple[str, ...]) -> int:
        """How many items each request of the connection brings; bounds that GitHub does not take are noted."""
        name = node.name.value
        bound = "first" if arguments.get("first") is not None else "last"
        size = arguments.get(bound)
        selected = node.selection_set.selections if node.selection_set else ()
        chosen = {item.name.value for item in selected if isinstance(item, FieldNode)}
        if size is None:
            if chosen - {"totalCount", "__typename"}:
                message = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
                self.found.problems.append(problem("MISSING_PAGINATION_BOUNDARIES", message, node, path))
            return 1
        if not 0 < size <= MOST_ITEMS:
            message = f"Requesting {size} records on the `{name}` connection exceeds the `{bound}` limit of {MOST_ITEMS} records."
            self.found.problems.append(problem("EXCESSIVE_PAGINATION", message, node, path))
            return 1
        self.found.nodes += times * size
        self.found.outermost = self.found.outermost or size
        if name == "pullRequests":
            self.found.listed = max(self.found.listed, size)
        return int(size)
