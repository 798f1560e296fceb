"""`limi intake`: the commands by which real-world queries come in. What they do is in limi/queries.py and limi/intake_projects.py.

A command imports what it needs when it is called: the checks take more than a second to import, and `limi --help` needs none.
"""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The queries that people bring: docs/INTAKE.md.")
Into = Annotated[
    Path | None, typer.Option("--file", help="the file of real-world queries; default: pool.real_world of params.yaml")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="show what would be done, and do nothing")]
People = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME[=ADDRESS]", help="once for each; default: the people of section review"),
]


@app.command()
def add(
    query: Annotated[str, typer.Option(help="the text, word for word; - reads it from standard input")] = "",
    query_file: Annotated[Path | None, typer.Option(help="or the file that holds it")] = None,
    domain: Annotated[str, typer.Option(help="vibe-coding or research-workflow")] = "",
    sub_domain: Annotated[str, typer.Option(help="see docs/DATA.md")] = "",
    criterion: Annotated[list[str] | None, typer.Option(help="how one sees that it is done; once for each")] = None,
    role: Annotated[str, typer.Option(help="who asks: a role, never a name")] = "",
    source: Annotated[str, typer.Option(help="where it comes from")] = "",
    licence: Annotated[str, typer.Option(help="SPDX id, such as CC-BY-4.0")] = "",
    consent: Annotated[
        bool, typer.Option("--consent", help="the contributor agreed to publication and training")
    ] = False,
    query_id: Annotated[str, typer.Option("--id", help="default: made from the text")] = "",
    into: Into = None,
    dry_run: DryRun = False,
) -> None:
    """Add one query. What is missing is asked in the terminal; what the checks refuse is not added."""
    from limi.queries import add_query, query_text

    given = {"id": query_id} if query_id else {}
    columns = {
        "query": query_text(query, query_file),
        "domain": domain,
        "sub_domain": sub_domain,
        "success_criteria": criterion or [],
        "contributor_role": role,
        "source": source,
        "licence": licence,
        "consent": consent,
    }
    add_query(given | columns, into, dry_run)


@app.command("import")
def bring(
    brought: Annotated[Path, typer.Argument(metavar="FILE", help=".jsonl, .csv, or the .json of `limi intake pull`")],
    into: Into = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="rows with a known id take the place of the earlier ones")
    ] = False,
    partly: Annotated[bool, typer.Option("--partly", help="take the good rows and leave the others")] = False,
    dry_run: DryRun = False,
) -> None:
    """Bring in a file of queries: all of it, or with --partly what is good. A row that is there already is no problem."""
    from limi.queries import import_queries

    import_queries(brought, into, replace, partly, dry_run)


@app.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="default: pool.real_world of params.yaml")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object, for machines")] = False,
) -> None:
    """Check a whole file again: form, repeats, secrets, benchmarks, licence, wording. Exit code 2 if anything is refused."""
    from limi.queries import check_queries

    if not check_queries(file, as_json):
        raise typer.Exit(2)


@app.command()
def withdraw(
    query_id: Annotated[str, typer.Argument(metavar="ID", help="the query that its contributor takes back")],
    why: Annotated[str, typer.Option(help="the reason, for the history; no names")],
    erase: Annotated[bool, typer.Option("--erase", help="keep no text of it, only id, day and reason")] = False,
    into: Into = None,
) -> None:
    """Take a query out of the file. The history keeps it with the reason; with --erase only that there was one."""
    from limi.queries import withdraw_query

    withdraw_query(query_id, why, erase, into)


@app.command()
def project(
    forms: Annotated[int, typer.Option(help="so many blank forms for each contributor, at least")] = 5,
    contributor: People = None,
) -> None:
    """A project with blank forms for each contributor, in the Label Studio at review.server. May be repeated."""
    from limi.intake_projects import make_projects

    make_projects(forms, contributor or [])


@app.command()
def pull(
    to: Annotated[Path, typer.Option("--to", help="where it goes; `limi intake import` takes it")] = Path(
        "data/intake.json"
    ),
    contributor: People = None,
) -> None:
    """Bring what contributors submitted in Label Studio into a file. It is checked when it is imported."""
    from limi.intake_projects import pull_submissions

    pull_submissions(to, contributor or [])
