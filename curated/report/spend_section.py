"""What the queries cost: calls, tokens and dollars, and each accepted query's part of them."""

from annotation.report.words import count
from curated.report.evidence import Evidence
from curated.report.parts import code, facts, figures, note, section
from pipeline.html import Markup, element


def spend(evidence: Evidence) -> Markup:
    """The section; of a writer without a model it says why nothing was paid."""
    made, params = evidence.run.synthesis, evidence.run.params
    accepted = evidence.run.reviews.queries.get("accept", 0)
    chosen = sum(row.origin == "github_pr" for row in evidence.run.pool)
    by_model = params.synthesize.writer == "model"
    if made.calls:
        why = (
            f"{count(made.calls, 'call')} of a model for {count(made.drafts, 'draft')} of {count(made.queries, 'query', 'queries')}, "
            "what came to nothing included. Dollars are what the calls cost when they were paid, by the prices then known; a reply from "
            "the store is not paid again and counts with what it cost the first time."
        )
    elif by_model:
        why = "No model was called, though a model is the writer: there was nothing to write."
    else:
        why = (
            f"The writer is {made.writer}: it puts sentences of the pull requests together by rules, on this machine. It calls no model, "
            "so it costs nothing; nor do its queries read like a model's."
        )
    rows = [
        ["queries written", made.queries, _each(made.cost_usd, made.queries)],
        ["that passed all checks", made.accepted, _each(made.cost_usd, made.accepted)],
        ["accepted by people", accepted, _each(made.cost_usd, accepted)],
        ["in the pool", chosen, _each(made.cost_usd, chosen)],
    ]
    return section(
        "spend",
        "What the queries cost",
        element("p", why),
        facts(
            [
                ("Writer", code(made.writer)),
                ("Model calls", f"{made.calls:,}"),
                ("Tokens in, out", f"{made.input_tokens:,} and {made.output_tokens:,}"),
                ("Dollars", f"{made.cost_usd:,.4f} USD in all"),
            ]
        ),
        figures("All dollars, shared among", ["queries", "how many", "USD for each"], rows),
        note("What the time of annotators and contributors cost is not known here."),
    )


def _each(dollars: float, number: int) -> str:
    return f"{dollars / number:,.4f}" if number else "-"
