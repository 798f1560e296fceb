"""What a model costs, by the dated rows of `prices.toml`, which anybody can read and edit."""

import ipaddress
import re
import tomllib
import urllib.parse
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.errors import UserError

TABLE = Path(__file__).with_name("prices.toml")
_KEYS = ("model", "from", "input", "cached_input", "output", "source")
_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}")
_MILLION = 10**6


@dataclass(frozen=True)
class Price:
    """Billionths of a dollar per million tokens, and the share of it that the Batch API charges, as a fraction."""

    input: int
    cached_input: int
    output: int
    batch: tuple[int, int] = (1, 2)

    def cost(self, input_tokens: int, cached_tokens: int, output_tokens: int, batch: bool = False) -> int:
        """Of one call, in billionths of a dollar, rounded up. `cached_tokens` are some of the input tokens."""
        full = (
            (input_tokens - cached_tokens) * self.input
            + cached_tokens * self.cached_input
            + output_tokens * self.output
        )
        above, below = self.batch if batch else (1, 1)
        return -(-full * above // (_MILLION * below))


FREE = Price(0, 0, 0)


def price_of(model: str, endpoint: str, today: date, table: Path = TABLE) -> Price:
    """The price of a model on a day; a dated snapshot (gpt-5-2025-08-07) costs what its model does.

    A model that the table does not know is free on this machine itself, and a UserError elsewhere.
    """
    rows, batch = _read(table)
    known = [row for row in rows if row["model"] == model]
    if not known:
        known = [
            row for row in rows if model.startswith(row["model"]) and _SNAPSHOT.fullmatch(model, len(row["model"]))
        ]
    valid = [row for row in known if row["from"] <= today]
    if valid:
        row = valid[-1]
        return Price(_nano(row["input"]), _nano(row["cached_input"]), _nano(row["output"]), batch)
    if known:
        raise UserError(
            f"{table} knows the price of {model} only from {known[0]['from']} on; add a [[price]] that begins earlier"
        )
    if is_this_machine(endpoint):
        return FREE
    raise UserError(
        f"{table} has no price for model.name {model}, so no budget can be kept; add a [[price]] with {', '.join(_KEYS)} (dollars per "
        "million tokens; 0 if it is free)"
    )


def is_this_machine(endpoint: str) -> bool:
    """Whether a server is at a loopback address, so that nobody charges for it."""
    try:
        host = urllib.parse.urlsplit(endpoint).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _nano(dollars: Decimal) -> int:
    return int(dollars * 10**9)


@cache
def _read(table: Path) -> tuple[list[dict[str, Any]], tuple[int, int]]:
    """The rows, and the Batch API's share of the price as a fraction."""
    try:
        data = tomllib.loads(table.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, ValueError) as error:
        raise UserError(f"the table of prices {table} cannot be read: {error}") from None
    if unknown := sorted(data.keys() - {"batch_factor", "price"}):
        raise UserError(f"{table} has the unknown key {unknown[0]}; it holds batch_factor and [[price]] only")
    factor = _amount(data.get("batch_factor"))
    if factor is None or factor > 1:
        raise UserError(
            f"{table}: batch_factor must be a number from 0 to 1, the share of the price that the Batch API charges"
        )
    rows = data.get("price")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UserError(f"{table} has no [[price]]")
    latest: dict[str, date] = {}
    for number, row in enumerate(rows, start=1):
        where = f"{table}, [[price]] {number} ({row.get('model', 'without a model')})"
        if difference := sorted(row.keys() ^ set(_KEYS)):
            raise UserError(f"{where} lacks or adds {', '.join(difference)}; each has {', '.join(_KEYS)}")
        if not isinstance(row["model"], str) or not row["model"] or type(row["from"]) is not date:
            raise UserError(f"{where}: model must be a name and from a day such as 2025-08-07, without quotes")
        for name in ("input", "cached_input", "output"):
            if (amount := _amount(row[name])) is None:
                raise UserError(f"{where}: {name} must be dollars per million tokens, 0 or more, not {row[name]!r}")
            row[name] = amount
        if row["cached_input"] > row["input"]:
            raise UserError(f"{where}: cached_input is more than input, which no budget reckons with")
        if row["from"] <= latest.get(row["model"], date.min):
            raise UserError(f"{where}: the rows of a model must stand by date, oldest first, one for each")
        latest[row["model"]] = row["from"]
    return rows, factor.as_integer_ratio()


def _amount(value: Any) -> Decimal | None:
    """A number of the table that is no less than 0 and finite; else None."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    amount = Decimal(value)
    return amount if amount.is_finite() and amount >= 0 else None
