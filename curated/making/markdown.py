r"""Blocks as GitHub's Markdown, in which no text can become markup, whatever is in it.

Prose is escaped, and refused if it holds what a renderer would make an address of, since the Hub links bare addresses, e-mail
addresses and handles even where a backslash stands before them. Values stand in code marks without a backtick or a bar; a text by
somebody else stands in a fence that is longer than any run of backticks in it.
"""

import re
import unicodedata

from curated.making.blocks import Block, Bullets, Grid, Heading, Link, Mono, Note, Part, Program, Quoted, Words

# Everything that begins a construct of CommonMark or of GitHub's, or of the Hub's mathematics.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&$!^])")
_AT_START = re.compile(r"^(\d{1,9})([.)])(?=\s|$)|^([-+=:])")
_LINKED = re.compile(r"://|\bwww\.|\bmailto:|@\w", re.IGNORECASE)
_BLANKS = re.compile(r"\s+")
_RUN = re.compile(r"`+")
_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(?:/[A-Za-z0-9._/#-]*)?|[A-Za-z0-9_][A-Za-z0-9._/-]*")
_MOST_VALUE = 200  # characters of a value in a line
_LOOK_ALIKES = str.maketrans({"`": "\u02cb", "|": "\u00a6"})
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def markdown(blocks: list[Block]) -> str:
    """The blocks as Markdown, with one empty line between them and a final newline. Raises ValueError for prose that holds an address."""
    return "\n\n".join(_block(block) for block in blocks) + "\n"


def shown(text: str) -> str:
    """A text that hides nothing: control characters and what turns the reading order show as U+FFFD; what joins emoji stays."""
    text = text.replace("\r\n", "\n")
    return "".join(
        letter if letter in "\n\t\u200d" or unicodedata.category(letter) not in _HIDDEN else "\ufffd" for letter in text
    )


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {_prose(block.words)}"
    if isinstance(block, Bullets):
        return "\n".join(f"- {_words(item)}" for item in block.items)
    if isinstance(block, Grid):
        return _grid(block)
    if isinstance(block, Quoted):
        return fenced(block.text)
    if isinstance(block, Program):
        return f"```{block.language}\n{block.text.rstrip()}\n```"
    if isinstance(block, Note):
        return f"> {_words(block.words)}"
    return _words(block.words)


def fenced(text: str) -> str:
    """A text in a fence that nothing in it can close."""
    fence = "`" * max(3, 1 + max((len(run) for run in _RUN.findall(text)), default=0))
    return f"{fence}text\n{shown(text)}\n{fence}"


def _grid(block: Grid) -> str:
    if wrong := [row for row in block.rows if len(row) != len(block.heads)]:
        raise ValueError(f"a row of the table {block.heads} has {len(wrong[0])} cells")
    numeric = [bool(block.rows) and all(_is_number(row[at]) for row in block.rows) for at in range(len(block.heads))]
    lines = [
        " | ".join(_prose(head) for head in block.heads),
        " | ".join("---:" if right else "---" for right in numeric),
        *(" | ".join(_words(cell) for cell in row) for row in block.rows),
    ]
    return "\n".join(f"| {line} |" for line in lines)


def _is_number(cell: Words) -> bool:
    return all(isinstance(part, str) and re.fullmatch(r"[-0-9.,\[\] ]*", part) for part in cell)


def _words(words: Words) -> str:
    line = "".join(_part(part) for part in words)
    return _AT_START.sub(lambda found: f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}", line)


def _part(part: Part) -> str:
    if isinstance(part, Mono):
        return _value(part.text)
    if isinstance(part, Link):
        if not _ADDRESS.fullmatch(part.address):
            raise ValueError(f"{part.address!r} is no address that this project would write")
        return f"[{_prose(part.words)}]({part.address})"
    return _prose(part)


def _prose(text: str) -> str:
    if found := _LINKED.search(text):
        raise ValueError(
            f"prose of the card holds {found[0]!r}, which a renderer makes a link of; quote it: {text[:80]!r}"
        )
    return _SPECIAL.sub(r"\\\1", shown(_BLANKS.sub(" ", text)))


def _value(text: str) -> str:
    """A value in code marks. A backtick would end them and a bar a table's cell, so look-alikes stand for them."""
    line = shown(" ".join(text.split()))[:_MOST_VALUE].strip().translate(_LOOK_ALIKES)
    return f"`{line}`" if line else "none"
