"""Numbers, names, times and long texts as the page words them."""

from typing import Any

from pipeline.html import Markup, element, join

TITLES = {
    "side": "keep or reject",
    "as_it_is": "good as it is",
    "sub_domain": "sub-domain",
    "edited_query": "edited query",
    "reject_reason": "reason",
}
# Krippendorff, Content Analysis, 2nd edition (2004), page 241: tentative conclusions from 0.667 on, reliable ones from 0.8 on.
TENTATIVE, RELIABLE = 0.667, 0.8
MOST_CHARACTERS = 1_200  # of one text on the page; the JSON has it whole


def title_of(name: str) -> str:
    """A question or control, as a reader calls it."""
    return TITLES.get(name, name.replace("_", " "))


def estimate_words(found: dict[str, Any]) -> Markup:
    """Such as 0.74 [0.55, 0.88]; where there is no value or no interval, the reason shows under the pointer."""
    reason = found["reason"] if found["low"] is None else None
    return element("span", plain_estimate(found), class_="number", title=reason)


def plain_estimate(found: dict[str, Any]) -> str:
    """The same without markup."""
    if found["value"] is None:
        return "-"
    if found["low"] is None:
        return f"{found['value']:.2f}, no interval"
    return f"{found['value']:.2f} [{found['low']:.2f}, {found['high']:.2f}]"


def strength(alpha: float) -> str:
    """What Krippendorff lets one conclude from an alpha: nothing, something tentative, or what is reliable."""
    return "reliable" if alpha >= RELIABLE else "tentative" if alpha >= TENTATIVE else "too low to rely on"


def moment(iso: str | None) -> str:
    """Such as 2026-01-05 09:00, of a time in UTC."""
    return iso[:16].replace("T", " ") if iso else "not known"


def duration(seconds: float) -> str:
    """Such as 75 s, 4.2 min, 3.1 h or 2.5 days."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"


def count(number: int, one: str, several: str | None = None) -> str:
    """Such as 1 query, 1,204 queries; `several` where it is not `one` with an s."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def listed(names: list[str]) -> str:
    """Such as ada, ada and bo, or ada, bo and chidi."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def shortened(text: str, most: int = MOST_CHARACTERS) -> Markup:
    """A text of at most so many characters, with how many more there are."""
    more = f" … {count(len(text) - most, 'character')} more in report.json" if len(text) > most else None
    return join(text[:most], element("span", more, class_="faint") if more else None)
