"""Made-up reviews for the report's tests: judgements, the export they come from, and metrics of both."""

import json
from pathlib import Path
from typing import Any

from annotation.report.metrics import report_metrics
from annotation.report.submissions import Place, answer_frame, read_submissions
from annotation.reviews import Judgement
from pipeline.sections import Review

DEMO = Path(__file__).resolve().parents[3] / "annotation/reviews/demo.json"
REVIEW = Review(annotators={"ada": 2, "bo": 3}, overlap=2, export="export.json")


def judged(by: str = "ada", verdict: str = "accept", query: str = "gh-1", **fields: Any) -> Judgement:
    known: dict[str, Any] = {"alignment": "full", "realism": 4, "domain": "vibe-coding", "sub_domain": "back-end"}
    known |= {"edited_query": "", "reject_reasons": (), "notes": ""}
    return Judgement(query_id=query, annotator=by, verdict=verdict, **(known | fields))


def exported(folder: Path, *tasks: dict[str, Any]) -> Path:
    path = folder / "export.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


def task(query: str = "gh-1", number: Any = 7, annotations: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    data = {"query_id": query, "pr_ref": "acme/parser#1", "query": "Please do it."}
    return {"id": number, "project": 3, "data": data, "annotations": annotations or []}


def metrics_of(
    judgements: list[Judgement],
    path: Path,
    review: Review = REVIEW,
    judge: dict[str, str] | None = None,
    places: dict[str, Place] | None = None,
) -> dict[str, Any]:
    found = read_submissions(path, review)
    notes = {(judgement.query_id, judgement.annotator): judgement.notes for judgement in judgements}
    return report_metrics(
        answer_frame(judgements, found), found.places | (places or {}), review.overlap, 1, judge, notes
    )
