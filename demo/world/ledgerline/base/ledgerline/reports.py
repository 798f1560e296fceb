"""What is read out of the ledger: balances and account statements."""

from collections import defaultdict

from ledgerline.money import format_amount
from ledgerline.store import Store


def balances(store: Store) -> list[dict]:
    """The balance of every account in every currency it was used with."""
    totals: dict[tuple[str, str], int] = defaultdict(int)
    for posting in store.postings():
        totals[posting["account"], posting["currency"]] += posting["minor"]
    return [
        {"account": account, "currency": currency, "balance": format_amount(minor, currency)}
        for (account, currency), minor in sorted(totals.items())
    ]


def statement(store: Store, account: str, since: str | None = None, until: str | None = None) -> list[dict]:
    """The lines of one account with a running balance per currency."""
    lines = []
    running: dict[str, int] = defaultdict(int)
    for posting in store.postings(account):
        currency = posting["currency"]
        running[currency] += posting["minor"]
        if since and posting["booked_at"] < since:
            continue
        if until and posting["booked_at"] > until:
            break
        lines.append({
            "date": posting["booked_at"][:10],
            "memo": posting["memo"],
            "currency": currency,
            "amount": format_amount(posting["minor"], currency),
            "balance": format_amount(running[currency], currency),
        })
    return lines
