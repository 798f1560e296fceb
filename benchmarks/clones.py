"""Mine a folder of real clones and prove the verdicts with tools that this project did not write.

    python -m benchmarks.clones FOLDER FACTS.csv [--max-listed 1000] [--apply-every 1]

Needs: a folder of git clones and its facts file (`limi clones add` makes both); no account, no network. Runs the stages
select_repos, collect_prs and filter_prs of profile `clones` in an empty folder. Then every patch is printed again by `git diff`
and counted by bpe-openai, another implementation of o200k_base; every kept patch is applied with `git apply --check --cached` to an
index of its base commit. Prints progress, and one JSON object on its last line: listed, kept, dropped, failed, reconciles,
recount_mismatches, markdown_only_kept, applied, apply_failures, repositories, seconds, peak_mb.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl
import yaml
from bpe_openai import get_encoding
from bpe_openai.errors import TokenLimitError

from pipeline.clones.git import ISOLATED, git_dir_of
from pipeline.ledger import funnel, read_fates, reconcile
from pipeline.params import read_params

ROOT = Path(__file__).resolve().parent.parent
STAGES = ("select_repos", "collect_prs", "filter_prs")
MARKDOWN = (".md", ".mdx", ".markdown", ".qmd", ".rmd")


def mine(work: Path, folder: Path, facts: Path, max_listed: int) -> float:
    """Run the stages in `work`; the wall time in seconds."""
    params = yaml.safe_load((ROOT / "profiles/clones.yaml").read_text(encoding="utf-8"))
    params["source"] |= {"input": str(facts.absolute()), "folder": str(folder.absolute())}
    params["collect"]["max_listed"] = max_listed
    (work / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    read_params(work / "params.yaml")
    started = time.monotonic()
    for stage in STAGES:
        subprocess.run(
            [sys.executable, "-m", f"stages.{stage}"], cwd=work, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
    return time.monotonic() - started


class Recount:
    """Counts patches again, printed one by one by plain `git diff` and counted by bpe-openai."""

    def __init__(self, git_dir: Path, limit: int) -> None:
        self.git_dir, self.limit = git_dir, limit
        self.tokens = get_encoding("o200k_base")

    def git(self, *arguments: str, index: Path | None = None, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """One git process over the clone itself."""
        environment = {"PATH": os.environ["PATH"], **ISOLATED, "GIT_DIR": str(self.git_dir)}
        if index is not None:
            environment["GIT_INDEX_FILE"] = str(index)
        return subprocess.run(["git", *arguments], input=stdin, capture_output=True, env=environment)

    def is_small(self, base: str, merge: str) -> bool:
        """Whether the patch has fewer tokens than the limit, counted independently and in full."""
        printed = self.git(
            *(
                "-c",
                "core.bare=true",
                "diff",
                "--full-index",
                "-M50%",
                "-l1000",
                "--no-ext-diff",
                "--no-textconv",
                base,
                merge,
            )
        ).stdout
        lines = printed.decode("utf-8", "replace").split("\n")
        text = "\n".join(shortened(line) for line in lines)
        try:
            # bpe-openai refuses a million characters; the first 900,000 alone have over 7,000 tokens (128 bytes each at most).
            return len(self.tokens.encode_ordinary(text[:900_000])) < self.limit
        except TokenLimitError:  # over 200,000 tokens
            return False

    def applies(self, base: str, patch: str, index: Path) -> bool:
        """Whether `git apply --check` takes the stored patch on an index of its base commit."""
        self.git("read-tree", base, index=index)
        return self.git("apply", "--check", "--cached", index=index, stdin=patch.encode()).returncode == 0


def shortened(line: str) -> str:
    """An index line with seven digits, by splitting (the pipeline uses a pattern)."""
    if not line.startswith("index "):
        return line
    ids, *mode = line.removeprefix("index ").split(" ")
    old, new = ids.split("..")
    return " ".join([f"index {old[:7]}..{new[:7]}", *mode])


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.clones", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("facts", type=Path, metavar="FACTS.csv")
    parser.add_argument(
        "--max-listed", type=int, default=1000, help="merged pull requests per repository (default 1000)"
    )
    parser.add_argument("--apply-every", type=int, default=1, help="apply every Nth kept patch (default 1: all)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        seconds = mine(work, arguments.folder, arguments.facts, arguments.max_listed)
        peak = max(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 0) / 1024
        fates = read_fates(work / "data/ledger")
        reconcile(fates)
        steps = {step["stage"]: step for step in funnel(fates)}
        result = verify(work, arguments.folder, arguments.apply_every)
    judged = steps["filter_prs"]
    listed = steps["collect_prs"]["entered"]
    failed = sum(steps["collect_prs"]["failed"].values()) + sum(judged["failed"].values())
    print(
        json.dumps(
            {
                "listed": listed,
                "kept": judged["kept"],
                "dropped": judged["dropped"],
                "failed": failed,
                "reconciles": listed == judged["kept"] + sum(judged["dropped"].values()) + failed,
                **result,
                "seconds": round(seconds, 1),
                "peak_mb": round(peak),
            }
        )
    )


def verify(work: Path, folder: Path, apply_every: int) -> dict[str, int]:
    """Hold every verdict against the independent counts."""
    limit = read_params(work / "params.yaml").filter.max_tokens
    repos = pl.read_parquet(work / "data/repos.parquet")
    found = {
        "recount_mismatches": 0,
        "markdown_only_kept": 0,
        "applied": 0,
        "apply_failures": 0,
        "repositories": repos.height,
    }
    for repo in repos.iter_rows(named=True):
        git_dir = git_dir_of((folder / repo["clone"]).absolute())
        if git_dir is None:
            raise SystemExit(f"{repo['clone']} is gone")
        recount = Recount(git_dir, limit)
        part = f"{repo['repo'].replace('/', '__')}.parquet"
        pulls = pl.read_parquet(work / "data/pulls" / part).select("pr_id", "base_sha", "merge_sha", "patch")
        verdicts = pl.read_parquet(work / "data/verdicts" / part).join(pulls, on="pr_id")
        kept = 0
        for row in verdicts.filter((pl.col("fate") == "kept") | (pl.col("reason") == "patch_too_large")).iter_rows(
            named=True
        ):
            is_kept = row["fate"] == "kept"
            found["recount_mismatches"] += recount.is_small(row["base_sha"], row["merge_sha"]) != is_kept
            if not is_kept:
                continue
            paths = recount.git("diff", "--name-only", "--no-renames", "-z", row["base_sha"], row["merge_sha"]).stdout
            names = [name for name in paths.decode("utf-8", "replace").split("\0") if name]
            found["markdown_only_kept"] += all(name.lower().endswith(MARKDOWN) for name in names)
            kept += 1
            if kept % apply_every == 0:
                found["applied"] += 1
                if not recount.applies(row["base_sha"], row["patch"], work / "index"):
                    found["apply_failures"] += 1
                    print(f"does not apply: {row['pr_id']}", file=sys.stderr)
        print(f"{repo['repo']}: {verdicts.height} listed, {kept} kept, verified", file=sys.stderr)
    return found


if __name__ == "__main__":
    main()
