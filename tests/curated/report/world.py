"""A run of the pipeline with something of everything, as files of a project: what the page tells is counted again from these."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotation.statistics.answers import QUESTIONS
from pipeline.files import write_json, write_jsonl, write_text
from pipeline.ledger import fate
from pipeline.params import Params, read_params
from pipeline.pooling.candidates import Candidate, from_reviews
from pipeline.pooling.choice import choose
from pipeline.pooling.quotas import pool_quotas
from pipeline.pooling.record import record
from pipeline.pooling.words import reasons_in_words
from pipeline.query_tables import QUERIES, REVIEWED
from pipeline.tables import LEDGER, LICENCES, REPOS, SAMPLED
from tests.curated.dataset.run import ROOT, of_pull, real_world, reviewed, sampled
from trajectories.export.rows import write_rows

LISTED, LIMIT, LAST_BIN = 90, 1200, 4800
SUB_DOMAINS = ("back-end", "debugging", "front-end")
LANGUAGES = ("Go", "Rust", "C")
PEOPLE = ("amara", "bo", "chidi")
Fate = tuple[Any, ...]
Row = dict[str, Any]


@dataclass(frozen=True)
class World:
    """What there is of it. `text` goes before everything that a stranger writes."""

    repositories: int = 4
    people: int = 5  # real-world queries in the pool; one more stays out
    judged: bool = True
    dollars: float = 2.5
    text: str = ""

    def said(self, plain: str) -> str:
        """A text, or what a hostile stranger writes instead."""
        return f"{self.text} {plain}" if self.text else plain

    @property
    def params(self) -> Params:
        """The demo's, as if the source were GitHub, so that there are links."""
        found = read_params(ROOT / "profiles/demo.yaml")
        changed = {
            "source": found.source.model_copy(update={"kind": "github"}),
            "pool": found.pool.model_copy(update={"real_world": "people.jsonl"}),
            "synthesize": found.synthesize.model_copy(update={"writer": "model" if self.dollars else "template"}),
            "compare": found.compare.model_copy(update={"lists": "lists"}),
        }
        return found.model_copy(update=changed)

    def write(self, root: Path) -> Path:
        """Everything as files of a project."""
        listed = self._pulls()
        collected = self._stage(root, "collect_prs", listed, lambda at, _: ("failed", "unreadable") if at == 3 else ())
        kept = self._stage(root, "filter_prs", collected, self._filter)
        compared = self._stage(root, "compare_prs", kept, self._compare)
        drawn = self._stage(
            root, "sample_prs", compared, lambda at, _: ("dropped", "not_sampled") if at % 5 == 1 else ()
        )
        written = self._stage(root, "synthesize", drawn, lambda at, _: ("failed", "no_reply") if at == 6 else ())
        accepted = self._stage(root, "merge_reviews", written, self._verdict)
        rows = [self._reviewed(at, pull) for at, pull in enumerate(written)]
        judged = [row for at, row in enumerate(rows) if self._verdict(at, {})[1:2] != ("unreviewed",)]
        chosen, reasons = self._choose(root, judged, {pull["pr_id"]: pull["languages"][0] for pull in drawn})
        names = {row["pr_id"] for row in judged if row["query_id"] in chosen}
        out = ("dropped", "not_chosen_for_pool")
        self._stage(root, "build_pool", accepted, lambda _, pull: () if pull["pr_id"] in names else out)
        self._tables(root, drawn, rows, judged)
        self._pool(root, judged, {pull["pr_id"]: pull for pull in drawn}, chosen, reasons)
        self._metrics(root, rows, judged)
        self._bins(root, kept, collected)
        return root

    def _pulls(self) -> list[Row]:
        chance, rows = random.Random(7), []  # noqa: S311 - a test's figures
        for at in range(1, LISTED + 1):
            repo = f"tide-{at % self.repositories}/pool"
            tokens = chance.randrange(60, 1200) if chance.random() < 0.8 else chance.randrange(1200, 6000)
            row = sampled(at % 27 + 1, pr_id=f"{repo}#{at}", repo=repo, number=at, tokens=tokens, base_sha=f"{at:040x}")
            row |= {"languages": [chance.choice(LANGUAGES)], "sub_domain": chance.choice(SUB_DOMAINS)}
            row |= {"contamination": [self.said("Commit0: repository")] if at % 3 == 2 else []}
            rows.append(row | {"title": self.said(f"Title {at}"), "author": self.said("Ada")})
        return rows

    def _stage(self, root: Path, stage: str, pulls: list[Row], decide: Any) -> list[Row]:
        """Write a stage's part of the ledger; what it kept."""
        told: list[Fate] = [decide(at, pull) or ("kept",) for at, pull in enumerate(pulls)]
        rows = [fate(pull["pr_id"], pull["repo"], stage, *one) for pull, one in zip(pulls, told, strict=True)]
        LEDGER.write(LEDGER.frame(rows), root / f"data/ledger/{stage}.parquet")
        return [pull for pull, one in zip(pulls, told, strict=True) if one[0] == "kept"]

    def _filter(self, at: int, pull: Row) -> Fate:
        if pull["tokens"] >= LIMIT:
            return ("dropped", "patch_too_large", pull["tokens"], LIMIT)
        return ("dropped", "markdown_only", 1, 1) if at % 17 == 5 else ()

    def _compare(self, at: int, _: Row) -> Fate:
        return {
            5: ("dropped", "contaminated", None, None, self.said("SWE-bench: repository")),
            9: ("dropped", "duplicate", 1.0, 0.8, self.said("repeats tide-0/pool#4")),
            11: ("dropped", "near_duplicate", 0.9, 0.8, self.said("repeats tide-0/pool#8")),
        }.get(at, ())

    def _verdict(self, at: int, _: Row) -> Fate:
        if not self.judged or at == 2:
            return ("dropped", "unreviewed", 0, 2)
        if at == 7:
            return ("dropped", "disputed", 0.5)
        return ("dropped", "rejected", 1.0) if at % 6 == 4 else ()

    def _reviewed(self, at: int, pull: Row) -> Row:
        chance = random.Random(at)  # noqa: S311 - a test's figures
        stands = {"rejected": "reject", "disputed": "disputed"}.get((*self._verdict(at, pull), "", "")[1], "accept")
        row = reviewed(at, pull, query=self.said(f"Query {at}: close the gate."), verdict=stands)
        leakage = chance.choice([0.0, 0.0, 0.0, 0.125, 0.25, 0.375])
        row |= {"leakage": leakage, "leaked_identifiers": [self.said("gate_of")] if leakage >= 0.25 else []}
        row |= {"findings": ["leakage"] if leakage > 0.2 else [], "writer": self.said("writer/1")}
        row |= {"success_criteria": [self.said("It closes.")], "sub_domain": pull["sub_domain"], "repeats": ""}
        row |= {"annotators": [PEOPLE[at % 3], "dana"], "verdicts": ["reject" if at % 6 == 4 else "accept", "edit"]}
        row |= {"reject_reasons": [self.said("trivial")] if stands == "reject" else [], "realism": 3 + at % 3}
        row |= {"reviewed_sub_domain": pull["sub_domain"], "adjudicated_by": "erin" if at % 6 == 4 else ""}
        row |= {
            "edited_by": "dana" if at % 2 else "",
            "marked": [{"annotator": "bo", "label": self.said("x"), "text": "y"}],
        }
        return row | {"cost_usd": self.dollars / 100, "agreement": 1.0}

    def _choose(self, root: Path, judged: list[Row], languages: dict[str, str]) -> tuple[set[str], dict[str, str]]:
        people = [
            Candidate(
                f"rw-{at}", {"origin": "real_world", "domain": "research-workflow", "sub_domain": "data-analysis"}, {}
            )
            for at in range(self.people + 1 if self.people else 0)
        ]
        candidates = [*people, *from_reviews(judged, languages)]
        has = {name: sum(one.attributes["sub_domain"] == name for one in candidates) for name in SUB_DOMAINS}
        wanted = {name: min(2, count) for name, count in has.items()}
        each = 4 if self.repositories > 1 else 6
        quotas = pool_quotas({"real_world": self.people, "github_pr": sum(wanted.values())}, wanted, each)
        order = ("agreement", "leakage", "realism", "repository")
        choice = choose(candidates, self.people + sum(wanted.values()), quotas, 20250917, order)
        reasons = {name: self.said(why) for name, why in reasons_in_words(choice).items()}
        write_json(root / "curated/choice.json", record(choice, reasons))
        write_text(root / "docs/draw_again.py", "print(78)\n")
        write_rows([], root / "sft/train.parquet")
        return choice.ids, reasons

    def _tables(self, root: Path, drawn: list[Row], rows: list[Row], judged: list[Row]) -> None:
        SAMPLED.write(SAMPLED.frame(drawn), root / "data/sampled.parquet")
        told = [{name: row[name] for name in ("pr_id", "repo", "base_sha")} | {"licence": ""} for row in drawn]
        LICENCES.write(LICENCES.frame(told), root / "data/licences.parquet")
        # As written: half of what is given away came with the annotators' edits.
        first = [row | {"leakage": row["leakage"] / (1 + at % 2)} for at, row in enumerate(rows)]
        QUERIES.write(
            QUERIES.frame([{name: row[name] for name in QUERIES.columns} for row in first]),
            root / "data/queries.parquet",
        )
        REVIEWED.write(REVIEWED.frame(judged), root / "data/reviewed.parquet")
        told = {"stars": 12_000, "licence": "MIT", "description": self.said("A pool."), "head_sha": "", "pull_refs": ""}
        repos = [
            {"repo": f"tide-{at}/pool", "language": self.said("Go"), **told, "clone": "", "branch": "main"}
            for at in range(self.repositories)
        ]
        REPOS.write(REPOS.frame(repos), root / "data/repos.parquet")

    def _pool(
        self, root: Path, judged: list[Row], pulls: dict[str, Row], chosen: set[str], reasons: dict[str, str]
    ) -> None:
        people = [
            real_world(
                at,
                query=self.said(f"Draw harbour {at}."),
                source=self.said("a letter"),
                reason=reasons.get(f"rw-{at}", ""),
            )
            | {"contributor_role": self.said("pilot"), "success_criteria": [self.said("It is drawn.")]}
            for at in range(self.people + 1)
        ]
        told = [
            of_pull(row, pulls[row["pr_id"]])
            | {"sub_domain": row["reviewed_sub_domain"], "reason": reasons.get(row["query_id"], "")}
            for row in judged
        ]
        write_jsonl(root / "curated/pool.jsonl", [row for row in [*people, *told] if row["id"] in chosen])
        lines = []
        for row in judged:
            why = reasons.get(row["query_id"], self.said("why"))
            lines.append({"chosen": row["query_id"] in chosen, "reason": why, **row})
        write_jsonl(root / "curated/candidates.jsonl", lines)

    def _metrics(self, root: Path, rows: list[Row], judged: list[Row]) -> None:
        verdicts = [verdict for row in judged for verdict in row["verdicts"]]
        people = [name for row in judged for name in row["annotators"]]
        alpha = {"value": 0.71, "low": 0.42, "high": 0.9} if self.judged else dict.fromkeys(("value", "low", "high"))
        reviews = {
            "queries": {
                name: sum(row["verdict"] == name for row in judged) for name in sorted({r["verdict"] for r in judged})
            },
            "judgements": len(verdicts),
            "annotators": {name: people.count(name) for name in sorted(set(people))},
            "verdicts": {name: verdicts.count(name) for name in sorted(set(verdicts))},
            "adjudicated": sum(row["adjudicated_by"] != "" for row in judged),
            "alpha": {question.name: alpha for question in QUESTIONS},
        }
        write_json(root / "metrics/merge_reviews.json", reviews)
        made = {"writer": self.said("writer/1"), "queries": len(rows), "drafts": len(rows) + 3, "found_in_queries": {}}
        made |= {"calls": 60 if self.dollars else 0, "input_tokens": 70_000, "output_tokens": 9_000}
        made |= {"cost_usd": self.dollars, "accepted": 20, "cost_per_accepted_usd": self.dollars / 20}
        write_json(root / "metrics/synthesize.json", made)
        write_json(root / "metrics/sample_prs.json", {"masked": {"email": 2}})
        lists = "benchmark,kind,value,source\nSWE-bench,repository,o/r,https://x.example\nCommit0,pull,o/r#1,https://x.example\n"
        write_text(root / "lists/all.csv", lists)

    def _bins(self, root: Path, kept: list[Row], collected: list[Row]) -> None:
        counted = [pull["tokens"] for pull in kept] + [pull["tokens"] for pull in collected if pull["tokens"] >= LIMIT]
        starts = [min(tokens, LAST_BIN) // 100 * 100 for tokens in counted]
        lines = [f"{start},{start + 100},{starts.count(start)},{LIMIT}" for start in range(0, LAST_BIN + 1, 100)]
        write_text(root / "plots/patch_tokens.csv", "\n".join(["tokens,until,pulls,limit", *lines, ""]))
