"""`limi train`: fine-tune on the exported rows, or only look at what that takes. docs/TRAINING.md.

A command imports what it needs when it is called.
"""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from finetune.preflight.report import Report

group = typer.Typer(
    invoke_without_command=True,
    help="Fine-tune a model on the exported rows, as `dvc repro train` does: docs/TRAINING.md",
)


@group.callback()
def train(
    context: typer.Context,
    preflight: Annotated[
        bool, typer.Option("--preflight", help="only check rows, steps, memory and disk; no GPU is touched")
    ] = False,
) -> None:
    """Check every row, then train as the section train of params.yaml says. Interrupted, the same command goes on from its checkpoint."""
    if context.invoked_subcommand is not None:
        return
    from finetune import start
    from pipeline.params import read_params

    if preflight:
        plan = start.look(read_params(), _show)
        from limi.screen import line

        line(f"nothing stands against it; {plan} is what `limi train` will do")
    else:
        start.train(read_params(), _show)


@group.command()
def recipes() -> None:
    """The recipes: models of the paper with its hyperparameters, and the hardware that each is for."""
    from limi.train_recipes import list_recipes

    list_recipes()


@group.command()
def recipe(name: Annotated[str, typer.Argument(help="its name; `limi train recipes` lists them")]) -> None:
    """Put a recipe in place of the section train of params.yaml."""
    from limi.train_recipes import take

    take(name)


@group.command()
def push(
    repository: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="the model on the Hub; HF_TOKEN is its key")],
    tag: Annotated[str, typer.Option(help="the name of this version, such as v1.0; it is never moved")],
    public: Annotated[bool, typer.Option("--public", help="make it public, or push to a public one")] = False,
    allow_demo: Annotated[bool, typer.Option("--allow-demo", help="even if it is the demo's")] = False,
    send: Annotated[bool, typer.Option("--send", help="do it; without, only what would change is shown")] = False,
) -> None:
    """Push the trained model to the Hub: one commit and a tag, or nothing. Exit code 2 if something stands against it."""
    from limi.train_push import show_push

    if not show_push(repository, tag, public, allow_demo, send):
        raise typer.Exit(2)


def _show(report: "Report") -> None:
    from limi.screen import line

    for name, text in report.lines():
        if name != "refused":  # the error says these
            line(f"{name:9} {text}")
