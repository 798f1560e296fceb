"""The demo's reviews, made again as they were made: through the commands, a real Label Studio and accounts of its own."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from demo.review import play
from pipeline.params import read_params
from pipeline.synthesis.queries import query_id
from tests.annotation.server.running import Running
from tests.conftest import ROOT, Project

EXPORT = "annotation/reviews/demo.json"


class Review:
    """The demo's project folder beside a server, and the people who work there."""

    def __init__(self, project: Project, running: Running) -> None:
        self.project, self.running = project, running
        project.edit("server: http://127.0.0.1:8080", f"server: {running.url}")
        project.edit("project: LIMI demo", "project: LIMI whole demo")
        (project.folder / EXPORT).unlink()
        self.review = read_params(project.folder / "params.yaml").review

    def limi(self, *arguments: str) -> str:
        done = self.project.run("limi", "annotate", *arguments, LABEL_STUDIO_API_KEY=self.running.owner_token)
        assert done.returncode == 0, done.stderr
        assert self.running.owner_token not in done.stdout + done.stderr
        return done.stdout

    def judge(self, role: Any) -> dict[str, int]:
        people = getattr(self.review, role)
        passwords = {name: self.running.accounts[name].password for name in people}
        return play(role, self.review.server, people, self.review.project, passwords)

    def export(self) -> dict[str, Any]:
        return read(self.project.folder / EXPORT)

    @property
    def returned(self) -> Path:
        return self.project.folder / "annotation/returned/demo.jsonl"

    def table(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.project.folder / f"data/{name}.parquet")


def read(path: Path) -> dict[str, Any]:
    """An export without what another server gives anew: numbers, and the times of its clock."""
    export: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for task in export["tasks"]:
        for annotation in task["annotations"]:
            for name in ("id", "project", "task", "created_at", "updated_at"):
                assert annotation.pop(name)
            for answer in annotation["result"]:
                answer.pop("id", None)
    return export


@pytest.fixture(scope="module")
def review(demo_run: Path, tmp_path_factory: pytest.TempPathFactory, label_studio: Running) -> Iterator[Review]:
    return Review(Project.copy_of(demo_run, tmp_path_factory.mktemp("review") / "project"), label_studio)


def test_the_demos_reviews_come_out_of_a_real_label_studio(review: Review) -> None:
    first, second = review.limi("push"), review.limi("push")
    assert [line.split()[2:4] for line in first.splitlines()[1:5]] == [
        ["44", "0"],
        ["43", "0"],
        ["44", "0"],
        ["43", "0"],
    ]
    assert [line.split()[2:4] for line in second.splitlines()[1:5]] == [
        ["0", "44"],
        ["0", "43"],
        ["0", "44"],
        ["0", "43"],
    ]
    assert sum(review.judge("annotators").values()) == 174
    assert "174 judgements" in review.limi("pull")
    assert "erin" in review.limi("push", "--disputed")
    assert review.judge("adjudicators") == {"erin": 5}
    assert "179 judgements" in review.limi("pull")
    assert review.export() == read(ROOT / EXPORT)


def test_incremental_and_full_pulls_write_the_same_bytes(review: Review) -> None:
    path = review.project.folder / EXPORT
    before = path.read_bytes()
    review.limi("pull", "--full")
    assert path.read_bytes() == before


def test_the_verdicts_are_those_of_the_demo_again(review: Review, demo_run: Path) -> None:
    review.project.stage("merge_reviews")
    assert review.table("reviewed").equals(pl.read_parquet(demo_run / "data/reviewed.parquet"))


def test_the_report_is_written_without_a_network_or_a_server(review: Review) -> None:
    review.limi("report")
    page = (review.project.folder / "reports/review/report.html").read_text(encoding="utf-8")
    assert "84 of 84" in page
    assert json.loads((review.project.folder / "reports/review/report.json").read_text())["progress"]["complete"] == 84


def test_rejected_queries_go_back_with_their_reasons(review: Review) -> None:
    review.limi("return")
    rejected = review.table("reviewed").filter(pl.col("verdict") == "reject")
    rows = [json.loads(line) for line in review.returned.read_text(encoding="utf-8").splitlines()]
    assert [row["query_id"] for row in rows] == sorted(rejected["query_id"])
    assert all(
        set(row["reasons"]) >= {"too vague"} for row in rows if row["query_id"] == query_id("redwood-sim/driftwood#10")
    )
    assert not any(name in review.returned.read_text() for name in ("amara", "bo ", "chidi", "dana", "erin"))
    before = review.returned.read_bytes()
    review.limi("return", rows[0]["query_id"])
    assert review.returned.read_bytes() == before


def test_a_text_written_anew_is_asked_again_and_no_other(review: Review) -> None:
    before = {row["query_id"]: row for row in review.table("reviewed").to_dicts()}
    # The template writer can only say less of what is measured, so one is sent back that gives something away.
    queries = review.table("queries")
    row = queries.filter(pl.col("leakage") > 0).sort("leakage", "query_id", descending=True).row(0, named=True)
    lines = review.returned.read_text(encoding="utf-8").splitlines(keepends=True)
    sent = {"query_id": row["query_id"], "query_sha256": row["query_sha256"], "reasons": ["leaks solution"]}
    review.returned.write_text("".join(sorted([*lines, json.dumps(sent) + "\n"])), encoding="utf-8")
    for stage in ("synthesize", "route_reviews"):
        review.project.stage(stage)
    texts = dict(review.table("queries").select("query_id", "query").iter_rows())
    earlier = dict(queries.select("query_id", "query").iter_rows())
    changed = {name for name, text in texts.items() if text != earlier[name]}
    assert row["query_id"] in changed
    pushed = [line.split() for line in review.limi("push").splitlines()[1:5]]
    asked = sum(before[name]["reviews"] for name in changed)
    assert (sum(int(cells[2]) for cells in pushed), sum(int(cells[4]) for cells in pushed)) == (asked, asked)
    decided = sum(bool(before[name]["adjudicated_by"]) for name in changed)
    assert f"{179 - asked - decided} judgements" in review.limi("pull")
    quarantine = review.project.folder / "annotation/reviews/demo.quarantine.json"
    refused = json.loads(quarantine.read_text(encoding="utf-8"))["refused"]
    assert {one["query_id"] for one in refused} == changed
    assert all("earlier text" in one["reason"] for one in refused)
