"""Write the report of the reviews: `report.json` and `report.html` in one folder."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from annotation.judgements import Judgement
from annotation.report.links import task_links
from annotation.report.metrics import report_metrics
from annotation.report.page import page
from pipeline.files import write_text
from pipeline.sections import Review


def write_report(
    tasks: Sequence[Mapping[str, Any]],
    judgements: Sequence[Judgement],
    review: Review,
    folder: Path,
    seed: int,
    judge: Mapping[str, str] | None = None,
    assigned: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Write both files and give back the metrics. See `report_metrics` for what is given.

    The same reviews and seed give the same bytes: no clock and no path is in them. Raises UserError when the disk refuses.
    """
    metrics = report_metrics(tasks, judgements, review, seed, judge, assigned)
    # Strict JSON: a NaN would be a defect here, and is refused rather than written.
    whole = json.dumps(metrics, indent=1, ensure_ascii=False, allow_nan=False)
    write_text(folder / "report.json", whole + "\n")
    write_text(folder / "report.html", page(metrics, task_links(judgements, review.server), review.project))
    return metrics
