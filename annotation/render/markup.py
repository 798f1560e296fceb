"""The only place where HTML is written: allowed elements, and text that is escaped and hides nothing.

A renderer of this room has no other way to make `Html` than `text` and `element`, so what is not in TAGS and ATTRIBUTES cannot
come out, whatever went in. No attribute here holds an address, an event or a style, so there is nothing for a browser to run,
to fetch or to look up: not even a link, for browsers ask for the addresses of links that nobody clicked (DNS prefetch).
Only void elements and elements that every HTML parser reads as they are written are allowed; that leaves out script, style,
svg, math, template, noscript, select, textarea and title, within which the same characters mean something else.
"""

import html
import re
from typing import NewType
from unicodedata import category

Html = NewType("Html", str)

VOID = frozenset({"br", "hr"})
TAGS = VOID | frozenset(
    "blockquote code del details div em h1 h2 h3 h4 h5 h6 li mark ol p pre span strong summary table tbody td th thead tr ul".split()
)
ATTRIBUTES = frozenset({"class", "data-line", "open", "start", "title"})

MOST_MARKS = 4  # combining characters on one letter; more of them are drawn over the lines above and below
_UNUSUAL = re.compile(r"[^ -~\n\t]+")
_UNSEEN = re.compile(r'<span class="unseen">([^<]*)</span>')
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
# Drawn as nothing or as a blank, though their category is one of letters and marks (Unicode's Default_Ignorable_Code_Point), and U+2800.
_HIDDEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2065\u2800\u3164\uffa0")
_HIDDEN_RANGES = ((0xFE00, 0xFE0F), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF))
_EMOJI_STYLE, _JOINER = "\ufe0f", "\u200d"
_NAMED_IN_A_RUN = 8  # of a longer run of hidden characters the rest is counted


def text(raw: str) -> Html:
    """A text as HTML: escaped, with each character that cannot be seen, or that reorders others, shown by its number.

    Blanks other than the space are marked, line feeds and tabs are left. `$` is escaped as well, since Label Studio reads `$name` in a
    configuration as a field of the task.
    """
    return Html(_UNUSUAL.sub(_visible, _escaped(raw)))


def unseen(raw: str) -> list[str]:
    """The names of what `text` would show by its number, as nobody could see it."""
    return _UNSEEN.findall(text(raw))


def element(tag: str, *content: Html, **attributes: str | int) -> Html:
    """One element around its content; `class_` stands for class, `data_line` for data-line. Raises ValueError for what is not allowed."""
    names = {name.rstrip("_").replace("_", "-"): str(value) for name, value in attributes.items()}
    if tag not in TAGS or not ATTRIBUTES.issuperset(names) or (tag in VOID and content):
        raise ValueError(
            f"annotators are shown no <{tag}> with {sorted(names)}; annotation/render/markup.py has what is allowed"
        )
    # The values of attributes are hidden from sight, so hidden characters in them do no more harm than the others: they are left out.
    said = "".join(f' {name}="{_escaped(_plain(value))}"' for name, value in names.items())
    return Html(f"<{tag}{said}>" if tag in VOID else f"<{tag}{said}>{''.join(content)}</{tag}>")


def joined(parts: list[Html]) -> Html:
    """Pieces of HTML after one another."""
    return Html("".join(parts))


def note(said: str) -> Html:
    """A remark by this project, told apart from the text of the pull request by its look."""
    return element("span", text(said), class_="note")


def _escaped(raw: str) -> str:
    return html.escape(raw).replace("$", "&#36;")


def _plain(value: str) -> str:
    return "".join(letter for letter in value if not _is_hidden(letter))


def _visible(match: re.Match[str]) -> str:
    run, whole = match[0], match.string
    out: list[str] = []
    hidden: list[str] = []
    marks = 0
    for at, letter in enumerate(run):
        kind = category(letter)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if marks > MOST_MARKS or (_is_hidden(letter) and not _is_of_emoji(whole, match.start() + at)):
            hidden.append(letter)
            continue
        if hidden:
            out.append(_named(hidden))
            hidden = []
        out.append(f'<span class="blank">{letter}</span>' if kind == "Zs" else letter)
    if hidden:
        out.append(_named(hidden))
    return "".join(out)


def _is_hidden(letter: str) -> bool:
    if letter < "\x7f" and (letter >= " " or letter in "\n\t"):
        return False
    return (
        category(letter) in _HIDDEN_CATEGORIES
        or letter in _HIDDEN
        or any(first <= ord(letter) <= last for first, last in _HIDDEN_RANGES)
    )


def _is_of_emoji(whole: str, at: int) -> bool:
    """Whether a joiner or a variation selector only makes one picture of symbols, as in many titles and bodies."""
    before, after = whole[at - 1 : at] if at else "", whole[at + 1 : at + 2]
    if whole[at] == _EMOJI_STYLE:
        return after == "\u20e3" or (before != "" and category(before) in ("So", "Sm", "Po"))
    pictured = before == _EMOJI_STYLE or (before != "" and category(before) in ("So", "Sk"))
    return whole[at] == _JOINER and pictured and after != "" and category(after) in ("So", "Sm")


def _named(hidden: list[str]) -> str:
    names = " ".join(_name(letter) for letter in hidden[:_NAMED_IN_A_RUN])
    more = f" and {len(hidden) - _NAMED_IN_A_RUN:,} more" if len(hidden) > _NAMED_IN_A_RUN else ""
    return f'<span class="unseen">{names}{more}</span>'


def _name(letter: str) -> str:
    """A control character as its picture, such as ␍, any other as its number, such as U+202E."""
    code = ord(letter)
    if code < 0x20 or code == 0x7F:
        return chr(0x2421 if code == 0x7F else 0x2400 + code)
    return f"U+{code:04X}"
