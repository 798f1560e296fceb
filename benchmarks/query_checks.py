"""How many queries of the template writer give something away, before and after it writes them again with the checks' reasons.

    python -m benchmarks.query_checks PULLS [--listed 1000] [--per-repository 250] [--leakage 0.2] [--rewrites 2] [--examples FILE]

Needs: PULLS, a folder with parts of the table pulls (data/pulls of a run over real clones), of ten repositories or so for a figure worth
quoting; no account, no network. Of each part, the newest pull requests are judged by the filter of profile `clones`; of those kept,
a stratified sample is drawn and masked, as the stages do it. Every sampled pull request gets a query, the checks of
pipeline/synthesis/checks.py, and as long as they find something, at most so many rewrites, each with what was found last.

With --examples, ten that passed in the end, drawn by hash in equal shares of what was found first, are written to FILE as Markdown.
Prints one JSON object on its last line: queries (first drafts), leaking_before and leaking_after (share of them whose query is over the
limit), findings_before and findings_after (`check -> drafts with it`), given_up (of which nothing but the merge was told), repeats
(queries that say nearly what an earlier one says, before rewriting), seconds (of writing and checking, one core).
"""

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.compare.contamination import Contamination
from pipeline.description import describe
from pipeline.filtering import judge
from pipeline.params import Params, read_params
from pipeline.sample import sample, sampled_rows
from pipeline.sampling import draw
from pipeline.sections import Checks
from pipeline.synthesis.checks import Finding, findings
from pipeline.synthesis.leakage import Solution, solution_of
from pipeline.synthesis.likeness import repeats
from pipeline.synthesis.template_writer import TemplateWriter
from pipeline.synthesis.writers import Draft
from pipeline.tables import PULLS

ROOT = Path(__file__).resolve().parent.parent
LEAKAGE = "leakage"  # the check whose share is reported
EXAMPLES = 10
_NO_FACTS = {"language": "", "licence": "", "description": ""}  # of a repository; no query is made of them


@dataclass(frozen=True)
class Attempt:
    """A draft and what the checks found in it."""

    draft: Draft
    found: list[Finding]


@dataclass(frozen=True)
class Written:
    """All that was written for one pull request; `given_up` where the writer saw nothing to ask for any more."""

    pull: dict[str, Any]
    attempts: list[Attempt]
    given_up: bool


def sampled_of(part: Path, params: Params, listed: int) -> pl.DataFrame:
    """The SAMPLED rows of a part of pulls, as the stages filter_prs, describe_prs and sample_prs would give them."""
    scan = PULLS.scan(part)
    dates = scan.select("pr_id", "merged_at").collect()
    newest = dates.sort("merged_at", "pr_id", descending=True).head(listed)["pr_id"]
    pulls = scan.filter(pl.col("pr_id").is_in(newest.to_list())).collect()
    verdicts = judge(pulls, params.filter).verdicts.filter(pl.col("fate") == "kept")
    kept = pulls.join(verdicts.select("pr_id", "tokens"), on="pr_id", maintain_order="left")
    no_hashes = pl.Series("diff_hash", [""] * kept.height, dtype=pl.String())  # nothing is compared here
    facts = describe(kept.drop("tokens"), kept["tokens"], no_hashes, Contamination({}))
    drawn = sample(facts, params.sample, params.seed)
    return sampled_rows(facts, pulls, drawn, _NO_FACTS, params.mask.kinds)


def written(pull: dict[str, Any], limits: Checks, rewrites: int) -> Written:
    """A query of a SAMPLED row, and again with the reasons until nothing is found or no rewrite is left."""
    writer, solution = TemplateWriter(), solution_of(pull["patch"], pull["files"])
    draft = writer.write(pull, solution)
    attempts: list[Attempt] = []
    while draft is not None:
        attempts.append(checked(draft, solution, limits))
        if not attempts[-1].found or len(attempts) > rewrites:
            return Written(pull, attempts, given_up=False)
        draft = writer.write(pull, solution, attempts[-1].found)
    return Written(pull, attempts, given_up=bool(attempts))


def checked(draft: Draft, solution: Solution, limits: Checks) -> Attempt:
    """A draft with what the checks find in it."""
    return Attempt(draft, findings(draft.query, draft.success_criteria, solution, limits))


def result(those: list[Written], similarity: float, seconds: float) -> dict[str, Any]:
    """The figures of the module's docstring."""
    asked = [one for one in those if one.attempts]
    before = Counter(finding.check for one in asked for finding in one.attempts[0].found)
    after = Counter(finding.check for one in asked if not one.given_up for finding in one.attempts[-1].found)
    texts = [(one.pull["pr_id"], one.attempts[0].draft.query) for one in asked]
    return {
        "queries": len(asked),
        "leaking_before": round(before[LEAKAGE] / max(1, len(asked)), 4),
        "leaking_after": round(after[LEAKAGE] / max(1, len(asked)), 4),
        "findings_before": dict(before.most_common()),
        "findings_after": dict(after.most_common()),
        "given_up": sum(one.given_up for one in asked),
        "repeats": len(repeats(texts, similarity)),
        "seconds": round(seconds, 1),
    }


def examples(those: list[Written]) -> str:
    """Ten that were mended, in Markdown: title, first draft, what was found, and the last draft."""
    mended = {
        one.pull["pr_id"]: one
        for one in those
        if len(one.attempts) > 1 and not one.given_up and not one.attempts[-1].found
    }
    kinds = ((pr_id, one.attempts[0].found[0].check) for pr_id, one in mended.items())
    drawn = sorted(draw(kinds, EXAMPLES, 0, "stratified"))
    return "\n".join(_example(mended[pr_id]) for pr_id in drawn)


def _example(one: Written) -> str:
    first, last = one.attempts[0], one.attempts[-1]
    found = "\n".join(
        f"- `{finding.check}` {finding.value:g}, limit {finding.limit:g}: {finding.evidence}" for finding in first.found
    )
    return (
        f"### {one.pull['pr_id']}\n\nTitle: {one.pull['title']}\n\nFirst draft:\n\n{_quoted(first.draft)}\n\n"
        f"Found:\n\n{found}\n\nRewritten:\n\n{_quoted(last.draft)}\n"
    )


def _quoted(draft: Draft) -> str:
    lines = [*draft.query.split("\n"), "", *(f"- {criterion}" for criterion in draft.success_criteria)]
    return "\n".join(f"> {line}".rstrip() for line in lines)


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.query_checks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("pulls", type=Path, metavar="PULLS")
    parser.add_argument("--listed", type=int, default=1000, help="newest pull requests per repository (default 1000)")
    parser.add_argument("--per-repository", type=int, default=250, help="sampled of those kept (default 250)")
    parser.add_argument("--leakage", type=float, default=0.2, help="what a query may give away (default 0.2)")
    parser.add_argument("--rewrites", type=int, default=2, help="rewrites at most (default 2)")
    parser.add_argument("--examples", type=Path, metavar="FILE", help="write ten examples to FILE")
    arguments = parser.parse_args()
    parts = sorted(arguments.pulls.glob("*.parquet"))
    if not parts:
        raise SystemExit(f"{arguments.pulls} holds no part of pulls; name the folder data/pulls of a run")
    params = read_params(ROOT / "profiles/clones.yaml")
    params = params.model_copy(
        update={"sample": params.sample.model_copy(update={"per_repository": arguments.per_repository})}
    )
    limits = Checks(leakage=arguments.leakage, min_words=12, max_words=400, language="english", similarity=0.8)
    those: list[Written] = []
    seconds = 0.0
    for part in parts:
        sampled = sampled_of(part, params, arguments.listed)
        started = time.perf_counter()
        those += [written(pull, limits, arguments.rewrites) for pull in sampled.iter_rows(named=True)]
        seconds += time.perf_counter() - started
        print(f"{part.stem}: {sampled.height} sampled", file=sys.stderr)
    if arguments.examples:
        arguments.examples.write_text(examples(those), encoding="utf-8")
    print(json.dumps(result(those, limits.similarity, seconds)))


if __name__ == "__main__":
    main()
