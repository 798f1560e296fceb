"""The section of the page on queries that annotators see differently: what waits for a decision, what was decided, and the rest."""

from typing import Any

from annotation.report.links import Link
from annotation.report.words import count, listed, shortened, title_of
from pipeline.html import Markup, element, join, table

MOST_SHOWN = 100  # disputes on the page; the JSON has all
MOST_DIFFERENT = 200  # of those that need no decision
QUESTIONS = ("verdict", "alignment", "realism", "domain", "sub_domain")
_BADGES = {"open": ("to decide", "bad"), "decided": ("decided", "good")}


def disagreement_section(found: list[dict[str, Any]], link: Link) -> Markup:
    """Disputes with everybody's judgement, the open ones first; then, folded, where answers differ without one."""
    disputes = [entry for entry in found if entry["state"] != "different"]
    rest = [entry for entry in found if entry["state"] == "different"]
    waiting = sum(entry["state"] == "open" for entry in disputes)
    more = len(disputes) - MOST_SHOWN
    return element(
        "section",
        element("h2", "Disputes", id="disagreements"),
        element(
            "p",
            f"{waiting:,} to decide, {len(disputes) - waiting:,} decided. A decision takes the place of the annotators' verdict and of "
            "nothing else: what each of them said is kept, here, in the export and in data/reviewed.parquet. A name leads to its task "
            "in Label Studio.",
            class_="faint",
        ),
        *(_dispute(entry, link) for entry in disputes[:MOST_SHOWN]),
        element("p", f"And {count(more, 'dispute')} more in report.json.") if more > 0 else None,
        _different(rest, link) if rest else None,
    )


def _dispute(entry: dict[str, Any], link: Link) -> Markup:
    words, shade = _BADGES[entry["state"]]
    heads: list[object] = ["", "verdict", "alignment", "realism", "domain", "sub-domain", "said"]
    rows = [_judgement(entry, given, link, "") for given in entry["judgements"]]
    rows += [
        _judgement(entry, given, link, "does not count" if at else "decides")
        for at, given in enumerate(entry["adjudications"])
    ]
    return element(
        "article",
        element(
            "h3",
            element("span", words, class_=f"badge {shade}"),
            f" {entry['query_id']} ",
            element("span", shortened(entry["pr_ref"], 200), class_="faint"),
        ),
        element("p", _why(entry)),
        element("blockquote", shortened(entry["query"])),
        table(heads, rows, class_="said"),
    )


def _why(entry: dict[str, Any]) -> Markup:
    why = f"{'; '.join(entry['why']) or 'no rule calls it disputed'}."
    if not entry["adjudications"]:
        return join(why[:1].upper(), why[1:])
    first, own = entry["adjudications"][0], entry["annotators_verdict"]
    side = "reject" if first["verdict"] == "reject" else "accept"
    before = ", as the annotators' majority" if own == side else ", against the annotators' majority"
    tied = ", where the annotators were tied" if own == "disputed" else before if own else ""
    return join(
        why[:1].upper(), why[1:], " ", element("b", f"{first['annotator']} decided {first['verdict']}"), f"{tied}."
    )


def _judgement(entry: dict[str, Any], given: dict[str, Any], link: Link, role: str) -> list[object]:
    cells = [
        element("span", given[name], class_="number apart" if name in entry["differ"] and not role else "number")
        for name in QUESTIONS
    ]
    who = link(entry["query_id"], given["annotator"], given["annotator"])
    return [join(who, element("span", f" {role}", class_="faint") if role else None), *cells, _said(given)]


def _said(given: dict[str, Any]) -> Markup:
    parts: list[Markup] = []
    if given["reject_reasons"]:
        parts.append(element("div", element("b", "reasons "), ", ".join(given["reject_reasons"])))
    for mark in given["marks"][:5]:
        label = f"{title_of(mark['control'])} {mark['label']} "
        parts.append(element("div", element("b", label), "“", shortened(mark["text"], 200), "”"))
    if len(given["marks"]) > 5:
        parts.append(element("div", f"and {count(len(given['marks']) - 5, 'mark')} more"))
    if given["edited_query"]:
        parts.append(element("div", element("b", "edited "), shortened(given["edited_query"])))
    if given["notes"]:
        parts.append(element("div", element("b", "notes "), shortened(given["notes"])))
    return join(*parts)


def _different(found: list[dict[str, Any]], link: Link) -> Markup:
    rows: list[list[object]] = [
        [
            entry["query_id"],
            listed([title_of(name) for name in entry["differ"]]),
            element(
                "span",
                *(
                    join(
                        "; " if at else None,
                        link(entry["query_id"], given["annotator"], given["annotator"]),
                        " ",
                        ", ".join(str(given[name]) for name in entry["differ"]),
                    )
                    for at, given in enumerate(entry["judgements"])
                ),
            ),
        ]
        for entry in found[:MOST_DIFFERENT]
    ]
    more = len(found) - MOST_DIFFERENT
    return element(
        "details",
        element(
            "summary",
            f"{count(len(found), 'query', 'queries')} with other answers that need no decision (a step of one on a scale is not listed)",
        ),
        table(["query", "differs in", "who said what"], rows),
        element("p", f"And {more:,} more in report.json.") if more > 0 else None,
    )
