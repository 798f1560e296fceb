"""Accounts are made once, keep what they have, and get passwords that are shown once and stand nowhere."""

from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from annotation.server.accounts import Account, Person, check_people, new_password
from annotation.server.process import Server
from pipeline.errors import UserError
from tests.annotation.server.asking import Asking
from tests.annotation.server.running import Running
from tests.annotation.server.template import OWNER, PEOPLE, accounts_of, copy_sqlite_template, template

TOKEN = "0123456789abcdef0123456789abcdef01234567"  # noqa: S105


def test_everybody_has_a_token_that_works(any_label_studio: Running) -> None:
    for account in any_label_studio.accounts.values():
        who = Asking(any_label_studio.url, account.token).get("/api/current-user/whoami").json
        assert (who["email"], who["first_name"]) == (account.email, account.name)


def test_everybody_is_in_one_organisation_which_the_first_owns(any_label_studio: Running) -> None:
    owner = Asking(any_label_studio.url, any_label_studio.owner_token)
    organisations = owner.get("/api/organizations/").json
    members = owner.get(f"/api/organizations/{organisations[0]['id']}/memberships?page_size=100").json["results"]
    assert len(organisations) == 1
    assert {account.email for account in any_label_studio.accounts.values()} <= {
        member["user"]["email"] for member in members
    }


def test_everybody_logs_in_by_password_and_a_wrong_one_is_refused(any_label_studio: Running) -> None:
    amara = any_label_studio.accounts["amara"]
    assert Asking(any_label_studio.url).log_in(amara.email, amara.password)
    assert not Asking(any_label_studio.url).log_in(amara.email, any_label_studio.accounts["bo"].password)


def test_only_the_owner_sees_the_pages_for_administration(label_studio: Running) -> None:
    status = {}
    for name in ("limi", "amara"):
        asking, account = Asking(label_studio.url), label_studio.accounts[name]
        assert asking.log_in(account.email, account.password)
        status[name] = asking.get("/admin/").status
    assert status == {"limi": 200, "amara": 302}


def test_nobody_signs_up_without_being_invited(label_studio: Running) -> None:
    stranger = Asking(label_studio.url)
    form = {"email": "eve@limi.example", "password": "long enough"}
    assert stranger.post_form("/user/signup/", form).status == 403
    assert not Asking(label_studio.url).log_in(form["email"], form["password"])


FAY = Person("fay", "Fay@LIMI.example", "annotator")


def test_a_later_start_changes_nothing_but_what_is_new(tmp_path: Path) -> None:
    with Server(
        copy_sqlite_template(tmp_path / "data"), [replace(OWNER, token=TOKEN), *PEOPLE[1:], FAY], port=0
    ) as server:
        accounts = {account.name: account for account in server.accounts}
        fay = accounts.pop("fay")
        assert Asking(server.url).log_in("fay@limi.example", fay.password)
        assert Asking(server.url, TOKEN).get("/api/current-user/whoami").json["email"] == OWNER.email
    before = accounts_of(template("sqlite"))
    assert accounts.pop("limi") == replace(before.pop("limi"), password="", token=TOKEN)
    assert accounts == {name: replace(account, password="") for name, account in before.items()}


def test_new_passwords_work_and_stand_in_no_argument_variable_log_or_file(tmp_path: Path) -> None:
    installation = copy_sqlite_template(tmp_path / "data")
    with Server(installation, [replace(OWNER, token=TOKEN), *PEOPLE[1:]], port=0, new_passwords=True) as server:
        assert server.process is not None
        process = psutil.Process(server.process.pid)
        secrets = [account.password for account in server.accounts]
        key = (tmp_path / "data/.env").read_text().removeprefix("SECRET_KEY=").strip()
        told = "\n".join([*process.cmdline(), *process.environ().values()])
        assert [Asking(server.url).log_in(account.email, account.password) for account in server.accounts] == [True] * 6
        log = server.log.read_text()
    assert log, "an empty log would prove nothing"
    assert [secret for secret in [*secrets, TOKEN, key] if secret in told or secret in log] == []
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert TOKEN.encode() in stored, "the token is in the database, so a password would be found there"
    assert [secret for secret in secrets if secret.encode() in stored] == []


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ([], "one owner"),
        ([replace(OWNER, role="annotator")], "one owner"),
        ([PEOPLE[1], OWNER], "who comes first"),
        ([OWNER, replace(OWNER, name="x", email="x@limi.example")], "one owner"),
        ([OWNER, Person("ada", "ada", "annotator")], "ada's e-mail address 'ada' is none"),
        ([OWNER, Person("ada", "ada@limi.example\n", "annotator")], "is none"),
        ([OWNER, Person("ada", "a" * 1_000_000, "annotator")], "is none"),
        ([OWNER, Person("limi", "ada@limi.example", "annotator")], "two people have the name limi"),
        (
            [OWNER, Person("ada", OWNER.email.upper(), "annotator")],
            "two people have the e-mail address limi@limi.example",
        ),
        ([replace(OWNER, token="secret-of-mine")], "40 characters"),  # noqa: S106
        ([replace(OWNER, token=TOKEN.upper())], "40 characters"),
    ],
)
def test_people_who_cannot_have_accounts_are_refused_in_a_sentence(people: list[Person], said: str) -> None:
    with pytest.raises(UserError, match=said) as refused:
        check_people(people)
    assert "secret-of-mine" not in str(refused.value)


def test_passwords_differ_and_have_no_letters_that_look_alike() -> None:
    passwords = {new_password() for _ in range(1000)}
    assert len(passwords) == 1000
    assert not set("".join(passwords)) & set("il1o0")


def test_what_is_printed_of_an_account_holds_no_secret() -> None:
    account = Account("ada", "ada@limi.example", "annotator", password="pass-word", token=TOKEN)  # noqa: S106
    assert "pass-word" not in repr(account)
    assert TOKEN not in repr(account)
