"""Everything that is wrong with a set of real-world queries: one pure function, which the commands and the stage build_pool both call."""

import re
from collections.abc import Collection, Iterator, Sequence

from curated.intake.finding import Finding
from curated.intake.mentions import benchmark_mentions
from curated.intake.personal import personal
from curated.intake.repeats import repeated
from curated.intake.rules import Rules
from curated.intake.texts import texts_of
from curated.intake.wording import wording
from pipeline.real_world import RealWorldQuery
from pipeline.spdx import is_licence

# Terms of Creative Commons under which a set that others train on and change could not be passed on freely.
_BOUND = re.compile(r"-(?:NC|ND)(?:-|\b)", re.IGNORECASE)


def check(queries: Sequence[RealWorldQuery], rules: Rules, only: Collection[str] | None = None) -> list[Finding]:
    """Every finding, in the order of the queries; of those with an id of `only`, if given, though held against all of them.

    Where two repeat each other the finding is the later one's. The form (types, lengths, consent) was checked when they were read.
    """
    found: dict[str, list[Finding]] = {}
    for query in queries:
        if only is None or query.id in only:
            texts = texts_of(query, rules.kinds)
            found.setdefault(query.id, []).extend(
                (
                    *_withdrawn(query, rules),
                    *_licence(query),
                    *wording(query, texts, rules.limits),
                    *personal(query.id, texts, rules.kinds),
                    *benchmark_mentions(query.id, texts, rules),
                )
            )
    for finding in repeated(queries, rules.pulls, rules.similarity):
        if finding.query_id in found:
            found[finding.query_id].append(finding)
    return [finding for some in found.values() for finding in some]


def _withdrawn(query: RealWorldQuery, rules: Rules) -> Iterator[Finding]:
    if query.id in rules.withdrawn:
        said = (
            f"its contributor took it back on {rules.withdrawn[query.id]}; `limi intake withdraw {query.id}` takes it out. Who brings it "
            "again gives it another id"
        )
        yield Finding(query.id, "id", "withdrawn", True, said)


def _licence(query: RealWorldQuery) -> Iterator[Finding]:
    if not is_licence(query.licence):
        said = "it names no licence as SPDX does, such as CC-BY-4.0, CC0-1.0 or MIT; a row without one is not published"
        yield Finding(query.id, "licence", "licence", True, said)
    elif _BOUND.search(query.licence):
        said = f"{query.licence} forbids commercial use or changed copies, so a set with it in is bound by that"
        yield Finding(query.id, "licence", "bound_licence", False, said)
