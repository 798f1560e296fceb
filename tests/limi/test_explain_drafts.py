"""`limi explain` tells every draft of a query: what was found in it, how it was judged, what it cost."""

from pathlib import Path
from typing import Any

import pytest

from limi.explain import _cost, _drafts
from pipeline.query_tables import DRAFTS

ROW: dict[str, Any] = {
    **{
        "query_id": "gh-0",
        "pr_id": "tide/pool#1",
        "draft": 1,
        "chosen": True,
        "writer": "template/1",
        "query": "Please.",
    },
    **{"domain": "vibe-coding", "sub_domain": "", "success_criteria": [], "needed_context": [], "difficulty": ""},
    **{"rationale": "", "failure": "", "failure_reason": "", "raw": "", "findings": [], "judgements": [], "calls": []},
    **{"input_tokens": 0, "output_tokens": 0, "cost_usd": 0.0},
}
FOUND = {"check": "leakage", "value": 0.5, "limit": 0.2, "evidence": "names: read_all, \x1b[31mred"}
JUDGED = {
    "verdict": "rewrite",
    "fidelity": 3,
    "realism": 4,
    "leakage": 5,
    "reasons": ["It is vague."],
    "failure": "",
    "raw": "",
}


def told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *rows: dict[str, Any]
) -> list[str]:
    monkeypatch.chdir(tmp_path)
    DRAFTS.write(DRAFTS.frame([ROW | row for row in rows]), Path("data/drafts.parquet"))
    _drafts("tide/pool#1")
    return capsys.readouterr().out.split("\n")


def test_each_draft_is_told_with_all_that_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (
        {"chosen": False, "findings": [FOUND]},
        {"draft": 2, "chosen": False, "judgements": [JUDGED], "calls": ["a", "b"], "cost_usd": 0.0125},
        {"draft": 3, "chosen": False, "failure": "truncated", "failure_reason": "It was cut off."},
    )
    assert told(tmp_path, monkeypatch, capsys, *rows) == [
        "",
        "Drafts",
        "  1: did not pass",
        "     leakage 0.5, limit 0.2: names: read_all, \ufffd[31mred",
        "  2: did not pass, 2 calls, 0.0125 dollars",
        "     judged: rewrite, fidelity 3, realism 4, leakage 5",
        "       It is vague.",
        "  3: did not pass",
        "     truncated: It was cut off.",
        "",
    ]


def test_the_cost_of_a_query_is_that_of_all_its_drafts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paid = {"calls": ["a", "b"], "input_tokens": 1000, "output_tokens": 20, "cost_usd": 0.0125}
    told(tmp_path, monkeypatch, capsys, paid, {"draft": 2, "calls": ["c"], "input_tokens": 500, "cost_usd": 0.01})
    _cost("tide/pool#1")
    assert "  3 calls for 2 drafts, 1,500 tokens in, 20 out, 0.0225 dollars\n" in capsys.readouterr().out
    told(tmp_path, monkeypatch, capsys, {})
    _cost("tide/pool#1")
    assert "  no model was asked\n" in capsys.readouterr().out


def test_a_first_draft_without_a_finding_needs_no_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(tmp_path, monkeypatch, capsys, {}) == [""]
    assert told(tmp_path, monkeypatch, capsys, {"pr_id": "tide/pool#2", "findings": [FOUND]}) == [""]
