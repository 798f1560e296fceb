"""Made-up reviews for the report's tests: judgements, the tasks they are of, and metrics of both."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from annotation.judgements import Judgement
from annotation.report.metrics import report_metrics
from pipeline.sections import Review

SERVER = "http://127.0.0.1:8080"
REVIEW = Review(
    annotators={"ada": "ada@limi.example", "bo": "bo@limi.example"},
    adjudicators={"erin": "erin@limi.example"},
    overlap=2,
    calibration=0,
    show_judge=False,
    server=SERVER,
    project="LIMI test",
    export="reviews.json",
)
FOUR = REVIEW.model_copy(
    update={"annotators": {name: f"{name}@limi.example" for name in ("ada", "bo", "chidi", "dana")}}
)
NINE = datetime(2026, 1, 5, 9, tzinfo=UTC)
PROJECTS = {"ada": 3, "bo": 4, "chidi": 5, "dana": 6, "erin": 9}


def judged(by: str = "ada", verdict: str = "accept", query: str = "gh-1", **fields: Any) -> Judgement:
    known: dict[str, Any] = {"alignment": "full", "realism": 4, "domain": "vibe-coding", "sub_domain": "back-end"}
    known |= {"edited_query": "", "reject_reasons": (), "notes": "", "project": PROJECTS.get(by, 7), "task": 41}
    return Judgement(query_id=query, annotator=by, verdict=verdict, **(known | fields))


def decided(verdict: str = "accept", query: str = "gh-1", by: str = "erin", **fields: Any) -> Judgement:
    return judged(by, verdict, query, role="adjudicator", **fields)


def task(query: str = "gh-1", reference: str = "acme/parser#1", text: str = "Please do it.") -> dict[str, Any]:
    return {"data": {"pr_ref": reference, "query": text}, "meta": {"query_id": query}}


def metrics_of(
    judgements: Sequence[Judgement],
    review: Review = REVIEW,
    tasks: Sequence[dict[str, Any]] | None = None,
    **given: Any,
) -> dict[str, Any]:
    """The metrics, of the tasks that were judged unless others are named."""
    if tasks is None:
        tasks = [task(query) for query in sorted({judgement.query_id for judgement in judgements})]
    return report_metrics(tasks, judgements, review, 1, **given)
