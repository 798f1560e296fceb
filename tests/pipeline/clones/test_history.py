"""The merged pull requests of a history: each way of merging is found, with its title, its base and its head."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.clones.git import open_clone
from pipeline.clones.history import MergedPull, merged_pulls
from tests.conftest import Repository
from tests.pipeline.clones.histories import listed, merge, numbers, on_branch, only, rebase

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
