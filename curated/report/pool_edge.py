"""Who came into the pool last and who stayed out first, and everybody's reason as curated/choice.json has it."""

from collections.abc import Sequence

from annotation.report.words import count
from curated.making.choice_record import CandidateTold, ChoiceRecord
from curated.report.parts import code, note
from pipeline.html import Markup, element, join

NEAR = 4  # shown on each side of the pool's edge
MOST_REASONS = 100  # folded, of those left out
MORE_IS_WORSE = ("leakage",)  # marks of which less is better


def edge(choice: ChoiceRecord) -> Markup:
    """The queries on both sides of the pool's edge with their reasons, and folded, those of all."""
    order = [level.name for level in choice.levels if level.kind == "mark"]

    def rank(one: CandidateTold) -> tuple[list[int], str]:
        """Better ones first, by the marks alone in the order of the levels."""
        return [one.marks.get(name, 0) * (1 if name in MORE_IS_WORSE else -1) for name in order], one.id

    inside, outside = sorted(choice.of_pulls(chosen=True), key=rank), sorted(choice.of_pulls(chosen=False), key=rank)
    people = sum(not one.chosen for one in choice.candidates) - len(outside)
    return join(
        element("h3", "The last ones in, and the first ones out"),
        note(
            "By their own marks, in the order of the levels: the weakest that have a place, and the strongest accepted ones that have "
            "none. Where a stronger one is out, a quota or another repository's turn is why, or the draw; its reason says so."
        ),
        element("h4", "Last in"),
        _reasons(inside[-NEAR:][::-1], order) if inside else element("p", "No query of a pull request is in the pool."),
        element("h4", "First out"),
        _reasons(outside[:NEAR], order) if outside else element("p", "No accepted query had to stay out."),
        element(
            "p",
            f"{count(people, 'real-world query', 'real-world queries')} stayed out as well; curated/choice.json has their reasons.",
        )
        if people
        else None,
        _folded("Every query of a pull request in the pool, with its reason", inside, order),
        _folded("Accepted queries that stayed out, the strongest first, with their reasons", outside, order),
    )


def _folded(title: str, candidates: Sequence[CandidateTold], order: Sequence[str]) -> Markup | None:
    more = len(candidates) - MOST_REASONS
    if not candidates:
        return None
    return element(
        "details",
        element("summary", f"{title} ({len(candidates):,})"),
        _reasons(candidates[:MOST_REASONS], order),
        note(f"And {more:,} more in ", code("curated/choice.json"), ".") if more > 0 else None,
    )


def _reasons(candidates: Sequence[CandidateTold], order: Sequence[str]) -> Markup:
    return element("ul", *(element("li", *_reason(one, order)) for one in candidates), class_="reasons")


def _reason(one: CandidateTold, order: Sequence[str]) -> list[object]:
    of = [one.attributes.get(name, "") for name in ("sub_domain", "language", "repository")]
    marks = ", ".join(f"{name.replace('_', ' ')} {one.marks[name] / 1000:g}" for name in order if name in one.marks)
    return [
        element("div", code(one.id), " ", " · ".join(filter(None, of))),
        # The reason of a chosen one has its marks already.
        None if one.chosen else element("div", marks, class_="faint"),
        element("div", one.reason),
    ]
