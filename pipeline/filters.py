"""The rules that decide which pull requests stay. Each is one small function with a name; docs/FILTERS.md lists them.

A rule says which rows of a PULLS frame it drops, as a Polars expression, and with which value and limit, so that a million rows
cost little more than one. What only the text of a patch can tell, a function confirms for the few rows that the expression
suspects. The rules run in the order of `rules`, cheapest first, and the first to drop decides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline.comments import could_be_only_comments, only_comments
from pipeline.paths import unwritten
from pipeline.sections import MAX_TOKEN_BYTES, Filter
from pipeline.text_language import could_be_non_english, is_non_english
from pipeline.titles import told_kind_of
from pipeline.trivial import could_be_only_whitespace, could_be_version_bump, only_whitespace, version_bump

# Accounts of programs, and the names they sign with, in small letters.
BOTS = """
    ansibot bors bors-servo dependabot dependabot-preview docker-jenkins github-actions gitlab-bot greenkeeper greenkeeperio-bot homu
    k8s-ci-robot mergify pull pyup-bot pyup.io_bot renovate renovate-bot renovate_bot rust-highfive snyk-bot sourcery-ai symfony-bot
    logistic_bot inclusive_coding_bot vue-bot prombot imgbot allcontributors weblate codecov-io sentry-io
""".split()
FACTS = [
    "number",
    "title",
    "body",
    "author",
    "author_is_bot",
    "additions",
    "deletions",
    "changed_files",
    "files",
]  # of PULLS
_NOTHING = pl.lit(None, pl.Float64())
_FILES = pl.col("files")
_FILE = pl.element().struct
_NUMBER = pl.col("changed_files")
# Git was asked. Else the row was skipped and holds what GitHub's list says: new paths only, nothing of what is binary.
_WHOLE = pl.col("skipped") == ""
_LINES = pl.col("additions") + pl.col("deletions")


@dataclass(frozen=True)
class Rule:
    """A filter: why a pull request goes, by what it was seen, and the value that was measured and held against the limit.

    `drops` is true for the rows that go; null counts as false. With `confirm`, it is true for those that may go, and
    `confirm(row)` has the last word.
    """

    reason: str
    drops: pl.Expr
    value: pl.Expr = _NOTHING
    limit: pl.Expr = _NOTHING
    evidence: pl.Expr = pl.lit("")  # noqa: RUF009 - an expression never changes
    by: str = ""  # where several rules give one reason
    confirm: Callable[[dict[str, Any]], bool] | None = None

    @property
    def name(self) -> str:
        """What its costs are counted under."""
        return f"{self.reason} by {self.by}" if self.by else self.reason


def rules(chosen: Filter, licence: str = "") -> list[Rule]:
    """The rules that the parameters switch on, in the order they run, before the tokens are counted."""
    return [
        *([licence_not_allowed(licence)] if chosen.licences and licence not in chosen.licences else []),
        *fact_rules(chosen, chosen.max_tokens),
        too_many_bytes(chosen.max_tokens),
        *binary(chosen.binary),
        no_text_change(),
        not_utf8(),
    ]


def fact_rules(chosen: Filter, most_lines: int) -> list[Rule]:
    """Those of `rules` that need no patch: what GitHub tells in its lists is enough."""
    by_title = {
        "revert": chosen.reverts,
        "backport": chosen.backports,
        "branch_merge": chosen.branch_merges,
        "version_bump": chosen.version_bumps,
    }
    return [
        too_many_lines(most_lines),
        empty(),
        *([bot()] if chosen.bots == "drop" else []),
        *([no_text("no_title", "title")] if chosen.empty_titles == "drop" else []),
        *([no_text("no_body", "body")] if chosen.empty_bodies == "drop" else []),
        *([too_many_files(chosen.max_files)] if chosen.max_files else []),
        *markdown(chosen.markdown, chosen.markdown_suffixes),
        *([unwritten_only()] if chosen.unwritten == "drop" else []),
        *(title_says(kind) for kind, keep in by_title.items() if keep == "drop"),
    ]


def content_rules(chosen: Filter) -> list[Rule]:
    """The rules that read the text of a patch. They run last, on patches that are small enough to stay."""
    return [
        *([whitespace_only()] if chosen.whitespace == "drop" else []),
        *([version_numbers_only()] if chosen.version_bumps == "drop" else []),
        *([comments_only()] if chosen.comments == "drop" else []),
        *([non_english()] if chosen.non_english == "drop" else []),
    ]


def by_facts(pulls: pl.DataFrame, chosen: Filter, most_lines: int) -> dict[int, str]:
    """`number -> reason` of those whose fate is certain before a patch is there, from a frame of GitHub's facts.

    The frame has the columns FACTS of PULLS.
    """
    waiting = pulls.with_columns(skipped=pl.lit("by_facts"))
    reasons: dict[int, str] = {}
    for rule in fact_rules(chosen, most_lines):
        drops = waiting.select(rule.drops.fill_null(False)).to_series()
        reasons |= dict.fromkeys(waiting.filter(drops)["number"], rule.reason)
        waiting = waiting.filter(~drops)
    return reasons


def licence_not_allowed(licence: str) -> Rule:
    """A pull request of a repository whose licence is not one of `filter.licences`."""
    return Rule("licence_not_allowed", pl.lit(True), evidence=pl.lit(licence))


def too_many_lines(most: int) -> Rule:
    """The size rule without a token counted: each changed line begins with a sign that no token joins to the line before."""
    return Rule("patch_too_large", _LINES.ge(most), _LINES, pl.lit(most), by="lines")


def too_many_bytes(limit: int) -> Rule:
    """The size rule without a token counted: no token has more than 128 bytes."""
    least = (pl.col("patch_bytes") + MAX_TOKEN_BYTES - 1) // MAX_TOKEN_BYTES
    return Rule("patch_too_large", _WHOLE & (least >= limit), least, pl.lit(limit), by="bytes")


def too_many_tokens(limit: int) -> Rule:
    """The paper's size rule (section on data collection): a unified diff of fewer tokens stays. Needs the column `tokens`."""
    return Rule("patch_too_large", pl.col("tokens") >= limit, pl.col("tokens"), pl.lit(limit), by="tokens")


def empty() -> Rule:
    """A merge that changed nothing, such as one whose commits were already on the main branch."""
    return Rule("empty", _NUMBER == 0)


def bot() -> Rule:
    """A pull request that no person wrote: GitHub or the name says so, or it is one of BOTS, which have accounts like people."""
    return Rule(
        "bot",
        pl.col("author_is_bot") | pl.col("author").str.to_lowercase().is_in([name.replace("_", " ") for name in BOTS]),
    )


def no_text(reason: str, column: str) -> Rule:
    """A pull request without a word in its title or its description: there is nothing to learn what was wanted from."""
    return Rule(reason, ~pl.col(column).str.contains(r"\w"))


def too_many_files(most: int) -> Rule:
    """More files than allowed; the release scripts take exactly one."""
    return Rule("too_many_files", _NUMBER.gt(most), _NUMBER, pl.lit(most))


def markdown(mode: str, suffixes: list[str]) -> list[Rule]:
    """A change of only Markdown (paper), or of any Markdown (release scripts). A renamed file counts with both its names."""
    if mode == "off" or not suffixes:
        return []
    # A name that is nothing but a suffix, such as `.md`, is not of that kind.
    pattern = rf"(?i)[^/](?:{'|'.join(suffix.replace('.', '[.]') for suffix in suffixes)})$"

    def is_markdown(path: pl.Expr) -> pl.Expr:
        return path.str.contains(pattern)

    if mode == "only":
        return [Rule("markdown_only", _all_files(is_markdown), _NUMBER, _NUMBER)]
    touched = _FILES.list.eval(is_markdown(_FILE.field("path")) | is_markdown(_FILE.field("old_path"))).list.sum()
    return [Rule("markdown_touched", touched > 0, touched, pl.lit(0))]


def unwritten_only() -> Rule:
    """A change of nothing but lock, generated and vendored files, by the rules of `paths.toml`."""
    return Rule("unwritten_only", _all_files(unwritten), _NUMBER, _NUMBER)


def title_says(kind: str) -> Rule:
    """A revert, a backport, a merge of branches or a version bump, by the rules of `titles.toml` for title and body."""
    return Rule(kind, told_kind_of(pl.col("title"), pl.col("body"), kind) == kind)


def binary(mode: str) -> list[Rule]:
    """A change of files that are not text: no text patch can carry it, so the stored patch would not apply."""
    binaries = _FILES.list.eval(_FILE.field("additions").is_null()).list.sum()
    drops = {"any": [binaries > 0], "only": [(binaries > 0) & (binaries == _NUMBER)], "off": []}[mode]
    return [Rule("binary", _WHOLE & those, binaries, pl.lit(0)) for those in drops]


def no_text_change() -> Rule:
    """Only renames or mode changes: there is no hunk to ask for."""
    return Rule("no_text_change", _WHOLE & (_LINES == 0), pl.lit(0), pl.lit(1))


def not_utf8() -> Rule:
    """Bytes that are not UTF-8: their replacement in the stored patch would not apply."""
    return Rule("not_utf8", ~pl.col("patch_utf8"))


def whitespace_only() -> Rule:
    """A change of nothing but blanks, indentation and ends of lines."""
    return _by_patch("whitespace_only", could_be_only_whitespace, only_whitespace)


def version_numbers_only() -> Rule:
    """A change of nothing but version numbers, whatever its title says."""
    return _by_patch("version_bump", could_be_version_bump, version_bump)


def comments_only() -> Rule:
    """A change of nothing but comments and docstrings."""
    return _by_patch("comments_only", could_be_only_comments, only_comments)


def non_english() -> Rule:
    """A pull request whose title and description are in another language than English."""
    return Rule(
        "non_english",
        could_be_non_english(pl.col("title"), pl.col("body")),
        confirm=lambda pull: is_non_english(pull["title"], pull["body"]),
    )


def _by_patch(reason: str, suspects: Callable[[pl.Expr], pl.Expr], confirm: Callable[[str], bool]) -> Rule:
    return Rule(reason, suspects(pl.col("patch")), by="patch", confirm=lambda pull: confirm(pull["patch"]))


def _all_files(test: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """Whether a test holds for both names of every file. Never true where an old name is not known."""
    tested = _FILES.list.eval(test(_FILE.field("path")) & test(_FILE.field("old_path")))
    renamed = _FILES.list.eval(_FILE.field("status").is_in(["R", "C"])).list.any()
    return (_NUMBER > 0) & tested.list.all() & (_WHOLE | ~renamed)
