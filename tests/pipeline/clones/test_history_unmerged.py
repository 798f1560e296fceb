"""What was not merged is not found, and what is missing or broken in a clone leaves the rest."""

import pytest

from pipeline.errors import UserError
from tests.conftest import Repository
from tests.pipeline.clones.histories import listed, loose_object, merge, numbers, on_branch, rebase


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
