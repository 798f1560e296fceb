"""What a second parser, Python's own, finds in rendered HTML: its text, and everything that should not be there."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

# Written down again on purpose, so that a tag let in by mistake is found.
VOID = {"br", "hr"}
TAGS = VOID | {
    *(
        "blockquote",
        "code",
        "del",
        "details",
        "div",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "span",
    ),
    *("strong", "summary", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
CLASSES = {
    *(
        "limi-body",
        "limi-diff",
        "limi-title",
        "added",
        "alert",
        "blank",
        "box",
        "code",
        "context",
        "file",
        "unseen",
        "host",
        "hunk",
    ),
    *(
        "left-out",
        "lines",
        "link",
        "minus",
        "note",
        "number",
        "path",
        "picture",
        "plus",
        "remark",
        "removed",
        "status",
        "stray",
        "tab",
    ),
    "task",
}


@dataclass
class Element:
    """An element with its attributes and all the text within it."""

    tag: str
    attributes: dict[str, str | None]
    text: str = ""

    @property
    def kind(self) -> str:
        return self.attributes.get("class") or ""


@dataclass
class Page(HTMLParser):
    """Rendered HTML, read; `problems` has a sentence for everything that is not allowed."""

    elements: list[Element] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[Element] = []
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        written = self.get_starttag_text() or ""
        if tag not in TAGS:
            self.problems.append(f"the element {written[:80]}")
        if not written.startswith(f"<{tag}") or written.endswith("/>"):
            self.problems.append(f"a tag that is not written plainly: {written[:80]}")
        self.problems += [f"the attribute {name}={value!r}" for name, value in attrs if not allowed(tag, name, value)]
        if len({name for name, _ in attrs}) < len(attrs):
            self.problems.append(f"an attribute twice: {written[:80]}")
        element = Element(tag, dict(attrs))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop().tag != tag:
            self.problems.append(f"the end of <{tag}> that is not open")

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)
        for element in self.open:
            element.text += data

    def handle_comment(self, data: str) -> None:
        self.problems.append(f"the comment {data[:80]!r}")

    def handle_decl(self, decl: str) -> None:
        self.problems.append(f"the declaration {decl[:80]!r}")

    def unknown_decl(self, data: str) -> None:
        self.problems.append(f"the declaration {data[:80]!r}")

    def handle_pi(self, data: str) -> None:
        self.problems.append(f"the instruction {data[:80]!r}")

    def of_kind(self, kind: str) -> list[Element]:
        return [element for element in self.elements if element.kind == kind]


def allowed(tag: str, name: str, value: str | None) -> bool:
    """Whether an attribute is one of the few that neither run, fetch nor style anything."""
    if name == "class":
        return value in CLASSES
    if name in ("data-line", "start"):
        return value is not None and value.isdecimal() and tag in ("td", "ol")
    return (tag, name, value) == ("details", "open", "open") or (tag, name) == ("span", "title")


def read(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    page.text = "".join(page.pieces)
    if page.open:
        page.problems.append(f"<{page.open[-1].tag}> is never closed")
    # A browser reads a bare < or & by rules of its own: there is none but of our tags and character references.
    plain = html.count("<") - len(page.elements) * 2 + sum(element.tag in VOID for element in page.elements)
    if plain:
        page.problems.append(f"{plain} bare <")
    if "$" in html or "\0" in html:
        page.problems.append("a $ or a NUL")
    return page
