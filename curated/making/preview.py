"""The card as one HTML page to look at before it is published: no script, nothing that a browser would fetch, every text escaped."""

from annotation.report.style import STYLE
from curated.making.blocks import Block, Bullets, Grid, Heading, Link, Mono, Note, Part, Program, Quoted, Words
from pipeline.html import Markup, document, element, join
from pipeline.html import table as html_table

_STYLE = (
    STYLE
    + """
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 13px; }
code { background: var(--shade); border-radius: 4px; padding: 1px 4px; overflow-wrap: anywhere; unicode-bidi: isolate; }
pre { background: var(--shade); border: 1px solid var(--line); border-radius: 6px; padding: 10px 12px; white-space: pre-wrap;
  overflow-wrap: anywhere; unicode-bidi: isolate; max-width: 100ch; }
td, tbody th { vertical-align: top; } td, td code { overflow-wrap: break-word; }
td:last-child, td:last-child code { overflow-wrap: anywhere; } td:last-child { min-width: 84px; }
th code { white-space: nowrap; } li { margin: 2px 0; max-width: 80ch; }
.important { border-left: 4px solid var(--half); padding: 8px 12px; background: var(--shade); max-width: 84ch; }
"""
)


def preview(blocks: list[Block], title: str, metadata: str) -> str:
    """The whole page; `metadata` is the card's YAML, shown folded."""
    folded = element("details", element("summary", "Metadata for the Hub"), element("pre", metadata))
    return document(title, _STYLE, folded, *(_block(block) for block in blocks))


def _block(block: Block) -> Markup:
    if isinstance(block, Heading):
        return element(f"h{min(block.level, 3)}", block.words)
    if isinstance(block, Bullets):
        return element("ul", *(element("li", _words(item)) for item in block.items))
    if isinstance(block, Grid):
        return html_table(list(block.heads), [[_words(cell) for cell in row] for row in block.rows])
    if isinstance(block, Quoted | Program):
        return element("pre", block.text)
    if isinstance(block, Note):
        return element("p", _words(block.words), class_="important")
    return element("p", _words(block.words))


def _words(words: Words) -> Markup:
    return join(*(_part(part) for part in words))


def _part(part: Part) -> object:
    if isinstance(part, Mono):
        return element("code", part.text)
    if isinstance(part, Link):
        # A page to look at: addresses are shown and lead nowhere but to the public web.
        return (
            element("a", part.words, href=part.address, rel="noopener noreferrer")
            if part.address.startswith("https://")
            else element("code", part.address)
        )
    return part
