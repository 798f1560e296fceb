"""The rules that decide which pull requests stay. Each is one small function with a name; docs/FILTERS.md lists them.

A rule looks at one pull request and returns None (keep) or a Drop with its reason, the measured value and the limit. They run in
the order of `rules`, cheapest first, and the first to drop decides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from pipeline.params import Filter
from pipeline.tokens import at_least, count_up_to

Pull = dict[str, Any]  # one row of PULLS

LOCK_FILES = frozenset(
    """
    Cargo.lock Gemfile.lock Package.resolved Pipfile.lock Podfile.lock bun.lock bun.lockb composer.lock conda-lock.yml deno.lock
    flake.lock go.sum go.work.sum gradle.lockfile mix.lock npm-shrinkwrap.json package-lock.json packages.lock.json pdm.lock
    pnpm-lock.yaml poetry.lock pubspec.lock uv.lock yarn.lock
    """.split()
)


@dataclass(frozen=True)
class Drop:
    """Why a pull request goes: the rule's reason, the value it measured and the limit it held it against."""

    reason: str
    value: float | None = None
    limit: float | None = None


Rule = Callable[[Pull], Drop | None]


def rules(chosen: Filter) -> list[Rule]:
    """The rules that the parameters switch on, in the order they run, except the size rule, which needs the count."""
    return [
        *([bot] if chosen.bots == "drop" else []),
        empty,
        partial(binary, mode=chosen.binary),
        partial(
            markdown, mode=chosen.markdown, suffixes=frozenset(suffix.lower() for suffix in chosen.markdown_suffixes)
        ),
        no_text_change,
        partial(too_many_files, most=chosen.max_files),
        *([lock_files_only] if chosen.lock_files == "drop" else []),
        not_utf8,
    ]


def by_facts(pull: Pull, chosen: Filter, most_lines: int) -> Drop | None:
    """The verdict that is certain before a patch is there, from GitHub's facts: author, paths, and numbers of files and lines.

    Each added or removed line of a diff begins with a sign that no token joins to the line before, so a diff has at least as
    many tokens as changed lines. GitHub's list tells a renamed file's new path only, and nothing of what is binary.
    """
    if chosen.bots == "drop" and (drop := bot(pull)):
        return drop
    if not pull["changed_files"]:
        return Drop("empty")
    files = pull["files"]
    if files is not None:
        suffixes = frozenset(suffix.lower() for suffix in chosen.markdown_suffixes)
        old_paths_known = not any(file["status"] in "RC" for file in files)
        if old_paths_known or chosen.markdown == "any":
            drop = markdown(pull, chosen.markdown, suffixes)
            if drop:
                return drop
        if chosen.lock_files == "drop" and old_paths_known and (drop := lock_files_only(pull)):
            return drop
    if chosen.max_files and pull["changed_files"] > chosen.max_files:
        return Drop("too_many_files", pull["changed_files"], chosen.max_files)
    lines = pull["additions"] + pull["deletions"]
    return Drop("patch_too_large", lines, most_lines) if lines >= most_lines else None


def bot(pull: Pull) -> Drop | None:
    """A pull request that no person wrote."""
    return Drop("bot") if pull["author_is_bot"] else None


def lock_files_only(pull: Pull) -> Drop | None:
    """A change of nothing but the files in which package managers keep exact versions."""
    files = pull["files"]
    locked = all(PurePosixPath(path).name in LOCK_FILES for file in files for path in (file["path"], file["old_path"]))
    return Drop("lock_files_only", len(files), len(files)) if files and locked else None


def empty(pull: Pull) -> Drop | None:
    """A merge that changed nothing, such as one whose commits were already on the main branch."""
    return Drop("empty") if not pull["files"] else None


def binary(pull: Pull, mode: str) -> Drop | None:
    """A change of files that are not text: no text patch can carry it, so the stored patch would not apply."""
    binaries = sum(file["additions"] is None for file in pull["files"])
    dropped = {"any": binaries > 0, "only": binaries == len(pull["files"]), "off": False}[mode]
    return Drop("binary", binaries, 0) if dropped else None


def markdown(pull: Pull, mode: str, suffixes: frozenset[str]) -> Drop | None:
    """A change of only Markdown (paper), or of any Markdown (release scripts). A renamed file counts with both its names."""
    files = pull["files"]
    are_markdown = [
        all(PurePosixPath(path).suffix.lower() in suffixes for path in (file["path"], file["old_path"]))
        for file in files
    ]
    if mode == "only" and all(are_markdown):
        return Drop("markdown_only", len(files), len(files))
    touched = sum(
        any(PurePosixPath(path).suffix.lower() in suffixes for path in (file["path"], file["old_path"]))
        for file in files
    )
    return Drop("markdown_touched", touched, 0) if mode == "any" and touched else None


def no_text_change(pull: Pull) -> Drop | None:
    """Only renames or mode changes: there is no hunk to ask for."""
    return (
        Drop("no_text_change", 0, 1)
        if not any(file["additions"] or file["deletions"] for file in pull["files"])
        else None
    )


def too_many_files(pull: Pull, most: int) -> Drop | None:
    """More files than allowed; the release scripts take exactly one."""
    return Drop("too_many_files", len(pull["files"]), most) if most and len(pull["files"]) > most else None


def not_utf8(pull: Pull) -> Drop | None:
    """Bytes that are not UTF-8: their replacement in the stored patch would not apply."""
    return None if pull["patch_utf8"] else Drop("not_utf8")


def size(pull: Pull, chosen: Filter) -> tuple[int | None, Drop | None]:
    """The paper's size rule: a unified diff of fewer than `max_tokens` tokens stays.

    Returns the tokens counted (exact below `count_up_to`, else a number the patch really reaches; None if only its byte size
    was looked at) and the verdict.
    """
    if pull["patch"] is None:  # too long to be stored, so too long to stay; params.py sees to that
        return None, Drop("patch_too_large", at_least(pull["patch_bytes"]), chosen.max_tokens)
    tokens = count_up_to(pull["patch"], chosen.count_up_to)
    return tokens, Drop("patch_too_large", tokens, chosen.max_tokens) if tokens >= chosen.max_tokens else None
