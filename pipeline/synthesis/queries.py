"""One query per sampled pull request, with every draft on the way to it and what was found in each."""

import hashlib
from collections import deque
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline.files import sha256_text
from pipeline.ledger import fate
from pipeline.llm.budget import NANO
from pipeline.llm.structured import Door, Unusable
from pipeline.llm.together import each
from pipeline.llm.verdict import TooManyFailuresError
from pipeline.query_tables import DRAFTS, QUERIES
from pipeline.sections import Checks, Model, Synthesize
from pipeline.synthesis.drafts import draft_rows
from pipeline.synthesis.judge import Judge
from pipeline.synthesis.likeness import repeats
from pipeline.synthesis.measured import measured
from pipeline.synthesis.model_writer import ModelWriter
from pipeline.synthesis.plan import judging
from pipeline.synthesis.returned import Reasons
from pipeline.synthesis.rewriting import Attempt, Outcome, WithoutModel, Writer, written
from pipeline.synthesis.template_writer import TemplateWriter
from pipeline.synthesis.writers import Draft

STAGE = "synthesize"
WATCHED = 40  # the latest queries that are looked at for an early stop
ENOUGH = 20  # so many of them there must be


@dataclass(frozen=True)
class Synthesized:
    """A QUERIES frame sorted by query_id, a DRAFTS frame sorted by query_id and draft, and the ledger rows."""

    queries: pl.DataFrame
    drafts: pl.DataFrame
    fates: list[dict[str, Any]]


def query_id(pr_id: str) -> str:
    """The id of a pull request's query. It survives a reworded query; the text has its own hash."""
    return f"gh-{hashlib.sha256(pr_id.encode()).hexdigest()[:12]}"


def writer_and_judge(chosen: Synthesize, model: Model, door: Door | None) -> tuple[Writer, Judge | None]:
    """Who writes and who judges, as the parameters say. `door` is the way to the model; None where none is needed."""
    writer: Writer = WithoutModel(TemplateWriter())
    judge = None
    if door and chosen.writer == "model":
        writer = ModelWriter(door, model)
    if door and chosen.judgements:
        judge = Judge(door, judging(chosen, model), chosen.judgements)
    return writer, judge


def needs_model(chosen: Synthesize) -> bool:
    """Whether the parameters ask for anything of a model."""
    return chosen.writer == "model" or chosen.judgements > 0


async def synthesize(
    sampled: pl.DataFrame,
    writer: Writer,
    judge: Judge | None,
    chosen: Synthesize,
    limits: Checks,
    at_once: int,
    seen: Callable[[], None] = lambda: None,
    returned: Reasons | None = None,
) -> Synthesized:
    """Write, check and judge the query of every row of a SAMPLED frame, `at_once` at a time; `seen` is called after each.

    A text that is in `returned` is written once more with the reasons that reviewers gave.
    """

    async def work(pull: dict[str, Any]) -> _Work:
        outcome = await written(pull, writer, judge, limits, chosen.rewrites)
        told: set[str] = set()
        while (stays := _stays(outcome, chosen)) and isinstance(draft := stays.draft, Draft):
            text = sha256_text(draft.query)
            reasons = (returned or {}).get((query_id(pull["pr_id"]), text), ())
            if not reasons or text in told:
                break
            told.add(text)
            again = await written(pull, writer, judge, limits, chosen.rewrites, reasons, draft)
            outcome = outcome.followed_by(again)
        return _Work(
            (pull["repo"], pull["number"]),
            _fate(pull, outcome, chosen),
            _query(pull, outcome, writer.name, judge.name if judge else "", chosen),
            draft_rows(query_id(pull["pr_id"]), pull["pr_id"], writer.name, outcome),
        )

    done: list[_Work] = []
    latest: deque[bool] = deque(maxlen=WATCHED)  # of the latest, which failed
    async with aclosing(each(sampled.iter_rows(named=True), work, at_once)) as results:
        async for one in results:
            done.append(one)
            latest.append(one.fate["fate"] == "failed")
            seen()
            if len(latest) >= ENOUGH and 2 * sum(latest) > len(latest):
                raise TooManyFailuresError(
                    f"{sum(latest)} of the latest {len(latest)} queries failed (the last: {one.fate['reason']}. {one.fate['evidence']}); "
                    "another model, model.structured or model.max_output_tokens may help. What was answered is kept in .limi/model"
                )
    done.sort(key=lambda one: one.place)  # they came in the order in which the model answered
    _find_repeats(done, limits.similarity, drop=chosen.failing == "drop")
    return Synthesized(
        QUERIES.frame([one.query for one in done if one.query]).sort("query_id"),
        DRAFTS.frame([row for one in done for row in one.drafts]).sort("query_id", "draft"),
        [one.fate for one in done],
    )


@dataclass
class _Work:
    """What was done for one pull request."""

    place: tuple[str, int]
    fate: dict[str, Any]
    query: dict[str, Any] | None
    drafts: list[dict[str, Any]]


def _find_repeats(done: list[_Work], similarity: float, drop: bool) -> None:
    """Name the query that a later one repeats; if `drop`, the later one goes."""
    found = repeats([(one.query["query_id"], one.query["query"]) for one in done if one.query], similarity)
    for one in done:
        if one.query and (repeated := found.get(one.query["query_id"])):
            one.query["repeats"] = repeated[0]
            if drop:
                pr_id, repo = one.query["pr_id"], one.query["repo"]
                evidence = f"repeats query {repeated[0]}"
                one.fate = fate(pr_id, repo, STAGE, "dropped", "repeats", repeated[1], similarity, evidence)
                one.query = None


def _stays(outcome: Outcome, chosen: Synthesize) -> Attempt | None:
    """The draft that becomes the query: the chosen one, or the last that can be used where a failing query is to be kept."""
    if outcome.chosen is not None:
        return outcome.drafts[outcome.chosen]
    usable = [attempt for attempt in outcome.drafts if isinstance(attempt.draft, Draft)]
    return usable[-1] if chosen.failing == "keep" and usable else None


def _fate(pull: dict[str, Any], outcome: Outcome, chosen: Synthesize) -> dict[str, Any]:
    who = pull["pr_id"], pull["repo"], STAGE
    if _stays(outcome, chosen):
        return fate(*who, "kept")
    last = outcome.drafts[-1] if outcome.drafts else None
    if last and isinstance(last.draft, Unusable):
        return fate(*who, outcome.fate, outcome.reason, evidence=last.draft.reason)
    if not last or not last.reasons:
        return fate(*who, outcome.fate, outcome.reason)
    first = last.reasons[0]
    evidence = "; ".join(dict.fromkeys(one.check for one in last.reasons))
    return fate(*who, outcome.fate, outcome.reason, first.value, first.limit, evidence)


def _query(
    pull: dict[str, Any], outcome: Outcome, writer: str, judge: str, chosen: Synthesize
) -> dict[str, Any] | None:
    attempt = _stays(outcome, chosen)
    if attempt is None or not isinstance(draft := attempt.draft, Draft):
        return None
    judged = attempt.judged
    replies = [reply for one in outcome.drafts for reply in one.replies]
    return {
        "query_id": query_id(pull["pr_id"]),
        "pr_id": pull["pr_id"],
        "repo": pull["repo"],
        "query": draft.query,
        "query_sha256": sha256_text(draft.query),
        "domain": draft.domain,
        "sub_domain": draft.sub_domain or pull["sub_domain"],
        "success_criteria": draft.success_criteria,
        "needed_context": draft.needed_context,
        "difficulty": draft.difficulty,
        "rationale": draft.rationale,
        "writer": writer,
        "drafts": len(outcome.drafts),
        "findings": list(dict.fromkeys(one.check for one in attempt.reasons)),
        "repeats": "",
        "judge": judge if judged else "",
        "judgements": len(judged.judgements) if judged else 0,
        "judged_fidelity": judged.score("fidelity") if judged else None,
        "judged_realism": judged.score("realism") if judged else None,
        "judged_leakage": judged.score("leakage") if judged else None,
        "judges_agree": judged.agreement if judged else None,
        "input_tokens": sum(reply.input_tokens for reply in replies),
        "output_tokens": sum(reply.output_tokens for reply in replies),
        "cost_usd": outcome.cost / NANO,
        **measured(draft.query, pull),
    }
