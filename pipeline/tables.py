"""The written schema of every table between stages.

docs/DATA.md shows the same columns to readers; a test holds the two together.
"""

import polars as pl

from pipeline.table import Table

_TEXT, _COUNT, _FLAG, _SHARE = pl.String(), pl.Int64(), pl.Boolean(), pl.Float64()
_TIME = pl.Datetime("us", "UTC")
_TEXTS = pl.List(pl.String())
FILE = pl.Struct(
    {
        "path": pl.String(),
        "old_path": pl.String(),
        "status": pl.String(),
        "additions": pl.Int64(),
        "deletions": pl.Int64(),
    }
)
MASKED = pl.Struct({"kind": pl.String(), "values": pl.Int64()})
ISSUE = pl.Struct({"repo": pl.String(), "number": pl.Int64(), "title": pl.String(), "body": pl.String()})

REPOSITORY = {
    "repo": (_TEXT, "owner/name"),
    "stars": (_COUNT, "stars when the facts were taken"),
    "language": (_TEXT, "main language"),
    "licence": (_TEXT, "SPDX id as the source of facts says it"),
    "description": (_TEXT, "one line"),
    "head_sha": (_TEXT, "commit of the main branch that everything is read at"),
    "pull_refs": (
        _TEXT,
        "sha256 over the clone's refs/pull, which pull requests are also found by; on GitHub, over their number and latest change",
    ),
    "clone": (_TEXT, "where the clone lies, relative to source.folder; empty on GitHub"),
    "branch": (_TEXT, "name of the main branch on GitHub; empty for a clone"),
}

FRAME = Table(
    "frame",
    "select_repos",
    "a repository that could have been chosen",
    {
        **REPOSITORY,
        "topics": (_TEXTS, "GitHub's topics; none for a clone"),
        "archived": (_FLAG, "whether GitHub shows it as archived; null for a clone"),
        "fork": (_FLAG, "whether it is a fork; null for a clone"),
        "created_at": (_TIME, "when it was made on GitHub; null for a clone"),
        "pushed_at": (_TIME, "its last push; null for a clone"),
        "taken_at": (_TIME, "when GitHub was asked for it; null for a clone"),
        "leaning": (_TEXT, "sub-domain that its description and topics speak of, by pipeline/subdomains.toml"),
        "stratum": (_TEXT, "what the draw is stratified by: leaning, then language"),
        "draw_key": (_TEXT, "sha256 of seed and name; within a stratum the smallest keys are chosen"),
        "chosen": (_FLAG, "whether it is in repos.parquet"),
        "reason": (
            _TEXT,
            "why it is not: too_few_stars, licence_not_allowed, language_not_allowed, archived, fork, inactive, gone or not_drawn; "
            "empty if chosen",
        ),
    },
)

REPOS = Table("repos", "select_repos", "a chosen repository", dict(REPOSITORY))
# What a source of repositories knows of each one that could be chosen.
CANDIDATE_SCHEMA = {
    name: kind
    for name, kind in FRAME.schema.items()
    if name not in ("leaning", "stratum", "draw_key", "chosen", "reason")
}

PULLS = Table(
    "pulls",
    "collect_prs",
    "a listed merged pull request",
    {
        "pr_id": (_TEXT, "owner/name#number"),
        "repo": (_TEXT, "owner/name"),
        "number": (_COUNT, "the pull request's number"),
        "title": (_TEXT, "title; from a clone, of the merge body or the squash subject"),
        "body": (_TEXT, "description; from a clone, the rest of the commit message"),
        "author": (
            _TEXT,
            "login on GitHub (`ghost` if the account is gone); from a clone, the name of the change's author",
        ),
        "author_is_bot": (_FLAG, "GitHub says so, or the name ends in [bot]"),
        "labels": (_TEXTS, "labels on GitHub, ten at most; none from a clone"),
        "closing_issues": (pl.List(ISSUE), "issues on GitHub that it closed, three at most; none from a clone"),
        "merged_at": (_TIME, "when it was merged; from a clone, committer date of the commit that brought it"),
        "method": (_TEXT, "merge, squash or rebase; empty where only GitHub's REST diff was there to tell"),
        "base_sha": (
            _TEXT,
            "the commit it was merged onto, or where its branch began (patch_source git_branch): the patch applies there; without a patch "
            "or with one by REST, the base branch as GitHub recorded it",
        ),
        "merge_sha": (_TEXT, "the commit that brought it to the main branch"),
        "head_sha": (_TEXT, "the branch's last commit where known, else empty"),
        "additions": (_COUNT, "lines added"),
        "deletions": (_COUNT, "lines removed"),
        "changed_files": (_COUNT, "files touched"),
        "files": (
            pl.List(FILE),
            "git's raw paths with status (A, D, M, R, T) and line counts; null counts for a binary file. Of a skipped one, GitHub's list: "
            "new paths only, 0 for a binary file; null if GitHub did not list all",
        ),
        "skipped": (
            _TEXT,
            "the filter's reason that GitHub's facts alone decide, so that no patch was fetched; else empty",
        ),
        "patch": (_TEXT, "canonical unified diff; null if it was not stored or could not be read"),
        "patch_bytes": (_COUNT, "its size in bytes, also where it was too large to store"),
        "patch_utf8": (_FLAG, "false if some bytes were not UTF-8 and had to be replaced"),
        "patch_source": (
            _TEXT,
            "the way it was taken: git, git_branch, rest_diff or rest_files (docs/GITHUB.md); empty if there is none",
        ),
        "failure": (_TEXT, "why it could not be collected; empty if it was"),
    },
)

FATE = {
    "pr_id": (_TEXT, "owner/name#number"),
    "repo": (_TEXT, "owner/name"),
    "stage": (_TEXT, "the stage that decided"),
    "fate": (_TEXT, "kept, dropped or failed"),
    "reason": (_TEXT, "name of the rule that dropped it or of the failure; empty if kept"),
    "value": (_SHARE, "the measured value that decided, in the rule's unit; null where there is none"),
    "limit": (_SHARE, "what it was held against; null where there is none"),
    "evidence": (
        _TEXT,
        "in words: what a rule found, the list that names it, or the pull request it repeats; else empty",
    ),
}

LEDGER = Table("ledger", "every deciding stage", "the fate of one pull request in one stage", dict(FATE))

VERDICTS = Table(
    "verdicts",
    "filter_prs",
    "a listed pull request with the filter's verdict",
    {
        **FATE,
        "tokens": (
            _COUNT,
            "o200k_base tokens of the patch, counted up to filter.count_up_to; null if another rule decided before, or its bytes are fewer "
            "than the limit",
        ),
    },
)

FACTS = Table(
    "facts",
    "describe_prs",
    "a kept pull request, and what its paths, words and patch say of it",
    {
        "pr_id": (_TEXT, "owner/name#number"),
        "repo": (_TEXT, "owner/name"),
        "merged_at": PULLS.columns["merged_at"],
        "tokens": (_COUNT, "o200k_base tokens of the patch"),
        "sub_domain": (
            _TEXT,
            "front-end, back-end, deployment, debugging or optimization, by pipeline/subdomains.toml",
        ),
        "sub_domain_evidence": (_TEXT, "the rule that spoke loudest, as `kind:matched text`"),
        "n_files": (_COUNT, "files touched"),
        "n_hunks": (_COUNT, "hunks"),
        "languages": (_TEXTS, "languages of its files by pipeline/paths.toml, most files first"),
        "test_files": (_COUNT, "test files touched, by pipeline/paths.toml"),
        "text_language": (
            _TEXT,
            "ISO 639-1 code of the language of title and description; empty if there is too little text",
        ),
        "diff_hash": (_TEXT, "sha256 of the normalised diff, see pipeline/compare/normalised.py"),
        "contamination": (_TEXTS, "public benchmarks that name it, as `benchmark: what`; see curated/contamination"),
    },
)

REPEATS = Table(
    "repeats",
    "compare_prs",
    "a kept pull request that repeats an older one",
    {
        "pr_id": (_TEXT, "owner/name#number"),
        "keeper": (_TEXT, "the oldest pull request that it is alike to and that repeats nobody itself"),
        "kind": (_TEXT, "exact (equal normalised diffs) or near"),
        "similarity": (_SHARE, "Jaccard similarity of the two normalised diffs, 0 to 1"),
    },
)

SAMPLED = Table(
    "sampled",
    "sample_prs",
    "a sampled pull request, its texts masked",
    {
        **FACTS.columns,
        **{
            name: PULLS.columns[name]
            for name in (
                *("number", "title", "body", "author", "method", "base_sha", "merge_sha", "head_sha"),
                *("additions", "deletions", "files", "patch", "labels", "closing_issues"),
            )
        },
        "symbols": (_TEXTS, "functions and classes that its hunks are in, as git names them in the patch, sorted"),
        "masked": (
            pl.List(MASKED),
            "how many different values of each kind are masked in its texts; kinds without any are left out",
        ),
        "language": (_TEXT, "the repository's main language"),
        "licence": (_TEXT, "the repository's licence"),
        "description": (_TEXT, "the repository's description"),
        "frame_size": (_COUNT, "kept pull requests of the repository, from which the sample was drawn"),
        "stratum_size": (_COUNT, "those of the same sub-domain"),
        "stratum_rank": (_COUNT, "place in the stratum by draw_key, from 1"),
        "draw_key": (_TEXT, "sha256 of seed and pr_id"),
    },
)

LICENCES = Table(
    "licences",
    "read_licences",
    "a sampled pull request",
    {
        "pr_id": (_TEXT, "owner/name#number"),
        "repo": (_TEXT, "owner/name"),
        "base_sha": (_TEXT, "the commit that its work begins at"),
        "licence": (
            _TEXT,
            "SPDX id told from the licence files of that commit; NOASSERTION: none that is known; empty: the commit is not there",
        ),
    },
)

PULL_TABLES = (FRAME, REPOS, PULLS, VERDICTS, LEDGER, FACTS, REPEATS, SAMPLED, LICENCES)
