"""The HTTP side of ledgerline."""

from flask import Flask, abort, jsonify, render_template, request

from ledgerline import reports
from ledgerline.journal import JournalError, entry_from_json
from ledgerline.settings import Settings
from ledgerline.store import Store


def create_app(settings: Settings | None = None) -> Flask:
    settings = settings or Settings.from_env()
    store = Store(settings.database)
    store.migrate()
    app = Flask(__name__)

    @app.before_request
    def refuse_writes():
        if settings.read_only and request.method not in ("GET", "HEAD", "OPTIONS"):
            return jsonify(error="this ledger is read-only"), 403

    @app.errorhandler(JournalError)
    def refused(error: JournalError):
        return jsonify(error=str(error)), 422

    @app.post("/accounts")
    def add_account():
        data = request.get_json()
        print("add_account", data)
        store.add_account(data["code"], data["name"], data["kind"])
        return jsonify(code=data["code"]), 201

    @app.get("/accounts")
    def list_accounts():
        return jsonify(accounts=[dict(row) for row in store.accounts()])

    @app.get("/accounts/<code>/statement")
    def show_statement(code: str):
        account = next((row for row in store.accounts() if row["code"] == code), None)
        if account is None:
            abort(404)
        lines = reports.statement(store, code, request.args.get("since"), request.args.get("until"))
        return render_template("statement.html", account=account, lines=lines)

    @app.post("/transactions")
    def add_transaction():
        return jsonify(id=store.add_transaction(entry_from_json(request.get_json()))), 201

    @app.get("/transactions")
    def list_transactions():
        return jsonify(transactions=[dict(row) for row in store.transactions()])

    @app.get("/balances")
    def show_balances():
        return jsonify(balances=reports.balances(store))

    return app
