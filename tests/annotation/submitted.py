"""What Label Studio stores for one judgement, and the export that holds it, as the tests of reviews make them up."""

import copy
import json
from pathlib import Path
from typing import Any

from annotation.interface import Control, controls
from pipeline.sections import Review

REVIEW = Review(
    annotators={"ada": "ada@limi.example", "bo": "bo@limi.example"},
    adjudicators={"abe": "abe@limi.example", "erin": "erin@limi.example"},
    overlap=2,
    calibration=0,
    show_judge=False,
    server="http://127.0.0.1:8080",
    project="LIMI test",
    export="reviews.json",
)


def of_kind(kind: str) -> Control:
    """The interface's control of a kind that it has once."""
    (found,) = [control for control in controls().values() if control.kind == kind]
    return found


LEAK, EVIDENCE = of_kind("labels"), of_kind("hypertextlabels")


def choice(name: str, *given: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": "query", "type": "choices", "value": {"choices": list(given)}}


def text(name: str, *given: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": "query", "type": "textarea", "value": {"text": list(given)}}


def rating(given: Any) -> dict[str, Any]:
    return {"from_name": "realism", "to_name": "query", "type": "rating", "value": {"rating": given}}


def leak(*labels: str, marked: Any = "do it") -> dict[str, Any]:
    value = {"start": 7, "end": 12, "text": marked, "labels": list(labels)}
    return {"from_name": LEAK.name, "to_name": "query", "type": "labels", "id": "r1", "value": value}


def evidence(*labels: str, marked: Any = "+x") -> dict[str, Any]:
    offsets = {"startOffset": 0, "endOffset": 2, "globalOffsets": {"start": 40, "end": 42}}
    value = {"start": "/div[1]/text()[1]", "end": "/div[1]/text()[1]", **offsets, "text": marked}
    value |= {"hypertextlabels": list(labels)}
    return {"from_name": EVIDENCE.name, "to_name": "diff", "type": "hypertextlabels", "id": "r2", "value": value}


def answers(verdict: str = "accept", *more: dict[str, Any], without: str = "") -> list[dict[str, Any]]:
    all_of_them = [choice("alignment", "full"), rating(4), choice("domain", "vibe-coding")]
    all_of_them += [choice("sub_domain", "back-end"), choice("verdict", verdict), *more]
    return [answer for answer in all_of_them if answer["from_name"] != without]


def annotation(result: Any = None, by: Any = "ada", **fields: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {"id": 7, "project": 3, "task": 11, "annotator": by, "role": "annotator"}
    whole |= {"created_at": "2025-09-17T10:00:00Z", "updated_at": "2025-09-17T10:00:01Z", "lead_time": 12.5}
    return whole | {"result": answers() if result is None else result} | fields


def adjudication(result: Any = None, by: Any = "erin", **fields: Any) -> dict[str, Any]:
    return annotation(result, by, **({"role": "adjudicator"} | fields))


def task(name: str = "gh-1") -> dict[str, Any]:
    """A task of data/tasks.json, with little to show."""
    meta = {"query_id": name, "query_sha256": "cd" * 32, "task_sha256": "ef" * 32}
    return {"data": {"query": f"Please do {name}.", "pr_ref": "acme/parser#1"}, "meta": meta}


TASKS = [task("gh-1"), task("gh-2")]


def reviewed(*annotations: Any, name: str = "gh-1", **fields: Any) -> dict[str, Any]:
    """A task of the export."""
    return task(name)["meta"] | {"annotations": copy.deepcopy(list(annotations))} | fields


def export(*tasks: Any, **fields: Any) -> dict[str, Any]:
    return {"format": "limi-reviews 1", "tasks_sha256": "ab" * 32, "tasks": list(tasks)} | fields


def written(folder: Path, data: Any) -> Path:
    """A file of JSON, or of a text as it is."""
    path = folder / "reviews.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path
