"""What GitHub's facts decide before a patch is there is never undone by the patch: whatever they drop, the whole filter drops."""

import os
import random
import subprocess
import warnings
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.clones.git import open_clone
from pipeline.clones.patches import Change, changes
from pipeline.filtering import judge
from pipeline.filters import FACTS, by_facts
from pipeline.sections import Filter
from pipeline.tables import PULLS
from pipeline.tokens import count
from tests.pipeline.pulls import chosen as filter_with
from tests.pipeline.pulls import pull as full_pull

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # bpe_openai opens its own files in an old way
    import bpe_openai

OTHER = bpe_openai.get_encoding("o200k_base")

# Parts of a changed line, among them all that o200k's splitting pattern treats in its own way.
PIECES = ["", " ", "\t", "\r", "/", "//", "+", "-", "++", "--", "\\", "a", "A", "7", "'s", "é", "漢", "🙂", "\u2028", "\x85", "\xa0",
          "\x0b", "\x0c", "\x1c", "\u200d", "e\u0301", "\ufeff", "\x00", "<|endoftext|>", "@@", "diff --git a/x b/x", "    "]  # fmt: skip
LINE = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\n"), max_size=12),
)
LINES = st.lists(st.tuples(st.sampled_from("+-"), LINE), min_size=1, max_size=40)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(LINES, st.booleans())
def test_a_diff_has_at_least_as_many_tokens_as_changed_lines(lines: list[tuple[str, str]], ended: bool) -> None:
    diff = "\n".join(sign + line for sign, line in lines) + "\n" * ended
    assert count(diff) >= len(lines)
    assert len(OTHER.encode_ordinary(diff)) >= len(lines)


@pytest.mark.parametrize("line", ["", " ", "\r", "/", "+", "\u2028", "//\r", "-\r"], ids=ascii)
@pytest.mark.parametrize("signs", ["+", "-", "-+", "+-"])
def test_not_even_the_shortest_lines_share_a_token(line: str, signs: str) -> None:
    diff = "".join(f"{signs[at % len(signs)]}{line}\n" for at in range(2_000))
    assert count(diff) >= 2_000
    assert len(OTHER.encode_ordinary(diff)) >= 2_000


# --- real patches: pairs of trees, what git makes of them, and what GitHub's list would say of the same change

TEXT_NAMES = ["src/a.py", "web/b.css", "readme", "README.md", "docs/Guide.MDX", "notes.Rmd", "go.sum", "x/package-lock.json", "uv.lock",
              "docs/a.md.txt", "lock files/uv.lock", ".md", "é.md"]  # fmt: skip
BINARY_NAMES = ["logo.png", "bun.lockb", "docs/figure.md"]
Tree = dict[str, tuple[str, bytes]]
CASES = 260


def _lines(choice: random.Random, most: int) -> bytes:
    kinds = [
        b"",
        b" ",
        b"/",
        b"x",
        b"+",
        b"-",
        b"\r",
        b"some words of a line",
        "é漢".encode(),
        b"\xff" if most > 20 else b"y",
    ]
    return b"".join(choice.choice(kinds) + b"\n" for _ in range(choice.randrange(most)))


def _pair(choice: random.Random) -> tuple[Tree, Tree]:
    """A tree and a changed one: of few kinds of names, so that changes of nothing but Markdown or lock files are there too."""
    pool = choice.choice(
        [TEXT_NAMES, TEXT_NAMES[3:6], TEXT_NAMES[6:9], BINARY_NAMES, [*TEXT_NAMES[3:9], *BINARY_NAMES], ["src/a.py"]]
    )
    most = choice.choice([3, 12, 12, 400])
    before: Tree = {}
    for name in choice.sample(pool, choice.randrange(1, len(pool) + 1)):
        content = b"\0" + choice.randbytes(60) if name in BINARY_NAMES else _lines(choice, most)
        before[name] = ("100644", content)
    after = dict(before)
    for name in list(before):
        action = choice.choice(["edit", "edit", "move", "remove", "mode", "nothing"])
        mode, content = after.pop(name)
        if action == "edit":
            after[name] = (mode, content + (b"\0" if name in BINARY_NAMES else _lines(choice, most)))
        elif action == "move":
            target = choice.choice(TEXT_NAMES[:9])
            after[name if target in after or target in before else target] = (mode, content)
        elif action == "mode":
            after[name] = ("100755", content)
        elif action == "nothing":
            after[name] = (mode, content)
    return before, after


def _commits(at: int, pair: tuple[Tree, Tree]) -> bytes:
    said = b""
    for name, tree in zip((b"before", b"after"), pair, strict=True):
        said += b"commit refs/heads/%s-%d\ncommitter A <a@b> 1700000000 +0000\ndata 0\n" % (name, at)
        for path, (mode, content) in tree.items():
            quoted = b"".join(b"\\%03o" % byte for byte in path.encode())
            said += b'M %s inline "%s"\ndata %d\n%s\n' % (mode.encode(), quoted, len(content), content)
    return said


@pytest.fixture(scope="module")
def real_changes(tmp_path_factory: pytest.TempPathFactory) -> list[Change]:
    folder = tmp_path_factory.mktemp("by-facts") / "r.git"
    isolated = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

    def git(*arguments: str, given: bytes = b"") -> bytes:
        done = subprocess.run(["git", *arguments], input=given, capture_output=True, check=True, env=isolated)
        return done.stdout

    git("init", "--quiet", "--bare", str(folder))
    choice = random.Random(11)  # noqa: S311
    stream = b"".join(_commits(at, _pair(choice)) for at in range(CASES))
    git("-C", str(folder), "fast-import", "--quiet", given=stream)
    refs = git("-C", str(folder), "for-each-ref", "--format=%(refname:short) %(objectname)").decode().split()
    oids = dict(zip(refs[::2], refs[1::2], strict=True))
    pairs = [(oids[f"after-{at}"], oids[f"before-{at}"]) for at in range(CASES)]
    with open_clone(folder) as clone:
        found = changes(clone, pairs, 262_144)
    return [found[merge] for merge, _ in pairs]


def row(change: Change, bot: bool) -> dict[str, Any]:
    """The row of PULLS with the patch."""
    return full_pull(
        7,
        title="Change it",
        body="",
        author="renovate[bot]" if bot else "ada",
        author_is_bot=bot,
        files=change.files,
        patch=change.patch,
        patch_bytes=change.patch_bytes,
        patch_utf8=change.utf8,
    )


def facts(change: Change, bot: bool, listed: bool = True) -> dict[str, Any]:
    """The same as GitHub tells it: new paths alone, 0 and 0 for a binary file, no patch; not `listed`: no files at all."""
    files = [
        file
        | {"old_path": file["path"], "additions": file["additions"] or 0, "deletions": file["deletions"] or 0}
        for file in change.files
    ]  # fmt: skip
    nothing = {"patch": None, "patch_bytes": 0, "patch_utf8": True, "patch_source": ""}
    return row(change, bot) | {"files": files if listed else None} | nothing


def judged(pull: dict[str, Any], chosen: Filter) -> dict[str, Any]:
    (verdict,) = judge(PULLS.frame([pull]), chosen).verdicts.to_dicts()
    return verdict


FILTERS = st.builds(
    Filter,
    max_tokens=st.sampled_from([1, 2, 5, 20, 100, 1_200]),
    count_up_to=st.just(7_500),
    markdown=st.sampled_from(["only", "any", "off"]),
    markdown_suffixes=st.sampled_from([[".md", ".mdx", ".RMD"], [".md"], []]),
    binary=st.sampled_from(["any", "only", "off"]),
    max_files=st.sampled_from([0, 1, 2, 5]),
    bots=st.sampled_from(["keep", "drop"]),
    licences=st.just([]),
    **{
        name: st.sampled_from(["keep", "drop"])
        for name in (
            *("empty_titles", "empty_bodies", "reverts", "backports", "branch_merges", "version_bumps", "unwritten"),
            *("whitespace", "comments", "non_english"),
        )
    },
)
TITLES = st.sampled_from(
    ["Change it", 'Revert "Change it"', "Bump x from 1.2 to 1.3", "[Backport 2.x] It", "Merge branch 'a' into b", ""]
)


def reason_of(facts: dict[str, Any], chosen: Filter, most_lines: int) -> str | None:
    frame = pl.DataFrame({name: [facts[name]] for name in FACTS}, {name: PULLS.schema[name] for name in FACTS})
    return by_facts(frame, chosen, most_lines).get(facts["number"])


@settings(max_examples=600, derandomize=True, deadline=None)
@given(st.integers(0, CASES - 1), FILTERS, st.integers(0, 30), st.booleans(), st.booleans(), TITLES)
def test_whatever_the_facts_drop_the_whole_filter_drops(
    real_changes: list[Change], at: int, chosen: Filter, more: int, bot: bool, listed: bool, title: str
) -> None:
    told = facts(real_changes[at], bot, listed) | {"title": title}
    reason = reason_of(told, chosen, chosen.max_tokens + more)
    assume(reason is not None)
    verdict = judged(row(real_changes[at], bot) | {"title": title}, chosen)
    assert verdict["fate"] == "dropped", (reason, real_changes[at].files)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.integers(0, CASES - 1), FILTERS, st.integers(0, 30), st.booleans(), st.booleans(), TITLES)
def test_what_was_skipped_while_collecting_is_dropped_by_the_filter(
    real_changes: list[Change], at: int, chosen: Filter, more: int, bot: bool, listed: bool, title: str
) -> None:
    told = facts(real_changes[at], bot, listed) | {"title": title}
    reason = reason_of(told, chosen, chosen.max_tokens + more)
    assume(reason is not None)
    verdict = judged(told | {"skipped": reason}, chosen)
    assert verdict["fate"] == "dropped"
    # While collecting, more lines may be allowed than now.
    assert verdict["reason"] in (reason, "patch_too_large")


def test_every_rule_of_the_facts_is_met_by_some_real_change(real_changes: list[Change]) -> None:
    chosen = filter_with(max_tokens=300, count_up_to=7_500, markdown_suffixes=[".md", ".mdx", ".rmd"],
                         binary="off", max_files=6, bots="drop", unwritten="drop")  # fmt: skip
    touching = chosen.model_copy(update={"markdown": "any"})
    reasons = {
        reason_of(facts(change, bot), one, 300)
        for change in real_changes
        for one in (chosen, touching)
        for bot in (False, True)
    }
    assert reasons == {
        None, "bot", "empty", "markdown_only", "markdown_touched", "unwritten_only", "too_many_files", "patch_too_large"
    }  # fmt: skip


ONLY = filter_with(max_tokens=50, markdown_suffixes=[".md"], unwritten="drop")


def change_of(*files: tuple[str, str, str, int]) -> Change:
    found = [
        {"path": path, "old_path": old, "status": status, "additions": lines, "deletions": 0}
        for path, old, status, lines in files
    ]
    return Change(found, "", 0, True)


@pytest.mark.parametrize("status", ["R", "C"])
def test_a_file_that_was_renamed_to_markdown_or_a_lock_file_is_not_decided_without_its_old_name(status: str) -> None:
    assert reason_of(facts(change_of(("a.md", "a.txt", status, 3)), False), ONLY, 50) is None
    assert reason_of(facts(change_of(("uv.lock", "a.txt", status, 3)), False), ONLY, 50) is None


def test_a_file_that_was_renamed_to_markdown_is_touched_markdown() -> None:
    touching = ONLY.model_copy(update={"markdown": "any"})
    assert reason_of(facts(change_of(("a.md", "a.txt", "R", 3)), False), touching, 50) == "markdown_touched"


@pytest.mark.parametrize(("lines", "reason"), [(49, None), (50, "patch_too_large"), (51, "patch_too_large")])
def test_so_many_lines_as_allowed_tokens_are_too_many(lines: int, reason: str | None) -> None:
    assert reason_of(facts(change_of(("a.py", "a.py", "M", lines)), False), ONLY, 50) == reason


def test_a_change_whose_files_github_did_not_list_is_not_decided_by_their_names() -> None:
    assert reason_of(facts(change_of(("a.md", "a.md", "M", 3)), False, listed=False), ONLY, 50) is None


def test_a_bot_stays_if_bots_stay() -> None:
    assert reason_of(facts(change_of(("a.py", "a.py", "M", 3)), True), ONLY, 50) is None


def test_what_the_facts_no_longer_drop_is_a_failure_and_not_kept_without_a_patch() -> None:
    told = facts(change_of(("a.py", "a.py", "M", 3)), False) | {"skipped": "patch_too_large"}
    verdict = judged(told, ONLY)
    assert (verdict["fate"], verdict["reason"]) == ("failed", "patch_not_collected")
