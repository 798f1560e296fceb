"""YAML as params.yaml needs it: no key twice, and the line of every key for the messages."""

from contextlib import suppress
from typing import Any

import yaml


def load(text: str) -> Any:
    """The value of a YAML text. Raises yaml.YAMLError, also for a key that stands twice, and what PyYAML lets through."""
    return yaml.load(text, Loader=_UniqueKeys)  # noqa: S506 - a SafeLoader


def line_numbers(text: str) -> dict[str, int]:
    """`dotted key -> line` of every key of a YAML text, from 1."""
    lines: dict[str, int] = {}

    def walk(node: yaml.Node | None, prefix: str) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                lines[f"{prefix}{key.value}"] = key.start_mark.line + 1
                walk(value, f"{prefix}{key.value}.")

    with suppress(RecursionError):  # a list that holds itself; its sentence goes without a line
        walk(yaml.compose(text, Loader=yaml.SafeLoader), "")
    return lines


class _UniqueKeys(yaml.SafeLoader):
    """YAML itself lets a second key win silently; here it is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key_node.value!r} stands twice", key_node.start_mark
                )
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)
