"""The page shows every text as text: whatever a name, a note or a query holds, nothing runs and nothing is fetched."""

import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from annotation.report.charts import interval_bar, lowest_of
from annotation.report.element import Markup, element, join, text
from annotation.report.links import task_links
from annotation.report.page import page
from annotation.report.submissions import Place
from annotation.reviews import Judgement
from pipeline.errors import UserError
from pipeline.sections import Review
from tests.annotation.report.reviews import REVIEW, exported, judged, metrics_of, task

SERVER = "http://127.0.0.1:8080"
TAGS = set(
    "html head meta title style body h1 h2 h3 section p div span table thead tbody tr th td details summary ul li article a svg "
    "line rect circle".split()
)
ATTRIBUTES = set(
    "lang charset http-equiv content name class style title role aria-label scope href rel viewbox width height x y x1 x2 y1 y2 "
    "cx cy r".split()
)
PAYLOADS = (
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    "<img src=//evil.example/x.png>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    '" style="background:url(//evil.example)"',
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<!-- --!><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example>",
    "<style>@import '//evil.example/x.css'</style>",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)} $query",
    "\u202egnp.exe \x00\x1b[31m \ufffe",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
)


class Seen(HTMLParser):
    """What a browser's parser would make of the page, as far as the standard library's can tell."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.found.append(f"tag {tag}")
        for name, value in attrs:
            if name not in ATTRIBUTES:
                self.found.append(f"attribute {name}")
            if name == "href" and not re.fullmatch(rf"{SERVER}/projects/[0-9]+/data\?task=[0-9]+", value or ""):
                self.found.append(f"address {value}")
            if name == "style" and not re.fullmatch(r"width:[0-9.]+%", value or ""):
                self.found.append(f"style {value}")
            if name == "http-equiv" and value != "Content-Security-Policy":
                self.found.append(f"meta {value}")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.found.append("a comment")

    def unknown_decl(self, data: str) -> None:
        self.found.append("a declaration")


def seen(html: str) -> Seen:
    """Read a page by two parsers: the tolerant one of HTML, as browsers are, and the strict one of XML."""
    parser = Seen()
    parser.feed(html)
    parser.close()
    try:
        tree = ElementTree.fromstring(html.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own page
    except ElementTree.ParseError as error:
        parser.found.append(f"not well-formed: {error}")
    else:
        # Of these the page has its own, and a text that brings another must not pass for it.
        once = {"style": 1, "meta": 4, "body": 1}
        parser.found += [f"{tag} again" for tag, times in once.items() if len(list(tree.iter(tag))) != times]
    return parser


def hostile(payload: str, folder: Path) -> tuple[list[Judgement], dict[str, Any], dict[str, Place]]:
    """Reviews in which the payload stands in every text there is: query, its id, reference, notes and names."""
    names = {f"{payload} 1": 2, f"{payload} 2": 3}
    query = f"gh {payload}"
    judgements = [
        judged(name, verdict, query, notes=payload) for name, verdict in zip(names, ("accept", "reject"), strict=True)
    ]
    shown = task(query)
    shown["data"] |= {"pr_ref": payload, "query": payload}
    times = [3.0, 4.0, 5.0, 6.0, 5000.0]
    for at in range(len(times)):
        judgements += [judged(name, query=f"{query} {at}") for name in names]
    tasks = [shown]
    for at, seconds in enumerate(times):
        made = [{"completed_by": user, "lead_time": seconds, "created_at": "2026-01-05T09:00:00Z"} for user in (2, 3)]
        tasks.append(task(f"{query} {at}", at + 8, made))
    path = exported(folder, *tasks)
    places = {query: Place(7, 3, payload, payload), f"{query} 4": Place(12, 3, payload, payload)}
    return (
        judgements,
        metrics_of(judgements, path, Review(annotators=names, overlap=2, export="x"), places=places),
        places,
    )


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_becomes_markup(payload: str, tmp_path: Path) -> None:
    _, metrics, places = hostile(payload, tmp_path)
    html = page(metrics, task_links(places, SERVER), title=payload)
    parser = seen(html)
    assert parser.found == []
    whole = "".join(parser.texts)
    shown = re.sub("[\x00\x1b\u202e\ufffe]", "\ufffd", payload)
    # The title, the reference, the query, two notes, and both names wherever something is said of them.
    assert whole.count(shown) > 40


MARKUP = [payload for payload in PAYLOADS if re.match(r"[^\x00]*<(?!scr\x00)[a-z!/]", payload)]


@pytest.mark.parametrize("payload", MARKUP)
def test_the_same_check_fails_on_a_page_that_lets_a_text_through(payload: str, tmp_path: Path) -> None:
    _, metrics, places = hostile(payload, tmp_path)
    metrics["disagreements"][0]["query"] = Markup(payload)
    assert seen(page(metrics, task_links(places, SERVER))).found


def test_an_attribute_cannot_be_left() -> None:
    assert element("p", title='" onclick="x') == '<p title="&quot; onclick=&quot;x"></p>'
    assert element("p", title=Markup('" onclick="x')) == '<p title="&quot; onclick=&quot;x"></p>'


def test_only_what_an_element_made_is_markup() -> None:
    assert join(element("p", "<b>"), "<b>") == "<p>&lt;b&gt;</p>&lt;b&gt;"
    assert text(f"{element('p')}") == "&lt;p&gt;&lt;/p&gt;"


def test_the_page_stands_alone_in_light_and_dark(tmp_path: Path) -> None:
    html = page(metrics_of([judged(), judged("bo", "reject")], exported(tmp_path, task())), task_links({}))
    assert "default-src &#x27;none&#x27;" in html
    assert "prefers-color-scheme: dark" in html
    assert re.findall(r"https?://|url\(|@import|src=|<script", html) == []


def test_disagreements_link_to_their_tasks(tmp_path: Path) -> None:
    path = exported(tmp_path, task(number=41))
    metrics = metrics_of([judged(), judged("bo", "reject")], path)
    places = {"gh-1": Place(41, 3, "", "")}
    assert f'href="{SERVER}/projects/3/data?task=41"' in page(metrics, task_links(places, SERVER + "/"))
    without = page(metrics, task_links(places))
    assert "href" not in without and "gh-1 (task 41)" in without


@pytest.mark.parametrize(
    "server", ["javascript:alert(1)", "//evil.example", "http://", 'http://x"onclick', "http://x/?q", "http://x y", "x"]
)
def test_a_server_that_is_no_address_is_refused(server: str) -> None:
    with pytest.raises(UserError, match="is not the address of a Label Studio"):
        task_links({}, server)


def test_a_bar_stands_where_its_numbers_are() -> None:
    found = {"value": 0.5, "low": 0.0, "high": 1.0, "queries": 9, "reason": ""}
    drawing = ElementTree.fromstring(interval_bar(found, -1.0))  # noqa: S314 - our own
    rect, circle = drawing.find("rect"), drawing.find("circle")
    assert rect is not None and circle is not None
    # The axis from -1 to 1 takes 6 to 294 of 300 px: nought in the middle, 0.5 at three quarters.
    assert (rect.get("x"), rect.get("width"), circle.get("cx")) == ("150.0", "144.0", "222.0")
    assert drawing.findtext("title") == "0.50 [0.00, 1.00]"


def test_the_axis_reaches_as_far_down_as_the_numbers() -> None:
    above = {"value": 0.5, "low": -0.1, "high": 0.9}
    assert lowest_of([above]) == -0.2
    assert lowest_of([above, above | {"low": -0.4}]) == -1.0
    assert lowest_of([{"value": None, "low": None, "high": None}]) == -0.2


def test_long_lists_end_with_how_many_more(tmp_path: Path) -> None:
    judgements = [
        judged(by, verdict, f"gh-{at:04}") for at in range(305) for by, verdict in (("ada", "accept"), ("bo", "reject"))
    ]
    html = page(
        metrics_of(judgements, exported(tmp_path, *(task(f"gh-{at:04}") for at in range(305))), REVIEW), task_links({})
    )
    assert html.count("<article>") == 300
    assert "And 5 more; the JSON beside this page has them all." in html
