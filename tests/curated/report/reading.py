"""How a test reads the page: by a strict parser, table by table as text, with nothing of the code that wrote it."""

import xml.etree.ElementTree as ElementTree
from functools import cached_property


def words(element: ElementTree.Element) -> str:
    """All text within, with single blanks."""
    return " ".join(" ".join(element.itertext()).split())


class Page:
    """A page that was parsed as XML."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.tree = ElementTree.fromstring(html.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own page

    @cached_property
    def tables(self) -> dict[str, list[list[str]]]:
        """Caption -> rows of cells; the head is no row."""
        return {
            words(table.find("caption")): [  # type: ignore[arg-type]
                [words(cell) for cell in row] for row in table.iterfind("tbody/tr")
            ]
            for table in self.tree.iter("table")
        }

    def table(self, begin: str) -> dict[str, list[str]]:
        """The rows of the table whose caption begins so, by their first cell."""
        (rows,) = [rows for caption, rows in self.tables.items() if caption.startswith(begin)]
        return {row[0]: row[1:] for row in rows}

    def section(self, name: str) -> str:
        """All text of a section."""
        (found,) = [one for one in self.tree.iter("section") if one.get("aria-labelledby") == name]
        return words(found)

    def drawings(self, name: str) -> list[tuple[str, ElementTree.Element]]:
        """The drawings of a class, each with its title."""
        return [
            (drawing.findtext("title") or "", drawing)
            for drawing in self.tree.iter("svg")
            if name in (drawing.get("class") or "").split()
        ]
