"""Write the report of an export: `report.json` and `report.html` in one folder."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from annotation.report.links import task_links
from annotation.report.metrics import report_metrics
from annotation.report.page import page
from annotation.report.submissions import answer_frame, read_submissions
from annotation.reviews import Judgement
from pipeline.files import write_text
from pipeline.sections import Review


def write_report(
    judgements: list[Judgement],
    export: Path,
    review: Review,
    folder: Path,
    seed: int,
    judge: Mapping[str, str] | None = None,
    server: str = "",
) -> dict[str, Any]:
    """Write both files and give back the metrics. `judgements` are what `read_export` made of `export`.

    The same export and seed give the same bytes: no clock and no path is in them. Raises UserError on a `server` that is no
    address, and when the disk refuses.
    """
    submissions = read_submissions(export, review)
    link = task_links(submissions.places, server)
    notes = {(judgement.query_id, judgement.annotator): judgement.notes for judgement in judgements}
    answers = answer_frame(judgements, submissions)
    metrics = report_metrics(answers, submissions.places, review.overlap, seed, judge, notes)
    # Strict JSON: a NaN would be a defect here, and is refused rather than written.
    whole = json.dumps(metrics, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(folder / "report.json", whole + "\n")
    write_text(folder / "report.html", page(metrics, link))
    return metrics
