"""Print to the terminal. What comes from outside is shown, never obeyed: no markup, no control characters."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

OUT = Console(highlight=False, soft_wrap=True)


def shown(text: object) -> str:
    """A text with its control characters made visible."""
    return "".join(character if character.isprintable() or character == "\n" else "\ufffd" for character in str(text))


def line(text: str, style: str = "") -> None:
    """One line, as it is."""
    OUT.print(Text(shown(text), style=style))


def cell(text: object) -> Text:
    """A text for a cell of a table, as it is."""
    return Text(shown(text))


def table(*columns: str) -> Table:
    """An unboxed table; numbers belong into right-justified columns, named with a leading `>`."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(
            column.removeprefix(">"), justify="right" if column.startswith(">") else "left", overflow="fold"
        )
    return made
