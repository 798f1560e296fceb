def test_an_entry_changes_two_balances(client, book):
    assert book("120.00").status_code == 201
    assert client.get("/balances").json == {"balances": [
        {"account": "1000", "balance": "120.00", "currency": "EUR"},
        {"account": "4000", "balance": "-120.00", "currency": "EUR"},
    ]}


def test_an_entry_that_does_not_balance_is_refused(client):
    response = client.post("/transactions", json={"booked_at": "2023-01-09", "postings": [
        {"account": "1000", "amount": "10.00", "currency": "EUR"},
        {"account": "4000", "amount": "-9.00", "currency": "EUR"},
    ]})
    assert response.status_code == 422
    assert response.json == {"error": "the postings do not sum to zero"}


def test_transactions_are_listed_in_the_order_they_were_booked(client, book):
    book("1.00", memo="first")
    book("2.00", memo="second")
    assert [t["memo"] for t in client.get("/transactions").json["transactions"]] == ["first", "second"]


def test_a_statement_carries_the_balance_forward(client, book):
    book("10.00", day="2023-01-01")
    book("5.00", day="2023-02-01")
    page = client.get("/accounts/1000/statement?since=2023-02-01").text
    assert "15.00 EUR" in page
    assert "2023-01-01" not in page


def test_the_statement_of_an_unknown_account_is_not_found(client):
    assert client.get("/accounts/9999/statement").status_code == 404
