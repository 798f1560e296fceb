"""The demo world holds what the design asks of it. Everything is read back with git, nothing from the authored files."""

import os
import re
import subprocess
import warnings
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path

import pytest

from demo.build import build_world
from pipeline.real_world import read_real_world
from pipeline.subdomains import SUB_DOMAINS, classify

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # bpe_openai opens its own files in an old way
    import bpe_openai

ROOT = Path(__file__).resolve().parent.parent.parent
MERGE = re.compile(r"Merge pull request #(\d+) from (\S+)")
SQUASH = re.compile(r"(.*) \(#(\d+)\)")
FEW_TOKENS = 1200  # of profiles/demo.yaml


@dataclass(frozen=True)
class Commit:
    sha: str
    parents: list[str]
    author: str
    address: str
    committer_address: str
    subject: str
    body: str


@dataclass(frozen=True)
class Change:
    """A merged pull request as git shows it."""

    number: int
    method: str
    title: str
    body: str
    base: str
    merge: Commit
    clone: "Clone" = field(repr=False)

    def diff(self, *options: str) -> bytes:
        return self.clone.git("diff", "--no-color", *options, self.base, self.merge.sha)

    @cached_property
    def patch(self) -> bytes:
        return self.diff()

    @cached_property
    def text(self) -> str:
        return self.patch.decode(errors="replace")

    @cached_property
    def paths(self) -> list[str]:
        return [path for path in self.diff("--name-only", "-z").decode().split("\0") if path]

    @cached_property
    def statuses(self) -> set[str]:
        return set(re.findall(r"(?:^|\0)([A-Z])\d*\0", self.diff("-M50%", "--name-status", "-z").decode()))

    @cached_property
    def added(self) -> list[bytes]:
        return [line[1:] for line in self.patch.split(b"\n") if line.startswith(b"+") and not line.startswith(b"+++ ")]


class Clone:
    def __init__(self, path: Path) -> None:
        self.path = path

    def git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(["git", *arguments], cwd=self.path, input=stdin, capture_output=True, env=environment)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def text(self, *arguments: str) -> str:
        return self.git(*arguments).decode().strip()

    def commits(self, *what: str) -> list[Commit]:
        fields = self.git("log", "-z", "--format=%H%x01%P%x01%an%x01%ae%x01%ce%x01%s%x01%b", *what).decode().split("\0")
        rows = [entry.split("\x01") for entry in fields if entry]
        return [Commit(sha, parents.split(), *rest) for sha, parents, *rest in rows]

    @cached_property
    def main(self) -> list[Commit]:
        return self.commits("--first-parent", "main")

    @cached_property
    def pull_heads(self) -> dict[int, str]:
        lines = self.text("for-each-ref", "--format=%(refname) %(objectname)", "refs/pull").splitlines()
        return {int(line.split("/")[2]): line.split()[1] for line in lines}

    def patch_id(self, base: str, tip: str) -> str:
        found = self.git("patch-id", "--stable", stdin=self.git("diff", base, tip)).split()
        return found[0].decode() if found else ""

    @cached_property
    def merged(self) -> dict[int, Change]:
        found: dict[int, Change] = {}
        for commit in self.main[:-1]:
            base = commit.parents[0]
            if merge := MERGE.fullmatch(commit.subject):
                title, _, body = commit.body.partition("\n\n")
                found[int(merge[1])] = Change(int(merge[1]), "merge", title.strip(), body, base, commit, self)
            elif squash := SQUASH.fullmatch(commit.subject):
                found[int(squash[2])] = Change(int(squash[2]), "squash", squash[1], commit.body, base, commit, self)
        # A rebase leaves no number on main: its last commit has the patch of the branch's last commit.
        on_main = {
            self.patch_id(commit.parents[0], commit.sha): at
            for at, commit in enumerate(self.main[:-1])
            if len(commit.parents) == 1
        }
        for number, head in self.pull_heads.items():
            if number in found:
                continue
            branch = self.commits(f"{self.text('merge-base', 'main', head)}..{head}")
            at = on_main.get(self.patch_id(f"{head}~1", head))
            if at is not None:
                tip, base = self.main[at], self.main[at + len(branch)].sha
                found[number] = Change(number, "rebase", tip.subject, tip.body, base, tip, self)
        return found


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Clone]:
    world = build_world(tmp_path_factory.mktemp("demo") / "world").parent
    return {f"{path.parent.name}/{path.stem}": Clone(path) for path in sorted(world.glob("*/*.git"))}


@pytest.fixture(scope="module")
def changes(clones: dict[str, Clone]) -> list[Change]:
    return [change for clone in clones.values() for change in clone.merged.values()]


def holding(changes: list[Change], sought: bytes) -> list[Change]:
    return [change for change in changes if any(sought in line for line in change.added)]


def with_path(changes: list[Change], pattern: str) -> list[Change]:
    return [change for change in changes if any(re.search(pattern, path) for path in change.paths)]


def test_there_are_at_least_twelve_repositories(clones: dict[str, Clone]) -> None:
    assert len(clones) >= 12


def test_git_finds_nothing_wrong_with_any(clones: dict[str, Clone]) -> None:
    for clone in clones.values():
        clone.git("fsck", "--strict", "--no-dangling", "--no-progress")


def test_there_are_at_least_150_merged_numbered_pull_requests(changes: list[Change]) -> None:
    assert len({(change.clone.path, change.number) for change in changes}) == len(changes) >= 150


def test_every_repository_has_each_way_of_merging_and_one_that_was_not_merged(clones: dict[str, Clone]) -> None:
    for name, clone in clones.items():
        methods = [change.method for change in clone.merged.values()]
        assert {method for method in methods if methods.count(method) >= 2} == {"merge", "squash", "rebase"}, name
        assert len(set(clone.pull_heads) - set(clone.merged)) == 1, name
        assert set(clone.merged) <= set(clone.pull_heads), name


def test_every_repository_has_commits_that_no_pull_request_brought(clones: dict[str, Clone]) -> None:
    for name, clone in clones.items():
        brought = {change.merge.sha for change in clone.merged.values()}
        alone = [commit for commit in clone.main[:-1] if commit.sha not in brought and len(commit.parents) == 1]
        assert alone, name


def test_numbers_have_gaps_and_stand_once(clones: dict[str, Clone]) -> None:
    for name, clone in clones.items():
        assert len(clone.pull_heads) < max(clone.pull_heads), name


def test_dates_of_main_run_forwards(clones: dict[str, Clone]) -> None:
    for name, clone in clones.items():
        dates = [int(date) for date in clone.text("log", "--first-parent", "--reverse", "--format=%ct", "main").split()]
        assert dates == sorted(dates), name


def test_a_merge_brought_what_git_itself_would_merge(changes: list[Change]) -> None:
    brought = 0
    for change in changes:
        head = change.clone.pull_heads[change.number]
        merged = change.clone.text("merge-tree", "--write-tree", change.base, head)
        assert change.clone.text("rev-parse", f"{change.merge.sha}^{{tree}}") == merged, change
        brought += 1
    assert brought >= 150


def test_some_branches_started_behind_main(clones: dict[str, Clone]) -> None:
    behind = [
        change
        for clone in clones.values()
        for change in clone.merged.values()
        if clone.text("merge-base", change.base, clone.pull_heads[change.number]) != change.base
    ]
    assert len(behind) >= 10


def test_all_five_sub_domains_are_there_and_each_repository_has_several(clones: dict[str, Clone]) -> None:
    whole: dict[str, int] = dict.fromkeys(SUB_DOMAINS, 0)
    for name, clone in clones.items():
        found = [classify(change.paths, change.title, change.body)[0] for change in clone.merged.values()]
        assert len(set(found)) >= 3, name
        for sub_domain in found:
            whole[sub_domain] += 1
    assert min(whole.values()) >= 15, whole


def test_a_file_is_renamed(changes: list[Change]) -> None:
    renamed = [change for change in changes if "R" in change.statuses]
    assert any(change.statuses == {"R"} for change in renamed)
    assert len(renamed) >= 2


def test_a_file_is_deleted_and_a_mode_changes(changes: list[Change]) -> None:
    assert any("D" in change.statuses for change in changes)
    assert any("\nold mode 100644\nnew mode 100755\n" in f"\n{change.text}" for change in changes)


def test_a_binary_file_is_added(changes: list[Change]) -> None:
    binary = [change for change in changes if b"\nBinary files " in change.patch]
    assert any(path.endswith(".png") for change in binary for path in change.paths)


def test_a_change_is_markdown_only(changes: list[Change]) -> None:
    markdown = (".md", ".mdx", ".markdown", ".qmd", ".rmd")
    assert any(change.paths and all(path.lower().endswith(markdown) for path in change.paths) for change in changes)


def test_a_lock_file_changes(changes: list[Change]) -> None:
    assert len(with_path(changes, r"(^|/)(package-lock\.json|Cargo\.lock|go\.sum|Gemfile\.lock)$")) >= 2


def test_a_bot_writes_pull_requests(changes: list[Change]) -> None:
    bots = {change.merge.author for change in changes if change.merge.author.endswith("[bot]")}
    assert len(bots) >= 2


def changed_lines(patch: bytes) -> list[bytes]:
    """Every changed line of a patch with its sign and the names of its files, without places and hashes."""
    return [line for line in patch.split(b"\n") if line[:1] in (b"+", b"-")]


def test_a_pull_request_is_reverted_exactly(changes: list[Change]) -> None:
    reverts = [change for change in changes if change.title.startswith("Revert ")]
    assert reverts
    for revert in reverts:
        title = re.fullmatch(r'Revert "(.*)"', revert.title)
        assert title is not None
        (original,) = [change for change in revert.clone.merged.values() if change.title == title[1]]
        undone = revert.clone.git(
            "diff", "-R", "--no-color", "--src-prefix=b/", "--dst-prefix=a/", original.base, original.merge.sha
        )
        assert changed_lines(undone) == changed_lines(revert.patch)
        assert changed_lines(original.patch) != changed_lines(revert.patch)


def test_a_change_is_huge(changes: list[Change]) -> None:
    encode = bpe_openai.get_encoding("o200k_base").encode_ordinary
    largest = max(changes, key=lambda change: len(change.patch))
    assert len(encode(largest.text)) > 10_000
    few = [change for change in changes if len(change.patch) < 3 * FEW_TOKENS and len(encode(change.text)) < FEW_TOKENS]
    assert len(few) > len(changes) / 2


def test_a_body_is_empty_in_every_way_of_merging(changes: list[Change]) -> None:
    assert {change.method for change in changes if not change.body.strip()} == {"merge", "squash", "rebase"}


def test_a_secret_is_planted_and_it_is_nobodys(changes: list[Change]) -> None:
    planted = holding(changes, b"AKIA")
    assert planted
    for change in planted:
        keys = re.findall(r"AKIA[A-Z0-9]{16}\b", change.text)
        assert keys
        assert all("DEMO" in key for key in keys)


def shingles(change: Change) -> set[str]:
    words = re.findall(r"\w+", b"\n".join(change.added).decode(errors="replace").lower())
    return {" ".join(words[at : at + 5]) for at in range(len(words) - 4)}


def test_two_changes_of_two_repositories_are_nearly_the_same(changes: list[Change]) -> None:
    sets = [(change, shingles(change)) for change in changes if len(change.added) < 300]
    near = [
        (one, other)
        for (one, a), (other, b) in combinations(sets, 2)
        if one.clone is not other.clone and len(a) > 20 and len(b) > 20 and len(a & b) / len(a | b) > 0.6
    ]
    assert near
    assert all(one.merge.sha != other.merge.sha for one, other in near)


def test_a_path_is_not_ascii_and_one_needs_quotes(changes: list[Change]) -> None:
    assert any(not path.isascii() for change in changes for path in change.paths)
    assert any('"' in path for change in changes for path in change.paths)
    assert any(re.search(r'^diff --git "a/', change.text, re.MULTILINE) for change in changes)


def test_some_bytes_are_not_utf_8(changes: list[Change]) -> None:
    def readable(patch: bytes) -> bool:
        try:
            patch.decode()
        except UnicodeDecodeError:
            return False
        return True

    broken = [change for change in changes if not readable(change.patch)]
    assert 1 <= len(broken) <= 5
    assert all(b"\nBinary files " not in change.patch for change in broken)


def test_some_lines_end_in_crlf_and_some_files_without_a_newline(changes: list[Change]) -> None:
    assert any(line.endswith(b"\r") for change in changes for line in change.added)
    assert any(b"\n\\ No newline at end of file" in change.patch for change in changes)


def test_a_merge_changes_nothing(changes: list[Change]) -> None:
    empty = [change for change in changes if not change.patch]
    assert empty
    assert {change.method for change in empty} == {"merge"}


ADDRESS = re.compile(rb"[\w.+\[\]-]+@[\w-]+(?:\.[\w-]+)+")
EXAMPLE = re.compile(r"@(?:[\w-]+\.)*(?:[\w-]+\.(?:example|invalid|test)|example\.(?:com|org|net))$")


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("ada@acme.example", True),
        ("1+x[bot]@users.noreply.acme.example", True),
        ("ada@example.org", True),
        ("ada@acme.com", False),
        ("ada@acme.example.com", True),
        ("ada@notexample.com", False),
        ("ada@users.noreply.github.com", False),
    ],
)
def test_an_example_domain_is_known(address: str, allowed: bool) -> None:
    assert (EXAMPLE.search(address) is not None) is allowed


def test_people_have_addresses_at_example_domains_only(clones: dict[str, Clone]) -> None:
    addresses = {
        address
        for clone in clones.values()
        for commit in clone.commits("--all")
        for address in (commit.address, commit.committer_address)
    }
    assert len(addresses) > 40
    assert [address for address in sorted(addresses) if not EXAMPLE.search(address)] == []


def test_addresses_in_messages_are_at_example_domains_too(clones: dict[str, Clone]) -> None:
    messages = b"".join(clone.git("log", "--all", "--format=%B") for clone in clones.values())
    addresses = {found.decode() for found in ADDRESS.findall(messages)}
    assert [address for address in sorted(addresses) if not EXAMPLE.search(address)] == []


def test_the_real_world_queries_are_sixty_valid_rows() -> None:
    rows = read_real_world(ROOT / "demo/real_world.jsonl")
    assert len(rows) == 60
    assert len({row.id for row in rows}) == len({row.query for row in rows}) == 60
    assert {row.domain for row in rows} == {"vibe-coding", "research-workflow"}
    assert all(row.consent for row in rows)


def test_the_real_world_queries_name_nobody() -> None:
    text = (ROOT / "demo/real_world.jsonl").read_bytes()
    assert [found for found in ADDRESS.findall(text) if not EXAMPLE.search(found.decode())] == []
