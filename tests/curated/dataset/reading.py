"""How a reader's renderer sees a card: the parser knows GitHub's tables and lets HTML through, and what it would link is looked for."""

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Bare addresses, hosts, e-mail addresses and handles, which GitHub and the Hub link without being asked.
LINKED = re.compile(r"[a-z]+://\S|www\.\S|mailto:|\S+@\S+\.\S|@\w", re.IGNORECASE)


def tokens(markdown: str) -> list[Token]:
    """Every token, those within lines included."""
    found = []
    for token in MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(markdown):
        found.append(token)
        found += token.children or []
    return found


def dangers(markdown: str) -> list[str]:
    """Everything of a text that is markup which the project did not write: HTML, pictures, links, and what becomes a link."""
    found = []
    for token in tokens(markdown):
        if token.type in ("html_block", "html_inline", "image"):
            found.append(f"{token.type}: {token.content or token.attrs}")
        if token.type == "link_open" and token.attrs["href"] != "https://arxiv.org/abs/2509.17567":
            found.append(f"link: {token.attrs['href']}")
        if token.type == "text" and LINKED.search(token.content):
            found.append(f"would be linked: {token.content}")
    return found


def fences(markdown: str) -> list[str]:
    """The texts that stand in fences as quotes."""
    return [token.content for token in tokens(markdown) if token.type == "fence" and token.info == "text"]


def headings(markdown: str) -> list[str]:
    """The words of all headings."""
    found = tokens(markdown)
    return [found[at + 1].content for at, token in enumerate(found) if token.type == "heading_open"]
