"""What `limi intake` does with the file of real-world queries: add, import, check, withdraw. docs/INTAKE.md tells it whole."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from curated.intake.book import Book, opened
from curated.intake.check import check
from curated.intake.finding import Finding
from curated.intake.history import MOST_OF_WHY, history_path, read_history, withdrawn
from curated.intake.incoming import MOST_BYTES, read_incoming, with_id
from curated.intake.plan import plan_import
from curated.intake.rules import Rules, rules_of
from limi.intake_screen import completed, show_difference, show_findings, show_problems
from limi.screen import OUT, line
from pipeline.errors import UserError
from pipeline.params import Params, read_params
from pipeline.query_tables import QUERIES
from pipeline.real_world import RealWorldQuery, query_of, read_text, rows_of

PULLS = Path("data/queries.parquet")


def add_query(given: dict[str, Any], into: Path | None, dry_run: bool) -> None:
    """Add the row of `given`; what it lacks is asked in the terminal, except an id, which its text gives it."""
    row = query_of(with_id(completed(given)))
    if not isinstance(row, RealWorldQuery):
        raise UserError("\n".join([*(f"column {column}: {what}" for column, what in row), "nothing was added"]))
    params = read_params()
    with opened(_file(params, into)) as book:
        there = next((query for query in book.queries if query.id == row.id), None)
        if there == row:
            line(f"{row.id} is in {book.path} already, word for word; nothing to do")
            return
        if there:
            show_difference(there, row)
            raise UserError(
                f"{row.id} is in {book.path} with other content; give another --id, or replace it by `limi intake import --replace`"
            )
        findings = check([*book.queries, row], _rules(params, book), {row.id})
        show_findings(findings)
        if refused := sum(finding.refused for finding in findings):
            raise UserError(f"nothing was added: {refused} of the findings refuse it")
        if dry_run:
            line(f"{row.id} would be added to {book.path}")
            return
        book.put([row])
        line(f"{row.id} is in {book.path}, which has {len(book.queries)} queries now")


def import_queries(brought: Path, into: Path | None, replacing: bool, partly: bool, dry_run: bool) -> None:
    """Bring in a file: all of it, or with `partly` what is good; with `replacing`, also rows with a known id and other content."""
    params = read_params()
    incoming = read_incoming(brought)
    lines = {query.id: at for at, query in incoming.queries}
    with opened(_file(params, into)) as book:
        rules = _rules(params, book)
        plan = plan_import([query for _, query in incoming.queries], book.queries, rules.withdrawn)
        for there, row in plan.other:
            show_difference(there, row)
        for row in plan.withdrawn:
            line(
                f"{row.id} is left out: it was withdrawn on {rules.withdrawn[row.id]} and does not come back under this id",
                "yellow",
            )
        wanted = [*plan.new, *(row for _, row in plan.other if replacing)]
        ids = {row.id for row in wanted}
        # What is brought comes last, so that it has the finding where it repeats what is there.
        findings = check([*(query for query in book.queries if query.id not in ids), *wanted], rules, ids)
        show_findings([one for one in findings if not one.refused], lines)
        problems = [(one.line, "", one.column, one.what) for one in incoming.problems]
        if not replacing:
            said = "it is there with other content; --replace takes this one and keeps the earlier in the history"
            problems += [(lines[row.id], row.id, "id", said) for _, row in plan.other]
        problems += [(lines[one.query_id], one.query_id, one.column, one.what()) for one in findings if one.refused]
        if problems:
            show_problems(sorted(problems))
        refused = {one.query_id for one in findings if one.refused}
        good = [row for row in wanted if row.id not in refused]
        read = len(incoming.queries) + len({one.line for one in incoming.problems})
        line(
            f"{read} rows read: {len(good)} {'would be' if dry_run else 'are'} good to take, {len(plan.same)} "
            f"already there, {len(plan.withdrawn)} withdrawn; {len(problems)} problems"
        )
        if problems and not partly:
            raise UserError(f"{brought}: nothing was taken; mend these rows, or take the others by --partly")
        if good and not dry_run:
            known = {query.id for query in book.queries}
            why = f"import --replace of {brought.name}"[:MOST_OF_WHY]
            book.put(good, {row.id: why for row in good if row.id in known})
            line(f"{book.path} has {len(book.queries)} queries now")


def check_queries(file: Path | None, as_json: bool) -> bool:
    """Check a whole file and show everything that is found. Whether nothing is refused."""
    params = read_params()
    path = _file(params, file)
    rows = rows_of(read_text(path))
    lines = {query.id: at for at, query in reversed(rows.queries)}
    rules = rules_of(params, _pulls(), withdrawn(read_history(path)))
    found = check([query for _, query in rows.queries], rules)
    refused = len(rows.problems) + sum(finding.refused for finding in found)
    flagged = sum(not finding.refused for finding in found)
    if as_json:
        forms = [Finding("", one.column, "form", True, one.what).row() | {"row": one.line} for one in rows.problems]
        findings = [*forms, *(one.row() | {"row": lines[one.query_id]} for one in found)]
        summary = {"file": str(path), "queries": len(rows.queries), "refused": refused, "flagged": flagged}
        OUT.print(json.dumps(summary | {"findings": findings}), markup=False)
    else:
        for problem in rows.problems:
            line(f"refused: {problem.told(path)} (form)", "red")
        show_findings(found, lines)
        line(f"{path}: {len(rows.queries)} queries; {refused} findings refuse, {flagged} are flagged")
    return not refused


def withdraw_query(query_id: str, why: str, erase: bool, into: Path | None) -> None:
    """Take a query out of the file, and say where else it still is."""
    if not why.strip() or len(why) > MOST_OF_WHY or not why.isprintable():
        raise UserError(f"--why: give the reason in one line of at most {MOST_OF_WHY} characters")
    with opened(_file(read_params(), into)) as book:
        out = book.withdraw(query_id, why, erase)
        kept = "without its text" if erase else "with its text"
        line(f"{query_id} is {'' if out else 'still '}out of {book.path}; {history_path(book.path)} keeps it {kept}")
    line(
        "It is still in what was made of it: run `dvc repro` and publish anew. It stays in earlier revisions of git and of the data set, "
        "in copies that others have, and in Label Studio if it came from there; docs/INTAKE.md says what can be done about each."
    )


def query_text(query: str, file: Path | None) -> str:
    """The text of a flag, of a file, or (for `-`) of standard input, without the line ends after it; those within stay as they are."""
    if query and file:
        raise UserError("--query and --query-file both give the text; give one of them")
    if file:
        try:
            with file.open("rb") as source:
                return _decoded(source.read(MOST_BYTES), str(file))
        except OSError as error:
            raise UserError(f"{file} cannot be read: {error.strerror}") from None
    return _decoded(sys.stdin.buffer.read(MOST_BYTES), "standard input") if query == "-" else query


def _decoded(raw: bytes, where: str) -> str:
    try:
        return raw.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise UserError(f"{where} is not UTF-8 ({error.reason} at byte {error.start}); nothing was added") from None


def _file(params: Params, given: Path | None) -> Path:
    return given or Path(params.pool.real_world)


def _rules(params: Params, book: Book) -> Rules:
    return replace(rules_of(params, _pulls()), withdrawn=withdrawn(book.history))


def _pulls() -> dict[str, str]:
    """The queries of pull requests of the latest run, if there was one."""
    if not PULLS.exists():
        return {}
    return {row["query_id"]: row["query"] for row in QUERIES.read(PULLS).iter_rows(named=True)}
