"""The patterns of titles.toml speak as they are written, in both their forms, and a table that is wrong is refused."""

import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from pipeline import titles
from pipeline.titles import KINDS, TABLE, told_kind_of
from tests.pipeline.rule_tables import EditedTable, edited_table

# From real pull requests, and those that come near.
TOLD = {
    "revert": [
        *[
            'Revert "Add QUERY caching support (#9027)"',
            "Revert #15502, and add a deprecation warning instead.",
            "revert: fix(x): y",
        ],
        *[
            'feature #29047 Revert "[HttpFoundation] Adds x" (Tobion)',
            '[5.1] Revert "x"',
            "Revert ae2f704",
            "Revert pull request #57814",
        ],
    ],
    "backport": [
        *[
            "[26.0 backport] Restore the SetKey prestart hook.",
            "[`7-2-stable` Backport] Fix x",
            "Backport #7406 to 5.2",
        ],
        *[
            "[Backport 1.2] Fix x",
            "[stable-2.9] fix nxos_config tests",
            "Cherry-pick #24325 to master",
            "[release-1.2] Fix x",
        ],
        *["Manual cherry pick of #123", "5-0-backport: avoid x", 'backport #29418 "Fix x" to master'],
    ],
    "branch_merge": [
        *[
            "Merge branch '5.4' into 6.0",
            "Merge branch 'tokio-1.23.x' into master",
            "Merge release-3.2 to main",
            "Merge v2.7.1 into master",
        ],
        *["Merge remote-tracking branch 'origin/4.3'", "Merge back release 2.25", "Merge 'tokio-1.47.2' into 'master'"],
    ],
    "version_bump": [
        *[
            "Bump tblib from 3.2.0 to 3.2.1",
            "build(deps-dev): bump rollup from 2.23.1 to 2.25.0",
            "chore(deps): update build",
        ],
        *[
            "Update dependency com.squareup.retrofit2:retrofit to v2.10.0",
            "chore: prepare Tokio v1.46.0",
            "Release 1.2.3",
        ],
        *[
            "Bump psych to 5.1.1.1",
            "Update dependency rails to 5.2.4.1",
            "Update netty to 4.1.100.Final",
            "Update redis to v7.2.0.1",
            "Prepare for 2.0.1 release",
            "*: cut v2.6.0",
            "released v4.3.0-BETA1",
            "[pre-commit.ci] pre-commit autoupdate",
        ],
    ],
    "": [
        *[
            "Allow named expression indexes to be revertible",
            "Fix reverting the addition of invalid foreign keys",
            "Revert sudo user",
        ],
        *[
            "update backport instructions for 2.12",
            "Drop fun_accepts_kwargs backport.",
            "[5.1] Fix the queue",
            "[5.4] Use Instance",
        ],
        *[
            "merged branch jmikola/patch-2 (PR #3535)",
            "Merge branch 'devel' of https://github.com/x/ansible into x-devel",
        ],
        *[
            "Merge pull request #42274 from x/containerd_go_mod",
            "Merge authentication options back into one",
            "sync: fix a typo",
        ],
        *[
            "Sync argv_len var back after command call",
            "Release memoryStore locks before filter",
            "Prepare statements once",
            "",
        ],
        *[
            "update host to 1.2.3.4",
            "Update DNS server to 10.0.0.1 (#12)",
            "Update max retries to 5",
            "Update default timeout to 30",
            "Bump max connections to 100",
            "bump timeout from 10 to 30",
        ],
        *["update copyrights to 2015", "fix(deps): resolve peer dependency cycles"],
        *["Update module to use new URL Method", "Bump CI JDK versions and drop Java 8", "Add cidr_merge filter"],
    ],
}


def told_kind(title: str, body: str) -> str:
    return str(pl.select(told_kind_of(pl.lit(title), pl.lit(body))).item())


CASES = [(title, kind) for kind, all_of in TOLD.items() for title in all_of]


@pytest.mark.parametrize(("title", "kind"), CASES)
def test_a_title_tells_its_kind(title: str, kind: str) -> None:
    assert told_kind(title, "") == kind


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("This reverts commit 6e091573f2ab0d0989b8.", "revert"),
        ("Reverts owner/name#12", "revert"),
        ("* first\n\nThis reverts commit 6e091573f2ab0d0989b8.", ""),
        ("Fix.\n\n(cherry picked from commit 9a850db605a2d)", "backport"),
        ("Fix.\n\n(cherry picked from commit 9a850db605a2d)\n", "backport"),
        ("(cherry picked from commit 9a850db605a2d)\n\nand more work of its own", ""),
        ("Backport of #12", "backport"),
        ("(cherry picked from commit 9a850db605a2d)\nSigned-off-by: Ada <a@b.io>\n", "backport"),
        ("We could backport it.", ""),
    ],
)
def test_a_description_tells_its_kind(body: str, kind: str) -> None:
    assert told_kind("Fix the cache", body) == kind


@pytest.mark.parametrize(("reverts", "kind"), [(1, "revert"), (2, ""), (3, "revert"), (4, "")])
def test_the_revert_of_a_revert_lands_the_change_again(reverts: int, kind: str) -> None:
    assert told_kind('Revert "' * reverts + "Add a cache" + '"' * reverts, "This reverts commit 6e091573f2ab.") == kind


def test_the_first_kind_of_the_order_decides() -> None:
    assert told_kind('Revert "Bump a from 1.0 to 2.0"', "") == "revert"


def test_an_empty_text_tells_nothing() -> None:
    frame = pl.DataFrame({"title": [None, ""], "body": [None, ""]}, schema={"title": pl.String(), "body": pl.String()})
    assert frame.select(told_kind_of(pl.col("title"), pl.col("body"))).to_series().to_list() == ["", ""]


@pytest.mark.parametrize(
    "unit", ["[a] ", "revert ", "merge branch '", "bump a ", "1.", "(cherry picked from commit abcdef0) ", " ", "a"]
)
def test_no_repeated_unit_is_slow(unit: str) -> None:
    long = (unit * 200_000)[:1_000_000]
    started = time.process_time()
    told_kind(long, long)
    assert time.process_time() - started < 5.0


@pytest.fixture
def other_table(tmp_path: Path) -> Iterator[EditedTable]:
    with edited_table(titles, tmp_path, titles.table.cache_clear) as table:
        yield table


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('order = ["revert", ', "order = [", "order must be revert, backport"),
        ("[revert]", "[takes_back]", "its parts must be order, revert"),
        ("body = [", "text = [", "the parts of revert must be title, body, not title, text"),
        ("'^revert(", "'(?=x)^revert(", "would not read alike"),
        ("'^revert(", r"'\d^revert(", "would not read alike"),
        ("'^revert(", "'(^revert(", "is no regular expression"),
    ],
)
def test_a_wrong_table_is_refused(other_table: EditedTable, old: str, new: str, message: str) -> None:
    other_table.change(old, new)
    with pytest.raises(ValueError, match=rf"titles\.toml: .*{message}"):
        told_kind("x", "")


def test_the_same_table_elsewhere_says_the_same(other_table: EditedTable) -> None:
    assert other_table.path != TABLE
    assert list(titles.table()) == list(KINDS)
