"""Queries and judgements as the tests of agreement and disputes make them up."""

import hashlib
from typing import Any

from annotation.judgements import Judgement, Mark
from tests.annotation.submitted import EVIDENCE, LEAK
from tests.pipeline.query_rows import WITHOUT_MODEL

NAMES = ("ada", "bo", "chidi", "dana")
SIDES = ("accept", "edit", "reject")
LEAKS = Mark(LEAK.name, "leaks-solution", "by caching")
SUPPORTS = Mark(EVIDENCE.name, "supports", "+cache")


def query(number: int = 1) -> dict[str, Any]:
    """A row of QUERIES."""
    text = f"Please do {number}."
    return {
        "query_id": f"gh-{number}",
        "pr_id": f"acme/parser#{number}",
        "repo": "acme/parser",
        "query": text,
        "query_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "domain": "vibe-coding",
        "sub_domain": "back-end",
        "success_criteria": ["It works."],
        "writer": "template/1",
        **WITHOUT_MODEL,
        "leaked_identifiers": [],
        "leaked_paths": [],
        "leakage": 0.0,
    }


def judged(by: str = "ada", verdict: str = "accept", number: int = 1, **fields: Any) -> Judgement:
    known = {"alignment": "full", "realism": 4, "domain": "vibe-coding", "sub_domain": "back-end", "notes": ""}
    known |= {"edited_query": f"So says {by}." if verdict == "edit" else ""}
    known |= {"reject_reasons": ("trivial",) if verdict == "reject" else ()}
    return Judgement(query_id=f"gh-{number}", annotator=by, verdict=verdict, **(known | fields))


def decided(verdict: str = "accept", by: str = "erin", number: int = 1, **fields: Any) -> Judgement:
    return judged(by, verdict, number, role="adjudicator", **fields)
