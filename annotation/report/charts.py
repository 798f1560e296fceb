"""Numbers as small inline drawings: a value with its interval on an axis, a range of times, and shares of a whole."""

from collections.abc import Iterable, Sequence
from typing import Any

from annotation.report.words import RELIABLE, TENTATIVE, duration, plain_estimate
from pipeline.html import Markup, element, join

_WIDTH, _HEIGHT, _EDGE = 300, 18, 6
LIMITS = (TENTATIVE, RELIABLE)


def lowest_of(estimates: Iterable[dict[str, Any]]) -> float:
    """Where the axis of a chart begins: a little below nought, or at -1 if something lies further down."""
    ends = [end for found in estimates for end in (found["value"], found["low"]) if end is not None]
    return -1.0 if min(ends, default=0.0) < -0.2 else -0.2


def interval_bar(found: dict[str, Any], lowest: float, limits: tuple[float, ...] = ()) -> Markup:
    """An estimate on an axis from `lowest` to 1, or its reason in words where there is no value."""
    if found["value"] is None:
        return element("span", found["reason"], class_="faint")

    def x(value: float) -> float:
        return round(_EDGE + (min(max(value, lowest), 1.0) - lowest) / (1 - lowest) * (_WIDTH - 2 * _EDGE), 1)

    middle = _HEIGHT / 2
    parts = [
        element("line", x1=x(lowest), x2=x(1.0), y1=middle, y2=middle, class_="axis"),
        element("line", x1=x(0.0), x2=x(0.0), y1=0, y2=_HEIGHT, class_="nought"),
        *(element("line", x1=x(limit), x2=x(limit), y1=0, y2=_HEIGHT, class_="limit") for limit in limits),
    ]
    if found["low"] is not None:
        width = max(round(x(found["high"]) - x(found["low"]), 1), 1)
        parts.append(element("rect", x=x(found["low"]), y=4, width=width, height=_HEIGHT - 8, class_="spread"))
    parts.append(element("circle", cx=x(found["value"]), cy=middle, r=4, class_="mark"))
    return _drawing(parts, plain_estimate(found))


def time_bar(found: dict[str, Any], longest: float) -> Markup:
    """The middle half of an annotator's times, with the median, on an axis from 0 to `longest` seconds."""
    if found["median"] is None or found["lower_quartile"] is None:
        return element("span", found["reason"], class_="faint")

    def x(seconds: float) -> float:
        return round(_EDGE + seconds / max(longest, 1e-9) * (_WIDTH - 2 * _EDGE), 1)

    low, high, middle = found["lower_quartile"], found["upper_quartile"], _HEIGHT / 2
    parts = [
        element("line", x1=x(0), x2=x(longest), y1=middle, y2=middle, class_="axis"),
        element("rect", x=x(low), y=4, width=max(round(x(high) - x(low), 1), 1), height=_HEIGHT - 8, class_="spread"),
        element("circle", cx=x(found["median"]), cy=middle, r=4, class_="mark"),
    ]
    words = f"median {duration(found['median'])}, quartiles {duration(low)} and {duration(high)}"
    return _drawing(parts, words)


def stack(shares: Sequence[tuple[str, str, int]], whole: int) -> Markup:
    """A bar of shares of a whole: each has a class of the style sheet, words and a count. What is left of the whole stays empty."""
    parts = [
        element("span", class_=name, style=f"width:{100 * times / whole:.3f}%", title=f"{words}: {times}")
        for name, words, times in shares
        if times and whole
    ]
    return element(
        "div",
        *parts,
        class_="stack",
        role="img",
        aria_label=", ".join(f"{words} {times}" for _, words, times in shares),
    )


def count_bar(times: int, most: int) -> Markup:
    """A count with a bar beside it, as long as the count is of the largest."""
    return element(
        "div",
        element("span", times, class_="number"),
        element("i", style=f"width:{60 * times / max(most, 1):.3f}%") if times else None,
        class_="count",
    )


def _drawing(parts: list[Markup], words: str) -> Markup:
    # The title is what a pointer shows and a screen reader says.
    return element(
        "svg",
        element("title", words),
        join(*parts),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        width=_WIDTH,
        height=_HEIGHT,
        role="img",
    )
