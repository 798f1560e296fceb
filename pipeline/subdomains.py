"""Give a pull request its sub-domain by the rules of `subdomains.toml`, with the rule that spoke loudest as evidence."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.rule_table import check_names, read_rules, refuse, texts

TABLE = Path(__file__).with_name("subdomains.toml")
SUB_DOMAINS = ("front-end", "back-end", "deployment", "debugging", "optimization")
_KINDS = ("path", "title", "body")
_TITLE_READ = 500  # characters; GitHub allows 256, a commit subject anything
_BODY_READ = 4000  # characters; a body's first screens say what the change is about


@dataclass(frozen=True)
class _Rule:
    sub_domain: str
    weight: float
    kind: str  # one of _KINDS
    patterns: tuple[re.Pattern[str], ...]


@dataclass(frozen=True)
class _RuleTable:
    order: tuple[str, ...]
    otherwise: str
    rules: tuple[_Rule, ...]


def classify(paths: list[str], title: str, body: str) -> tuple[str, str]:
    """`(sub_domain, evidence)` of a change. Evidence is `kind:matched text` of the heaviest rule for it, empty if none spoke."""
    table = _table()
    sums = dict.fromkeys(table.order, 0.0)
    loudest: dict[str, tuple[float, str]] = {}
    for rule in table.rules:
        share, matched = _spoken(rule, paths, title, body)
        if share:
            sums[rule.sub_domain] += rule.weight * share
            if rule.weight * share > loudest.get(rule.sub_domain, (0.0, ""))[0]:
                loudest[rule.sub_domain] = (rule.weight * share, f"{rule.kind}:{matched}")
    best = max(table.order, key=lambda name: sums[name])  # max keeps the first of equals
    if not sums[best]:
        return table.otherwise, ""
    return best, loudest[best][1]


def _spoken(rule: _Rule, paths: list[str], title: str, body: str) -> tuple[float, str]:
    if rule.kind == "path":
        found = [path for path in paths if any(pattern.search(path) for pattern in rule.patterns)]
        return (len(found) / len(paths), found[0]) if found else (0.0, "")
    text = title[:_TITLE_READ] if rule.kind == "title" else body[:_BODY_READ]
    for pattern in rule.patterns:
        if match := pattern.search(text):
            return 1.0, _ends(match[0].lower().split())
    return 0.0, ""


def _ends(words: list[str]) -> str:
    """The matched words; of a long match its first and last, for what stands between them may be anybody's secret."""
    return " ".join(words if len(words) <= 3 else [words[0], "…", words[-1]])


@cache
def _table() -> _RuleTable:
    data = read_rules(TABLE, ("order", "otherwise", "rule"))
    order = texts(TABLE, "order", data["order"])
    check_names(TABLE, "sub-domains in order", order, SUB_DOMAINS)
    rules = tuple(_rule(at, entry) for at, entry in enumerate(data["rule"], 1))
    for name in (data["otherwise"], *(rule.sub_domain for rule in rules)):
        if name not in SUB_DOMAINS:
            refuse(TABLE, f"{name!r} is none of the sub-domains {', '.join(SUB_DOMAINS)}")
    return _RuleTable(tuple(order), data["otherwise"], rules)


def _rule(at: int, entry: dict[str, Any]) -> _Rule:
    kind = next((kind for kind in _KINDS if kind in entry), _KINDS[0])
    check_names(TABLE, f"the parts of rule {at}", entry, ("sub_domain", "weight", kind))
    if not isinstance(entry["weight"], int | float) or not entry["weight"] > 0:
        refuse(TABLE, f"weight of rule {at} must be a number above 0, not {entry['weight']!r}")
    try:
        patterns = [re.compile(pattern, re.IGNORECASE) for pattern in texts(TABLE, f"{kind} of rule {at}", entry[kind])]
    except re.error as error:
        refuse(TABLE, f"a pattern of rule {at} cannot be read: {error}")
    return _Rule(entry["sub_domain"], float(entry["weight"]), kind, tuple(patterns))
