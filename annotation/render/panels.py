"""What stands beside the questions: the query's criteria, the model judge's scores where they may be seen, and what others judged."""

from collections.abc import Iterable, Mapping
from typing import Any

from annotation.render.markup import Html, element, joined, note, text

MOST_ITEMS = 40  # of a list that is shown
MOST_CHARACTERS = 4_000  # of one item


def render_criteria(criteria: Iterable[str]) -> str:
    """Safe HTML of a query's success criteria: `<div class="limi-criteria">…</div>`."""
    return element("div", _list(list(criteria), "(no criteria)"), class_="limi-criteria")


def render_judge(verdict: str, scores: Mapping[str, float | None]) -> str:
    """Safe HTML of the model judge's verdict and scores (1 to 5): `<div class="limi-judge">…</div>`."""
    said = [f"{name} {score:g} of 5" for name, score in scores.items() if score is not None]
    return element("div", element("strong", text(verdict)), text(" · ".join(["", *said])), class_="limi-judge")


def render_reviews(reviews: Iterable[Mapping[str, Any]], reasons: Iterable[str]) -> str:
    """Safe HTML of what annotators said of one query, for who decides between them: `<div class="limi-reviews">…</div>`.

    `reasons` is why it came to the adjudicator. Each review has `annotator`, `verdict`, `answers` (question -> answer), `reject_reasons`,
    `marks` (what was marked, in words), `edited_query` and `notes`.
    """
    parts = [element("p", element("strong", text("Why this is here: ")), text("; ".join(reasons)))]
    return element("div", *parts, *(_review(review) for review in reviews), class_="limi-reviews")


def _review(review: Mapping[str, Any]) -> Html:
    answers = " · ".join(f"{question} {answer}" for question, answer in review["answers"].items())
    parts = [
        element("p", element("strong", text(f"{review['annotator']}: {review['verdict']}")), text(f" · {answers}")),
    ]
    if said := [*review["reject_reasons"], *review["marks"]]:
        parts.append(_list(said, ""))
    if review["edited_query"]:
        parts.append(element("blockquote", *_cut(review["edited_query"])))
    if review["notes"]:
        parts.append(element("p", *_cut(review["notes"])))
    return element("div", joined(parts), class_="review")


def _cut(said: str) -> list[Html]:
    left = len(said) - MOST_CHARACTERS
    shown = [text(said[:MOST_CHARACTERS])]
    return [*shown, note(f" … {left:,} characters more")] if left > 0 else shown


def _list(items: list[str], nothing: str) -> Html:
    if not items:
        return element("p", note(nothing))
    shown = [element("li", *_cut(item)) for item in items[:MOST_ITEMS]]
    left = len(items) - MOST_ITEMS
    return element("ul", *shown, *([element("li", note(f"… {left:,} more"))] if left > 0 else []))
