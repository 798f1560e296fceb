"""`limi trajectories collect`: the command's options, and the human at this terminal."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer


def collect_session(
    query: Annotated[str, typer.Argument(metavar="QUERY_ID", help="a query of the pool, or of data/queries.parquet")],
    mode: Annotated[
        str, typer.Option(help="confirm: you say yes or no to each command; human: you begin; yolo: nobody is asked")
    ] = "confirm",
    model: Annotated[str, typer.Option(help="its name at the endpoint; default: model.name of params.yaml")] = "",
    endpoint: Annotated[
        str, typer.Option(help="an OpenAI-compatible server; default: model.endpoint of params.yaml")
    ] = "",
    temperature: Annotated[float | None, typer.Option(min=0, help="default: not sent")] = None,
    effort: Annotated[str, typer.Option(help="reasoning effort, such as high; default: not sent")] = "",
    max_usd: Annotated[
        float, typer.Option(min=0, help="dollars a session may cost, where the price is known; 0: no limit")
    ] = 3.0,
    max_replies: Annotated[int, typer.Option(min=0, help="replies of the model in a session; 0: no limit")] = 0,
    check: Annotated[
        list[str] | None, typer.Option(help="a command that passes when the query is solved; may stand often")
    ] = None,
    command_seconds: Annotated[int, typer.Option(min=1, help="time for one command of the agent")] = 300,
    check_seconds: Annotated[int, typer.Option(min=1, help="time for one check")] = 900,
    image: Annotated[
        str, typer.Option(help="run commands in a container of this image (podman or docker), fetched before")
    ] = "",
    network: Annotated[bool, typer.Option("--network", help="give the commands a network")] = False,
    also: Annotated[
        list[Path] | None, typer.Option(help="a folder that commands may read, such as that of a compiler")
    ] = None,
    without_sandbox: Annotated[
        bool, typer.Option("--without-sandbox", help="run commands with your own account: they can do what you can")
    ] = False,
    repository: Annotated[
        Path | None, typer.Option(help="a clone with the query's base commit; default: the run's")
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="what a real-world query begins with; default: nothing")] = None,
    new: Annotated[bool, typer.Option("--new", help="begin another session, though one is under way")] = False,
    give_up: Annotated[
        bool, typer.Option("--give-up", help="archive the session under way as it is, as not solved")
    ] = False,
) -> None:
    """Record mini-swe-agent at work on a query, with you beside it, until it is solved. Called again, it goes on where it stopped."""
    # What it needs takes a second to import; `limi --help` needs none of it.
    from limi.screen import line
    from limi.sessions import kinds_to_mask
    from pipeline.errors import UserError
    from pipeline.params import read_params
    from trajectories.archive.session import Session
    from trajectories.checks.masking import mask
    from trajectories.collecting.collect import collect
    from trajectories.collecting.sandbox import Wanted, check_also
    from trajectories.collecting.settings import MODES, Human, Places, Settings

    params = read_params()
    if mode not in MODES:
        raise UserError(f"--mode must be one of {', '.join(MODES)}, not {mode}")
    beside = sys.stdin.isatty()
    if mode != "yolo" and not beside and not give_up:
        raise UserError(f"--mode {mode} asks you, so it needs a terminal; without one only --mode yolo works")
    sent: dict[str, Any] = {"temperature": temperature, "reasoning_effort": effort or None}
    settings = Settings(
        model=model or params.model.name,
        endpoint=endpoint or params.model.endpoint,
        mode=mode,
        model_settings={name: value for name, value in sent.items() if value is not None},
        timeout=params.model.timeout_seconds,
        step_limit=max_replies,
        max_usd=max_usd,
        command_seconds=command_seconds,
        checks=tuple(check or ()),
        check_seconds=check_seconds,
        sandbox=Wanted(image or None, network, without_sandbox, check_also(also or [])),
    )
    places = Places(
        archive=Path(params.trajectories.archive),
        sources=Path(params.source.folder),
        repository=repository,
        folder=folder,
    )

    def masked(session: Session) -> Session:
        return mask(session, kinds_to_mask(params)).session

    path = collect(
        query, settings, places, Human(line, input if beside else None), new=new, give_up=give_up, masked=masked
    )
    if path is None:
        raise typer.Exit(1)
    line(f"{path} is the session; `limi trajectories show {path.stem}` shows it")
