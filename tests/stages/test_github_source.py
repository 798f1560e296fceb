"""The stages over a loopback GitHub, run as a user runs them: from an empty folder, with a token in the environment."""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.params import read_params
from tests.conftest import ROOT, Project
from tests.servers.contract.sdl import SDL
from tests.servers.github import DemoWorld, Fault, FaultScript, GitHubServer, SyntheticWorld

TOKEN = "ghp_loopback"  # noqa: S105
SECRET = "ghp_A1b2C3d4E5f6G7h8I9j0"  # noqa: S105 - one that the server does not know
STAGES = ("select_repos", "collect_prs", "filter_prs")

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "garbage": lambda whole: b"no database" * 999,
    "cut": lambda whole: whole[: len(whole) // 2 + 7],
    "pages of something else": lambda whole: whole[:4096] + b"\xaa" * (len(whole) - 4096),
    "folder": lambda whole: whole,
}

# The same stage on a time that does not pass, where a test would have to wait for a minute.
HURRIED = """
import runpy, sys
import pipeline.github.reading
from pipeline.github.clock import VirtualClock
pipeline.github.reading.SystemClock = VirtualClock
sys.argv = [f"stages/{sys.argv[1]}.py"]
runpy.run_module(f"stages.{sys.argv[0][7:-3]}", run_name="__main__")
"""


class GitHubProject(Project):
    """A project with profile `limi` that reads one server."""

    def __init__(self, folder: Path, api: str) -> None:
        super().__init__(folder)
        (folder / "params.yaml").write_text((ROOT / "profiles/limi.yaml").read_text(encoding="utf-8"), encoding="utf-8")
        self.edit("https://api.github.com", api)
        self.edit("https://github.com", api)
        self.edit("workers: 0", "workers: 1")
        (folder / "hurried.py").write_text(HURRIED, encoding="utf-8")

    def environment(self, **given: str) -> dict[str, str]:
        """Nothing of ours that speaks of GitHub, and nothing of a token but what is given."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
        return {**clean, "PYTHONDONTWRITEBYTECODE": "1", **given}

    def run(self, *command: str, **given: str) -> subprocess.CompletedProcess[str]:
        given.setdefault("GITHUB_TOKEN", TOKEN)
        script = [f"{command[0]}.py", *command[1:]] if command[0] == "hurried" else ["-m", *command]
        return subprocess.run(
            [sys.executable, *script],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            env=self.environment(**given),
        )

    def start(self, stage: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", f"stages.{stage}"],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            # Where a test runner is started in the background, its children would ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            env=self.environment(GITHUB_TOKEN=TOKEN),
        )

    def refused(self, *command: str, code: int = 2, **given: str) -> str:
        """What a command said that must end with a sentence."""
        done = self.run(*command, **given)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def pulls(self) -> pl.DataFrame:
        return pl.read_parquet(self.folder / "data/pulls/*.parquet").sort("pr_id")

    def outputs(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted((self.folder / "data").rglob("*.parquet"))
        }

    def written(self) -> Iterator[Path]:
        """Every file that a run left, and nothing that was there before it."""
        for name in ("data", ".limi", "metrics", "plots"):
            yield from (path for path in (self.folder / name).rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> DemoWorld:
    return DemoWorld(tmp_path_factory.mktemp("github") / "world")


@pytest.fixture(scope="module")
def server(world: DemoWorld) -> Iterator[GitHubServer]:
    with GitHubServer(world, sdl_path=SDL) as running:
        yield running


@pytest.fixture(scope="module")
def ready(server: GitHubServer, tmp_path_factory: pytest.TempPathFactory) -> GitHubProject:
    """A project in which the stages have run once; tests only look at it."""
    project = GitHubProject(tmp_path_factory.mktemp("ready") / "project", server.api_url)
    for stage in STAGES:
        project.stage(stage)
    return project


@pytest.fixture
def project(server: GitHubServer, tmp_path: Path) -> GitHubProject:
    return GitHubProject(tmp_path / "project", server.api_url)


def closed_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


# --- what a run brings


def test_every_listed_pull_request_is_in_the_ledger_once(ready: GitHubProject) -> None:
    listed = ready.pulls()["pr_id"].to_list()
    assert len(listed) > 150 and len(set(listed)) == len(listed)
    for stage in STAGES[1:]:
        fates = pl.read_parquet(ready.folder / f"data/ledger/{stage}.parquet")
        assert sorted(fates["pr_id"]) == listed
    assert set(ready.pulls()["failure"]) == {""}


def test_no_file_of_a_run_holds_the_token(ready: GitHubProject) -> None:
    files = list(ready.written())
    assert any(path.suffix == ".jsonl" for path in files) and any(path.suffix == ".sqlite" for path in files)
    assert [path for path in files if TOKEN.encode() in path.read_bytes()] == []


def test_a_rerun_asks_nothing_and_writes_the_same(ready: GitHubProject, server: GitHubServer) -> None:
    before, seen = ready.outputs(), len(server.log)
    for stage in STAGES:
        ready.stage(stage)
    assert len(server.log) == seen
    assert ready.outputs() == before


def test_parts_that_were_removed_are_made_again_without_a_request_of_the_api(
    ready: GitHubProject, server: GitHubServer
) -> None:
    before, seen = ready.outputs(), len(server.log)
    for path in sorted((ready.folder / "data/pulls").glob("*.parquet"))[:3]:
        path.unlink()
    ready.stage("collect_prs")
    assert [record.path for record in list(server.log)[seen:] if record.resource != "git"] == []
    assert ready.outputs() == before


def test_the_doctor_names_the_server_and_no_token(ready: GitHubProject) -> None:
    done = ready.run("limi", "doctor")
    assert re.search(r"ok +source +http://127\.0\.0\.1:\d+ with token 1", done.stdout), done.stdout
    assert TOKEN not in done.stdout + done.stderr


def test_the_doctor_says_what_is_missing_without_a_token(ready: GitHubProject) -> None:
    said = ready.refused("limi", "doctor", GITHUB_TOKEN="")
    assert re.search(r"missing +source +.*GITHUB_TOKEN", said)


def test_the_doctor_shows_nothing_of_a_malformed_token(ready: GitHubProject) -> None:
    said = ready.refused("limi", "doctor", GITHUB_TOKEN=f"{SECRET}é")
    assert "missing  source" in said and SECRET not in said


def test_the_funnel_adds_up(ready: GitHubProject) -> None:
    said = ready.run("limi", "funnel").stdout
    total, *parts = (
        int(number.replace(",", ""))
        for number in re.findall(r"([\d,]+) (?:listed|kept|dropped|failed)", said.splitlines()[-1])
    )
    assert total == ready.pulls().height == sum(parts)


def test_any_pull_request_can_be_explained(ready: GitHubProject) -> None:
    """Also one that was skipped, of which there is no patch, no method, and perhaps no list of files."""
    pulls = ready.pulls()
    chosen = [pulls.filter(pl.col("skipped") == reason).row(0, named=True) for reason in sorted(set(pulls["skipped"]))]
    assert len(chosen) > 1
    for pull in chosen:
        done = ready.run("limi", "explain", pull["pr_id"])
        assert done.returncode == 0, done.stderr
        assert pull["title"] in done.stdout and "collect_prs" in done.stdout
        assert ("by ," in done.stdout) is False


def test_a_pull_request_whose_files_github_did_not_list_can_be_explained(tmp_path: Path) -> None:
    """More than a hundred files: GitHub lists the first hundred, so none are known, and by its lines it is skipped."""
    world = SyntheticWorld([(20_000, 1)], pulls=2, most_files=400, seed=4)
    with GitHubServer(world, sdl_path=SDL) as server:
        project = GitHubProject(tmp_path / "project", server.api_url)
        for stage in STAGES[:2]:
            project.stage(stage)
        unlisted = project.pulls().filter(pl.col("files").is_null())
        assert set(unlisted["skipped"]) == {"patch_too_large"}
        done = project.run("limi", "explain", unlisted["pr_id"][0])
    assert done.returncode == 0, done.stderr[-600:]
    assert unlisted["title"][0] in done.stdout and "collect_prs" in done.stdout


def test_a_pull_request_that_failed_is_explained_with_its_failure(tmp_path: Path, world: DemoWorld) -> None:
    faults = FaultScript([Fault("git_404", times=999), Fault("404", on="core", times=999)])
    with GitHubServer(world, faults=faults, sdl_path=SDL) as server:
        project = GitHubProject(tmp_path / "project", server.api_url)
        project.edit("repositories: 100", "repositories: 1")
        for stage in STAGES:
            project.stage(stage)
        failed = project.pulls().filter(pl.col("failure") != "")
        assert set(failed["failure"]) == {"http_404"}
        done = project.run("limi", "explain", failed["pr_id"][0])
        assert done.returncode == 0, done.stderr[-600:]
        assert "http_404" in done.stdout
        assert "failed: http_404" in project.run("limi", "funnel").stdout


# --- what a user gets wrong


@pytest.mark.parametrize("stage", STAGES[:2])
def test_no_token_is_a_sentence(project: GitHubProject, ready: GitHubProject, stage: str) -> None:
    if stage == "collect_prs":
        (project.folder / "data").mkdir()
        (project.folder / "data/repos.parquet").write_bytes((ready.folder / "data/repos.parquet").read_bytes())
    assert "set GITHUB_TOKEN" in project.refused(f"stages.{stage}", GITHUB_TOKEN="")
    assert not list(project.folder.glob("data/pulls/*"))


def test_a_token_that_github_does_not_know_is_a_sentence_and_stands_nowhere(
    project: GitHubProject, server: GitHubServer
) -> None:
    seen = len(server.log)
    said = project.refused("stages.select_repos", GITHUB_TOKEN=SECRET)
    assert "401" in said and SECRET not in said
    assert len(server.log) - seen == 1, "a token that is refused is not asked with again"
    assert [path for path in project.written() if SECRET.encode() in path.read_bytes()] == []


def test_of_two_tokens_the_good_one_does_the_work(project: GitHubProject) -> None:
    done = project.run("stages.select_repos", GITHUB_TOKEN=SECRET, GITHUB_TOKENS=f"{TOKEN} {SECRET}")
    assert done.returncode == 0, done.stderr
    assert "token 1 (401)" in done.stderr and SECRET not in done.stderr


def test_a_port_where_nobody_answers_is_a_sentence(tmp_path: Path) -> None:
    project = GitHubProject(tmp_path / "project", f"http://127.0.0.1:{closed_port()}")
    said = project.refused("hurried", "select_repos", code=1)
    assert "run the same command again" in said and "no answer" in said
    assert TOKEN not in said


def test_a_server_that_is_no_github_is_a_sentence(tmp_path: Path, world: DemoWorld) -> None:
    faults = FaultScript([Fault("html_200", times=999)])
    with GitHubServer(world, faults=faults, sdl_path=SDL) as server:
        project = GitHubProject(tmp_path / "project", server.api_url)
        assert "run the same command again" in project.refused("hurried", "select_repos", code=1)


STRANGERS = ["http://example.org", "http://localhost.example.org", "http://127.0.0.1@example.org", "ftp://127.0.0.1",
             "https://ghp_x@example.org", "http://127.0.0.2", "https://", "http://127.0.0.1.example.org/api"]  # fmt: skip


def test_an_address_to_which_a_token_must_not_go_is_refused_before_anything_is_asked(
    project: GitHubProject, server: GitHubServer
) -> None:
    for name in ("api", "git"):
        project.edit(f"  {name}: {server.api_url}", f"  {name}: {STRANGERS[0]}")
    seen = len(server.log)
    said = project.refused("stages.select_repos")
    assert "source.api" in said and "source.git" in said
    assert len(server.log) == seen and not (project.folder / ".limi/github").exists()


@pytest.mark.parametrize("address", STRANGERS)
def test_an_address_in_the_clear_or_with_a_name_in_it_is_refused(
    project: GitHubProject, server: GitHubServer, address: str
) -> None:
    project.edit(f"  api: {server.api_url}", f"  api: {address}")
    with pytest.raises(UserError, match=r"source\.api"):
        read_params(project.folder / "params.yaml")


@pytest.mark.parametrize("name", ["../outside", "a/b", "", ".hidden", "-x", "'a b'", "7"])
def test_a_reading_s_name_that_is_no_file_name_is_refused(project: GitHubProject, name: str) -> None:
    project.edit("reading: first", f"reading: {name}")
    with pytest.raises(UserError, match=r"source\.reading"):
        read_params(project.folder / "params.yaml")


def test_a_wrong_reading_ends_the_stage_with_a_sentence(project: GitHubProject) -> None:
    project.edit("reading: first", "reading: ../outside")
    assert "source.reading" in project.refused("stages.select_repos")


@pytest.mark.parametrize(("name", "how"), [*(("reading-first", how) for how in DAMAGES), ("answers", "garbage")])
def test_a_broken_store_is_named(ready: GitHubProject, project: GitHubProject, name: str, how: str) -> None:
    store = project.folder / f".limi/github/{name}.sqlite"
    store.parent.mkdir(parents=True)
    whole = (ready.folder / f".limi/github/{name}.sqlite").read_bytes()
    assert len(whole) > 2 * 4096, "the test needs a store of some pages"
    if how == "folder":
        store.mkdir()
    else:
        store.write_bytes(DAMAGES[how](whole))
    said = project.refused("stages.select_repos")
    assert f".limi/github/{name}.sqlite" in said and "remove it" in said
    if how == "garbage":
        (project.folder / ".limi/github/reading-first.sqlite").touch()
        assert f".limi/github/{name}.sqlite" in project.refused("limi", "plan")


def test_an_empty_store_is_a_new_one(project: GitHubProject) -> None:
    store = project.folder / ".limi/github/reading-first.sqlite"
    store.parent.mkdir(parents=True)
    store.touch()
    project.stage("select_repos")


# --- cut off


def kill(process: subprocess.Popen[bytes], how: Callable[[int, int], None]) -> bool:
    """Kill a stage alone (`os.kill`) or with the git that it started (`os.killpg`); whether it was still at work."""
    working = process.poll() is None
    if working:
        how(process.pid, signal.SIGKILL)
    process.wait()
    return working


def test_killed_at_any_moment_the_run_ends_with_the_same_and_lists_nothing_twice(
    ready: GitHubProject, world: DemoWorld, tmp_path: Path
) -> None:
    choice = random.Random(5)  # noqa: S311
    with GitHubServer(world, sdl_path=SDL) as server:
        project = GitHubProject(tmp_path / "project", server.api_url)
        kills = 0
        for stage in STAGES[:2]:
            began = len(server.log)
            for longest in (0.0, 0.2, 0.4):  # seconds; later than that a stage may have ended
                process = project.start(stage)
                # Not before its first request of this life, or the kill hits an import.
                seen, patience = len(server.log), time.monotonic() + 3
                while process.poll() is None and len(server.log) == seen and time.monotonic() < patience:
                    time.sleep(0.002)
                time.sleep(choice.uniform(0, longest))
                kills += kill(process, choice.choice([os.kill, os.killpg]))
            project.stage(stage)
            api = [record for record in list(server.log)[began:] if record.resource != "git"]
            # Undisturbed it is 2 and 4 requests; a kill can lose one that was on its way, no more.
            assert len(api) <= {"select_repos": 2, "collect_prs": 4}[stage] + kills
        project.stage("filter_prs")
    assert kills >= 2, "the kills came too late to prove anything"
    assert project.pulls().equals(ready.pulls())
    assert not [path for path in project.written() if path.name.endswith(".tmp")]


@pytest.mark.parametrize("left", ["HEAD", "config", "shallow.lock"])
def test_what_a_kill_leaves_of_a_fetched_repository_does_not_stop_the_next_fetch(
    ready: GitHubProject, world: DemoWorld, tmp_path: Path, left: str
) -> None:
    """A file that was opened and not yet written is empty. Were git then to fail for good, REST would pay for every patch."""
    with GitHubServer(world, sdl_path=SDL) as server:
        project = GitHubProject(tmp_path / "project", server.api_url)
        project.edit("repositories: 100", "repositories: 1")
        project.stage("select_repos")
        (repo,) = pl.read_parquet(project.folder / "data/repos.parquet")["repo"]
        remains = project.folder / f".limi/github/repositories/{repo}.git" / left
        (remains.parent).mkdir(parents=True)
        remains.touch()
        project.stage("collect_prs")
        assert server.log.of("core") == []
    sources = set(project.pulls()["patch_source"]) - {""}
    assert sources and sources <= {"git", "git_branch"}


@pytest.mark.parametrize(
    "fault",
    [Fault("403_primary", on="graphql", after=1, seconds=3_000), Fault("git_429", times=99, seconds=900)],
    ids=["a reset in an hour", "git's Retry-After"],
)
def test_ctrl_c_ends_a_run_that_waits_for_github(tmp_path: Path, world: DemoWorld, fault: Fault) -> None:
    with GitHubServer(world, faults=FaultScript([fault]), sdl_path=SDL) as server:
        project = GitHubProject(tmp_path / "project", server.api_url)
        project.stage("select_repos")
        process = project.start("collect_prs")
        try:
            patience = time.monotonic() + 20
            while not fault.used:
                assert process.poll() is None and time.monotonic() < patience, "it never came to wait"
                time.sleep(0.01)
            time.sleep(0.5)
            for _ in range(2):  # a second one, as people do
                process.send_signal(signal.SIGINT)
                time.sleep(0.5)
            process.wait(timeout=5)
        finally:
            kill(process, os.killpg)
    assert process.returncode != 0
