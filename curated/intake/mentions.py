"""Names of public benchmarks' repositories and pull requests in what people bring: who trains on those can't be measured by them.

The lists (curated/contamination) name repositories, pull requests and diffs. They hold no text of a benchmark's task, so no text can
be compared with one: a task that was copied word for word is found only by what it names. A diff has no place in a query.
"""

import re
from collections.abc import Iterator

from curated.intake.finding import Finding
from curated.intake.rules import Rules
from curated.intake.texts import Texts, place_of, quoted

_OWNER = r"[A-Za-z0-9][A-Za-z0-9-]{0,38}"
_NAME = r"[A-Za-z0-9._-]{1,100}"
# An address on GitHub, as people, git, its API and its raw files write it; or `owner/name` alone, which no path goes on.
_IN_ADDRESS = re.compile(
    rf"(?i:github\.com/repos|github\.com|githubusercontent\.com)[/:]({_OWNER})/({_NAME})(?:/(?:pulls?|issues)/(\d{{1,10}}))?"
)
_ALONE = re.compile(rf"(?<![\w./:@\\-])({_OWNER})/({_NAME})(?:#(\d{{1,10}}))?(?![\w/\\-])")


def benchmark_mentions(query_id: str, texts: Texts, rules: Rules) -> Iterator[Finding]:
    """A finding for each benchmark that a text names by its repository or pull request; each once in a text."""
    for column, text in zip(texts.columns, texts.quotable, strict=True):
        seen: set[tuple[str, str]] = set()
        for match in sorted([*_IN_ADDRESS.finditer(text), *_ALONE.finditer(text)], key=lambda match: match.start()):
            repo = f"{match[1]}/{match[2].rstrip('.').removesuffix('.git')}"
            keys = [("repository", repo), ("pull", f"{repo}#{match[3]}")][: 2 if match[3] else 1]
            for kind, named in keys:
                benchmarks = rules.benchmarks.named.get((kind, named.lower()), ())
                if not benchmarks or (kind, named.lower()) in seen:
                    continue
                seen.add((kind, named.lower()))
                line, character = place_of(text, match.start())
                yield Finding(
                    query_id,
                    column,
                    f"benchmark_{kind}",
                    kind in rules.refusing,
                    f"it names {named}, a {'pull request' if kind == 'pull' else kind} of {', '.join(benchmarks)}; whoever trains on it "
                    "cannot be measured there any more",
                    evidence=quoted(text, *match.span()),
                    line=line,
                    character=character,
                )
