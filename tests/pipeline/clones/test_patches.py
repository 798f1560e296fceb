"""A patch is git's own bytes in one form: it applies, it is whole, and nothing inside a file can break it."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.clones.git import GitError, open_clone
from pipeline.clones.patches import MOST_BROKEN, Change, changes
from pipeline.errors import UserError
from pipeline.patch import canonical
from tests.conftest import Repository

PLENTY = 1 << 24
HASH = "0123456789abcdef0123456789abcdef01234567"
Files = dict[str, str | bytes | None]


def read(repository: Repository, pairs: list[tuple[str, str]], most: int = PLENTY) -> dict[str, Change]:
    with open_clone(repository.path) as clone:
        return changes(clone, pairs, most)


def last(repository: Repository, most: int = PLENTY) -> Change:
    """The change of the newest commit."""
    merge, base = repository.git("rev-parse", "HEAD"), repository.git("rev-parse", "HEAD^")
    return read(repository, [(merge, base)], most)[merge]


def change(repository: Repository, before: Files, after: Files) -> Change:
    repository.commit("Before", before)
    repository.commit("After", after)
    return last(repository)


def git_bytes(repository: Repository, *arguments: str, stdin: bytes = b"", **environment: str) -> bytes:
    done = subprocess.run(
        ["git", *arguments],
        cwd=repository.path,
        input=stdin,
        capture_output=True,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **environment},
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def applied_tree(repository: Repository, patch: str, base: str) -> str:
    """The tree that `git apply` makes of the base."""
    index = {"GIT_INDEX_FILE": str(repository.path / ".git/scratch-index")}
    git_bytes(repository, "read-tree", base, **index)
    git_bytes(repository, "apply", "--cached", "--whitespace=nowarn", stdin=patch.encode(), **index)
    return git_bytes(repository, "write-tree", **index).decode().strip()


def assert_applies(repository: Repository) -> None:
    found = last(repository)
    assert found.patch is not None
    assert found.utf8
    assert applied_tree(repository, found.patch, "HEAD^") == repository.git("rev-parse", "HEAD^{tree}")


def plain_diff(repository: Repository) -> str:
    """What plain `git diff` prints, with index lines of seven digits."""
    printed = git_bytes(repository, "diff", "-M", "--no-color", "--abbrev=7", "HEAD^", "HEAD")
    return printed.decode("utf-8", "replace")


def loose_object(repository: Repository, revision: str) -> Path:
    oid = repository.git("rev-parse", revision)
    return repository.path / ".git/objects" / oid[:2] / oid[2:]


def counts(found: Change) -> list[tuple[str, str, int | None, int | None]]:
    return [(file["status"], file["path"], file["additions"], file["deletions"]) for file in found.files]


# The form


def test_the_patch_is_plain_git_diff_with_seven_digits(repository: Repository) -> None:
    found = change(repository, {"a.txt": "1\n2\n3\n4\n5\n6\n7\n8\n9\n"}, {"a.txt": "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"})
    assert found.patch == plain_diff(repository)
    assert re.search(r"^index [0-9a-f]{7}\.\.[0-9a-f]{7} 100644$", found.patch, re.MULTILINE)
    assert (found.patch_bytes, found.utf8, found.failure) == (len(found.patch.encode()), True, "")
    assert counts(found) == [("M", "a.txt", 1, 1)]


def test_the_form_of_one_patch_is_written_out_in_full(repository: Repository) -> None:
    found = change(repository, {"a.txt": "1\n2\n3\n4\n5\n"}, {"a.txt": "1\n2\n3\n4\nfive"})
    old, new = repository.git("rev-parse", "HEAD^:a.txt")[:7], repository.git("rev-parse", "HEAD:a.txt")[:7]
    assert found.patch == (
        f"diff --git a/a.txt b/a.txt\nindex {old}..{new} 100644\n--- a/a.txt\n+++ b/a.txt\n"
        "@@ -2,4 +2,4 @@\n 2\n 3\n 4\n-5\n+five\n\\ No newline at end of file\n"
    )


def test_every_path_has_its_status_and_its_lines(repository: Repository) -> None:
    found = change(
        repository,
        {"changed": "1\n2\n", "gone": "1\n2\n3\n", "still": "1\n"},
        {"changed": "1\nzwei\ndrei\n", "gone": None, "new/deep": "a\nb\n", "void": ""},
    )
    assert counts(found) == [
        ("M", "changed", 2, 1),
        ("D", "gone", 0, 3),
        ("A", "new/deep", 2, 0),
        ("A", "void", 0, 0),
    ]
    assert_applies(repository)


def test_an_empty_change_has_an_empty_patch(repository: Repository) -> None:
    assert change(repository, {}, {}) == Change([], "", 0, True)


def test_empty_changes_between_others_shift_nothing(repository: Repository) -> None:
    commits = [repository.commit(f"c{at}", {} if at % 3 else {"a": f"{at}\n"}) for at in range(1, 10)]
    pairs = [(commit, repository.git("rev-parse", f"{commit}^")) for commit in commits]
    found = read(repository, pairs)
    assert [bool(found[commit].patch) for commit in commits] == [at % 3 == 0 for at in range(1, 10)]
    assert [bool(found[commit].files) for commit in commits] == [at % 3 == 0 for at in range(1, 10)]
    assert list(found) == commits


def test_no_pairs_give_no_changes(repository: Repository) -> None:
    assert read(repository, []) == {}


def test_a_merge_is_read_against_the_base_that_is_named(repository: Repository) -> None:
    base = repository.git("rev-parse", "HEAD")
    repository.commit("One", {"a": "1\n"})
    repository.commit("Two", {"b": "1\n"})
    merge = repository.git("rev-parse", "HEAD")
    assert [path for _, path, _, _ in counts(read(repository, [(merge, base)])[merge])] == ["a", "b"]


# Renames, modes, types


def test_a_rename_counts_with_both_names(repository: Repository) -> None:
    text = "".join(f"line {at}\n" for at in range(20))
    found = change(repository, {"old.txt": text}, {"old.txt": None, "new.txt": text + "more\n"})
    assert found.files == [{"path": "new.txt", "old_path": "old.txt", "status": "R", "additions": 1, "deletions": 0}]
    assert "rename from old.txt\nrename to new.txt\n" in (found.patch or "")
    assert_applies(repository)


@pytest.mark.parametrize(("kept", "renamed"), [(50, True), (49, False)])
def test_half_of_a_file_must_stay_for_a_rename(repository: Repository, kept: int, renamed: bool) -> None:
    old = "".join(f"old line {at:05}\n" for at in range(100))
    new = "".join(f"old line {at:05}\n" if at < kept else f"new line {at:05}\n" for at in range(100))
    found = change(repository, {"old": old}, {"old": None, "new": new})
    assert ([file["status"] for file in found.files] == ["R"]) is renamed
    assert_applies(repository)


def test_a_pure_rename_beside_other_changes_keeps_the_counts_in_their_places(repository: Repository) -> None:
    found = change(
        repository,
        {"a": "1\n", "m": "same\n" * 9, "z": b"\0\1"},
        {"a": "2\n3\n", "m": None, "n": "same\n" * 9, "z": b"\0\2", "zz": "9\n"},
    )
    assert counts(found) == [("M", "a", 2, 1), ("R", "n", 0, 0), ("M", "z", None, None), ("A", "zz", 1, 0)]


def test_a_copy_is_a_new_file(repository: Repository) -> None:
    found = change(repository, {"a": "same\n" * 9}, {"a": "same\n" * 9 + "x\n", "b": "same\n" * 9})
    assert [status for status, *_ in counts(found)] == ["M", "A"]


def test_a_change_of_mode_only_is_a_patch_of_its_own(repository: Repository) -> None:
    repository.commit("Before", {"run.sh": "echo\n", "z": "1\n"})
    (repository.path / "run.sh").chmod(0o755)
    repository.commit("After", {"z": "2\n"})
    found = last(repository)
    assert (found.patch or "").startswith(
        "diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\ndiff --git a/z"
    )
    assert counts(found) == [("M", "run.sh", 0, 0), ("M", "z", 1, 1)]
    assert_applies(repository)


def test_a_symlink_is_its_target(repository: Repository) -> None:
    (repository.path / "link").symlink_to("README.md")
    repository.commit("Link", {})
    found = last(repository)
    assert "new file mode 120000" in (found.patch or "")
    assert counts(found) == [("A", "link", 1, 0)]
    assert_applies(repository)


def test_a_link_that_leads_out_of_the_repository_is_not_followed(repository: Repository) -> None:
    (repository.path / "link").symlink_to("/etc/passwd")
    repository.commit("Link", {})
    assert "+/etc/passwd\n\\ No newline at end of file\n" in (last(repository).patch or "")
    assert "root:" not in (last(repository).patch or "")


def test_a_file_that_becomes_a_link_changes_its_type(repository: Repository) -> None:
    repository.commit("Before", {"a": "1\n2\n", "b": "1\n"})
    (repository.path / "a").unlink()
    (repository.path / "a").symlink_to("b")
    repository.commit("After", {"b": "2\n"})
    found = last(repository)
    assert [(status, path) for status, path, _, _ in counts(found)] == [("T", "a"), ("M", "b")]
    assert counts(found)[1] == ("M", "b", 1, 1)
    assert_applies(repository)


def test_a_submodule_is_its_commit(repository: Repository) -> None:
    for oid in ("1" * 40, "2" * 40):
        repository.git("update-index", "--add", "--cacheinfo", f"160000,{oid},sub")
        repository.git("commit", "--quiet", "--message", "Sub")
    found = last(repository)
    assert f"-Subproject commit {'1' * 40}\n+Subproject commit {'2' * 40}\n" in (found.patch or "")
    assert counts(found) == [("M", "sub", 1, 1)]
    assert_applies(repository)


def test_a_submodule_that_its_gitmodules_ignores_is_shown_all_the_same(repository: Repository) -> None:
    repository.commit("Ignore", {".gitmodules": '[submodule "sub"]\n\tpath = sub\n\turl = x\n\tignore = all\n'})
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    repository.git("commit", "--quiet", "--message", "Sub")
    assert "+Subproject commit" in (last(repository).patch or "")


def test_a_binary_file_has_no_lines_to_count(repository: Repository) -> None:
    found = change(repository, {"b.bin": b"\0\1\2"}, {"b.bin": b"\0\1\3", "c.bin": b"\0" * 9, "t": "1\n"})
    assert counts(found) == [("M", "b.bin", None, None), ("A", "c.bin", None, None), ("A", "t", 1, 0)]
    assert "Binary files a/b.bin and b/b.bin differ\n" in (found.patch or "")
    assert found.patch == plain_diff(repository)


# Odd paths

ODD_PATHS = [
    "with space",
    "tab\there",
    "new\nline",
    'quote"d',
    "back\\slash",
    "ümlaut/日本",
    "a b/c d",
    " lead",
    "trail ",
    ":colon",
    ":100644 100644 x",
    "1\t2\tnumstat",
    "-dash",
    HASH,
    f"x\n{HASH}\n",
    "\x01\x1f\x7f",
    "index 1234567..1234567",
    "a -> b",
    "{old => new}",
    "%s\r",
    "diff --git a/x b/x",
    "'single'",
]


@pytest.mark.parametrize("path", ODD_PATHS)
def test_a_path_of_any_characters_is_read_back(repository: Repository, path: str) -> None:
    found = change(repository, {"other": "1\n", path: "1\n2\n"}, {"other": "2\n", path: "1\n3\n4\n", "zz": "1\n"})
    assert set(counts(found)) == {("M", "other", 1, 1), ("M", path, 2, 1), ("A", "zz", 1, 0)}
    assert_applies(repository)


@pytest.mark.parametrize("path", ODD_PATHS)
def test_a_rename_to_a_path_of_any_characters_is_read_back(repository: Repository, path: str) -> None:
    text = "".join(f"{at}\n" for at in range(9))
    found = change(repository, {"m-old": text}, {"m-old": None, path: text + "x\n", "zz": "1\n"})
    renamed = {"path": path, "old_path": "m-old", "status": "R", "additions": 1, "deletions": 0}
    assert renamed in found.files
    assert ("A", "zz", 1, 0) in counts(found)
    assert_applies(repository)


def test_a_path_outside_ascii_is_quoted_in_the_patch_and_plain_in_the_list(repository: Repository) -> None:
    found = change(repository, {}, {"ü.txt": "1\n"})
    assert '"b/\\303\\274.txt"' in (found.patch or "")
    assert counts(found) == [("A", "ü.txt", 1, 0)]


def test_a_path_that_is_not_utf8_is_replaced_in_the_list_and_whole_in_the_patch(repository: Repository) -> None:
    (repository.path / os.fsdecode(b"caf\xe9")).write_text("1\n")
    repository.commit("Bytes", {})
    found = last(repository)
    assert counts(found) == [("A", "caf\ufffd", 1, 0)]
    assert '"b/caf\\351"' in (found.patch or "")
    assert found.utf8
    assert_applies(repository)


# Odd contents


@pytest.mark.parametrize(
    "content",
    [
        f"{HASH}\n",
        f"{HASH}\n{HASH}\n",
        f"text\n{HASH}",
        "index 0123456789ab..0123456789ab 100644\n",
        f"index {HASH}..{HASH}\n",
        f"diff --git a/x b/x\nindex {HASH}..{HASH} 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
        "@@ -1,3 +1,3 @@ x\n",
        "-- \n++ \n",
        "\\ No newline at end of file\n",
        "a\r\nb\r\n",
        "a\rb\rc\n",
        "mixed\r\nends\nhere\r",
        "no newline at the end",
        "\n\n\n",
        "\n",
        "\ufeffmarked\n",
        "\u2028\u2029\x85\x0b\x0c\x1c\n",
        "tab\t trailing \t\n",
        "GIT binary patch\nliteral 3\n",
        "x" * 300_000 + "\n",
    ],
)
def test_no_content_breaks_the_patch(repository: Repository, content: str) -> None:
    found = change(
        repository, {"a": "start\nmiddle\n", "b": content}, {"a": "start\n" + content, "b": "other\n", "c": content}
    )
    assert found.patch == plain_diff(repository)
    assert_applies(repository)


def test_hashes_as_lines_do_not_split_a_stream_of_many_patches(repository: Repository) -> None:
    lines = [f"{HASH[at:] + HASH[:at]}\n" for at in range(40)]
    commits = [repository.commit(f"c{at}", {"a": "".join(lines[: at + 1]), "b": lines[at]}) for at in range(12)]
    pairs = [(commit, repository.git("rev-parse", f"{commit}^")) for commit in commits]
    found = read(repository, pairs)
    assert list(found) == commits
    for commit, base in pairs:
        assert found[commit].patch == read(repository, [(commit, base)])[commit].patch
        assert applied_tree(repository, found[commit].patch or "", base) == repository.git(
            "rev-parse", f"{commit}^{{tree}}"
        )


def test_hashes_as_lines_across_the_reading_blocks_do_not_split_a_patch(repository: Repository) -> None:
    """The stream is read in blocks of a megabyte; the hash's lines stand at every place of one."""
    found = change(repository, {"a": ""}, {"a": f"{HASH}\n" * 80_000})
    assert found.patch_bytes > 3 << 20
    assert_applies(repository)


def test_index_lines_are_cut_and_content_that_looks_like_one_is_not(repository: Repository) -> None:
    look = f"index {HASH}..{HASH} 100644"
    found = change(repository, {"a": f"{look}\nold\n"}, {"a": f"{look}\nnew\n", "b": f"{look}\n"})
    assert f"\n {look}\n" in (found.patch or "")
    assert f"\n+{look}\n" in (found.patch or "")
    headers = re.findall(r"^index .*$", found.patch or "", re.MULTILINE)
    assert len(headers) == 2
    assert all(re.fullmatch(r"index [0-9a-f]{7}\.\.[0-9a-f]{7}( 100644)?", line) for line in headers)


def test_bytes_that_are_not_utf8_are_replaced_and_flagged(repository: Repository) -> None:
    found = change(repository, {}, {"a": b"caf\xe9\n"})
    assert "+caf\ufffd\n" in (found.patch or "")
    assert not found.utf8
    assert found.patch_bytes == len((found.patch or "").encode())


@pytest.mark.parametrize("start", ["def ", "class "])
@pytest.mark.parametrize("letter", ["é", "日", "🚪"])
def test_a_long_line_of_utf8_above_a_hunk_is_still_utf8(repository: Repository, start: str, letter: str) -> None:
    """Git shows the first 80 bytes of a line above the hunk behind its @@, and may cut a character in two."""
    before = start + letter * 60 + "\n" + "".join(f"    {at}\n" for at in range(20))
    found = change(repository, {"a.py": before}, {"a.py": before.replace("    15\n", "    fifteen\n")})
    assert found.utf8, "every file is UTF-8, so nothing had to be replaced"
    assert "\ufffd" not in (found.patch or "")


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["a", "b b", "ü", "d/e", 'q"\n']),
            st.one_of(
                st.none(),
                st.lists(
                    st.sampled_from(["x\n", "y\n", "z\r\n", f"{HASH}\n", "index 1..2\n", "é", "\n"]), max_size=8
                ).map("".join),
            ),
            max_size=4,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_history_of_texts_applies_again_and_its_files_are_what_the_trees_say(
    tmp_path_factory: pytest.TempPathFactory, history: list[dict[str, str | None]]
) -> None:
    repository = Repository(tmp_path_factory.mktemp("random") / "r")
    trees: list[dict[str, str]] = [{}]
    pairs = []
    for files in history:
        before = trees[-1]
        usable = {name: text for name, text in files.items() if text is not None or name in before}
        base = repository.git("rev-parse", "HEAD")
        pairs.append((repository.commit("Next", dict(usable)), base))
        trees.append({name: text for name, text in {**before, **usable}.items() if text is not None})
    found = read(repository, pairs)
    for (merge, base), before, after in zip(pairs, trees[:-1], trees[1:], strict=True):
        change = found[merge]
        if change.patch:
            assert applied_tree(repository, change.patch, base) == repository.git("rev-parse", f"{merge}^{{tree}}")
        touched = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        assert {file[key] for file in change.files for key in ("path", "old_path")} == touched
        added = sum(file["additions"] for file in change.files)
        removed = sum(file["deletions"] for file in change.files)
        body = [line for line in (change.patch or "").split("\n") if not line.startswith(("+++ ", "--- "))]
        assert (added, removed) == (
            sum(line.startswith("+") for line in body),
            sum(line.startswith("-") for line in body),
        )


# The bound


def test_a_patch_of_exactly_the_bound_is_stored(repository: Repository) -> None:
    whole = change(repository, {"a": "1\n"}, {"a": "2\n" * 50})
    assert last(repository, whole.patch_bytes) == whole


def test_a_patch_one_byte_over_the_bound_is_not_stored_and_its_size_is_told(repository: Repository) -> None:
    whole = change(repository, {"a": "1\n"}, {"a": "2\n" * 50})
    cut = last(repository, whole.patch_bytes - 1)
    assert cut == Change(whole.files, None, whole.patch_bytes, True)


def test_no_stored_patch_is_over_the_bound(repository: Repository) -> None:
    """A byte that is not UTF-8 becomes three."""
    whole = change(repository, {}, {"a": b"\xe9" * 1000 + b"\n"})
    found = last(repository, whole.patch_bytes - 1)
    assert len((found.patch or "").encode()) < whole.patch_bytes


def test_the_size_of_a_patch_does_not_depend_on_the_bound(repository: Repository) -> None:
    whole = change(repository, {"a": "1\n"}, {"a": "2\n" * 50_000})
    assert {last(repository, most).patch_bytes for most in (1, 1000, PLENTY)} == {whole.patch_bytes}


def test_a_patch_over_the_bound_leaves_its_neighbours_whole(repository: Repository) -> None:
    small = repository.commit("Small", {"a": "1\n"})
    large = repository.commit("Large", {"b": "2\n" * 2_000_000})
    after = repository.commit("After", {"c": "3\n"})
    found = read(repository, [(oid, repository.git("rev-parse", f"{oid}^")) for oid in (small, large, after)], 2000)
    assert found[large].patch is None
    assert found[large].patch_bytes > 6_000_000
    assert found[large].failure == ""
    assert "+1\n" in (found[small].patch or "")
    assert "+3\n" in (found[after].patch or "")


# Missing objects


def history(repository: Repository, count: int) -> list[tuple[str, str]]:
    commits = [repository.commit(f"c{at}", {f"d{at}/file": f"content {at}\n"}) for at in range(count)]
    return [(commit, repository.git("rev-parse", f"{commit}^")) for commit in commits]


@pytest.mark.parametrize("broken", [{0}, {1}, {2}, {3}, {6}, {0, 1}, {2, 3}, {2, 4}, {5, 6}, {0, 1, 2, 3, 4, 5, 6}])
@pytest.mark.parametrize("what", ["d{}/file", "d{}"])
def test_a_missing_object_fails_its_own_pull_request_and_no_other(
    repository: Repository, broken: set[int], what: str
) -> None:
    pairs = history(repository, 7)
    wanted = read(repository, pairs)
    for at in broken:
        loose_object(repository, f"{pairs[at][0]}:{what.format(at)}").unlink()
    found = read(repository, pairs)
    assert list(found) == [merge for merge, _ in pairs]
    assert {at for at, (merge, _) in enumerate(pairs) if found[merge].failure} == broken
    for at, (merge, _) in enumerate(pairs):
        if at in broken:
            assert found[merge].patch is None
            assert found[merge].files == []
            assert found[merge].failure.startswith("git ") and str(repository.path) not in found[merge].failure
        else:
            assert found[merge] == wanted[merge]


@pytest.mark.parametrize("damage", [b"", b"garbage", b"\x78\x01\x00"])
def test_a_damaged_object_fails_its_own_pull_request_and_no_other(repository: Repository, damage: bytes) -> None:
    pairs = history(repository, 5)
    wanted = read(repository, pairs)
    path = loose_object(repository, f"{pairs[2][0]}:d2/file")
    path.chmod(0o644)
    path.write_bytes(damage)
    found = read(repository, pairs)
    assert [bool(found[merge].failure) for merge, _ in pairs] == [False, False, True, False, False]
    assert all(found[merge] == wanted[merge] for at, (merge, _) in enumerate(pairs) if at != 2)


def test_a_missing_object_among_empty_changes_fails_its_own_and_no_other(repository: Repository) -> None:
    commits = [repository.commit(f"c{at}", {} if at in (1, 2, 3, 6, 7) else {f"f{at}": f"{at}\n"}) for at in range(10)]
    pairs = [(commit, repository.git("rev-parse", f"{commit}^")) for commit in commits]
    wanted = read(repository, pairs)
    loose_object(repository, f"{commits[4]}:f4").unlink()
    loose_object(repository, f"{commits[8]}:f8").unlink()
    found = read(repository, pairs)
    assert [at for at, commit in enumerate(commits) if found[commit].failure] == [4, 8]
    assert all(found[commit] == wanted[commit] for at, commit in enumerate(commits) if at not in (4, 8))


def test_large_patches_around_a_missing_object_are_whole(repository: Repository) -> None:
    """Large, so that git has printed part of a patch before it dies."""
    repository.commit("Begin", dict.fromkeys(("a", "b", "z"), "x\n" * 60_000))
    commits = [
        repository.commit(f"c{at}", {name: f"{at}{name}\n" * 60_000 for name in ("a", "b", "z")}) for at in range(3)
    ]
    pairs = [(commit, repository.git("rev-parse", f"{commit}^")) for commit in commits]
    wanted = read(repository, pairs)
    loose_object(repository, f"{commits[2]}:z").unlink()
    found = read(repository, pairs)
    assert [bool(found[commit].failure) for commit in commits] == [False, False, True]
    assert all(found[commit] == wanted[commit] for commit in commits[:2])


def test_a_missing_commit_fails_its_own_pull_request_and_no_other(repository: Repository) -> None:
    pairs = history(repository, 4)
    loose_object(repository, pairs[1][0]).unlink()
    found = read(repository, pairs)
    assert [bool(found[merge].failure) for merge, _ in pairs] == [False, True, True, False]


def broken_history(repository: Repository, count: int) -> list[tuple[str, str]]:
    """Many commits, made by git fast-import, with all their files missing."""
    head = repository.git("rev-parse", "HEAD")
    stream = b""
    for at in range(count):
        text = f"content {at}\n".encode()
        stream += b"commit refs/heads/main\ncommitter A <a@b> %d +0000\ndata 1\nx\n" % (1_700_001_000 + at)
        stream += (f"from {head}\n".encode() if at == 0 else b"") + b"M 100644 inline f%d\ndata %d\n%s\n" % (
            at,
            len(text),
            text,
        )
    git_bytes(repository, "-c", "fastimport.unpackLimit=100000", "fast-import", "--quiet", stdin=stream)
    commits = repository.git("rev-list", "--reverse", f"{head}..main").split()
    for at in range(count):
        loose_object(repository, f"{commits[at]}:f{at}").unlink()
    return list(zip(commits, [head, *commits], strict=False))


def test_as_many_broken_ones_as_allowed_are_failures(repository: Repository) -> None:
    pairs = broken_history(repository, MOST_BROKEN)
    assert all(change.failure for change in read(repository, pairs).values())


def test_more_broken_ones_than_that_are_one_error_of_the_user(repository: Repository) -> None:
    pairs = broken_history(repository, MOST_BROKEN + 1)
    with pytest.raises(UserError, match=r"is corrupt or incomplete.*fsck.*clone it again") as caught:
        read(repository, pairs)
    assert "\n" not in str(caught.value)


def git_that_dies(folder: Path, keep: int) -> str:
    """A PATH whose git breaks off every diff-tree after `keep` bytes of its answer, as one killed for its memory does."""
    folder.mkdir()
    (folder / "git").write_text(
        f'#!/bin/sh\nPATH="{os.environ["PATH"]}"\n'
        f'[ "$1" = diff-tree ] || exec git "$@"\ngit "$@" | head -c {keep}\necho "fatal: killed" >&2\nexit 137\n'
    )
    (folder / "git").chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


@pytest.mark.parametrize("keep", [0, 20, 41, 42, 80, 125, 141, 142, 145, 148, 152])
def test_a_git_that_dies_in_the_middle_of_a_word_is_a_failure_with_its_reason(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: int
) -> None:
    text = "".join(f"{at}\n" for at in range(9))
    repository.commit("Before", {"old": text})
    repository.commit("After", {"old": None, "new": text + "x\n", "other": "1\n"})
    monkeypatch.setenv("PATH", git_that_dies(tmp_path / "bin", keep))
    found = last(repository)
    assert "fatal: killed" in found.failure
    assert found.patch is None


def test_the_reading_generators_raise_no_error_but_gits(repository: Repository) -> None:
    with open_clone(repository.path) as clone, pytest.raises(GitError):  # noqa: SIM117
        with clone.stream(["diff-tree", "--stdin", "--no-such-option"], b"") as output:
            output.read()


# canonical() alone


def test_canonical_cuts_only_the_index_lines() -> None:
    raw = f"diff --git a/x b/x\nindex {HASH}..{HASH[::-1]} 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-{HASH}\n+index {HASH}..{HASH}\n"
    wanted = raw.replace(f"\nindex {HASH}..{HASH[::-1]}", f"\nindex {HASH[:7]}..{HASH[::-1][:7]}")
    assert canonical(raw.encode()) == (wanted, True)


def test_canonical_is_the_same_for_any_abbreviation_and_the_second_time() -> None:
    forms = {canonical(f"index {HASH[:length]}..{HASH[:length]} 100644\n".encode())[0] for length in range(7, 41)}
    assert forms == {"index 0123456..0123456 100644\n"}
    assert canonical(b"index 0123456..0123456 100644\n") == ("index 0123456..0123456 100644\n", True)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.binary(max_size=200))
def test_canonical_says_exactly_whether_the_bytes_were_utf8(body: bytes) -> None:
    raw = b"+" + body.replace(b"\n", b"\n+")
    text, utf8 = canonical(raw)
    assert (text.encode() == raw) is utf8
