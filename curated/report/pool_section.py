"""How the pool was put together: what is in it, its quotas, and what made one pool better than another."""

from collections import Counter
from collections.abc import Sequence

from annotation.report.charts import stack
from annotation.report.words import count
from curated.making.choice_record import CandidateTold, ChoiceRecord, QuotaKept
from curated.report.charts import legend
from curated.report.evidence import Evidence
from curated.report.parts import code, figures, note, section
from curated.report.pool_edge import MORE_IS_WORSE, edge
from pipeline.html import Markup, element, join


def pool_section(evidence: Evidence) -> Markup:
    """The section on the pool."""
    choice = evidence.choice
    chosen = choice.chosen
    out = len(choice.candidates) - len(chosen)
    return section(
        "pool",
        "How the pool was put together",
        element(
            "p",
            f"{count(len(chosen), 'query', 'queries')} were chosen of {count(len(choice.candidates), 'candidate')}; {out:,} had to stay "
            "out. The pool is the best one that keeps all quotas, compared level by level, and that was proved; it is not a ranking of "
            "single queries.",
        ),
        _composition(evidence),
        _quotas(choice),
        _levels(choice),
        _against(choice),
        edge(choice),
        note(
            "To draw it again: ",
            code("curated/choice.json"),
            " has all candidates with their marks and reasons; docs/CHOOSING.md has the script.",
        ),
    )


def _composition(evidence: Evidence) -> Markup:
    counts = Counter((row.domain, row.sub_domain, row.origin) for row in evidence.run.pool)
    kinds = sorted({kind[:2] for kind in counts})
    most = max((counts[*kind, "real_world"] + counts[*kind, "github_pr"] for kind in kinds), default=0)
    rows = [
        [
            join(sub_domain, element("div", domain, class_="faint")),
            counts[domain, sub_domain, "real_world"],
            counts[domain, sub_domain, "github_pr"],
            stack(
                [
                    ("kept", "real-world", counts[domain, sub_domain, "real_world"]),
                    ("chosen", "of pull requests", counts[domain, sub_domain, "github_pr"]),
                ],
                most,
            ),
        ]
        for domain, sub_domain in kinds
    ]
    rows.append(["all", *(sum(counts[*kind, origin] for kind in kinds) for origin in ("real_world", "github_pr")), ""])
    return join(
        figures("What is in it", ["sub-domain", "real-world", "pull requests", "together"], rows),
        legend(("kept", "real-world"), ("chosen", "of pull requests")),
    )


def _quotas(choice: ChoiceRecord) -> Markup:
    rows = []
    for quota in choice.quotas:
        has, whom = _has(quota, choice.chosen)
        competed = sum(_counts(quota, one) for one in choice.candidates)
        named = join(quota.words, element("div", f"the most has {whom}", class_="faint") if whom else None)
        rows.append([named, has, competed, _room(quota, has, competed)])
    return figures("Quotas, and how the pool keeps them", ["quota", "the pool has", "candidates", "room left"], rows)


def _counts(quota: QuotaKept, one: CandidateTold) -> bool:
    of = one.attributes
    return all(of.get(name) == value for name, value in quota.where.items()) and (
        not quota.each or bool(of.get(quota.each))
    )


def _has(quota: QuotaKept, chosen: Sequence[CandidateTold]) -> tuple[int, str]:
    """What is held against the limits: how many it counts, or with `each` the most that one value has, and which."""
    if not quota.each:
        return quota.has, ""
    times = Counter(one.attributes[quota.each] for one in chosen if _counts(quota, one))
    most = max(times.values(), default=0)
    values = sorted(value for value, found in times.items() if found == most)
    more = f" and {len(values) - 1:,} more" if len(values) > 1 else ""
    return most, f"{values[0]}{more}" if values else ""


def _room(quota: QuotaKept, has: int, competed: int) -> str:
    if competed <= has:
        return "all candidates are in"
    if quota.most is None:
        return "no upper limit"
    return "none: it is full" if has >= quota.most else f"{quota.most - has:,} more"


def _levels(choice: ChoiceRecord) -> Markup:
    marked = [one for one in choice.chosen if one.marks]
    rows: list[list[object]] = []
    for level in choice.levels:
        name = level.name.replace("_", " ")
        if level.kind == "mark":
            better = "less is better" if level.name in MORE_IS_WORSE else "more is better"
            each = f", {abs(level.worth) / 1000 / len(marked):.3f} for each of {len(marked):,}" if marked else ""
            rows.append(
                [f"{len(rows) + 1}. {name}", f"{better}, summed over the pool", f"{abs(level.worth) / 1000:g}{each}"]
            )
        elif level.kind == "spread":
            words = "like texts" if level.name == "text" else f"one {name}"
            rows.append(
                [f"{len(rows) + 1}. {name}", f"as few pairs of {words} as can be", f"{count(abs(level.worth), 'pair')}"]
            )
    draws = sum(level.kind == "draw" for level in choice.levels)
    if draws:
        rows.append(
            [f"{len(rows) + 1}. the draw", "by hashes of the seed and the ids, until one pool is left", "chance"]
        )
    return join(
        figures(
            "What made one pool better than another, the first level first", ["level", "what counts", "this pool"], rows
        ),
        note(
            "A later level counts only among pools that are equal at all earlier ones. Real-world queries have no marks."
        ),
    )


def _against(choice: ChoiceRecord) -> Markup | None:
    """Means of the marks inside and outside: what the choice made of the accepted queries."""
    inside, outside = choice.of_pulls(chosen=True), choice.of_pulls(chosen=False)
    names = [level.name for level in choice.levels if level.kind == "mark"]
    if not inside or not outside or not names:
        return None
    rows = [[name.replace("_", " "), _mean(inside, name), _mean(outside, name)] for name in names]
    heads = ["mean of", f"in the pool ({len(inside):,})", f"accepted, not in ({len(outside):,})"]
    return figures("Queries of pull requests inside and outside", heads, rows)


def _mean(candidates: Sequence[CandidateTold], name: str) -> str:
    return f"{sum(one.marks.get(name, 0) for one in candidates) / 1000 / len(candidates):.3f}"
