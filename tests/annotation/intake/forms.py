"""Filled forms, as Label Studio stores them, for the tests of the intake."""

from typing import Any

from annotation.intake.form import questions

TEXT = (
    "Our order page takes eleven seconds when a customer has more than two hundred rows. Find out where the time goes and bring it "
    "below one second, without a new database."
)
FILLED = {
    "query": TEXT,
    "sub_domain": "optimization",
    "domain": "vibe-coding",
    "success_criteria": "The page with 200 rows loads in less than one second.\n\n No table of the database has changed. ",
    "contributor_role": "web developer, wholesale",
    "source": "my work last spring",
    "licence": "CC-BY-4.0",
    "consent": "yes",
}


def answer(name: str, given: Any) -> dict[str, Any]:
    kind = "choices" if questions().get(name) else "textarea"
    value = {"choices": [given]} if kind == "choices" else {"text": [given]}
    return {"from_name": name, "to_name": "form", "type": kind, "value": value}


def filled(without: str = "", **changed: Any) -> list[dict[str, Any]]:
    """The answers of a form in which everything is right."""
    return [answer(name, given) for name, given in (FILLED | changed).items() if name != without]
