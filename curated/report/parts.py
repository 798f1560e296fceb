"""What every section of the run report is built of: headings with a place to link to, tables with a caption, numbers in words."""

import re
from collections.abc import Iterable, Mapping, Sequence

from pipeline.clones.facts import FULL_NAME
from pipeline.html import Markup, element, join
from pipeline.params import Params
from pipeline.sampling import draw_key

FEW = 30  # below so many, one more or less moves a share by more than three points in a hundred
_PULL = re.compile(r"(.+)#([0-9]+)")
_NUMBER = re.compile(r"-|[0-9][0-9,]*(\.[0-9]+)?( %)?")


def section(name: str, title: str, *children: object) -> Markup:
    """A section with its heading; `name` is where the list of contents links to."""
    return element("section", element("h2", title, id=name), *children, aria_labelledby=name)


def figures(caption: str, heads: Sequence[object], rows: Iterable[Sequence[object]], class_: str = "") -> Markup:
    """A table with a caption; the first cell of each row names it. Numbers stand to the right with their thousands apart."""
    body = list(rows)
    numeric = [bool(body) and all(_is_number(row[at]) for row in body) for at in range(len(heads))]
    head = [
        element("th", words, scope="col", class_="n" if right else None)
        for words, right in zip(heads, numeric, strict=True)
    ]
    lines = [
        element(
            "tr",
            element("th", _shown(row[0]), scope="row"),
            *(element("td", _shown(cell), class_="n" if _is_number(cell) else None) for cell in row[1:]),
        )
        for row in body
    ]
    table = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *head)),
        element("tbody", *lines),
        class_=class_ or None,
    )
    return scrolling(table, caption)


def scrolling(table: Markup, caption: str) -> Markup:
    """A table that scrolls by itself where it is wider than the window, by the keyboard too."""
    return element("div", table, class_="wide", role="region", tabindex="0", aria_label=caption)


def _is_number(cell: object) -> bool:
    return isinstance(cell, int | float) or (isinstance(cell, str) and _NUMBER.fullmatch(cell) is not None)


def _shown(cell: object) -> object:
    return f"{cell:,}" if isinstance(cell, int | float) else cell


def facts(rows: Iterable[tuple[object, object]]) -> Markup:
    """Names with what is said of them, one below the other."""
    return element("dl", *(element("div", element("dt", name), element("dd", value)) for name, value in rows))


def note(*words: object) -> Markup:
    """A remark on how to read a figure."""
    return element("p", *words, class_="faint")


def code(words: object) -> Markup:
    """A name, an id, a path or a command."""
    return element("code", words)


def several(names: Iterable[object]) -> Markup:
    """Names as code, with commas between them."""
    found = [code(name) for name in names]
    return (
        element("span", *(join(", ", name) if at else name for at, name in enumerate(found)), class_="list")
        if found
        else join("none")
    )


def share(part: int, whole: int) -> str:
    """Such as 12.3 %; a dash where there is no whole."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def in_words(counts: Mapping[str, int]) -> str:
    """Such as 94 accept, 56 edit, 24 reject."""
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none"


def few(number: int, what: str) -> str | None:
    """A sentence that warns of a small number, or None where it is large enough for shares."""
    if not 0 < number < FEW:
        return None
    return f" {number:,} {what} are few: one more or less moves a share by {100 / number:.0f} percentage points."


def drawn(seed: int, name: str) -> str:
    """The key that examples are drawn by: of its own, since the plain draw key of an id has decided in the pool already."""
    return draw_key(seed, f"report:{name}")


def pull_link(pr_id: str, params: Params) -> Markup:
    """A pull request's id, as a link where the source is a GitHub and the id is a full name and a number."""
    found = _PULL.fullmatch(pr_id)
    if params.source.kind != "github" or found is None or not FULL_NAME.fullmatch(found[1]):
        return code(pr_id)
    address = f"{params.source.git.rstrip('/')}/{found[1]}/pull/{found[2]}"
    return element("a", code(pr_id), href=address, rel="noopener noreferrer")
