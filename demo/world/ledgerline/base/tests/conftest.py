import pytest

from ledgerline.app import create_app
from ledgerline.settings import Settings


@pytest.fixture
def client(tmp_path):
    client = create_app(Settings(database=str(tmp_path / "ledger.sqlite3"))).test_client()
    client.post("/accounts", json={"code": "1000", "name": "Bank", "kind": "asset"})
    client.post("/accounts", json={"code": "4000", "name": "Sales", "kind": "income"})
    return client


@pytest.fixture
def book(client):
    def book(amount, day="2023-01-09", currency="EUR", memo="", **options):
        credit = amount[1:] if amount.startswith("-") else "-" + amount
        return client.post("/transactions", json={"booked_at": day, "memo": memo, "postings": [
            {"account": "1000", "amount": amount, "currency": currency},
            {"account": "4000", "amount": credit, "currency": currency},
        ]}, **options)

    return book
