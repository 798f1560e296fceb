"""The page shows every text as text: whatever a name, a note or a query holds, nothing runs and nothing is fetched."""

import json
import re
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from annotation.judgements import Judgement, Mark
from annotation.report.links import Link, task_links
from annotation.report.page import page
from pipeline.html import Markup, element, join, text
from tests.annotation.report.reviews import NINE, REVIEW, SERVER, decided, judged, metrics_of, task

TAGS = set(
    "html head meta title style body h1 h2 h3 section p div span b i blockquote table thead tbody tr th td details summary article a svg "
    "line rect circle".split()
)
ATTRIBUTES = set(
    "lang charset http-equiv content name class style title role aria-label scope href rel id open viewbox width height x y x1 x2 y1 y2 "
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
            if name == "href" and not re.fullmatch(rf"{SERVER}/projects/[0-9]+/data\?task=[0-9]+|#[a-z]+", value or ""):
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


PLACES = "title reference query notes edited reason mark label control amara bo erin femi gh".split()


def hostile(payload: str) -> tuple[dict[str, Any], Link]:
    """The metrics of reviews in which the payload stands in every text there is, before the name of its place, and their links."""
    amara, bo, erin, femi = (f"{payload} {name}" for name in ("amara", "bo", "erin", "femi"))
    said: dict[str, Any] = {"notes": f"{payload} notes", "edited_query": f"{payload} edited"}
    said |= {"marks": (Mark(f"{payload} control", f"{payload} label", f"{payload} mark"),)}
    said |= {"reject_reasons": (f"{payload} reason",)}
    query = f"{payload} gh"
    judgements: list[Judgement] = []
    for at, seconds in enumerate([3.0, 4.0, 5.0, 6.0, 5000.0]):
        judgements += [judged(name, query=f"{query} {at}", at=NINE, lead_seconds=seconds) for name in (amara, bo)]
    for name, verdict in ((amara, "accept"), (bo, "reject")):
        judgements += [judged(name, verdict, query, **said), judged(name, verdict, f"{query} open", **said)]
        judgements.append(judged(name, "edit" if name == bo else "accept", f"{query} different", **said))
    judgements += [decided("accept", query, erin, **said), decided("reject", query, femi, **said)]
    people = {"annotators": dict.fromkeys((amara, bo), "x@limi.example"), "adjudicators": {erin: "y@limi.example"}}
    tasks = [task(f"{query}{more}", f"{payload} reference", f"{payload} query") for more in ("", " open")]
    return metrics_of(judgements, REVIEW.model_copy(update=people), tasks), task_links(judgements, SERVER)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_becomes_markup(payload: str) -> None:
    metrics, link = hostile(payload)
    parser = seen(page(metrics, link, title=f"{payload} title"))
    assert parser.found == []
    shown, whole = re.sub("[\x00\x1b\u202e\ufffe]", "\ufffd", payload), "".join(parser.texts)
    assert [place for place in PLACES if f"{shown} {place}" not in whole] == []


MARKUP = [payload for payload in PAYLOADS if re.match(r"[^\x00]*<(?!scr\x00)[a-z!/]", payload)]


@pytest.mark.parametrize("payload", MARKUP)
def test_the_same_check_fails_on_a_page_that_lets_a_text_through(payload: str) -> None:
    metrics, _ = hostile(payload)
    metrics["disagreements"][0]["judgements"][0]["annotator"] = Markup(payload)
    assert seen(page(metrics, lambda query, name, words: text(words), "x")).found


def test_an_attribute_cannot_be_left() -> None:
    assert element("p", title='" onclick="x') == '<p title="&quot; onclick=&quot;x"></p>'
    assert element("p", title=Markup('" onclick="x')) == '<p title="&quot; onclick=&quot;x"></p>'


def test_only_what_an_element_made_is_markup() -> None:
    assert join(element("p", "<b>"), "<b>") == "<p>&lt;b&gt;</p>&lt;b&gt;"
    assert text(f"{element('p')}") == "&lt;p&gt;&lt;/p&gt;"


def of(*judgements: Judgement, **given: Any) -> str:
    return page(metrics_of(judgements, **given), task_links(judgements, SERVER), "x")


def test_the_page_stands_alone_in_light_dark_and_print() -> None:
    alone = [replace(judgement, task=0) for judgement in (judged(), judged("bo", "reject"))]
    html = of(*alone)
    assert "default-src &#x27;none&#x27;" in html
    assert "prefers-color-scheme: dark" in html and "@media print" in html
    assert re.findall(r"https?://|url\(|@import|src=|<script", html) == []


def test_no_mail_address_is_in_the_page_or_the_json() -> None:
    metrics = metrics_of([judged(), judged("bo", "reject"), decided()], assigned={"ada": 3})
    for whole in (json.dumps(metrics), page(metrics, task_links([], SERVER), "x")):
        assert "ada" in whole and "erin" in whole and "@" not in whole.replace("@media", "")


def test_each_judgement_links_to_its_task_in_its_own_project() -> None:
    html = of(judged(task=41), judged("bo", "reject", task=52), decided(task=63))
    assert re.findall(r'href="([^"#]+)"[^>]*>([a-z]+)<', html) == [
        (f"{SERVER}/projects/3/data?task=41", "ada"),
        (f"{SERVER}/projects/4/data?task=52", "bo"),
        (f"{SERVER}/projects/9/data?task=63", "erin"),
    ]


def test_a_server_in_a_folder_is_linked_with_one_slash() -> None:
    link = task_links([judged()], "https://example.org/studio/")
    assert 'href="https://example.org/studio/projects/3/data?task=41"' in link("gh-1", "ada", "ada")


@pytest.mark.parametrize("lost", [{"task": 0}, {"project": 0}])
def test_a_judgement_whose_task_is_not_known_is_not_linked(lost: dict[str, int]) -> None:
    assert task_links([judged(**lost)], SERVER)("gh-1", "ada", "ada") == "ada"


def test_every_link_within_the_page_has_a_place_to_go_to() -> None:
    html = of(judged(), judged("bo", "reject"))
    inner = re.findall(r'href="#([^"]+)"', html)
    assert inner and all(f'id="{name}"' in html for name in inner)


def test_long_lists_end_with_how_many_more() -> None:
    disputed = [
        judged(by, verdict, f"gh-{at:04}") for at in range(105) for by, verdict in (("ada", "accept"), ("bo", "reject"))
    ]
    differing = [
        judged(by, verdict, f"gi-{at:04}") for at in range(203) for by, verdict in (("ada", "edit"), ("bo", "accept"))
    ]
    html = of(*disputed, *differing)
    assert html.count("<article>") == 100
    assert "And 5 disputes more in report.json." in html
    assert html.count(">gi-") == 200 and "And 3 more in report.json." in html


def test_many_pairs_are_folded_and_end_with_how_many_more() -> None:
    names = [f"annotator-{at}" for at in range(9)]
    html = of(*(judged(name) for name in names))
    assert "<details open" not in html and "And 8 pairs more in report.json." in html


def test_a_megabyte_of_text_is_cut_in_linear_time() -> None:
    many = tuple(Mark("leak", "unnatural", "<" * 100_000) for _ in range(10))
    wall = "<script>&\u202e" * 100_000
    begun = time.process_time()
    html = of(
        judged(notes=wall, marks=many),
        judged("bo", "edit", edited_query=wall),
        decided(notes=wall),
        tasks=[task(text=wall)],
    )
    assert time.process_time() - begun < 5
    assert len(html) < 200_000
    assert "characters more in report.json" in html and "and 5 marks more" in html
