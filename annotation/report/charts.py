"""Numbers as small inline SVG: a value with its interval on an axis, and a range of times."""

from collections.abc import Iterable
from typing import Any

from annotation.report.element import Markup, element, join, text

_WIDTH, _HEIGHT, _EDGE = 300, 18, 6
# Krippendorff, Content Analysis, 2nd edition (2004), page 241: tentative conclusions from 0.667 on, reliable ones from 0.8 on.
LIMITS = (0.667, 0.8)


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
        element("line", x1=x(0.0), x2=x(0.0), y1=0, y2=_HEIGHT, class_="axis"),
        *(element("line", x1=x(limit), x2=x(limit), y1=0, y2=_HEIGHT, class_="limit") for limit in limits),
    ]
    if found["low"] is not None:
        width = max(round(x(found["high"]) - x(found["low"]), 1), 1)
        parts.append(element("rect", x=x(found["low"]), y=4, width=width, height=_HEIGHT - 8, class_="spread"))
    parts.append(element("circle", cx=x(found["value"]), cy=middle, r=4, class_="mark"))
    return _drawing(parts, _words(found))


def estimate_words(found: dict[str, Any]) -> Markup:
    """Such as 0.74 [0.55, 0.88]; where there is no value or no interval, the reason shows under the pointer."""
    if found["low"] is not None:
        return text(_words(found))
    return element("span", _words(found), title=found["reason"])


def _words(found: dict[str, Any]) -> str:
    if found["value"] is None:
        return "-"
    if found["low"] is None:
        return f"{found['value']:.2f}, no interval"
    return f"{found['value']:.2f} [{found['low']:.2f}, {found['high']:.2f}]"


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
    return _drawing(parts, f"median {found['median']:.0f} s, quartiles {low:.0f} and {high:.0f} s")


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
