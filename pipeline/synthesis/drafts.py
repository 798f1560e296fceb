"""Every draft of a query with all that was found and judged, as rows of DRAFTS; nothing that was paid for is thrown away."""

from typing import Any

from pipeline.llm.budget import NANO
from pipeline.llm.structured import Unusable
from pipeline.synthesis.judge import Judged
from pipeline.synthesis.rewriting import Attempt, Outcome
from pipeline.synthesis.writers import Draft


def draft_rows(query_id: str, pr_id: str, writer: str, outcome: Outcome) -> list[dict[str, Any]]:
    """One DRAFTS row for each draft of a pull request, in their order."""
    return [
        {
            "query_id": query_id,
            "pr_id": pr_id,
            "draft": at + 1,
            "chosen": at == outcome.chosen,
            "writer": writer,
            **_said(attempt.draft),
            "findings": [
                {"check": one.check, "value": one.value, "limit": one.limit, "evidence": one.evidence}
                for one in attempt.findings
            ],
            "judgements": _judgements(attempt.judged),
            **_paid(attempt),
        }
        for at, attempt in enumerate(outcome.drafts)
    ]


def _said(draft: Draft | Unusable) -> dict[str, Any]:
    if isinstance(draft, Unusable):
        nothing = Draft("", "", [])
        return _fields(nothing) | {"failure": draft.failure, "failure_reason": draft.reason, "raw": draft.raw}
    return _fields(draft) | {"failure": "", "failure_reason": "", "raw": ""}


def _fields(draft: Draft) -> dict[str, Any]:
    return {
        "query": draft.query,
        "domain": draft.domain,
        "sub_domain": draft.sub_domain,
        "success_criteria": draft.success_criteria,
        "needed_context": draft.needed_context,
        "difficulty": draft.difficulty,
        "rationale": draft.rationale,
    }


def _judgements(judged: Judged | None) -> list[dict[str, Any]]:
    if judged is None:
        return []
    given = [
        {
            "verdict": one.value.verdict,
            "fidelity": one.value.fidelity,
            "realism": one.value.realism,
            "leakage": one.value.leakage,
            "reasons": list(one.value.reasons),
            "failure": "",
            "raw": "",
        }
        for one in judged.judgements
    ]
    nothing: dict[str, Any] = {"verdict": "", "fidelity": None, "realism": None, "leakage": None, "reasons": []}
    return given + [nothing | {"failure": one.failure, "raw": one.raw} for one in judged.failures]


def _paid(attempt: Attempt) -> dict[str, Any]:
    return {
        "calls": [reply.key for reply in attempt.replies],
        "input_tokens": sum(reply.input_tokens for reply in attempt.replies),
        "output_tokens": sum(reply.output_tokens for reply in attempt.replies),
        "cost_usd": attempt.cost / NANO,
    }
