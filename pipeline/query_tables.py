"""The tables of queries: as they are written, every draft on the way, and as they are reviewed. Those of pull requests are in tables.py."""

import polars as pl

from pipeline.table import Table

_TEXT, _COUNT, _FLAG, _SHARE = pl.String(), pl.Int64(), pl.Boolean(), pl.Float64()
_SCORE = _DOLLARS = pl.Float64()
_TEXTS = pl.List(_TEXT)

QUERIES = Table(
    "queries",
    "synthesize",
    "one query, written from one pull request",
    {
        "query_id": (_TEXT, "gh- and the first 12 hex digits of sha256(pr_id); survives a reworded query"),
        "pr_id": (_TEXT, "owner/name#number"),
        "repo": (_TEXT, "owner/name"),
        "query": (_TEXT, "what a developer would have asked before the work was done"),
        "query_sha256": (_TEXT, "of the query's text: a judgement of another text does not apply"),
        "domain": (_TEXT, "vibe-coding or research-workflow"),
        "sub_domain": (_TEXT, "the pull request's sub-domain"),
        "success_criteria": (_TEXTS, "checkable sentences"),
        "needed_context": (_TEXTS, "what one has to know to begin, as the model tells it"),
        "difficulty": (_TEXT, "easy, medium or hard, as the model sees it; empty without a model"),
        "rationale": (_TEXT, "why the model wrote it so; no judge and no annotator sees it"),
        "writer": (_TEXT, "name and version of the writer: for a model its name and the prompt's version and hash"),
        "drafts": (_COUNT, "how often it was written, see drafts"),
        "findings": (_TEXTS, "checks that the last draft still fails; not empty only where synthesize.failing is keep"),
        "repeats": (_TEXT, "query_id of the earlier query that it repeats; empty if it repeats none"),
        "judge": (_TEXT, "likewise who judged; empty without a judge"),
        "judgements": (_COUNT, "judgements of a model that came"),
        "judged_fidelity": (_SCORE, "their median of 1 to 5: the query asks for what the pull request does"),
        "judged_realism": (_SCORE, "likewise: a developer would ask so"),
        "judged_leakage": (_SCORE, "likewise: 5 gives nothing away"),
        "judges_agree": (_SHARE, "share of the most frequent verdict among the judgements"),
        "input_tokens": (_COUNT, "of all model calls on the way to it, drafts and judgements"),
        "output_tokens": (_COUNT, "likewise"),
        "cost_usd": (_DOLLARS, "what those calls cost when they were paid, in this run or an earlier one"),
        "leaked_identifiers": (_TEXTS, "identifiers the patch introduces that the query names"),
        "leaked_paths": (_TEXTS, "paths of the patch that the query names"),
        "leakage": (_SHARE, "0 to 1, see pipeline/synthesis/leakage.py"),
    },
)

FINDING = pl.Struct({"check": _TEXT, "value": _SHARE, "limit": _SHARE, "evidence": _TEXT})
JUDGEMENT = pl.Struct(
    {
        **{"verdict": _TEXT, "fidelity": _COUNT, "realism": _COUNT, "leakage": _COUNT, "reasons": _TEXTS},
        **{"failure": _TEXT, "raw": _TEXT},
    }
)
DRAFTS = Table(
    "drafts",
    "synthesize",
    "one draft of a query, also of those that came to nothing",
    {
        "query_id": QUERIES.columns["query_id"],
        "pr_id": QUERIES.columns["pr_id"],
        "draft": (_COUNT, "its place, from 1"),
        "chosen": (_FLAG, "whether it passed the checks and the judge"),
        "writer": QUERIES.columns["writer"],
        **{name: QUERIES.columns[name] for name in ("query", "domain", "sub_domain", "success_criteria")},
        **{name: QUERIES.columns[name] for name in ("needed_context", "difficulty", "rationale")},
        "failure": (_TEXT, "no_reply, refused, truncated, not_json or not_valid where there is no draft; else empty"),
        "failure_reason": (_TEXT, "that in a sentence"),
        "raw": (_TEXT, "the reply that could not be used; else empty"),
        "findings": (pl.List(FINDING), "what was wrong with it; see pipeline/synthesis/checks.py"),
        "judgements": (pl.List(JUDGEMENT), "each judgement, or the failure and raw reply in its place"),
        "calls": (_TEXTS, "keys of the replies in the store (.limi/model), in their order"),
        "input_tokens": (_COUNT, "of those calls"),
        "output_tokens": (_COUNT, "likewise"),
        "cost_usd": (_DOLLARS, "what they cost when they were paid"),
    },
)

MARK = pl.Struct({"annotator": _TEXT, "label": _TEXT, "text": _TEXT})
NOTE = pl.Struct({"annotator": _TEXT, "text": _TEXT})
REVIEWED = Table(
    "reviewed",
    "merge_reviews",
    "a reviewed query",
    {
        **QUERIES.columns,
        "reviews": (_COUNT, "annotators' judgements"),
        "annotators": (_TEXTS, "who judged, sorted; an adjudicator is not among them"),
        "verdicts": (_TEXTS, "their verdicts in the same order: accept, edit or reject"),
        "verdict": (_TEXT, "accept, reject or disputed; see annotation/agreement.py"),
        "agreement": (_SHARE, "share of the annotators' judgements on the side of the larger group"),
        "adjudicated_by": (_TEXT, "who decided where they disagreed; empty if nobody had to"),
        "annotators_verdict": (_TEXT, "their own verdict, before anybody decided between them"),
        "alignment": (_SHARE, "mean of none 0, partial 0.5, full 1"),
        "realism": (_SHARE, "mean of 1 to 5"),
        "reviewed_domain": (_TEXT, "what the adjudicator or most annotators gave; the query's own if none has most"),
        "reviewed_sub_domain": (_TEXT, "likewise"),
        "domain_fit": (_SHARE, "share of the annotators who gave that domain and sub-domain"),
        "reject_reasons": (_TEXTS, "all that were named, sorted"),
        "marked": (pl.List(MARK), "what anybody marked in the query: leaks-solution, not-in-pr or unnatural"),
        "notes": (pl.List(NOTE), "what anybody noted"),
        "edited_by": (_TEXT, "whose edited text the query now is; empty if nobody's"),
    },
)

QUERY_TABLES = (QUERIES, DRAFTS, REVIEWED)
