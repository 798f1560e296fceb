"""Who may log in: the owner, who publishes the reviews, annotators and adjudicators."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from pipeline.errors import UserError

Role = Literal["owner", "annotator", "adjudicator"]

_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}")
_TOKEN = re.compile(r"[0-9a-f]{40}")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another


@dataclass(frozen=True)
class Person:
    """Somebody who shall have an account. `token` is the API token that the account shall have; empty: one is made."""

    name: str
    email: str
    role: Role
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Account:
    """An account as it is now. `password` is there only when it was set just now: it is kept nowhere and is shown once."""

    name: str
    email: str
    role: Role
    password: str = field(repr=False)
    token: str = field(repr=False)


def check_people(people: Sequence[Person]) -> None:
    """Raise UserError unless there is one owner, who comes first, and everybody has a name and an address of their own."""
    if [person.role for person in people].count("owner") != 1 or people[0].role != "owner":
        raise UserError("a review has one owner, who comes first")
    for person in people:
        check_email(person)
        if person.token and not _TOKEN.fullmatch(person.token):
            raise UserError(
                f"the API token for {person.name} is not one that Label Studio would make: it must be 40 characters of 0-9 and a-f. "
                "Make one with `python -c 'import secrets; print(secrets.token_hex(20))'`, or unset LABEL_STUDIO_API_KEY"
            )
    for what, values in (
        ("name", [person.name for person in people]),
        ("e-mail address", [_same(p.email) for p in people]),
    ):
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise UserError(f"two people have the {what} {twice[0]}; an account is one person's")


def check_email(person: Person) -> None:
    """Raise UserError unless the person's address is one that Label Studio takes."""
    if not _EMAIL.fullmatch(person.email):
        address = person.email if len(person.email) < 100 else f"{person.email[:100]}…"
        raise UserError(
            f"{person.name}'s e-mail address {address!r} is none: an account needs one like ada@example.org"
        )


def _same(email: str) -> str:
    return email.lower()


def new_password() -> str:
    """A password of 99 random bits that can be read out: abcde-fghjk-mnpqr-stuvw."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))
