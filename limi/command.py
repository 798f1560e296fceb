"""The command line: `limi SUBCOMMAND`. An error ends with its sentence and exit code 2 (the user's) or 1 (a failure).

A command imports what it needs when it is called: all that the commands need together takes a second and a half to import.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from limi.intake import app as intake
from limi.train import group as train
from limi.trajectories import group as trajectories
from pipeline.errors import LimiError

app = typer.Typer(
    name="limi",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="From GitHub pull requests to a curated agent-training set. `dvc repro` runs the pipeline; these commands "
    "look at it and set it up.",
)
clones = typer.Typer(no_args_is_help=True, help="Local git clones as a source of pull requests: no account, no API.")
app.add_typer(clones, name="clones")
annotate = typer.Typer(
    no_args_is_help=True, help="The review in Label Studio: docs/REVIEW.md, and for annotators docs/ANNOTATORS.md."
)
app.add_typer(annotate, name="annotate")
app.add_typer(trajectories, name="trajectories")
app.add_typer(intake, name="intake")
app.add_typer(train, name="train")


@app.command()
def doctor() -> None:
    """What is configured, what is missing, and how to get it. Exit code 2 if something is missing."""
    from limi.doctor import examine

    if not examine():
        raise typer.Exit(2)


@app.command()
def funnel() -> None:
    """How many pull requests there are, how many each stage lost, and why."""
    from limi.funnel import show_funnel

    show_funnel()


@app.command()
def plan() -> None:
    """What the next run will ask of GitHub (calls, points, time) and of the model (requests, dollars), before it is asked."""
    from limi.plan import show_plan

    show_plan()


@app.command()
def explain(
    item: Annotated[str, typer.Argument(metavar="ID", help="owner/name#number, a query id (gh-…), or a real-world id")],
) -> None:
    """The life of one pull request or query: every verdict, the value that decided, and why it is in the pool or not."""
    from limi.explain import explain as explain_id

    explain_id(item)


@app.command()
def profile(name: Annotated[str, typer.Argument(help="its name; without one the profiles are listed")] = "") -> None:
    """Switch params.yaml to a whole parameter file of profiles/, or list them."""
    from limi.profile import profiles, switch

    if name:
        switch(name)
    else:
        profiles()


@app.command()
def publish(
    repository: Annotated[
        str, typer.Argument(metavar="OWNER/NAME", help="the dataset on the Hub; HF_TOKEN is its key")
    ],
    tag: Annotated[str, typer.Option(help="the name of this version, such as v1.0; it is never moved")],
    public: Annotated[bool, typer.Option("--public", help="make it public, or push to a public one")] = False,
    allow_demo: Annotated[bool, typer.Option("--allow-demo", help="even if it is the demo's")] = False,
    send: Annotated[bool, typer.Option("--send", help="do it; without, only what would change is shown")] = False,
) -> None:
    """Push the dataset to the Hub: one commit and a tag, or nothing. Exit code 2 if something stands against it."""
    from limi.publish import show_publish

    if not show_publish(repository, tag, public, allow_demo, send):
        raise typer.Exit(2)


@clones.command("add")
def clones_add(
    urls: Annotated[
        list[str], typer.Argument(metavar="URL…", help="https, ssh or local addresses that end in owner/name")
    ],
    folder: Annotated[Path, typer.Option(help="where the clones lie")] = Path("clones"),
    facts: Annotated[Path, typer.Option(help="the CSV of facts; default: repositories.csv in the folder")] = Path(),
    stars: Annotated[int, typer.Option(min=0, help="stars of the repositories named; a clone does not know them")] = 0,
    language: Annotated[str, typer.Option(help="main language; default: the one with most bytes")] = "",
    licence: Annotated[str, typer.Option(help="SPDX id; default: told from the licence file")] = "",
    description: Annotated[str, typer.Option(help="one line")] = "",
) -> None:
    """Clone repositories with their pull-request refs, or fetch what is new, and write their rows of facts."""
    from limi.clones import add_clone

    csv = folder / "repositories.csv" if facts == Path() else facts
    for url in urls:
        add_clone(url, folder, csv, stars, language, licence, description)


@clones.command("pin")
def clones_pin(
    folder: Annotated[Path, typer.Option(help="where the clones lie")] = Path("clones"),
    facts: Annotated[Path, typer.Option(help="the CSV of facts; default: repositories.csv in the folder")] = Path(),
) -> None:
    """Write each clone's present commit into its row, so that everybody reads the same and `dvc repro` sees what is new."""
    from limi.clones import pin_clones

    pin_clones(folder, folder / "repositories.csv" if facts == Path() else facts)


@annotate.command("up")
def annotate_up(
    folder: Annotated[Path, typer.Option(help="where Label Studio and people's work lie")] = Path(".label-studio"),
    database: Annotated[str, typer.Option(help="postgresql://USER@HOST:PORT/NAME; default: SQLite in the folder")] = "",
    new_passwords: Annotated[bool, typer.Option("--new-passwords", help="give everyone a new password")] = False,
) -> None:
    """An account and a project for each person: on a Label Studio started here, until Ctrl-C, or on the one at review.server."""
    from limi.label_studio import up

    up(folder, database, new_passwords)


@annotate.command("push")
def annotate_push(
    disputed: Annotated[
        bool, typer.Option("--disputed", help="what annotators disagree on, to the adjudicators")
    ] = False,
) -> None:
    """Bring data/tasks.json to the annotators. May be repeated: nothing is there twice, and nobody's work is lost."""
    from limi.annotate import push_tasks

    push_tasks(disputed)


@annotate.command("pull")
def annotate_pull(
    full: Annotated[bool, typer.Option("--full", help="ask for everything, not only what is new")] = False,
    follow: Annotated[int, typer.Option(min=0, metavar="SECONDS", help="go on, so often, until Ctrl-C")] = 0,
) -> None:
    """Bring what was submitted into the export that `dvc repro` reads; what cannot count goes to quarantine, with the reason."""
    from limi.annotate import pull_reviews

    pull_reviews(full, follow)


@annotate.command("report")
def annotate_report(
    folder: Annotated[Path, typer.Option(help="where report.html and report.json go")] = Path("reports/review"),
) -> None:
    """One page on the reviews: progress, agreement, confusion, time per task, what is in dispute; the same as JSON."""
    from limi.annotate import write_page

    write_page(folder)


@annotate.command("return")
def annotate_return(
    query_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[QUERY_ID…]", help="without any: all rejected ones")
    ] = None,
) -> None:
    """Send rejected queries back to synthesis with the reviewers' reasons."""
    from limi.annotate import send_back

    send_back(query_ids or [])


def main() -> None:
    """The entry point of the command `limi`."""
    try:
        app()
    except LimiError as error:
        print(f"limi: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
