"""What an export knows beside the answers: when each was submitted, how long it took, and which task of Label Studio it is.

Read after `annotation.reviews.read_export` has accepted the export. None of it decides anything, and the time spent is what a
browser said; so what is not as expected is taken as not known and refuses nothing.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from annotation.reviews import Judgement
from annotation.statistics.answers import ANSWERS
from pipeline.sections import Review

_LONGEST = 1e8  # seconds, three years: no time spent on a task
_Key = tuple[str, str]  # query_id, annotator


@dataclass(frozen=True)
class Place:
    """Where a query stands in Label Studio, and what it is about."""

    task: int | None
    project: int | None
    pr_ref: str
    query: str


@dataclass(frozen=True)
class Submissions:
    """`places` by query_id; `times` by query_id and annotator: when it was submitted, and the seconds it took."""

    places: dict[str, Place]
    times: dict[_Key, tuple[datetime | None, float | None]]


def read_submissions(path: Path, review: Review) -> Submissions:
    """Read them from an export that `read_export` accepts."""
    names = {user: name for name, user in review.annotators.items()}
    places, times = {}, {}
    for task in json.loads(path.read_text(encoding="utf-8")):
        data = task["data"]
        query_id = str(data["query_id"])
        project, shown = _whole(task.get("project")), (str(data.get(name, "")) for name in ("pr_ref", "query"))
        places[query_id] = Place(_whole(task.get("id")), project, *shown)
        for annotation in task.get("annotations", []):
            user = annotation.get("completed_by")
            name = names.get(_whole(user.get("id") if isinstance(user, dict) else user) or 0)
            if name is not None and annotation.get("was_cancelled") is not True:
                times[query_id, name] = (_moment(annotation.get("created_at")), _seconds(annotation.get("lead_time")))
    return Submissions(places, times)


def answer_frame(judgements: list[Judgement], submissions: Submissions) -> pl.DataFrame:
    """The judgements as a frame of answers, with those to `side` and `as_it_is` that follow from the verdict."""
    rows = []
    for judgement in judgements:
        key = (judgement.query_id, judgement.annotator)
        at, seconds = submissions.times.get(key, (None, None))
        given = {
            "verdict": judgement.verdict,
            "side": "reject" if judgement.verdict == "reject" else "keep",
            "as_it_is": "accept" if judgement.verdict == "accept" else "rewrite",
            "alignment": judgement.alignment,
            "realism": str(judgement.realism),
            "domain": judgement.domain,
            "sub_domain": judgement.sub_domain,
        }
        rows += [(*key, question, value, at, seconds) for question, value in given.items()]
    return pl.DataFrame(rows, schema=ANSWERS, orient="row")


def _whole(value: Any) -> int | None:
    return value if type(value) is int and 0 < value < 2**63 else None


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None


def _seconds(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) and 0 <= value <= _LONGEST else None
