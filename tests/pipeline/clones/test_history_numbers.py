"""Which commit a number belongs to, how many are listed, and all ways of merging together."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.clones.git import open_clone
from pipeline.clones.history import merged_pulls
from tests.conftest import Repository, count_processes
from tests.pipeline.clones.histories import listed, merge, numbers, on_branch, rebase


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
