"""Patches and changed paths of many commits, in two git processes for all of them.

If an object is missing or broken, git stops at that commit. Everything before it is kept, the commit is reported as failed, and
the rest goes on in a new process.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO, Any

from pipeline.clones.git import Clone, GitError
from pipeline.errors import UserError
from pipeline.patch import DIFF_OPTIONS, canonical, with_short_index_lines

MOST_BROKEN = 50  # commits with missing objects, or one in twenty, before a clone is called corrupt
_HEADER = re.compile(rb"(?:^|(?<=\n))([0-9a-f]{40})\n")
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Change:
    """One `base..merge` as git shows it. `patch` is None if it is longer than allowed; `failure` is empty unless git failed."""

    files: list[dict[str, Any]]
    patch: str | None
    patch_bytes: int
    utf8: bool
    failure: str = ""


def changes(clone: Clone, pairs: list[tuple[str, str]], max_patch_bytes: int) -> dict[str, Change]:
    """`merge -> Change` for every `(merge, base)`. Raises UserError if the clone is corrupt beyond MOST_BROKEN commits."""
    files, failures = _all(clone, pairs, _raw_files)
    readable = [pair for pair in pairs if pair[0] not in failures]
    patches, unprinted = _all(clone, readable, partial(_patches, most=max_patch_bytes))
    failures |= unprinted
    found = {}
    for merge, _ in pairs:
        # With --always git answers for every commit it has, so silence means that it has not got this one.
        failure = failures.get(merge, "" if merge in files and merge in patches else "git does not have the commit")
        if failure:
            found[merge] = Change([], None, 0, True, failure)
            continue
        raw, size = patches[merge]
        text, utf8 = (None, True) if raw is None else canonical(raw)
        if text is not None and (size := len(text.encode())) > max_patch_bytes:
            text = None  # replaced bytes are longer than those they stand for
        found[merge] = Change(files[merge], text, size, utf8)
    return found


def _all(
    clone: Clone, pairs: list[tuple[str, str]], reader: Callable[..., Iterator[tuple[str, Any]]]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Read every pair, going on after each one that git dies of. Returns (results, failures), each by merge commit."""
    results: dict[str, Any] = {}
    failures: dict[str, str] = {}
    waiting = pairs
    while waiting:
        read: list[str] = []
        try:
            for merge, result in reader(clone, waiting):
                read.append(merge)
                results[merge] = result
            break
        except GitError as error:
            # The last commit that showed anything may be cut off, and the one after it may be the broken one: try both alone.
            # (A commit without a change shows nothing, so the broken one can lie further on; the next round gets there.)
            order = [merge for merge, _ in waiting]
            at = order.index(read[-1]) if read else 0
            for merge, base in waiting[at : at + 2]:
                results.pop(merge, None)
                try:
                    results.update(reader(clone, [(merge, base)]))
                except GitError as alone:
                    results.pop(merge, None)
                    failures[merge] = alone.reason
            if len(failures) > max(MOST_BROKEN, len(pairs) // 20):
                raise UserError(
                    f"the clone {clone.path} is corrupt or incomplete: {len(failures)} merges could not be read "
                    f"(the last: {error}). `git -C {clone.path} fsck` says more; clone it again"
                ) from None
            waiting = waiting[at + 2 :]
    return results, failures


def _raw_files(clone: Clone, pairs: list[tuple[str, str]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    command = [
        "diff-tree",
        "--stdin",
        "--always",
        "-r",
        "-M50%",
        "-l1000",
        "--raw",
        "--numstat",
        "-z",
        "--no-ext-diff",
        "--no-textconv",
        "--ignore-submodules=none",
    ]
    with clone.stream(command, _stdin(pairs)) as output:
        tokens = _tokens(output)
        merge, counted = "", 0
        files: list[dict[str, Any]] = []
        for token in tokens:
            if token.startswith(b":"):
                status = token.rsplit(b" ", 1)[1][:1].decode()
                old = next(tokens, b"").decode("utf-8", "replace")
                path = next(tokens, b"").decode("utf-8", "replace") if status in "RC" else old
                files.append({"path": path, "old_path": old, "status": status, "additions": None, "deletions": None})
            elif b"\t" in token:
                added, removed, path_bytes = token.split(b"\t", 2)
                if not path_bytes:  # a rename: old and new path follow
                    next(tokens, b""), next(tokens, b"")
                if added != b"-":
                    files[counted] |= {"additions": int(added), "deletions": int(removed)}
                counted += 1
            else:
                if merge:
                    yield merge, files
                merge, files, counted = token.decode(), [], 0
        if merge:
            yield merge, files


def _patches(clone: Clone, pairs: list[tuple[str, str]], most: int) -> Iterator[tuple[str, tuple[bytes | None, int]]]:
    with clone.stream(["diff-tree", "--stdin", "--always", *DIFF_OPTIONS], _stdin(pairs)) as output:
        merge, kept, size = "", bytearray(), 0
        for text in _whole_lines(output):
            for at, piece in enumerate(_HEADER.split(with_short_index_lines(text))):
                if at % 2:
                    if merge:
                        yield merge, (bytes(kept) if size <= most else None, size)
                    merge, kept, size = piece.decode(), bytearray(), 0
                else:
                    size += len(piece)
                    kept += piece[: max(0, most - len(kept))]
        if merge:
            yield merge, (bytes(kept) if size <= most else None, size)


def _whole_lines(output: IO[bytes]) -> Iterator[bytes]:
    """The stream in blocks that begin and end with a line, so that a header is never cut and never found inside a line."""
    pending: list[bytes] = []
    while block := output.read(_BLOCK):
        cut = block.rfind(b"\n") + 1
        if cut:
            yield b"".join([*pending, block[:cut]])
            pending = []
        pending.append(block[cut:])
    if any(pending):
        yield b"".join(pending)


def _tokens(output: IO[bytes]) -> Iterator[bytes]:
    pending = b""
    while block := output.read(_BLOCK):
        *whole, pending = (pending + block).split(b"\0")
        yield from whole


def _stdin(pairs: list[tuple[str, str]]) -> bytes:
    # "<commit> <parent>" makes diff-tree treat the commit as having just that parent.
    return "".join(f"{merge} {base}\n" for merge, base in pairs).encode()
