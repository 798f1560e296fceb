"""What a push would change on the Hub, as a value to print and to hold a push to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from curated.hub.folder import LocalFile

KEPT_BY_THE_HUB = ".gitattributes"  # the Hub makes it with the repository, and tells by it what is a large file
STANDS_AT_ANOTHER = (
    "tag {tag} is there already, at revision {there}, and a published version is never moved: choose a new tag"
)


@dataclass(frozen=True)
class HubFile:
    """One file of a revision on the Hub. `sha256` is known of large files (LFS or Xet) only, `git_oid` of all."""

    path: str
    bytes: int
    git_oid: str
    sha256: str | None


@dataclass(frozen=True)
class HubState:
    """A repository as the Hub has it now; without a revision it does not exist (or is hidden from this token)."""

    revision: str | None
    private: bool
    files: Mapping[str, HubFile]
    tags: Mapping[str, str]


ABSENT = HubState(None, True, {}, {})


@dataclass(frozen=True)
class Change:
    """One path that differs. Sizes in bytes; None where there is no such file."""

    kind: Literal["add", "change", "delete"]
    path: str
    after: int | None
    before: int | None


@dataclass(frozen=True)
class Preview:
    """What a push of `folder` would do to `revision` (None: the repository would be made), and why it must not be done."""

    folder: Path
    repository: str
    tag: str
    url: str
    revision: str | None
    private: bool
    changes: tuple[Change, ...]
    files: tuple[LocalFile, ...]
    tagged: bool
    refusals: tuple[str, ...]

    @property
    def bytes_to_send(self) -> int:
        """Bytes of the files that are new or changed. The Hub may have some of their content already."""
        return sum(change.after or 0 for change in self.changes)

    @property
    def nothing_to_do(self) -> bool:
        """The Hub has these files and this tag already."""
        return self.revision is not None and not self.changes and self.tagged

    def lines(self) -> list[str]:
        """The preview in words, a line each."""
        seen_by = "private: only its owner sees it" if self.private else "PUBLIC: everyone sees it"
        lines = [f"{self.url} ({seen_by})"]
        lines.append(
            "the repository does not exist and would be made"
            if self.revision is None
            else f"against revision {self.revision}"
        )
        for change in self.changes:
            size = {
                "add": f"{change.after} bytes",
                "change": f"{change.before} -> {change.after} bytes",
                "delete": f"{change.before} bytes go",
            }[change.kind]
            lines.append(f"  {change.kind:6} {_one_line(change.path)} ({size})")
        same = len(self.files) - sum(change.kind != "delete" for change in self.changes)
        lines.append(f"{len(self.changes)} paths change, {same} stay as they are, {self.bytes_to_send} bytes to send")
        lines.append(f"tag {self.tag} " + ("is there already" if self.tagged else "would be set"))
        if self.nothing_to_do:
            lines.append("nothing to do: the Hub has exactly these files under this tag")
        lines += [f"refused: {sentence}" for sentence in self.refusals]
        return lines


def _one_line(path: str) -> str:
    """A path on the Hub is anybody's text; a break in it must not write a line of the preview."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in path)


def differences(files: Iterable[LocalFile], theirs: Mapping[str, HubFile]) -> tuple[Change, ...]:
    """The paths in which the folder and the Hub's revision differ, by name."""
    local = {file.path: file for file in files}
    found = []
    for name in sorted({*local, *theirs}):
        here, there = local.get(name), theirs.get(name)
        if here is None and there is not None:
            if name != KEPT_BY_THE_HUB:
                found.append(Change("delete", name, None, there.bytes))
        elif here is not None and there is None:
            found.append(Change("add", name, here.bytes, None))
        elif here is not None and there is not None and not _same(here, there):
            found.append(Change("change", name, here.bytes, there.bytes))
    return tuple(found)


def _same(mine: LocalFile, theirs: HubFile) -> bool:
    if mine.bytes != theirs.bytes:
        return False
    return mine.sha256 == theirs.sha256 if theirs.sha256 is not None else mine.git_oid == theirs.git_oid


def standing(tag: str, public: bool, changed: bool, state: HubState) -> tuple[bool, list[str]]:
    """Whether the tag stands at the Hub's revision already, and what of the Hub's state forbids the push, in sentences."""
    refused = []
    there = state.tags.get(tag)
    if there is not None and (changed or there != state.revision):
        refused.append(STANDS_AT_ANOTHER.format(tag=tag, there=there))
    if state.revision is not None and not state.private and not public:
        refused.append(
            "the repository on the Hub is public, and a push is private unless you ask for a public one: ask for it, or make the "
            "repository private in its settings on the Hub"
        )
    if state.revision is not None and state.private and public:
        refused.append(
            "a public push was asked for, and the repository on the Hub is private: make it public in its settings there, or leave that out"
        )
    return there is not None and not refused, refused
