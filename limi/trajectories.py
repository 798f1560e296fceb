"""`limi trajectories`: the commands for sessions of work on the pool's queries.

What they do is in limi/sessions.py and limi/sessions_import.py. A command imports what it needs when it is called: the checks take a second
to import, and `limi --help` needs none.
"""

from pathlib import Path
from typing import Annotated

import typer

from limi.trajectories_collect import collect_session

group = typer.Typer(
    no_args_is_help=True,
    help="Sessions of work on the pool's queries: recorded, checked, ready to train on. docs/TRAJECTORIES.md",
)
group.command("collect")(collect_session)


@group.command("import")
def bring(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="what another program recorded")],
    query: Annotated[
        str, typer.Option(metavar="QUERY_ID", help="the query worked on; only rows with a column query_id need none")
    ] = "",
    format: Annotated[  # noqa: A002
        str, typer.Option(help="docs/TRAJECTORIES.md names them; default: told from the content")
    ] = "",
    success: Annotated[
        bool | None,
        typer.Option("--solved/--not-solved", help="whether the query was solved, as you say; default: not told"),
    ] = None,
    sandbox: Annotated[str, typer.Option(help="container, bubblewrap or none; default: not told")] = "",
    base_commit: Annotated[str, typer.Option(help="the commit that the work began at; default: not told")] = "",
    tools: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="a JSON list of the agent's tools, for formats that do not tell them"),
    ] = None,
    row: Annotated[int, typer.Option(min=0, help="of a file of many rows this one alone, from 1; with --query")] = 0,
    replace: Annotated[
        bool, typer.Option("--replace", help="write over a session that the archive holds otherwise")
    ] = False,
    leave_out_cut_line: Annotated[
        bool, typer.Option("--leave-out-cut-line", help="take a file whose recorder was killed in its last line")
    ] = False,
) -> None:
    """Bring recordings of other agents into the archive, masked. What a format lacks is stated, never guessed."""
    from limi.sessions_import import import_sessions

    import_sessions(files, query, format, success, sandbox, base_commit, tools, row, replace, leave_out_cut_line)


@group.command()
def check(
    items: Annotated[
        list[str] | None, typer.Argument(metavar="[ID|FILE…]", help="without any: the whole archive")
    ] = None,
    masking: Annotated[
        bool, typer.Option("--mask", help="first mask secrets and personal data in the archive's files")
    ] = False,
) -> None:
    """Hold sessions against every rule, and their lengths against the paper's. Exit code 2 if one is refused."""
    from limi.sessions import check_sessions

    if not check_sessions(items or [], masking):
        raise typer.Exit(2)


@group.command()
def export(
    out: Annotated[Path, typer.Option(help="the parquet file of rows to train on")] = Path("sft/train.parquet"),
) -> None:
    """Write the rows to train on, as `dvc repro export_sft` does: one for each session on a query of the pool that no check refuses."""
    from limi.sessions import export_rows

    export_rows(out)


@group.command()
def show(
    item: Annotated[str, typer.Argument(metavar="ID|FILE", help="a session of the archive, or a file")],
    full: Annotated[bool, typer.Option("--full", help="fold no long output")] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="write one page instead, which needs nothing else")
    ] = None,
) -> None:
    """A session from its outcome to its last step, with what the checks find where it is."""
    from limi.sessions import show_session

    show_session(item, full, html)
