"""Column expressions: small trees, evaluated one batch at a time."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

Batch = dict[str, list[Any]]

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "&": lambda left, right: bool(left and right),
    "|": lambda left, right: bool(left or right),
}


class Expr:
    """Base of all expressions; comparing or adding expressions builds a bigger one."""

    def columns(self) -> set[str]:
        """Names of the columns this expression reads."""
        raise NotImplementedError

    def evaluate(self, batch: Batch, rows: int) -> list[Any]:
        """One value for each of the batch's rows."""
        raise NotImplementedError


class Column(Expr):
    def __init__(self, name: str) -> None:
        self.name = name

    def columns(self) -> set[str]:
        return {self.name}

    def evaluate(self, batch: Batch, rows: int) -> list[Any]:
        return batch[self.name]

    def __repr__(self) -> str:
        return self.name


class Literal(Expr):
    def __init__(self, value: Any) -> None:
        self.value = value

    def columns(self) -> set[str]:
        return set()

    def evaluate(self, batch: Batch, rows: int) -> list[Any]:
        return [self.value] * rows

    def __repr__(self) -> str:
        return repr(self.value)


class Binary(Expr):
    def __init__(self, symbol: str, left: Expr, right: Expr) -> None:
        self.symbol, self.left, self.right = symbol, left, right

    def columns(self) -> set[str]:
        return self.left.columns() | self.right.columns()

    def evaluate(self, batch: Batch, rows: int) -> list[Any]:
        apply = OPERATORS[self.symbol]
        left = self.left.evaluate(batch, rows)
        right = self.right.evaluate(batch, rows)
        return [apply(a, b) for a, b in zip(left, right)]

    def __repr__(self) -> str:
        return f"({self.left!r} {self.symbol} {self.right!r})"


def _builder(symbol: str) -> Callable[[Expr, object], Binary]:
    def build(self: Expr, other: object) -> Binary:
        return Binary(symbol, self, other if isinstance(other, Expr) else Literal(other))

    return build


for _symbol, _name in (
    ("==", "eq"), ("!=", "ne"), ("<", "lt"), ("<=", "le"), (">", "gt"), (">=", "ge"),
    ("+", "add"), ("-", "sub"), ("*", "mul"), ("&", "and"), ("|", "or"),
):
    setattr(Expr, f"__{_name}__", _builder(_symbol))
