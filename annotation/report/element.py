"""HTML from values, so that no text can become markup: every text is escaped here unless this file made it.

What comes out is also well-formed XML, so that a strict parser can check it.
"""

import re
from html import escape

_VOID = ("circle", "line", "meta", "rect")
# Control characters, halves of surrogate pairs, noncharacters, and what turns the reading order ("Trojan source").
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


class Markup(str):
    """HTML that `element` made."""

    __slots__ = ()


def text(value: object) -> Markup:
    """A value as HTML text: escaped, with characters that cannot be seen shown as U+FFFD."""
    return (
        value
        if isinstance(value, Markup)
        else Markup(escape(_UNSEEN.sub("\ufffd", str(value).replace("\r\n", "\n")), quote=True))
    )


def element(tag: str, /, *children: object, **attributes: object) -> Markup:
    """One element. Attributes: `class_` for class, `aria_label` for aria-label; None leaves one out. Names are never data."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Markup(f"<{tag}{written}/>")
    return Markup(f"<{tag}{written}>{join(*children)}</{tag}>")


def join(*children: object) -> Markup:
    """Several values one after the other; None is nothing."""
    return Markup("".join(text(child) for child in children if child is not None))


def table(heads: list[object], rows: list[list[object]], class_: str | None = None) -> Markup:
    """A table with a row of heads; the first cell of each row names it."""
    head = element("tr", *(element("th", cell, scope="col") for cell in heads))
    body = [
        element("tr", element("th", row[0], scope="row"), *(element("td", cell) for cell in row[1:])) for row in rows
    ]
    return element(
        "div",
        element("table", element("thead", head), element("tbody", *body), class_=class_),
        class_="wide",
    )
