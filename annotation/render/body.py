"""A pull request's body as GitHub would show it, without anything that GitHub would run or fetch.

markdown-it-py reads the Markdown, with HTML off; its own renderer is not used. Each token it makes has one element of ours, or is
shown as the text it holds. Links are text with their host behind them, pictures are their address.
"""

from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from annotation.render.markup import Html, element, joined, note, text

MOST_MARKDOWN = 70_000  # characters; GitHub takes 65,536. Longer ones are shown as plain text
MOST_PLAIN = 100_000  # characters of plain text that are shown
MOST_NESTING = 40  # lists and quotes within one another, a list being two; the parser drops what is deeper, so such a body is plain text
MOST_HTML = 2_000_000  # characters; a reference that is used a thousand times makes much of little
MOST_ADDRESS = 300  # characters shown of an address

_BLOCKS = {
    "alert_title": "p",
    "blockquote": "blockquote",
    "bullet_list": "ul",
    "list_item": "li",
    "ordered_list": "ol",
    "table": "table",
    "tbody": "tbody",
    "td": "td",
    "th": "th",
    "thead": "thead",
    "tr": "tr",
}
_INLINES = {"em": "em", "s": "del", "strong": "strong"}


class _Markdown(MarkdownIt):
    """The parser with addresses left as they were written: they are shown, and never used."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802 - the parser's name
        return url

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 - the parser's name
        return link


_PARSER = _Markdown("gfm-like2", {"html": False, "linkify": False, "maxNesting": MOST_NESTING})


def render_body(markdown: str, wrapped: bool = False) -> str:
    """Safe HTML of a body in GitHub's Markdown: `<div class="limi-body">…</div>`.

    A body that is longer, nested deeper or more repetitive than people write is shown as plain text, with a note that says so. GitHub
    shows each line of a body as a line; `wrapped` text has its lines joined, as in a file of a repository.
    """
    if not markdown.strip():
        return _body(element("p", note("(no description)")))
    if len(markdown) > MOST_MARKDOWN:
        return _plain(markdown, "Too long to be read as Markdown, so shown as it was written.")
    tokens = _PARSER.parse(markdown)
    if any(token.level >= MOST_NESTING - 1 for token in tokens):
        return _plain(markdown, "Lists and quotes are nested too deep, so the text is shown as it was written.")
    if wrapped:
        _join_lines(tokens)
    rendered = _tree(tokens)
    if len(rendered) > MOST_HTML:
        return _plain(markdown, "Too repetitive to be shown as Markdown, so shown as it was written.")
    return _body(rendered)


def _body(content: Html) -> Html:
    return element("div", content, class_="limi-body")


def _plain(raw: str, why: str) -> Html:
    parts = [element("p", note(why)), element("pre", text(raw[:MOST_PLAIN]))]
    if len(raw) > MOST_PLAIN:
        parts.append(element("p", note(f"… {len(raw) - MOST_PLAIN:,} more characters are left out.")))
    return _body(joined(parts))


def _join_lines(tokens: list[Token]) -> None:
    for token in tokens:
        for inline in token.children or []:
            if inline.type == "softbreak":
                inline.type, inline.content = "text", " "


def _tree(tokens: list[Token]) -> Html:
    """The HTML of a flat list of tokens, in which an opening token is closed by one of the same kind."""
    open_tokens: list[Token] = []
    contents: list[list[Html]] = [[]]
    for token in tokens:
        if token.nesting == 1:
            open_tokens.append(token)
            contents.append([])
        elif token.nesting == -1:
            content = joined(contents.pop())
            contents[-1].append(_around(open_tokens.pop(), content))
        else:
            contents[-1].append(_leaf(token))
    return joined(contents[0])


def _around(token: Token, content: Html) -> Html:
    kind = token.type.removesuffix("_open")
    if kind == "paragraph":
        return content if token.hidden else element("p", content)
    if kind == "heading":
        return element(token.tag, content)
    if kind == "link":
        return _link(str(token.attrs.get("href", "")), content)
    if kind == "alert":
        return element("blockquote", content, class_="alert")
    if kind == "alert_title":
        return element("p", element("strong", content))
    if kind == "ordered_list" and "start" in token.attrs:
        return element("ol", content, start=int(token.attrs["start"]))
    if kind == "list_item" and "checked" in token.meta:
        box = element("span", text("☑ " if token.meta["checked"] else "☐ "), class_="box")
        return element("li", box, content, class_="task")
    tag = _BLOCKS.get(kind) or _INLINES.get(kind)
    return element(tag, content) if tag else element("span", content)


def _leaf(token: Token) -> Html:
    kind = token.type
    if kind == "inline":
        return _tree(token.children) if token.children else text(token.content)
    if kind in ("softbreak", "hardbreak"):
        return element("br")
    if kind == "hr":
        return element("hr")
    if kind == "code_inline":
        return element("code", text(token.content))
    if kind in ("code_block", "fence"):
        return element("pre", element("code", text(token.content)))
    if kind == "image":
        said = f"{token.content} · " if token.content else ""
        return element("span", text(f"picture: {said}{_cut(str(token.attrs.get('src', '')))}"), class_="picture")
    return text(token.content)


def _link(address: str, content: Html) -> Html:
    if content == text(address):
        return element("span", content, class_="link")
    shown = element("span", content, class_="link", title=_cut(address))
    return joined([shown, element("span", text(f" ({_place(address)})"), class_="host")])


def _place(address: str) -> str:
    """The host of an address where every reader of addresses finds the same one; else the address."""
    try:
        host = urlsplit(address).netloc
    except ValueError:
        return _cut(address)
    plain = host.isascii() and host.replace("-", "").replace(".", "").replace(":", "").isalnum()
    return host if plain and len(host) <= MOST_ADDRESS else _cut(address)


def _cut(address: str) -> str:
    return address if len(address) <= MOST_ADDRESS else f"{address[:MOST_ADDRESS]}…"
