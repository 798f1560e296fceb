"""The run report's drawings: a step of the funnel, a histogram with its limit, and a table shaded by its counts.

Drawings stretch with the window, so they hold nothing but bars and lines; all words stand beside them at their own size.
"""

from collections.abc import Mapping, Sequence

from curated.report.parts import scrolling
from pipeline.html import Markup, element, join

_WIDE, _HIGH = 1000, 100  # of a drawing's own units, which stretch
STEPS = 5  # shades of a heat table


def step_bar(kept: int, dropped: int, failed: int, whole: int, words: str) -> Markup:
    """One step of the funnel on an axis from 0 to `whole`: what stayed, and beside it what was lost here."""
    parts, at = [], 0.0
    for count, class_ in ((kept, "kept"), (dropped, "lost"), (failed, "failed")):
        # One of many thousands is still to be seen.
        width = max(round(_WIDE * count / max(whole, 1), 2), 1.5) if count else 0
        if width:
            parts.append(element("rect", x=round(at, 2), y=0, width=width, height=24, class_=class_))
        at += width
    return _drawing(parts, words, 24, "plot")


def histogram(bars: Sequence[tuple[int, int, int]], limit: int, marks: Sequence[int], words: str, said: str) -> Markup:
    """Bars of `(start, until, count)`, those from the limit on in a paler shade, the limit as a line, and single values below the axis.

    `words` is its title and `said` its description for who cannot see it.
    """
    first, last = bars[0][0], bars[-1][1]
    most = max((count for *_, count in bars), default=0)

    def x(value: float) -> float:
        return round(_WIDE * (min(max(value, first), last) - first) / max(last - first, 1), 2)

    parts = [
        element(
            "rect",
            x=x(start),
            y=round(_HIGH - _HIGH * count / max(most, 1), 2),
            width=round((x(until) - x(start)) * 0.9, 2),
            height=round(_HIGH * count / max(most, 1), 2),
            class_="lost" if start >= limit else "kept",
        )
        for start, until, count in bars
        if count
    ]
    shown = first < limit <= last
    if shown:
        parts.append(element("line", x1=x(limit), x2=x(limit), y1=0, y2=_HIGH, class_="cut"))
    parts.append(element("line", x1=0, x2=_WIDE, y1=_HIGH, y2=_HIGH, class_="base"))
    rug = [element("rect", x=max(x(value) - 1.5, 0), y=0, width=3, height=12, class_="chosen") for value in marks]
    # The word stands beside its line, on the side where there is room.
    side = "limit-word" if x(limit) < _WIDE / 2 else "limit-word left"
    return join(
        element("div", _at(x(limit), f"limit {limit:,}", side), class_="axis-words") if shown else None,
        _drawing(parts, words, _HIGH, "plot high", said),
        _drawing(rug, f"The {len(marks):,} patches of the pool, on the same axis", 12, "plot rug") if marks else None,
        element(
            "div",
            *(_at(x(value), f"{value:,}", "" if value > first else "first") for value in _ticks(first, last)),
            class_="axis-words",
        ),
    )


def _ticks(first: int, last: int) -> list[int]:
    """At most seven round numbers on the axis, none at its very end, where a word would run out of the page."""
    power = 1
    while (last - first) / power > 7:
        power *= 10
    step = next(step for step in (power // 5, power // 2, power) if step and (last - first) / step <= 7)
    return [value for value in range(-(-first // step) * step, last, step) if value <= first + 0.95 * (last - first)]


def legend(*entries: tuple[str, str]) -> Markup:
    """What the colours mean: `(class of the style sheet, words)`."""
    return element(
        "p",
        *(element("span", element("span", class_=f"key {name}", aria_hidden="true"), words) for name, words in entries),
        class_="legend",
    )


def _at(place: float, words: str, class_: str) -> Markup:
    return element("span", words, style=f"left:{place / _WIDE * 100:.2f}%", class_=class_ or None)


def heat_table(
    caption: str, rows: Sequence[str], columns: Sequence[str], counts: Mapping[tuple[str, str], int]
) -> Markup:
    """Counts by row and column with their sums; the more of the table's largest count a cell has, the darker."""
    most = max(counts.values(), default=0)

    def cell(count: int) -> Markup:
        if not count:
            return element("td", "0", class_="nothing")
        strength = -(-STEPS * count // most) / STEPS
        return element("td", f"{count:,}", style=f"background:rgb(var(--heat) / {0.45 * strength:.2f})")

    def line(name: str, found: Sequence[int], shaded: bool) -> Markup:
        cells = [cell(count) if shaded else element("td", f"{count:,}") for count in found]
        return element(
            "tr",
            element("th", name or "not known", scope="row"),
            *cells,
            element("td", f"{sum(found):,}"),
            class_=None if shaded else "all",
        )

    heads = ["language", *columns, "all"]
    body = [line(row, [counts.get((row, column), 0) for column in columns], True) for row in rows]
    body.append(line("all", [sum(counts.get((row, column), 0) for row in rows) for column in columns], False))
    table = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *(element("th", head, scope="col") for head in heads))),
        element("tbody", *body),
        class_="heat",
    )
    return scrolling(table, caption)


def _drawing(parts: list[Markup], title: str, height: int, class_: str, said: str = "") -> Markup:
    return element(
        "svg",
        element("title", title),
        element("desc", said) if said else None,
        join(*parts),
        viewBox=f"0 0 {_WIDE} {height}",
        preserveAspectRatio="none",
        role="img",
        class_=class_,
    )
