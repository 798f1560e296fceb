"""Every fault of the loopback GitHub, one by one and all together: the same bytes come out as without it, no request comes early."""

import hashlib
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from pipeline.github.repositories import candidates
from pipeline.table import part_name
from pipeline.tables import PULLS
from tests.pipeline.github.worlds import Altered, Loopback, loopback
from tests.servers.github import DemoWorld, Fault, FaultScript, early_requests, over_limit
from tests.servers.github.facts import PullFacts, RepositoryFacts
from tests.servers.github.faults import KINDS

# Two repositories go through each single fault, all of them through all faults together.
FEW = ("brightfjord/lumen", "copperleaf/vireo")
GRAPHQL, REST, DIFFS, SEARCH = "^graphql$", "^core$", r"/pulls/\d+\b", "^search$"


def odd(facts: RepositoryFacts, pull: PullFacts) -> PullFacts:
    """Of each repository git cannot bring two pull requests, so that REST has something to do."""
    if pull.merged and pull.number % 13 == 5:
        return replace(pull, merge_commit=None, head_oid=hashlib.sha1(str(pull.number).encode()).hexdigest())  # noqa: S324
    return pull


@pytest.fixture(scope="module")
def few(demo_world: DemoWorld) -> Altered:
    return Altered(demo_world, odd, FEW)


@pytest.fixture(scope="module")
def all_of_them(demo_world: DemoWorld) -> Altered:
    return Altered(demo_world, odd)


def run(hub: Loopback) -> dict[str, bytes]:
    """Search, states, listing and patches; the bytes of the parts and of the candidates."""
    with hub.door() as opened:
        found = candidates(opened, 10_000).drop("taken_at")
    frames, missing = hub.collect(found["repo"].to_list())
    assert missing == {}
    bytes_of = {"candidates": found.write_json().encode()}
    for name, frame in frames.items():
        path = hub.folder / part_name(name)
        PULLS.write(frame, path)
        bytes_of[name] = path.read_bytes()
    return bytes_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("right")


@pytest.fixture(scope="module")
def right(few: Altered, folder: Path) -> dict[str, bytes]:
    with loopback(few, folder) as hub:
        found = run(hub)
        assert {record.resource for record in hub.log} == {"search", "graphql", "git", "core"}
    return found


@pytest.fixture(scope="module")
def fetched(right: dict[str, bytes], folder: Path) -> Path:
    return folder / "repositories"


def kept(hub: Loopback, faults: FaultScript) -> None:
    assert faults.unused == []
    assert early_requests(hub.log) == []
    assert over_limit(hub.log, hub.limits) == []


# Each fault where it can happen, as often as GitHub is forgiven for it.
ONE_BY_ONE: dict[str, list[Callable[[], Fault]]] = {
    **{
        kind: [
            lambda kind=kind: Fault(kind, on=SEARCH, times=2),
            lambda kind=kind: Fault(kind, on=GRAPHQL, times=2),
            lambda kind=kind: Fault(kind, on=DIFFS, times=2),
        ]
        for kind in (
            *("429_retry_after", "429_bare", "403_secondary_retry_after", "403_secondary_bare", "403_primary"),
            *("500", "502", "504", "reset", "cut", "bad_json"),
        )
    },
    "hold": [lambda: _short_hold(GRAPHQL), lambda: _short_hold(DIFFS)],
    "null_head_repository": [lambda: Fault("null_head_repository", on=GRAPHQL, times=math.inf)],
    "html_200": [lambda: Fault("html_200", on=SEARCH, times=2), lambda: Fault("html_200", on=DIFFS, times=2)],
    "301": [lambda: Fault("301", on=r"/repos/[^/]+/[^/]+/pulls/\d+$", times=2)],
    "incomplete_results": [lambda: Fault("incomplete_results", times=3)],
    "graphql_rate_limited": [lambda: Fault("graphql_rate_limited", times=2, seconds=777)],
    "graphql_partial": [
        lambda: Fault("graphql_partial", number=8, times=2),
        lambda: Fault("graphql_partial", times=2),
    ],
    "graphql_resource_limits": [lambda: Fault("graphql_resource_limits", times=3)],
    "graphql_timeout": [
        lambda: Fault("graphql_timeout", times=2),
        lambda: Fault("graphql_timeout", status=200, times=2),
    ],
    "git_500": [lambda: Fault("git_500", times=3)],
    "git_429": [lambda: Fault("git_429", times=2, seconds=99)],
    "git_cut": [lambda: Fault("git_cut", times=2)],
    "git_no_filter": [lambda: Fault("git_no_filter", times=math.inf)],
    "clock_skew": [lambda: Fault("clock_skew", seconds=7_200), lambda: Fault("clock_skew", seconds=-7_200)],
}
# These change the world itself: what they may change is looked at below.
CHANGE = {"null_author", "404", "410", "451", "406_too_large", "422_not_available", "git_404"}


def _short_hold(on: str) -> Fault:
    fault = Fault("hold", on=on)
    fault.release.set()
    return fault


def test_no_kind_of_fault_is_forgotten() -> None:
    assert set(ONE_BY_ONE) | CHANGE == set(KINDS)


@pytest.mark.parametrize("kind", sorted(ONE_BY_ONE))
def test_one_kind_of_fault_changes_no_byte(
    kind: str, few: Altered, right: dict[str, bytes], fetched: Path, tmp_path: Path
) -> None:
    faults = FaultScript([maker() for maker in ONE_BY_ONE[kind]])
    if not kind.startswith("git"):  # git has nothing to do with it, and what is there is not fetched again
        shutil.copytree(fetched, tmp_path / "repositories")
    with loopback(few, tmp_path, faults) as hub:
        found = run(hub)
        kept(hub, faults)
    assert [name for name in right if found[name] != right[name]] == []


def frames_of(found: dict[str, bytes]) -> pl.DataFrame:
    return pl.concat(pl.read_parquet(part) for name, part in sorted(found.items()) if name != "candidates")


def test_a_lost_account_is_ghost_and_nothing_else_changes(
    few: Altered, right: dict[str, bytes], tmp_path: Path
) -> None:
    faults = FaultScript([Fault("null_author", on=GRAPHQL, number=8, times=math.inf)])
    with loopback(few, tmp_path, faults) as hub:
        found = frames_of(run(hub))
        kept(hub, faults)
    lost = found["number"] == 8
    assert set(found.filter(lost)["author"]) == {"ghost"} and not found.filter(lost)["author_is_bot"].any()
    before = frames_of(right)
    assert found.drop("author", "author_is_bot").equals(before.drop("author", "author_is_bot"))
    assert found.filter(~lost).equals(before.filter(~lost))


@pytest.mark.parametrize("kind", ["404", "410", "451"])
def test_a_patch_that_is_gone_is_one_failed_row(
    kind: str, few: Altered, right: dict[str, bytes], tmp_path: Path
) -> None:
    faults = FaultScript([Fault(kind, on=DIFFS, times=1)])
    with loopback(few, tmp_path, faults) as hub:
        found = frames_of(run(hub))
        kept(hub, faults)
    failed = found.filter(pl.col("failure") != "")
    assert failed["failure"].to_list() == [f"http_{kind}"]
    assert failed.select("patch", "patch_source").row(0) == (None, "")
    others = pl.col("pr_id") != failed["pr_id"][0]
    assert found.filter(others).equals(frames_of(right).filter(others))


@pytest.mark.parametrize("kind", ["406_too_large", "422_not_available"])
def test_a_diff_that_github_will_not_print_is_put_together_from_its_files(
    kind: str, few: Altered, right: dict[str, bytes], tmp_path: Path
) -> None:
    faults = FaultScript([Fault(kind, on=r"/pulls/\d+$", times=math.inf)])
    with loopback(few, tmp_path, faults) as hub:
        found = frames_of(run(hub))
        kept(hub, faults)
    before = frames_of(right)
    through_files = found["patch_source"] == "rest_files"
    assert found.filter(through_files)["pr_id"].equals(before.filter(pl.col("patch_source") == "rest_diff")["pr_id"])
    assert through_files.any() and set(found["failure"]) == {""}
    assert found.filter(~through_files).equals(before.filter(~through_files))


def test_a_repository_that_git_cannot_reach_comes_through_rest(
    few: Altered, right: dict[str, bytes], tmp_path: Path
) -> None:
    faults = FaultScript([Fault("git_404", on="lumen", times=1)])
    with loopback(few, tmp_path, faults) as hub:
        found = frames_of(run(hub))
        kept(hub, faults)
    before = frames_of(right)
    lumen = pl.col("repo") == FEW[0]
    assert found.filter(~lumen).equals(before.filter(~lumen))
    taken = found.filter(lumen & (pl.col("skipped") == ""))
    assert set(taken["patch_source"]) <= {"rest_diff", "rest_files"} and set(taken["failure"]) == {""}
    unmoved = ("pr_id", "title", "body", "author", "additions", "deletions", "changed_files", "merge_sha")
    assert found.select(unmoved).equals(before.select(unmoved))


def test_all_faults_together_change_no_byte(all_of_them: Altered, tmp_path: Path) -> None:
    with loopback(all_of_them, tmp_path / "right") as hub:
        before = run(hub)
    single = [
        fault
        for kind, makers in sorted(ONE_BY_ONE.items())
        if kind not in CHANGE and kind != "clock_skew"
        for fault in [maker() for maker in makers]
    ]
    # One each, and not all of the same request, which is asked only so often: they are spread over what follows.
    for at, fault in enumerate(fault for fault in single if fault.times != math.inf):
        fault.times = 1
        fault.after = at % 2 if fault.on == GRAPHQL and fault.kind != "reset" else 0
    single.sort(key=lambda fault: fault.times)  # what has no end comes last, or nothing after it would be met
    faults = FaultScript([*single, Fault("clock_skew", seconds=-300)])
    with loopback(all_of_them, tmp_path / "faults", faults) as hub:
        found = run(hub)
        assert early_requests(hub.log) == [] and over_limit(hub.log, hub.limits) == []
        assert [(fault.kind, fault.on) for fault in faults.unused] == []
    assert [name for name in before if found[name] != before[name]] == []
