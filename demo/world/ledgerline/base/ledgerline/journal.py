"""The rules of a journal entry: what may be booked, and what may not."""

from dataclasses import dataclass
from datetime import datetime

from ledgerline.money import parse_amount


class JournalError(ValueError):
    """The entry cannot be booked; the message is shown to the client."""


@dataclass(frozen=True)
class Posting:
    account: str
    currency: str
    minor: int


@dataclass(frozen=True)
class Entry:
    booked_at: str
    memo: str
    postings: tuple[Posting, ...]


def entry_from_json(data: dict) -> Entry:
    """Read a journal entry as a client sends it."""
    try:
        booked_at = datetime.fromisoformat(data["booked_at"])
        postings = tuple(
            Posting(item["account"], item["currency"], parse_amount(item["amount"], item["currency"]))
            for item in data["postings"]
        )
    except KeyError as error:
        raise JournalError(f"{error.args[0]} is missing") from None
    except ValueError as error:
        raise JournalError(str(error)) from None
    check_balanced(postings)
    return Entry(booked_at.isoformat(), data.get("memo", ""), postings)


def check_balanced(postings: tuple[Posting, ...]) -> None:
    if len(postings) < 2:
        raise JournalError("an entry needs at least two postings")
    if sum(posting.minor for posting in postings) != 0:
        raise JournalError("the postings do not sum to zero")
