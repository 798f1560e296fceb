"""HTML from values, so that no text can become markup: every text is escaped here unless this file made it.

What comes out is also well-formed XML, so that a strict parser can check it. A `document` runs no script and fetches nothing.
"""

import re
from html import escape

_VOID = ("circle", "line", "meta", "rect")
# Control characters, halves of surrogate pairs, noncharacters, and what turns the reading order ("Trojan source").
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
# Even if a text got through as markup, a browser would run and fetch nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_LIGHT = """color-scheme: light; --paper: #fff; --ink: #1d2127; --faint: #5a6472; --line: #d5dae1; --shade: #f3f5f8;
  --mark: #1f5fbf; --spread: #a9c4ee; --good: #2f7d4f; --half: #c08a1e; --bad: #b3352f; --on: #fff;"""
_DARK = """color-scheme: dark; --paper: #14171b; --ink: #e6e9ee; --faint: #9aa5b4; --line: #343b45; --shade: #1d2229;
  --mark: #8ab8ff; --spread: #35537f; --good: #58b483; --half: #dcae4f; --bad: #ee8079; --on: #14171b;"""
# Light and dark by the reader's setting, light on paper.
PALETTE = f"""
:root {{ {_LIGHT} }}
@media screen and (prefers-color-scheme: dark) {{ :root {{ {_DARK} }} }}
* {{ box-sizing: border-box; }}
"""


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


def document(title: str, style: str, *children: object) -> str:
    """A whole page: its title, its one style sheet (our own text, PALETTE comes before it) and its body."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", Markup(PALETTE + style)),
    )
    return f"<!DOCTYPE html>\n{element('html', head, element('body', *children), lang='en')}\n"
