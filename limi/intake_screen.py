"""What `limi intake` asks in the terminal and shows there; docs/INTAKE.md tells it whole."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, get_args

import typer

from curated.intake.finding import Finding
from curated.intake.plan import differences
from limi.screen import OUT, cell, line, table
from pipeline.errors import UserError
from pipeline.masking.mask import KINDS, mask
from pipeline.real_world import DOMAINS, RealWorldQuery, SubDomain

MOST_SHOWN = 300  # characters of a value in a difference
LICENCES = "CC0-1.0, CC-BY-4.0, CC-BY-SA-4.0"
CONSENT = (
    "Does the contributor agree that this text is published in a data set under {licence}, where everybody may read and reuse it, and "
    "that models are trained on it? Published copies cannot be called back. Write yes in full"
)
_FLAGS = {"contributor_role": "--role", "sub_domain": "--sub-domain", "success_criteria": "--criterion"}


def completed(given: dict[str, Any]) -> dict[str, Any]:
    """The row with everything that was not given, asked in the terminal. Raises UserError, naming all, where there is no terminal."""
    missing = [name for name in RealWorldQuery.model_fields if name != "id" and not given.get(name)]
    if missing and not sys.stdin.isatty():
        flags = ", ".join(_FLAGS.get(name, f"--{name}") for name in missing)
        raise UserError(
            f"{flags} missing; give them, or run this in a terminal, where they are asked. Nothing was added"
        )
    row = dict(given)
    for name in missing:
        row[name] = _ASKED[name](row)
    if not row["consent"]:
        raise UserError("without consent a query can't be used; nothing was added")
    return row


def _one(question: str) -> Callable[[dict[str, Any]], str]:
    return lambda row: str(typer.prompt(question))


def _of(question: str, choices: Callable[[dict[str, Any]], Sequence[str]]) -> Callable[[dict[str, Any]], str]:
    def ask(row: dict[str, Any]) -> str:
        known = choices(row)
        while True:
            answer = str(typer.prompt(f"{question} ({', '.join(known)})")).strip()
            if answer in known:
                return answer
            line(f"{answer!r} is none of them", "yellow")

    return ask


def _lines(question: str, end: str) -> list[str]:
    line(question)
    found = []
    for text in sys.stdin:
        if text.rstrip("\r\n") == end:
            break
        found.append(text.rstrip("\r\n"))
    return found


_ASKED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "query": lambda row: "\n".join(_lines("The query, word for word; a line with nothing but a dot ends it:", ".")),
    "domain": _of("Domain", lambda row: list(DOMAINS)),
    "sub_domain": _of("Sub-domain", lambda row: DOMAINS.get(row["domain"], get_args(SubDomain))),
    "success_criteria": lambda row: _lines(
        "By what does one see that it is done? One on each line; an empty line ends:", ""
    ),
    "contributor_role": _one("Who asks, as a role and not as a name (such as: data engineer, logistics)"),
    "source": _one("Where the query comes from (such as: written for this set; interview of 3 March)"),
    "licence": _one(f"The licence, by its SPDX id ({LICENCES}, or another)"),
    "consent": lambda row: str(typer.prompt(CONSENT.format(licence=row["licence"]))).strip().lower() == "yes",
}


def show_findings(findings: Iterable[Finding], lines: dict[str, int] | None = None) -> None:
    """One line for each finding, refused ones in red; `lines` is id -> line of the file."""
    for finding in findings:
        where = f"line {lines[finding.query_id]}, " if lines and finding.query_id in lines else ""
        line(f"{finding.verdict}: {where}{finding.told()} ({finding.check})", "red" if finding.refused else "yellow")


def show_problems(problems: Iterable[tuple[int, str, str, str]]) -> None:
    """A table of `(line, id, column, what)`."""
    shown = table(">line", "query", "column", "what is wrong")
    for one in problems:
        shown.add_row(*map(cell, one))
    OUT.print(shown)


def show_difference(there: RealWorldQuery, brought: RealWorldQuery) -> None:
    """Column by column what a replacement changes, without the secrets that either may hold."""
    line(f"query {there.id} would become another:", "bold")
    for column, (before, after) in differences(there, brought).items():
        for sign, value, style in (("-", before, "red"), ("+", after, "green")):
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            safe = " ".join(mask("", "", "", KINDS, [text]).others[0].split())
            line(f"  {sign} {column}: {safe[:MOST_SHOWN]}{'…' if len(safe) > MOST_SHOWN else ''}", style)
