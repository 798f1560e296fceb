"""The merged pull requests of a history: each way of merging is found, and what was not merged is not."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.clones.git import open_clone
from pipeline.clones.history import MergedPull, merged_pulls
from pipeline.errors import UserError
from tests.conftest import Repository, count_processes


def listed(repository: Repository, most: int = 1000) -> list[MergedPull]:
    with open_clone(repository.path) as clone:
        return merged_pulls(clone, repository.git("rev-parse", "main"), most)


def numbers(repository: Repository, most: int = 1000) -> list[int]:
    return [pull.number for pull in listed(repository, most)]


def only(repository: Repository) -> MergedPull:
    (pull,) = listed(repository)
    return pull


def on_branch(repository: Repository, *messages: str, name: str = "work") -> list[str]:
    """A new branch from here with one commit per message; back on main. The hashes, oldest first."""
    repository.git("switch", "--quiet", "--create", name)
    made = [repository.commit(message, {f"{name}-{at}.txt": f"{message}\n"}) for at, message in enumerate(messages)]
    repository.git("switch", "--quiet", "main")
    repository.git("branch", "--quiet", "-D", name)
    return made


def merge(repository: Repository, head: str, message: str) -> str:
    repository.clock += 60
    repository.git("merge", "--quiet", "--no-ff", "--message", message, head)
    return repository.git("rev-parse", "HEAD")


def rebase(repository: Repository, commits: list[str]) -> list[str]:
    """The commits again on main, as GitHub's rebase does it. The new hashes, oldest first."""
    made = []
    for commit in commits:
        repository.clock += 60
        repository.git("cherry-pick", "--allow-empty", commit)
        made.append(repository.git("rev-parse", "HEAD"))
    return made


def raw_commit(
    repository: Repository, message: bytes, header: bytes = b"", person: bytes = b"A U <a@b> 1700000000 +0000"
) -> str:
    """A commit on main made of exact bytes, however odd."""
    tree, parent = repository.git("rev-parse", "HEAD^{tree}"), repository.git("rev-parse", "HEAD")
    data = (
        f"tree {tree}\nparent {parent}\n".encode()
        + b"author %s\ncommitter %s\n%s\n" % (person, person, header)
        + message
    )
    done = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
        cwd=repository.path,
        input=data,
        capture_output=True,
        check=True,
    )
    oid = done.stdout.decode().strip()
    repository.git("reset", "--quiet", "--hard", oid)
    return oid


def loose_object(repository: Repository, oid: str) -> Path:
    return repository.path / ".git/objects" / oid[:2] / oid[2:]


# Merge


def test_a_merge_commit_is_a_pull_request_with_its_title_from_the_body(repository: Repository) -> None:
    base = repository.git("rev-parse", "HEAD")
    (head,) = on_branch(repository, "Work")
    commit = merge(repository, head, "Merge pull request #12 from ada/work\n\nAdd a door\n\nIt opens.\n\nIt shuts.")
    assert only(repository) == MergedPull(
        number=12,
        title="Add a door",
        body="It opens.\n\nIt shuts.",
        author="Ada Example",
        merged_at=datetime.fromtimestamp(repository.clock + 5, UTC),
        method="merge",
        base=base,
        merge=commit,
        head=head,
    )


def test_the_base_of_a_merge_is_the_main_branch_before_it_not_where_the_branch_began(repository: Repository) -> None:
    (head,) = on_branch(repository, "Work")
    base = repository.commit("Meanwhile", {"other": "1"})
    merge(repository, head, "Merge pull request #12 from ada/work\n\nAdd a door")
    assert only(repository).base == base


def test_a_merge_without_a_body_is_titled_by_its_subject(repository: Repository) -> None:
    merge(repository, on_branch(repository, "Work")[0], "Merge pull request #12 from ada/work")
    assert only(repository).title == "Merge pull request #12 from ada/work"


def test_a_merge_subject_on_a_commit_with_one_parent_is_a_squash(repository: Repository) -> None:
    base = repository.git("rev-parse", "HEAD")
    merge = repository.commit("Merge pull request #12 from ada/doors\n\nAdd doors\n\nThey open.", {"a.txt": "a\n"})
    with open_clone(repository.path) as clone:
        (pull,) = merged_pulls(clone, merge, 10)
    assert (pull.number, pull.method, pull.title, pull.body) == (12, "squash", "Add doors", "They open.")
    assert (pull.base, pull.merge) == (base, merge)


def test_the_known_head_decides_between_two_merges_of_one_number(repository: Repository) -> None:
    # The history of another repository was taken in, with its own "#5" on the first-parent way.
    for name in ("foreign", "own"):
        repository.git("checkout", "--quiet", "-b", name, "main")
        head = repository.commit(f"{name} work", {f"{name}.txt": "x\n"})
        repository.git("checkout", "--quiet", "main")
        repository.git("merge", "--quiet", "--no-ff", "-m", f"Merge pull request #5 from ada/{name}\n\n{name}", name)
        if name == "own":
            repository.pull_ref(5, head)
    with open_clone(repository.path) as clone:
        (pull,) = merged_pulls(clone, repository.git("rev-parse", "main"), 10)
    assert pull.title == "own"


def test_a_merge_of_another_head_does_not_beat_the_squash_of_the_known_one(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "foreign")
    repository.commit("Foreign work", {"foreign.txt": "x\n"})
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "-m", "Merge pull request #5 from ada/foreign\n\nForeign", "foreign")
    repository.git("checkout", "--quiet", "-b", "own")
    head = repository.commit("Fix the hinge", {"own.txt": "x\n"})
    repository.pull_ref(5, head)
    repository.git("checkout", "--quiet", "main")
    repository.commit("Fix the hinge (#5)", {"own.txt": "x\n"})
    with open_clone(repository.path) as clone:
        (pull,) = merged_pulls(clone, repository.git("rev-parse", "main"), 10)
    assert (pull.title, pull.method) == ("Fix the hinge", "squash")


def test_a_merge_of_another_branch_is_no_pull_request(repository: Repository) -> None:
    merge(repository, on_branch(repository, "Work")[0], "Merge branch 'work'")
    assert numbers(repository) == []


def test_a_merge_with_its_own_subject_is_found_by_its_second_parent(repository: Repository) -> None:
    (head,) = on_branch(repository, "Work")
    repository.pull_ref(31, head)
    commit = merge(repository, head, "Bring in the door\n\nIt opens.")
    pull = only(repository)
    assert (pull.number, pull.title, pull.body, pull.method) == (31, "Bring in the door", "It opens.", "merge")
    assert (pull.merge, pull.head) == (commit, head)


def test_a_merge_with_its_own_subject_that_names_a_number_needs_no_ref(repository: Repository) -> None:
    commit = merge(repository, on_branch(repository, "Work")[0], "Bring in the door (#31)")
    pull = only(repository)
    assert (pull.number, pull.title, pull.method, pull.merge) == (31, "Bring in the door", "merge", commit)


def test_pull_requests_merged_inside_a_branch_are_part_of_that_branch(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--create", "release")
    repository.commit("Inner (#4)", {"inner": "1"})
    repository.git("switch", "--quiet", "main")
    merge(repository, "release", "Merge pull request #5 from ada/release\n\nRelease")
    assert numbers(repository) == [5]


def test_an_octopus_merge_is_one_pull_request(repository: Repository) -> None:
    one, two = on_branch(repository, "One", name="one"), on_branch(repository, "Two", name="two")
    repository.git("merge", "--quiet", "--no-ff", "--message", "Merge pull request #6 from a/b\n\nBoth", one[0], two[0])
    assert len(repository.git("rev-list", "--parents", "-1", "HEAD").split()) == 4
    assert [(pull.number, pull.head) for pull in listed(repository)] == [(6, one[0])]


# Squash


def test_a_squash_commit_is_a_pull_request(repository: Repository) -> None:
    base = repository.git("rev-parse", "HEAD")
    commit = repository.commit("Add a door (#12)\n\n* first\n\n* second", {"a": "1"})
    pull = only(repository)
    assert (pull.number, pull.title, pull.body, pull.method) == (12, "Add a door", "* first\n\n* second", "squash")
    assert (pull.base, pull.merge, pull.head) == (base, commit, "")


def test_a_squash_knows_its_head_where_the_clone_has_it(repository: Repository) -> None:
    head = on_branch(repository, "Draft", "Better")[-1]
    repository.pull_ref(12, head)
    repository.commit("Add a door (#12)", {"a": "1"})
    assert only(repository).head == head


@pytest.mark.parametrize(
    "subject",
    [
        "Add a door",
        "Add a door #12",
        "Add a door (12)",
        "Add (#12) a door",
        'Revert "Add a door (#12)"',
        "Add a door (#12).",
        "Add a door (#1234567890)",
        "Add a door (#-1)",
        "Add a door (#)",
        "Add a door (GH-12)",
        "Add a door (#12) [skip ci]",
        "Add a door (owner/other#12)",
    ],
)
def test_a_subject_that_does_not_end_in_a_number_is_no_pull_request(repository: Repository, subject: str) -> None:
    repository.commit(f"{subject}\n\nFixes (#3)", {"a": "1"})
    assert numbers(repository) == []


@pytest.mark.parametrize(
    ("subject", "number", "title"),
    [
        ("Add a door (#5) (#12)", 12, "Add a door (#5)"),
        ('Revert "Add a door (#5)" (#12)', 12, 'Revert "Add a door (#5)"'),
        ("Add a door(#12)", 12, "Add a door"),
        ("(#12)", 12, "(#12)"),
        ("Tür \u2014 日本語 🚪 (#999999999)", 999_999_999, "Tür \u2014 日本語 🚪"),
    ],
)
def test_the_last_number_of_a_subject_counts(repository: Repository, subject: str, number: int, title: str) -> None:
    repository.commit(subject, {"a": "1"})
    pull = only(repository)
    assert (pull.number, pull.title) == (number, title)


def test_the_first_commit_of_all_has_no_base_and_is_not_listed(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "fresh")
    repository.git("commit", "--quiet", "--amend", "--message", "Begin (#1)")
    assert numbers(repository) == []


def test_a_title_on_several_lines_becomes_one(repository: Repository) -> None:
    repository.commit("Add a door\nthat opens (#12)\n\nBody", {"a": "1"})
    assert only(repository).title == "Add a door that opens"


# Rebase


def test_neighbours_with_the_same_number_are_one_rebased_pull_request(repository: Repository) -> None:
    base = repository.git("rev-parse", "HEAD")
    repository.commit("Add a door (#12)\n\nThe first.", {"a": "1"})
    repository.commit("Paint the door (#12)", {"a": "2"})
    newest = repository.commit("Oil the door (#12)", {"a": "3"})
    pull = only(repository)
    assert (pull.number, pull.title, pull.body, pull.method) == (12, "Add a door", "The first.", "rebase")
    assert (pull.base, pull.merge) == (base, newest)


def test_neighbours_with_different_numbers_stay_two(repository: Repository) -> None:
    repository.commit("Add a door (#12)", {"a": "1"})
    repository.commit("Paint the door (#13)", {"a": "2"})
    assert [(pull.number, pull.method) for pull in listed(repository)] == [(13, "squash"), (12, "squash")]


def test_one_rebased_commit_is_found_through_its_ref(repository: Repository) -> None:
    branch = on_branch(repository, "Add a door\n\nIt opens.")
    repository.pull_ref(12, branch[-1])
    base = repository.commit("Meanwhile", {"other": "1"})
    (there,) = rebase(repository, branch)
    pull = only(repository)
    assert (pull.number, pull.title, pull.body, pull.method) == (12, "Add a door", "It opens.", "rebase")
    assert (pull.base, pull.merge, pull.head) == (base, there, branch[-1])


def test_several_rebased_commits_are_found_through_their_ref(repository: Repository) -> None:
    branch = on_branch(repository, "Add a door\n\nIt opens.", "Paint the door", "Oil the door")
    repository.pull_ref(12, branch[-1])
    base = repository.commit("Meanwhile", {"other": "1"})
    there = rebase(repository, branch)
    repository.commit("Later", {"other": "2"})
    pull = only(repository)
    assert (pull.title, pull.body) == ("Add a door", "It opens.\n\n- Paint the door\n- Oil the door")
    assert (pull.method, pull.base, pull.merge, pull.head) == ("rebase", base, there[-1], branch[-1])


def test_a_rebase_of_which_one_commit_is_missing_on_main_is_not_listed(repository: Repository) -> None:
    branch = on_branch(repository, "Add a door", "Paint the door", "Oil the door")
    repository.pull_ref(12, branch[-1])
    repository.commit("Meanwhile", {"other": "1"})
    rebase(repository, [branch[0], branch[2]])
    assert numbers(repository) == []


def test_rebased_commits_with_another_between_them_are_not_listed(repository: Repository) -> None:
    branch = on_branch(repository, "Add a door", "Paint the door")
    repository.pull_ref(12, branch[-1])
    repository.commit("Meanwhile", {"other": "1"})
    rebase(repository, branch[:1])
    repository.commit("Between", {"other": "2"})
    rebase(repository, branch[1:])
    assert numbers(repository) == []


def test_the_same_subject_by_another_author_is_no_rebase(repository: Repository) -> None:
    branch = on_branch(repository, "Add a door")
    repository.pull_ref(12, branch[-1])
    repository.commit("Meanwhile", {"other": "1"})
    rebase(repository, branch)
    assert numbers(repository) == [12]
    repository.git("commit", "--quiet", "--amend", "--no-edit", "--author", "Bo <bo@b>")
    assert numbers(repository) == []


def test_two_rebased_pull_requests_next_to_each_other_stay_two(repository: Repository) -> None:
    one, two = on_branch(repository, "A1", "A2", name="one"), on_branch(repository, "B1", "B2", name="two")
    repository.pull_ref(3, one[-1])
    repository.pull_ref(2, two[-1])
    repository.commit("Meanwhile", {"other": "1"})
    first, second = rebase(repository, one), rebase(repository, two)
    assert [(pull.number, pull.base, pull.merge) for pull in listed(repository)] == [
        (2, first[-1], second[-1]),
        (3, repository.git("rev-parse", f"{first[0]}^"), first[-1]),
    ]


def test_two_pull_requests_of_the_same_commits_share_no_commit_of_main(repository: Repository) -> None:
    branch = on_branch(repository, "Add a door")
    repository.pull_ref(12, branch[-1])
    repository.pull_ref(13, branch[-1])
    repository.commit("Meanwhile", {"other": "1"})
    rebase(repository, branch)
    assert numbers(repository) == [12]


# Not merged


def test_an_unmerged_head_is_never_listed(repository: Repository) -> None:
    repository.pull_ref(40, on_branch(repository, "Rejected", "Still rejected")[-1])
    repository.commit("Add a door (#12)", {"a": "1"})
    assert numbers(repository) == [12]


def test_an_unmerged_head_at_a_commit_of_main_is_never_listed(repository: Repository) -> None:
    repository.pull_ref(40, repository.git("rev-parse", "HEAD"))
    repository.pull_ref(41, repository.commit("Direct", {"a": "1"}))
    assert numbers(repository) == []


def test_an_unmerged_head_that_contains_the_newest_main_is_never_listed(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--create", "work")
    repository.commit("Rejected", {"w": "1"})
    repository.git("switch", "--quiet", "main")
    repository.commit("Direct", {"a": "1"})
    repository.git("switch", "--quiet", "work")
    repository.git("merge", "--quiet", "--no-ff", "--message", "Merge branch 'main' into work", "main")
    repository.pull_ref(40, repository.git("rev-parse", "HEAD"))
    repository.git("switch", "--quiet", "main")
    assert numbers(repository) == []


def test_pull_requests_that_only_another_branch_has_are_not_listed(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--create", "release")
    repository.commit("Backport (#50)", {"b": "1"})
    repository.git("switch", "--quiet", "main")
    repository.commit("Add a door (#12)", {"a": "1"})
    assert numbers(repository) == [12]


@pytest.mark.parametrize("ref", ["refs/pull/7/merge", "refs/pull/x/head", "refs/pull/7/head/old", "refs/pulls/7/head"])
def test_only_heads_of_pull_requests_count_as_such(repository: Repository, ref: str) -> None:
    (head,) = on_branch(repository, "Work")
    repository.git("update-ref", ref, head)
    merge(repository, head, "Own words")
    assert numbers(repository) == []
    repository.git("update-ref", "-d", ref)
    repository.pull_ref(7, head)
    assert numbers(repository) == [7]


def test_a_head_whose_commit_the_clone_lacks_is_passed_over(repository: Repository) -> None:
    (gone,) = on_branch(repository, "Gone", name="gone")
    repository.pull_ref(40, gone)
    branch = on_branch(repository, "Add a door")
    repository.pull_ref(12, branch[-1])
    repository.commit("Meanwhile", {"other": "1"})
    rebase(repository, branch)
    loose_object(repository, gone).unlink()
    assert numbers(repository) == [12]


@pytest.mark.parametrize("keep", [0, 10, 60, 100])
def test_a_head_whose_commit_is_cut_off_is_passed_over(repository: Repository, keep: int) -> None:
    (cut,) = on_branch(repository, " ".join(["Cut", *map(str, range(1000, 1200, 7))]), name="cut")
    repository.pull_ref(40, cut)
    repository.commit("Add a door (#12)", {"a": "1"})
    path = loose_object(repository, cut)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:keep])
    assert numbers(repository) == [12]


def test_a_rebased_branch_with_a_missing_commit_leaves_the_others(repository: Repository) -> None:
    branch = on_branch(repository, "Add a door", "Paint the door")
    repository.pull_ref(12, branch[-1])
    repository.commit("Meanwhile", {"other": "1"})
    rebase(repository, branch)
    repository.commit("Other (#13)", {"a": "1"})
    assert numbers(repository) == [13, 12]
    loose_object(repository, branch[0]).unlink()
    assert 13 in numbers(repository)


def test_a_merged_branch_with_a_missing_commit_leaves_the_others(repository: Repository) -> None:
    branch = on_branch(repository, "Broken", "Head", name="broken")
    merge(repository, branch[-1], "Merge pull request #5 from a/b\n\nFive")
    rebased = on_branch(repository, "Add a door")
    repository.pull_ref(12, rebased[-1])
    repository.commit("Meanwhile", {"other": "1"})
    rebase(repository, rebased)
    for oid in branch:
        loose_object(repository, oid).unlink()
    assert numbers(repository) == [12, 5]


def test_a_ref_to_a_tag_or_a_file_is_passed_over(repository: Repository) -> None:
    repository.git("tag", "--annotate", "--message=x", "v1")
    repository.git("update-ref", "refs/pull/1/head", repository.git("rev-parse", "v1"))
    repository.git("update-ref", "refs/pull/2/head", repository.git("rev-parse", "HEAD:README.md"))
    repository.commit("Add a door (#12)", {"a": "1"})
    assert numbers(repository) == [12]


def test_a_history_with_a_missing_commit_is_the_users_to_mend(repository: Repository) -> None:
    gone = repository.commit("Gone (#11)", {"a": "1"})
    repository.commit("Add a door (#12)", {"a": "2"})
    loose_object(repository, gone).unlink()
    with pytest.raises(UserError, match=str(repository.path)):
        listed(repository)


# The same number twice, and how many


def test_of_two_squashes_with_one_number_the_older_is_the_pull_request(repository: Repository) -> None:
    first = repository.commit("Add a door (#12)", {"a": "1"})
    repository.commit("Between", {"b": "1"})
    repository.commit("Add a door again (#12)", {"a": "2"})
    assert [(pull.number, pull.merge) for pull in listed(repository)] == [(12, first)]


@pytest.mark.parametrize("merge_first", [True, False])
def test_a_merge_commit_beats_a_squash_with_its_number(repository: Repository, merge_first: bool) -> None:
    (head,) = on_branch(repository, "Work")
    if not merge_first:
        repository.commit("Part of it (#12)", {"a": "1"})
    merged = merge(repository, head, "Merge pull request #12 from ada/work\n\nAdd a door")
    if merge_first:
        repository.commit("Follow up (#12)", {"a": "1"})
    assert [(pull.number, pull.method, pull.merge) for pull in listed(repository)] == [(12, "merge", merged)]


def test_a_named_pull_request_is_not_listed_again_through_its_ref(repository: Repository) -> None:
    branch = on_branch(repository, "Add a door (#12)")
    repository.pull_ref(12, branch[-1])
    repository.commit("Meanwhile", {"other": "1"})
    rebase(repository, branch)
    assert [(pull.number, pull.method, pull.head) for pull in listed(repository)] == [(12, "squash", branch[-1])]


def test_a_commit_that_names_another_number_is_claimed_by_its_name(repository: Repository) -> None:
    branch = on_branch(repository, "Add a door (#12)")
    repository.pull_ref(99, branch[-1])
    repository.commit("Meanwhile", {"other": "1"})
    rebase(repository, branch)
    assert numbers(repository) == [12]


def test_only_the_newest_are_listed_newest_first(repository: Repository) -> None:
    for number in (5, 9, 7, 3):
        repository.commit(f"Change (#{number})", {"a": str(number)})
    assert numbers(repository) == [3, 7, 9, 5]
    assert numbers(repository, most=2) == [3, 7]
    assert numbers(repository, most=1) == [3]


def test_pull_requests_of_every_method_count_towards_the_most(repository: Repository) -> None:
    rebased, merged = on_branch(repository, "Re", name="re"), on_branch(repository, "Me", name="me")
    repository.pull_ref(30, rebased[-1])
    repository.pull_ref(20, merged[-1])
    repository.commit("Old (#10)", {"a": "1"})
    merge(repository, merged[-1], "Own words")
    rebase(repository, rebased)
    repository.commit("New (#5)", {"a": "2"})
    assert [(pull.number, pull.method) for pull in listed(repository, most=3)] == [
        (5, "squash"),
        (30, "rebase"),
        (20, "merge"),
    ]


def test_a_tip_in_the_past_hides_what_came_later(repository: Repository) -> None:
    early = repository.commit("Early (#1)", {"a": "1"})
    repository.commit("Late (#2)", {"a": "2"})
    with open_clone(repository.path) as clone:
        assert [pull.number for pull in merged_pulls(clone, early, 10)] == [1]


def test_a_history_without_pull_requests_lists_none(repository: Repository) -> None:
    assert numbers(repository) == []


# Odd messages


def test_carriage_returns_end_lines_too(repository: Repository) -> None:
    raw_commit(repository, b"Add a door (#12)\r\n\r\nIt opens.\r\nIt shuts.\r\n")
    pull = only(repository)
    assert (pull.number, pull.title, pull.body) == (12, "Add a door", "It opens.\nIt shuts.")


@pytest.mark.parametrize("blank", [b"\n \n", b"\n\t\n", b"\n\r\n", b"\n  \n\n"])
def test_a_line_of_white_space_ends_the_subject_as_in_git(repository: Repository, blank: bytes) -> None:
    raw_commit(repository, b"Add a door (#12)" + blank + b"Body")
    assert repository.git("log", "-1", "--format=%s") == "Add a door (#12)", "git's own reading"
    pull = only(repository)
    assert (pull.number, pull.title, pull.body) == (12, "Add a door", "Body")


def test_blank_lines_before_the_subject_are_passed_over(repository: Repository) -> None:
    raw_commit(repository, b"\n\n  \nAdd a door (#12)\n\nBody\n")
    pull = only(repository)
    assert (pull.number, pull.title, pull.body) == (12, "Add a door", "Body")


@pytest.mark.parametrize(
    "odd", ["\x01", "\x01\x01\x01\x01\x01", "\x1b[31m", "\x7f", "\x0b", "\x0c", "\x1e", "\x85", "\u2028"]
)
def test_control_characters_of_a_title_are_kept(repository: Repository, odd: str) -> None:
    raw_commit(repository, f"Add{odd}door (#12)\n\nBo{odd}dy".encode())
    pull = only(repository)
    assert (pull.number, pull.title, pull.body) == (12, f"Add{odd}door", f"Bo{odd}dy")


def test_bytes_that_are_not_utf8_are_replaced(repository: Repository) -> None:
    raw_commit(repository, b"T\xfcr (#12)\n\n\xff\xfe")
    pull = only(repository)
    assert (pull.title, pull.body) == ("T\ufffdr", "\ufffd\ufffd")


def test_a_message_that_names_its_encoding_is_converted(repository: Repository) -> None:
    raw_commit(
        repository,
        "Tür (#12)\n\nÄöü".encode("latin-1"),
        b"encoding ISO-8859-1\n",
        "Jürg <a@b> 1700000000 +0000".encode("latin-1"),
    )
    pull = only(repository)
    assert (pull.title, pull.body, pull.author) == ("Tür", "Äöü", "Jürg")


def test_the_commit_encoding_of_the_clone_plays_no_part(repository: Repository) -> None:
    repository.commit("Tür (#12)", {"a": "1"})
    repository.git("config", "i18n.commitEncoding", "ISO-8859-1")
    repository.git("config", "i18n.logOutputEncoding", "UTF-16")
    assert only(repository).title == "Tür"


def test_a_commit_made_with_a_commit_encoding_is_converted(repository: Repository) -> None:
    repository.git("config", "i18n.commitEncoding", "Shift_JIS")
    (repository.path / "message").write_bytes("日本語の扉 (#12)\n".encode("shift_jis"))
    repository.git("commit", "--quiet", "--allow-empty", "--file", "message")
    assert only(repository).title == "日本語の扉"


def test_a_message_that_names_an_unknown_encoding_is_read_as_it_is(repository: Repository) -> None:
    raw_commit(repository, b"Add a door (#12)", b"encoding x-no-such\n")
    assert only(repository).title == "Add a door"


def test_a_signed_commit_is_read_without_its_signature(repository: Repository) -> None:
    raw_commit(
        repository,
        b"Add a door (#12)\n\nBody",
        b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n",
    )
    pull = only(repository)
    assert (pull.title, pull.body) == ("Add a door", "Body")


def test_a_message_ends_at_its_first_nul_byte_and_the_next_commit_is_read(repository: Repository) -> None:
    raw_commit(repository, b"Add a door (#12)\n\nBody\0(#77) hidden")
    raw_commit(repository, b"Next (#13)")
    assert [(pull.number, pull.title) for pull in listed(repository)] == [(13, "Next"), (12, "Add a door")]


def test_an_empty_message_is_passed_over(repository: Repository) -> None:
    raw_commit(repository, b"")
    repository.commit("Add a door (#12)", {"a": "1"})
    assert numbers(repository) == [12]


def test_a_very_long_title_is_read_in_reasonable_time(repository: Repository) -> None:
    raw_commit(repository, b"a " * 200_000 + b" " * 200_000 + b"(#12")
    raw_commit(repository, b"b" * 300_000 + b" (#13)")
    assert numbers(repository) == [13]


# Odd people


@pytest.mark.parametrize("name", ["A\x01B", "\x01\x01\x01\x01\x01", "A\tB", "A\x1bB", "名前"])
def test_an_author_name_may_hold_any_character(repository: Repository, name: str) -> None:
    raw_commit(repository, b"Add a door (#12)", person=f"{name} <a@b> 1700000000 +0000".encode())
    pull = only(repository)
    assert (pull.title, pull.author) == ("Add a door", name)
    assert pull.merged_at == datetime.fromtimestamp(1_700_000_000, UTC)


@pytest.mark.parametrize(
    "person",
    [
        b"Ada <a@b>",
        b"Ada <a@b> ",
        b"Ada",
        b"",
        b"Ada <a@b> yesterday +0000",
        b"Ada <a@b> 99999999999999 +0000",
        b"Ada <a@b> 18446744073709551615 +0000",
        b"Ada <a@b> -1 +0000",
    ],
)
def test_a_commit_with_a_broken_date_leaves_the_other_pull_requests(repository: Repository, person: bytes) -> None:
    """Old histories, converted from other systems, hold such commits."""
    repository.commit("Before (#11)", {"a": "1"})
    raw_commit(repository, b"Broken (#12)", person=person)
    repository.commit("After (#13)", {"a": "2"})
    assert {11, 13} <= set(numbers(repository))


def test_the_author_of_a_pull_request_is_who_made_the_change_not_who_merged(repository: Repository) -> None:
    raw = b"Ada <a@b> 1700000000 +0000\ncommitter GitHub <noreply@github.com> 1700000900 +0200\nx-rest"
    raw_commit(repository, b"Add a door (#12)", person=raw)
    pull = only(repository)
    assert (pull.author, pull.merged_at) == ("Ada", datetime.fromtimestamp(1_700_000_900, UTC))


def test_a_mailmap_has_no_say(repository: Repository) -> None:
    repository.commit("Add a door (#12)", {".mailmap": "Other <other@b> <ada@example.invalid>\n"})
    assert only(repository).author == "Ada Example"


# All together


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    st.lists(
        st.sampled_from(["merge", "own words", "squash", "rebase", "rebase by ref", "unmerged", "direct"]), max_size=8
    )
)
def test_a_random_history_lists_exactly_what_was_merged(
    tmp_path_factory: pytest.TempPathFactory, ways: list[str]
) -> None:
    repository = Repository(tmp_path_factory.mktemp("random") / "r")
    wanted: list[tuple[int, str, str, str]] = []
    for number, way in enumerate(ways, 1):
        name, base = f"b{number}", repository.git("rev-parse", "HEAD")
        if way in ("merge", "own words", "rebase by ref", "unmerged"):
            branch = on_branch(repository, f"{name} one", f"{name} two", name=name)
            repository.pull_ref(number, branch[-1])
            base = repository.commit(f"Meanwhile {number}", {"other": str(number)})
        if way == "merge":
            merge(repository, branch[-1], f"Merge pull request #{number} from a/{name}\n\nTitle")
        elif way == "own words":
            merge(repository, branch[-1], "Own words")
        elif way == "rebase by ref":
            rebase(repository, branch)
        elif way == "squash":
            repository.commit(f"Squashed (#{number})", {name: "1"})
        elif way == "rebase":
            repository.commit(f"One (#{number})", {name: "1"})
            repository.commit(f"Two (#{number})", {name: "2"})
        elif way == "direct":
            repository.commit("Direct", {name: "1"})
        if way not in ("unmerged", "direct"):
            method = {"own words": "merge", "rebase by ref": "rebase"}.get(way, way)
            wanted.append((number, method, base, repository.git("rev-parse", "HEAD")))
    found = [(pull.number, pull.method, pull.base, pull.merge) for pull in listed(repository)]
    assert found == wanted[::-1]


def test_the_number_of_processes_does_not_grow_with_the_history(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def grow(start: int, count: int) -> None:
        for number in range(start, start + 3 * count, 3):
            repository.commit(f"Squash (#{number})", {"a": str(number)})
            branch = on_branch(repository, f"Rebased {number}", name=f"b{number}")
            repository.pull_ref(number + 1, branch[-1])
            repository.pull_ref(number + 2, on_branch(repository, "Unmerged", name=f"u{number}")[-1])
            repository.commit("Meanwhile", {"b": str(number)})
            rebase(repository, branch)

    def work() -> None:
        with open_clone(repository.path) as clone:
            merged_pulls(clone, tip, 1000)

    grow(1, 1)
    tip = repository.git("rev-parse", "main")
    few = count_processes(tmp_path, monkeypatch, work)
    assert len(listed(repository)) == 2
    grow(100, 6)
    tip = repository.git("rev-parse", "main")
    assert len(listed(repository)) == 14
    assert count_processes(tmp_path, monkeypatch, work) == few <= 6
