"""The card on what the rows can be trusted for: agreement, spend, leakage, contamination, personal data."""

from collections import Counter
from statistics import mean
from typing import Any

from annotation.report.words import RELIABLE, TENTATIVE, title_of
from curated.making.blocks import Block, Heading, Mono, Part, Words, grid, say
from curated.making.inputs import Inputs
from curated.making.metrics import Interval

_Rows = list[dict[str, Any]]


def trust(inputs: Inputs, pool: _Rows, candidates: _Rows) -> list[Block]:
    """The sections, in a reader's order of doubt."""
    return [
        *_agreement(inputs),
        *_leakage(pool, candidates),
        *_contamination(inputs, candidates),
        *_masked(inputs),
        *_spend(inputs),
    ]


def _agreement(inputs: Inputs) -> list[Block]:
    said = inputs.reviews
    judged = inputs.params.synthesize.judgements > 0
    people = ", ".join(f"{count:,}" for count in said.annotators.values())
    return [
        Heading(2, "What people said, and how far they agree"),
        say(
            f"{len(said.annotators):,} annotators gave {said.judgements:,} judgements ({people} each) on {sum(said.queries.values()):,} "
            f"queries: {_counts(said.verdicts)}. So the queries stand at {_counts(said.queries)}; an adjudicator decided "
            f"{said.adjudicated:,} of them where annotators disagreed. "
            + (
                "Annotators saw the model judge's scores."
                if inputs.params.review.show_judge and judged
                else "Annotators judged without seeing one another's answers"
                + (" or the model judge's." if judged else ".")
            ),
        ),
        grid(
            ("question", "Krippendorff's alpha", "95 % interval", "reading"),
            [(title_of(name), *_estimate(found)) for name, found in said.alpha.items()],
        ),
        say(
            f"Alpha is 1 for full agreement, 0 for chance. Krippendorff calls conclusions reliable from {RELIABLE} on, and tentative from "
            f"{TENTATIVE}; the reading here goes by the interval's lower end. The intervals are bootstrapped over queries. Where everybody "
            "gave one answer, alpha is not defined.",
        ),
    ]


def _estimate(found: Interval) -> tuple[str, str, str]:
    if found.value is None:
        return "none", "none", "not defined"
    interval = "none" if found.low is None or found.high is None else f"{found.low:.2f} to {found.high:.2f}"
    # By the lower end: what the data does not exclude must not be called better than it may be.
    least = found.value if found.low is None else found.low
    reading = "reliable" if least >= RELIABLE else "tentative" if least >= TENTATIVE else "not reliable"
    return f"{found.value:.2f}", interval, reading


def _leakage(pool: _Rows, candidates: _Rows) -> list[Block]:
    measured = {
        "pool": [row["review"]["leakage"] for row in pool if row["review"]],
        "candidates": [row["leakage"] for row in candidates],
    }
    named = sum(bool(row["leaked_identifiers"] or row["leaked_paths"]) for row in candidates)
    return [
        Heading(2, "What the queries give away"),
        say(
            "Leakage is measured against the patch, 0 for nothing to 1: 0.25 for each identifier or path that the patch brings and the "
            f"query names, and the share of its runs of four words that the added lines have. {named:,} candidates name one.",
        ),
        grid(
            ("queries of pull requests", "rows", "without any", "mean", "most"),
            [
                (
                    name,
                    len(values),
                    sum(value == 0 for value in values),
                    f"{mean(values or [0]):.3f}",
                    f"{max(values, default=0):.3f}",
                )
                for name, values in measured.items()
            ],
        ),
    ]


def _contamination(inputs: Inputs, candidates: _Rows) -> list[Block]:
    nothing: dict[str, Any] = {"entered": 0, "dropped": {}}
    step = next((step for step in inputs.steps if step["stage"] == "compare_prs"), nothing)
    # An entry is `benchmark: what`; benchmarks are named in the project's own lists.
    flagged = Counter(
        entry.split(":")[0] for row in candidates for entry in {e.split(":")[0] for e in row["contamination"]}
    )
    by = inputs.params.compare.contamination
    words: list[Part] = [
        f"Each of the {step['entered']:,} pull requests that met the rules was held against the lists of {len(inputs.benchmarks):,} public "
        f"benchmarks, by repository, pull request and normalised diff. {step['dropped'].get('contaminated', 0):,} were dropped since one "
        "names them",
        *([" by ", Mono(", ".join(by))] if by else [" (the rule is off)"]),
    ]
    words.append(
        f"; {step['dropped'].get('duplicate', 0):,} repeat an older one exactly, and {step['dropped'].get('near_duplicate', 0):,} nearly "
        f"(similarity from {inputs.params.compare.similarity:g} on). {sum(bool(row['contamination']) for row in candidates):,} of the "
        "candidates here are named by some benchmark all the same, and say so in "
    )
    blocks: list[Block] = [
        Heading(2, "Contamination"),
        say(*words, Mono("contamination"), "."),
        say("The benchmarks: ", *_listed(inputs.benchmarks), "."),
    ]
    if flagged:
        blocks.append(
            grid(("benchmark", "candidates"), [(Mono(name), count) for name, count in sorted(flagged.items())])
        )
    return blocks


def _masked(inputs: Inputs) -> list[Block]:
    kinds = inputs.params.mask.kinds
    if not kinds:
        return [Heading(2, "Secrets and personal data"), say("Nothing was masked (", Mono("mask.kinds"), " is empty).")]
    counted: Words = (
        f"{sum(inputs.masked.values()):,} values in the sample: {_counts(inputs.masked)}."
        if inputs.masked
        else "None was found in the sample.",
    )
    return [
        Heading(2, "Secrets and personal data"),
        say(
            "Before a model or an annotator saw a pull request, these kinds were masked in its texts: ",
            Mono(", ".join(kinds)),
            ". ",
            *counted,
            " Every row was looked through once more for this dataset. Authors of pull requests are named, as public attribution; "
            "annotators stand under the names that they work by.",
        ),
    ]


def _spend(inputs: Inputs) -> list[Block]:
    made = inputs.synthesis
    each = "none" if made.cost_per_accepted_usd is None else f"{made.cost_per_accepted_usd:.4f}"
    return [
        Heading(2, "What the queries cost"),
        say("Written by ", Mono(made.writer), "."),
        grid(
            ("queries", "drafts", "model calls", "tokens in", "tokens out", "dollars", "dollars per query that passed"),
            [
                (
                    made.queries,
                    made.drafts,
                    made.calls,
                    made.input_tokens,
                    made.output_tokens,
                    f"{made.cost_usd:.2f}",
                    each,
                )
            ],
        ),
    ]


def _listed(names: list[str]) -> Words:
    return tuple(part for name in names for part in (", ", Mono(name)))[1:] or ("none",)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())
