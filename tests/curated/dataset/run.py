"""A small run of the pipeline, as the dataset's maker gets it: two real-world queries, three candidates, one chosen."""

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from curated.making.choice_record import ChoiceRecord
from curated.making.inputs import Inputs, PoolRow
from curated.making.metrics import Interval, Reviews, Synthesis
from pipeline.files import sha256_text, write_json, write_jsonl
from pipeline.ledger import fate
from pipeline.params import Params, read_params
from pipeline.query_tables import REVIEWED
from pipeline.tables import LEDGER, LICENCES, SAMPLED
from tests.pipeline.query_rows import WITHOUT_MODEL
from trajectories.export.rows import TRAJECTORIES, write_rows

ROOT = Path(__file__).resolve().parents[3]
NOTE = "queries of this test"
REVIEW_COLUMNS = (
    "writer annotators verdicts agreement alignment realism domain_fit leakage edited_by adjudicated_by".split()
)


def sampled(at: int, **changed: Any) -> dict[str, Any]:
    """A row of SAMPLED."""
    repo = changed.pop("repo", f"tide/pool-{at % 2}")
    return {
        **{"pr_id": f"{repo}#{at}", "repo": repo, "merged_at": datetime(2024, 3, at, tzinfo=UTC), "tokens": 100 + at},
        **{"sub_domain": "back-end", "sub_domain_evidence": "", "n_files": 1, "n_hunks": 1, "languages": ["Go"]},
        **{"test_files": 0, "text_language": "en", "diff_hash": f"{at:064x}", "contamination": [], "number": at},
        **{"title": f"Close the gate {at}", "body": "", "author": "Ada Harbour", "method": "merge"},
        **{"base_sha": f"{at:040x}", "merge_sha": f"{at + 500:040x}", "head_sha": "", "additions": 2, "deletions": 1},
        **{"files": [], "patch": "", "labels": [], "closing_issues": [], "symbols": [], "masked": []},
        **{"language": "Go", "licence": "MIT", "description": "", "frame_size": 3, "stratum_size": 3},
        **{"stratum_rank": at, "draw_key": f"{at:064x}"},
    } | changed


def reviewed(at: int, pull: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """A row of REVIEWED."""
    query = changed.get("query", f"The gate of basin {at} stays open after the tide has turned.")
    return {
        **{"query_id": f"gh-{at:012x}", "pr_id": pull["pr_id"], "repo": pull["repo"], "query": query},
        **{"query_sha256": sha256_text(query), "domain": "vibe-coding", "sub_domain": "back-end"},
        **{"success_criteria": ["The gate closes."], "writer": "template/1", **WITHOUT_MODEL},
        **{"leaked_identifiers": [], "leaked_paths": [], "leakage": 0.125 * at, "reviews": 2},
        **{"annotators": ["amara", "bo"], "verdicts": ["accept", "edit"], "verdict": "accept", "agreement": 1.0},
        **{"adjudicated_by": "", "annotators_verdict": "accept", "alignment": 0.75, "realism": 4.5},
        **{"reviewed_domain": "vibe-coding", "reviewed_sub_domain": "back-end", "domain_fit": 1.0},
        **{"reject_reasons": [], "edited_by": "bo"},
        "marked": [{"annotator": "amara", "label": "unnatural", "text": "has turned"}],
        "notes": [{"annotator": "bo", "text": "A good one."}, {"annotator": "amara", "text": "Indeed."}],
    } | changed


def real_world(at: int, **changed: Any) -> dict[str, Any]:
    """A real-world line of pool.jsonl."""
    return {
        **{"id": f"rw-{at}", "origin": "real_world", "origin_note": NOTE, "query": f"Draw the tides of harbour {at}."},
        **{"domain": "research-workflow", "sub_domain": "data-analysis", "success_criteria": ["It is drawn."]},
        **{"reason": "real-world query", "licence": "CC-BY-4.0", "source": "an interview", "contributor_role": "pilot"},
        **{"pull_request": None, "review": None},
    } | changed


def of_pull(row: dict[str, Any], pull: dict[str, Any]) -> dict[str, Any]:
    """The line of pool.jsonl of a chosen query."""
    told = ("repo", "number", "title", "author", "base_sha", "merge_sha", "tokens")
    return {
        **{"id": row["query_id"], "origin": "github_pr", "origin_note": NOTE, "query": row["query"]},
        **{"domain": "vibe-coding", "sub_domain": "back-end", "success_criteria": row["success_criteria"]},
        **{"reason": "place 1", "licence": pull["licence"], "source": row["pr_id"], "contributor_role": None},
        "pull_request": {name: pull[name] for name in told},
        "review": {name: row[name] for name in REVIEW_COLUMNS},
    }


class Run:
    """What a run wrote. Change its rows, then ask for `inputs`, or have its files written."""

    def __init__(self) -> None:
        self.pulls = [sampled(at) for at in (1, 2, 3)]
        self.reviewed = [
            reviewed(1, self.pulls[0]),
            reviewed(2, self.pulls[1]),
            reviewed(3, self.pulls[2], verdict="reject", reject_reasons=["trivial"], edited_by=""),
        ]
        self.real_world = [real_world(1), real_world(2)]
        self.chosen = 0
        self.sessions: list[dict[str, Any]] = []  # rows of trajectories.export.rows
        self.licences: dict[str, str] = {}  # by pr_id; others are not at hand
        self.params: Params = read_params(ROOT / "profiles/clones.yaml")

    def with_params(self, section: str, **changed: Any) -> "Run":
        """With other parameters of one section."""
        new = getattr(self.params, section).model_copy(update=changed)
        self.params = self.params.model_copy(update={section: new})
        return self

    def pool(self) -> list[dict[str, Any]]:
        return [*self.real_world, of_pull(self.reviewed[self.chosen], self.pulls[self.chosen])]

    def choices(self) -> dict[str, tuple[bool, str]]:
        return {
            row["query_id"]: (at == self.chosen, "place 1" if at == self.chosen else "it lost by realism")
            for at, row in enumerate(self.reviewed)
        }

    def record(self) -> dict[str, Any]:
        """What of curated/choice.json the card tells."""
        chosen = {row["id"] for row in self.pool()}
        reasons = {row["id"]: row["reason"] for row in self.pool()}
        reasons |= {name: reason for name, (_, reason) in self.choices().items()}
        names = sorted(chosen | {row["query_id"] for row in self.reviewed if row["verdict"] == "accept"})
        return {
            "format": "limi-choice 1",
            "seed": 5,
            "size": 3,
            "quotas": [
                {"words": "exactly 2 of origin real_world", "where": {}, "each": "", "least": 2, "most": 2, "has": 2}
            ],
            "levels": [],
            "candidates": [
                {"id": name, "chosen": name in chosen, "reason": reasons.get(name, ""), "attributes": {}, "marks": {}}
                for name in names
            ],
        }

    def steps(self) -> list[dict[str, Any]]:
        def step(stage: str, entered: int, kept: int, **dropped: int) -> dict[str, Any]:
            return {"stage": stage, "entered": entered, "kept": kept, "dropped": dropped, "failed": {}}

        return [
            step("collect_prs", 9, 9),
            step("compare_prs", 9, 3, contaminated=4, duplicate=2),
            step("merge_reviews", 3, 2, rejected=1),
            step("build_pool", 2, 1, not_chosen_for_pool=1),
        ]

    def reviews(self) -> Reviews:
        return Reviews(
            queries={"accept": 2, "reject": 1},
            judgements=6,
            annotators={"amara": 3, "bo": 3},
            verdicts={"accept": 3, "edit": 2, "reject": 1},
            adjudicated=1,
            alpha={
                "verdict": Interval(value=0.71, low=0.42, high=0.9),
                "sub_domain": Interval(value=0.9, low=0.83, high=1.0),
                "domain": Interval(value=None, low=None, high=None),
            },
        )

    def synthesis(self) -> Synthesis:
        return Synthesis(
            **{"writer": "gpt-5/writer-1", "queries": 3, "drafts": 4, "calls": 4, "input_tokens": 4000},  # type: ignore[arg-type]
            **{"output_tokens": 900, "cost_usd": 1.25, "accepted": 2, "cost_per_accepted_usd": 0.625},  # type: ignore[arg-type]
            found_in_queries={"not_english": 1},
        )

    def inputs(self, shuffled: int | None = None) -> Inputs:
        """The inputs; with a seed, every order in them that must not matter is another one."""
        order = random.Random(shuffled)  # noqa: S311 - a test's order, no secret
        mixed = (lambda rows: order.sample(rows, len(rows))) if shuffled is not None else list
        choices = dict(mixed(list(self.choices().items())))
        return Inputs(
            pool=[PoolRow(**dict(mixed(list(row.items())))) for row in mixed(self.pool())],
            reviewed=REVIEWED.frame(mixed(self.reviewed)),
            choices=choices,
            sampled=SAMPLED.frame(mixed(self.pulls)),
            steps=self.steps(),
            reviews=self.reviews(),
            synthesis=self.synthesis(),
            masked={"email": 2},
            params=self.params,
            benchmarks=["FEA-Bench", "SWE-bench"],
            choice=ChoiceRecord.model_validate(self.record()),
            script=b"print(78)\n",
            choice_file=(json.dumps(self.record(), indent=2) + "\n").encode(),
            sessions=TRAJECTORIES.frame(mixed(self.sessions)),
        )

    def write(self, root: Path) -> Path:
        """Everything as files of a project."""
        write_rows(self.sessions, root / "sft/train.parquet")
        fates = [("collect_prs", 9, 9), ("compare_prs", 9, 3), ("merge_reviews", 3, 2), ("build_pool", 2, 1)]
        for stage, entered, kept in fates:
            rows = [
                fate(f"o/r#{at}", "o/r", stage, "kept" if at < kept else "dropped", "" if at < kept else "why")
                for at in range(entered)
            ]
            LEDGER.write(LEDGER.frame(rows), root / f"data/ledger/{stage}.parquet")
        (root / self.params.compare.lists).mkdir(parents=True)
        lists = "benchmark,kind,value,source\nSWE-bench,repository,o/r,https://x.example\nFEA-Bench,pull,o/r#1,https://x.example\n"
        (root / self.params.compare.lists / "all.csv").write_text(lists)
        REVIEWED.write(REVIEWED.frame(self.reviewed), root / "data/reviewed.parquet")
        SAMPLED.write(SAMPLED.frame(self.pulls), root / "data/sampled.parquet")
        told = [{name: pull[name] for name in ("pr_id", "repo", "base_sha")} for pull in self.pulls]
        read = [row | {"licence": self.licences.get(row["pr_id"], "")} for row in told]
        LICENCES.write(LICENCES.frame(read), root / "data/licences.parquet")
        write_json(root / "metrics/merge_reviews.json", self.reviews().model_dump())
        write_json(root / "metrics/synthesize.json", self.synthesis().model_dump())
        write_json(root / "metrics/sample_prs.json", {"masked": {"email": 2}})
        write_json(root / "curated/choice.json", self.record())
        (root / "docs").mkdir()
        (root / "docs/draw_again.py").write_bytes(b"print(78)\n")
        write_jsonl(root / "curated/pool.jsonl", self.pool())
        lines = [
            {"chosen": chosen, "reason": reason, **row}
            for row, (chosen, reason) in zip(self.reviewed, self.choices().values(), strict=True)
        ]
        write_jsonl(root / "curated/candidates.jsonl", lines)
        return root


def jsonl(content: bytes) -> list[dict[str, Any]]:
    """The objects of JSON lines."""
    return [json.loads(line) for line in content.decode().split("\n") if line]


def parquet(content: bytes) -> pl.DataFrame:
    """A parquet file's frame."""
    return pl.read_parquet(content)
