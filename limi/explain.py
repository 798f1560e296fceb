"""`limi explain ID`: the life of one pull request or query, from what the stages wrote."""

import json
import re
from pathlib import Path
from typing import Any

import polars as pl

from curated.making.choice_record import CHOICE_FILE, CandidateTold, read_choice
from limi.screen import line
from pipeline.description import symbols
from pipeline.errors import UserError
from pipeline.ledger import FOLDER, read_fates
from pipeline.params import read_params
from pipeline.query_tables import DRAFTS, QUERIES, REVIEWED
from pipeline.real_world import read_real_world
from pipeline.synthesis.queries import query_id
from pipeline.table import Table, part_name
from pipeline.tables import FACTS, LICENCES, PULLS, REPEATS, REPOS, SAMPLED

DATA = Path("data")
CURATED = Path("curated")
# What is left out beyond these keeps a life to one screen.
MOST_FILES = 8
_SENTENCES = ("success_criteria", "marked", "notes")  # columns of several
MOST_NAMES = 4
_ADDRESS = re.compile(r"^https?://[^/]+/([^/]+/[^/]+)/pull/([0-9]+).*$")


def explain(item: str) -> None:
    """Print everything known of a pull request, a query or a real-world query. Raises UserError for an unknown id."""
    competitors = {one.id: one for one in read_choice(CHOICE_FILE).candidates} if CHOICE_FILE.exists() else {}
    if item in competitors and competitors[item].attributes.get("origin") == "real_world":
        _real_world(competitors[item])
        return
    item = _ADDRESS.sub(r"\1#\2", item)
    pr_id = item if "#" in item else _pull_of(item)
    part = _part_of(pr_id.split("#")[0])
    found = PULLS.scan(part).filter(pl.col("pr_id").str.to_lowercase() == pr_id.lower()).collect() if part else None
    if found is None or found.is_empty():
        raise UserError(
            f"{item} is not in this run: not a listed pull request (owner/name#number), a query (gh-…) or a real-world id. "
            "`limi funnel` shows what was listed"
        )
    pull = found.row(0, named=True)
    pr_id = pull["pr_id"]
    _pull(pull)
    _fates(pr_id)
    _facts(pr_id, pull["patch"] or "")
    _row("Sample", SAMPLED, "sampled.parquet", pr_id, ["frame_size", "stratum_size", "stratum_rank", "draw_key"])
    _row(
        "Query",
        QUERIES,
        "queries.parquet",
        pr_id,
        ["query_id", "writer", "query", "success_criteria", "leakage", "leaked_identifiers", "leaked_paths", "repeats"],
    )
    _cost(pr_id)
    _drafts(pr_id)
    _row(
        "Review",
        REVIEWED,
        "reviewed.parquet",
        pr_id,
        [
            *(
                "verdict",
                "annotators",
                "verdicts",
                "agreement",
                "annotators_verdict",
                "adjudicated_by",
                "edited_by",
                "query",
            ),
            *("alignment", "realism", "reviewed_domain", "reviewed_sub_domain", "domain_fit"),
            *("reject_reasons", "marked", "notes"),
        ],
    )
    for row in _jsonl(CURATED / "candidates.jsonl"):
        if row["query_id"] == query_id(pr_id):
            line(f"\nPool: {'chosen' if row['chosen'] else 'not chosen'}", "bold")
            line(f"  {row['reason']}")


def _part_of(repo: str) -> Path | None:
    """A repository's part of data/pulls; GitHub's names are compared without case."""
    wanted = part_name(repo).lower()
    return next((path for path in sorted((DATA / "pulls").glob("*.parquet")) if path.name.lower() == wanted), None)


def _pull(pull: dict[str, Any]) -> None:
    line(f"{pull['pr_id']}: {pull['title']}", "bold")
    line(
        f"  merged {pull['merged_at']:%Y-%m-%d}{f' by {method}' if (method := pull['method']) else ''}, author {pull['author']}, "
        f"onto {pull['base_sha'][:12]} as {pull['merge_sha'][:12]}"
    )
    for row in REPOS.read(DATA / "repos.parquet").filter(pl.col("repo") == pull["repo"]).iter_rows(named=True):
        line(
            f"  repository: {row['stars']:,} stars, {row['language']}, licence {row['licence']}, read at {row['head_sha'][:12]}"
        )
    for row in _rows(LICENCES, "licences.parquet", pull["pr_id"]):
        told = {"": "that commit is not at hand", "NOASSERTION": "no known licence file"}.get(
            row["licence"], row["licence"]
        )
        line(f"  licence at {row['base_sha'][:12]}: {told}")
    if pull["failure"]:
        line(f"  could not be read: {pull['failure']}")
    if pull["skipped"]:
        line(f"  no patch was fetched: GitHub's facts decide ({pull['skipped']})")
    if pull["files"] is None:
        line(f"  GitHub did not list its {pull['changed_files']} files")
    files = pull["files"] or []
    for file in files[:MOST_FILES]:
        counts = "binary" if file["additions"] is None else f"+{file['additions']} -{file['deletions']}"
        line(
            f"  {file['status']} {file['path']} {counts}"
            + (f" (was {file['old_path']})" if file["old_path"] != file["path"] else "")
        )
    if len(files) > MOST_FILES:
        line(f"  and {len(files) - MOST_FILES:,} more files, +{pull['additions']:,} -{pull['deletions']:,} in all")


def _fates(pr_id: str) -> None:
    line("\nStages", "bold")
    for stage, frame in read_fates(FOLDER).items():
        for row in frame.filter(pl.col("pr_id") == pr_id).iter_rows(named=True):
            measured = "" if row["value"] is None else f", measured {row['value']:g}"
            limit = "" if row["limit"] is None else f", limit {row['limit']:g}"
            evidence = f" ({row['evidence']})" if row["evidence"] else ""
            line(f"  {stage:14} {row['fate']}{': ' if row['reason'] else ''}{row['reason']}{measured}{limit}{evidence}")


def _facts(pr_id: str, patch: str) -> None:
    """What the description found, and which pull requests repeat this one."""
    part = DATA / "facts" / part_name(pr_id.split("#")[0])
    rows = FACTS.scan(part).filter(pl.col("pr_id") == pr_id).collect() if part.exists() else FACTS.frame([])
    for row in rows.iter_rows(named=True):
        line("\nDescription", "bold")
        why = f" ({row['sub_domain_evidence']})" if row["sub_domain_evidence"] else ""
        line(f"  {row['sub_domain']}{why}; {row['tokens']:,} tokens, {row['n_files']} files, {row['n_hunks']} hunks")
        line(f"  languages: {_some(row['languages']) or 'none known'}; test files: {row['test_files']}")
        line(f"  in: {_some(symbols(patch)) or 'no function or class that git names'}")
        line(f"  text in: {row['text_language'] or 'too little text to tell'}; diff hash {row['diff_hash'][:12]}")
    repeats = DATA / "repeats.parquet"
    if rows.height and repeats.exists():
        found = REPEATS.scan(repeats).filter(pl.col("keeper") == pr_id).collect()
        if found.height:
            line(f"  repeated by: {_some(found['pr_id'].to_list())}")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _cost(pr_id: str) -> None:
    """What a model was asked for this query, and what that cost."""
    rows = _rows(DRAFTS, "drafts.parquet", pr_id)
    if not rows:
        return
    line("\nModel", "bold")
    if not any(row["calls"] for row in rows):
        line("  no model was asked")
        return
    told = {name: sum(row[name] for row in rows) for name in ("input_tokens", "output_tokens", "cost_usd")}
    line(
        f"  {sum(len(row['calls']) for row in rows)} calls for {len(rows)} drafts, {told['input_tokens']:,} tokens in, "
        f"{told['output_tokens']:,} out, {told['cost_usd']:.4f} dollars"
    )


def _drafts(pr_id: str) -> None:
    """What became of each draft, one line for it and one for each finding, judgement or failure."""
    drafts = _rows(DRAFTS, "drafts.parquet", pr_id)
    if not drafts or (
        len(drafts) == 1 and not (drafts[0]["findings"] or drafts[0]["judgements"] or drafts[0]["failure"])
    ):
        return
    line("\nDrafts", "bold")
    for draft in drafts:
        cost = f", {len(draft['calls'])} calls, {draft['cost_usd']:.4f} dollars" if draft["calls"] else ""
        line(f"  {draft['draft']}: {'passed' if draft['chosen'] else 'did not pass'}{cost}")
        for found in draft["findings"]:
            line(f"     {found['check']} {found['value']:g}, limit {found['limit']:g}: {found['evidence']}")
        for said in draft["judgements"]:
            scores = ", ".join(f"{name} {said[name]}" for name in ("fidelity", "realism", "leakage"))
            line(f"     judged: {said['failure'] or said['verdict'] + ', ' + scores}")
            for reason in said["reasons"]:
                line(f"       {reason}")
        if draft["failure"]:
            line(f"     {draft['failure']}: {draft['failure_reason']}")


def _rows(table: Table, name: str, pr_id: str) -> list[dict[str, Any]]:
    """A pull request's rows of a table; none if its stage has not run."""
    path = DATA / name
    return table.read(path).filter(pl.col("pr_id") == pr_id).to_dicts() if path.exists() else []


def _row(title: str, table: Table, name: str, pr_id: str, columns: list[str]) -> None:
    for row in _rows(table, name, pr_id):
        line(f"\n{title}", "bold")
        for column in columns:
            _told_of(column, row[column])


def _told_of(column: str, value: Any) -> None:
    """A column and its value; a text of several lines stands below it, indented, so that it cannot look like a line of ours."""
    text = ("; " if column in _SENTENCES else ", ").join(map(_told, value)) if isinstance(value, list) else str(value)
    line(f"  {column}: {text}" if "\n" not in text else f"  {column}:\n    " + text.replace("\n", "\n    "))


def _told(item: Any) -> str:
    """One of several: a text as it is, a mark or a note with whose it is first."""
    return ": ".join(map(str, item.values())) if isinstance(item, dict) else str(item)


def _real_world(competitor: CandidateTold) -> None:
    """A query that a person brought, in the pool or not; the file has it as it was given."""
    path = Path(read_params().pool.real_world)
    given = next((query for query in read_real_world(path) if query.id == competitor.id), None)
    if given is None:
        raise UserError(
            f"{competitor.id} is in {CHOICE_FILE} and no longer in {path}; `dvc repro` brings them together"
        )
    line(f"{given.id}: real-world query, {given.domain}, {given.sub_domain}", "bold")
    for column in ("query", "success_criteria", "contributor_role", "source", "licence"):
        _told_of(column, getattr(given, column))
    line(f"\nPool: {'chosen' if competitor.chosen else 'not chosen'}", "bold")
    line(f"  {competitor.reason}")


def _pull_of(item: str) -> str:
    path = DATA / "queries.parquet"
    if path.exists():
        for pr_id in QUERIES.read(path, ["query_id", "pr_id"]).filter(pl.col("query_id") == item)["pr_id"]:
            return str(pr_id)
    raise UserError(
        f"{item} is not a query of this run; ids look like gh-0123456789ab, pull requests like owner/name#123"
    )


def _jsonl(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    try:
        return [dict(json.loads(text)) for text in path.read_text(encoding="utf-8").split("\n") if text]
    except (ValueError, TypeError):
        raise UserError(
            f"{path} is not what build_pool writes; `dvc repro --force build_pool` writes it anew"
        ) from None
