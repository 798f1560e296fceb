"""`limi clones add` makes a clone with its row and renews both; it runs nothing it was not meant to and keeps no password."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from limi.clones import main_language
from limi.command import main
from pipeline.clones.collect import collect_clone
from pipeline.clones.facts import RepositoryFacts, read_facts, read_repositories, write_facts
from pipeline.clones.git import git_dir_of, open_clone
from pipeline.sections import Collect
from tests.conftest import Repository
from tests.pipeline.clones.test_licences import BEGINNINGS

Limi = Callable[..., tuple[int, str]]


@pytest.fixture
def limi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Limi:
    """Run the command in an empty home and folder; its exit code and all that it and git printed."""
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home/.config"))
    monkeypatch.chdir(tmp_path / "work")

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["limi", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capfd.readouterr()
        return int(ended.value.code or 0), printed.out + printed.err

    return run


@pytest.fixture
def upstream(make_repository: Callable[[str], Repository]) -> Repository:
    repository = make_repository("upstream/ada/doors")
    repository.commit("Begin (#1)", {"door.py": "print('door')\n" * 9, "x.js": "1\n", "LICENSE": BEGINNINGS["MIT"]})
    repository.git("switch", "--quiet", "--create", "work")
    repository.pull_ref(2, repository.commit("Unmerged", {"w": "1"}))
    repository.git("switch", "--quiet", "main")
    return repository


def add(limi: Limi, *arguments: str) -> str:
    code, printed = limi("clones", "add", *arguments)
    assert code == 0, printed
    return printed


def facts() -> dict[str, RepositoryFacts]:
    return {row.full_name: row for row in read_facts(Path("clones/repositories.csv"))}


def refs(path: Path) -> dict[str, str]:
    with open_clone(path) as clone:
        return clone.refs()


def everything_below(folder: Path) -> bytes:
    return b"\0".join(
        path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()
    )


def canary(folder: Path) -> tuple[Path, Path]:
    """A script, and the file that is there only after somebody ran it."""
    script, touched = folder / "canary.sh", folder / "was-run"
    script.write_text(f"#!/bin/sh\ntouch '{touched}'\nexit 1\n")
    script.chmod(0o755)
    return script, touched


# Adding


def test_a_clone_is_made_with_its_row(limi: Limi, upstream: Repository) -> None:
    head = upstream.git("rev-parse", "main")
    printed = add(limi, str(upstream.path), "--stars", "12000", "--description", "Doors, and more.")
    assert facts() == {
        "ada/doors": RepositoryFacts("ada/doors", 12_000, "Python", "MIT", "Doors, and more.", head, "ada/doors.git")
    }
    assert f"ada/doors: Python, MIT, 12000 stars, at {head[:12]}; its row is in clones/repositories.csv" in printed
    assert refs(Path("clones/ada/doors.git")) == {
        "refs/heads/limi-head": head,
        "refs/pull/2/head": upstream.git("rev-parse", "refs/pull/2/head"),
    }


def test_what_was_added_is_what_the_pipeline_reads(limi: Limi, upstream: Repository) -> None:
    add(limi, str(upstream.path))
    (row,) = read_repositories(Path("clones/repositories.csv"), Path("clones")).iter_rows(named=True)
    found = collect_clone(
        row["repo"],
        Path("clones") / row["clone"],
        row["head_sha"],
        Collect(max_listed=9, max_patch_bytes=9999, max_changed_lines=1200),
    )
    assert found["pr_id"].to_list() == ["ada/doors#1"]


@pytest.mark.parametrize("form", ["{}", "{}/", "{}/.git/../", "file://{}", "file://{}/"])
def test_a_local_address_may_have_any_form(limi: Limi, upstream: Repository, form: str) -> None:
    code, printed = limi("clones", "add", form.format(upstream.path))
    assert (code, set(facts()) if code == 0 else "refused") in ((0, {"ada/doors"}), (2, "refused")), printed
    assert code == (2 if ".." in form else 0)


def test_a_bare_upstream_with_the_usual_ending_loses_the_ending(
    limi: Limi, upstream: Repository, tmp_path: Path
) -> None:
    upstream.git("clone", "--quiet", "--mirror", str(upstream.path), str(tmp_path / "bare/bo/gates.git"))
    add(limi, str(tmp_path / "bare/bo/gates.git"))
    assert set(facts()) == {"bo/gates"}
    assert git_dir_of(Path("clones/bo/gates.git")) is not None


def test_a_relative_path_is_meant_from_where_the_user_stands(limi: Limi, upstream: Repository) -> None:
    add(limi, os.path.relpath(upstream.path))
    assert facts()["ada/doors"].head == upstream.git("rev-parse", "main")


def test_folder_and_facts_go_where_the_user_says(limi: Limi, upstream: Repository, tmp_path: Path) -> None:
    add(limi, str(upstream.path), "--folder", str(tmp_path / "my clones"), "--facts", "my facts.csv")
    assert [row.full_name for row in read_facts(Path("my facts.csv"))] == ["ada/doors"]
    assert git_dir_of(tmp_path / "my clones/ada/doors.git") is not None
    assert not Path("clones").exists()


def test_several_addresses_are_added_in_one_go(
    limi: Limi, upstream: Repository, make_repository: Callable[[str], Repository]
) -> None:
    other = make_repository("upstream/bo/gates")
    add(limi, str(upstream.path), f"file://{other.path}")
    assert set(facts()) == {"ada/doors", "bo/gates"}
    assert facts()["bo/gates"].head == other.git("rev-parse", "main")


def test_one_bad_address_keeps_what_was_added_before_it(limi: Limi, upstream: Repository, tmp_path: Path) -> None:
    code, printed = limi("clones", "add", str(upstream.path), str(tmp_path / "upstream/no/where"))
    assert code == 2
    assert "git could not fetch" in printed
    assert set(facts()) == {"ada/doors"}


def test_tags_are_not_fetched(limi: Limi, upstream: Repository) -> None:
    upstream.git("tag", "v1")
    add(limi, str(upstream.path))
    assert not any(name.startswith("refs/tags") for name in refs(Path("clones/ada/doors.git")))


def test_unknown_stars_are_said_to_be_unknown(limi: Limi, upstream: Repository) -> None:
    assert "a clone does not know its stars" in add(limi, str(upstream.path))
    assert "a clone does not know its stars" not in add(limi, str(upstream.path), "--stars", "5")


def test_what_the_user_says_beats_what_is_told(limi: Limi, upstream: Repository) -> None:
    add(limi, str(upstream.path), "--language", "Zig", "--licence", "ISC")
    assert (facts()["ada/doors"].language, facts()["ada/doors"].licence) == ("Zig", "ISC")


def test_negative_stars_are_refused(limi: Limi, upstream: Repository) -> None:
    code, printed = limi("clones", "add", str(upstream.path), "--stars", "-1")
    assert (code, "--stars" in printed) == (2, True)
    assert not Path("clones").exists()


# Again


def test_adding_again_fetches_what_is_new(limi: Limi, upstream: Repository) -> None:
    add(limi, str(upstream.path), "--stars", "12000", "--language", "Zig", "--description", "Doors.")
    before = facts()["ada/doors"]
    head = upstream.commit("More (#3)", {"more": "1"})
    upstream.pull_ref(3, head)
    add(limi, str(upstream.path))
    assert facts()["ada/doors"] == RepositoryFacts("ada/doors", 12_000, "Zig", "MIT", "Doors.", head, "ada/doors.git")
    assert before.head != head
    assert refs(Path("clones/ada/doors.git"))["refs/pull/3/head"] == head


def test_adding_again_without_news_changes_nothing(limi: Limi, upstream: Repository) -> None:
    add(limi, str(upstream.path))
    row, found = Path("clones/repositories.csv").read_bytes(), refs(Path("clones/ada/doors.git"))
    add(limi, str(upstream.path))
    assert (Path("clones/repositories.csv").read_bytes(), refs(Path("clones/ada/doors.git"))) == (row, found)


def test_a_rewritten_main_branch_is_followed(limi: Limi, upstream: Repository) -> None:
    add(limi, str(upstream.path))
    upstream.git("commit", "--quiet", "--amend", "--message", "Begin anew (#1)")
    add(limi, str(upstream.path))
    assert facts()["ada/doors"].head == upstream.git("rev-parse", "main")


def test_a_pull_ref_that_is_gone_goes(limi: Limi, upstream: Repository) -> None:
    add(limi, str(upstream.path))
    upstream.git("update-ref", "-d", "refs/pull/2/head")
    add(limi, str(upstream.path))
    assert set(refs(Path("clones/ada/doors.git"))) == {"refs/heads/limi-head"}


def test_another_case_of_the_name_is_the_same_repository(limi: Limi, upstream: Repository, tmp_path: Path) -> None:
    add(limi, str(upstream.path), "--stars", "7")
    upstream.git("clone", "--quiet", "--mirror", str(upstream.path), str(tmp_path / "other/Ada/Doors"))
    add(limi, str(tmp_path / "other/Ada/Doors"))
    assert {name: row.stars for name, row in facts().items()} == {"Ada/Doors": 7}


def test_other_rows_are_kept(limi: Limi, upstream: Repository) -> None:
    other = RepositoryFacts("bo/gates", 5, "Go", "ISC", 'Gates, "big"\nones', "a" * 40, "x y.git")
    write_facts(Path("clones/repositories.csv"), [other])
    add(limi, str(upstream.path))
    assert facts()["bo/gates"] == other


def test_a_broken_facts_file_is_told_and_left_as_it_is(limi: Limi, upstream: Repository) -> None:
    Path("clones").mkdir()
    Path("clones/repositories.csv").write_text("full_name,stars\nx,y\n")
    code, printed = limi("clones", "add", str(upstream.path))
    assert code == 2
    assert "column language is missing" in printed
    assert Path("clones/repositories.csv").read_text() == "full_name,stars\nx,y\n"


def test_a_bare_clone_that_somebody_else_made_is_renewed_to_the_newest_commit(limi: Limi, upstream: Repository) -> None:
    Path("clones/ada").mkdir(parents=True)
    upstream.git("clone", "--quiet", "--bare", str(upstream.path), str(Path("clones/ada/doors.git").absolute()))
    head = upstream.commit("More (#3)", {"more": "1"})
    add(limi, str(upstream.path))
    assert facts()["ada/doors"].head == head


def test_a_first_fetch_that_was_broken_off_is_taken_up_again(limi: Limi, upstream: Repository) -> None:
    subprocess.run(
        ["git", "init", "--quiet", "--bare", "--initial-branch=limi-head", "clones/ada/doors.git"], check=True
    )
    add(limi, str(upstream.path))
    assert facts()["ada/doors"].head == upstream.git("rev-parse", "main")


# Addresses that are refused


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "/",
        "https://",
        "ada",
        "ada/",
        "https://host.invalid/a b/c",
        "/home/ada/..",
        "..",
        "../..",
        "a/b c",
        "a/b\n",
        "a/{b,c}",
    ],
)
def test_an_address_that_does_not_end_in_owner_and_name_is_refused(limi: Limi, url: str) -> None:
    code, printed = limi("clones", "add", "--", url)
    assert code == 2
    assert "is not an address that ends in owner/name, such as https://github.com/owner/name" in printed
    assert not Path("clones").exists()


@pytest.mark.parametrize(
    "url", ["--upload-pack=touch was-run;/ada/doors", "-oProxyCommand=touch was-run/ada/doors", "-u/x"]
)
def test_an_address_like_an_option_is_refused(limi: Limi, url: str) -> None:
    code, _ = limi("clones", "add", "--", url)
    assert code == 2
    assert not Path("clones").exists()
    assert not Path("was-run").exists()


@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.parametrize(
    "url", ["ext::sh -c touch% {}% /ada/doors", "ext::{} /ada/doors", "fd::17/ada/doors", "transport::x/ada/doors"]
)
def test_an_address_that_is_a_command_is_refused_even_if_git_is_told_to_allow_it(
    limi: Limi, tmp_path: Path, url: str, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, touched = canary(tmp_path)
    if allowed:
        (tmp_path / "home/.gitconfig").write_text('[protocol]\n\tallow = always\n[protocol "ext"]\n\tallow = always\n')
        monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "ext:fd:file")
    code, printed = limi("clones", "add", url.format(script))
    assert code == 2, printed
    assert not touched.exists()
    assert not Path("clones/ada/doors.git").exists()
    if allowed and "17" not in url and "transport" not in url:
        subprocess.run(["git", "ls-remote", f"ext::{script} /ada/doors"], capture_output=True)
        assert touched.exists(), "the control: git itself runs it"


@pytest.mark.parametrize("url", ["ssh://-oProxyCommand=touch%20was-run/ada/doors", "-oProxyCommand=x:ada/doors"])
def test_a_host_like_an_option_is_refused(limi: Limi, url: str) -> None:
    code, _ = limi("clones", "add", "--", url)
    assert code == 2
    assert not Path("was-run").exists()


def test_http_without_encryption_is_refused(limi: Limi) -> None:
    code, printed = limi("clones", "add", "http://127.0.0.1:1/ada/doors")
    assert code == 2
    assert "'http' not allowed" in printed


def test_an_address_that_does_not_answer_leaves_no_clone_and_no_row(limi: Limi, tmp_path: Path) -> None:
    code, printed = limi("clones", "add", str(tmp_path / "nowhere/ada/doors"))
    assert code == 2
    assert f"git could not fetch {tmp_path}/nowhere/ada/doors" in printed
    assert not Path("clones/ada/doors.git").exists()
    assert not Path("clones/repositories.csv").exists()


def test_an_upstream_without_a_commit_leaves_no_clone_and_no_row(limi: Limi, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "upstream/ada/void")], check=True)
    code, _ = limi("clones", "add", str(tmp_path / "upstream/ada/void"))
    assert code == 2
    assert not Path("clones/ada/void.git").exists()
    assert not Path("clones/repositories.csv").exists()


def test_a_failed_renewal_leaves_clone_and_row_as_they_were(limi: Limi, upstream: Repository, tmp_path: Path) -> None:
    add(limi, str(upstream.path))
    row, found = Path("clones/repositories.csv").read_bytes(), refs(Path("clones/ada/doors.git"))
    code, _ = limi("clones", "add", str(tmp_path / "nowhere/ada/doors"))
    assert code == 2
    assert (Path("clones/repositories.csv").read_bytes(), refs(Path("clones/ada/doors.git"))) == (row, found)


# Trust


def test_a_template_of_the_user_puts_no_hook_into_the_clone(limi: Limi, upstream: Repository, tmp_path: Path) -> None:
    script, touched = canary(tmp_path)
    (tmp_path / "template/hooks").mkdir(parents=True)
    (tmp_path / "template/hooks/reference-transaction").write_bytes(script.read_bytes())
    (tmp_path / "template/hooks/reference-transaction").chmod(0o755)
    (tmp_path / "home/.gitconfig").write_text(f"[init]\n\ttemplateDir = {tmp_path}/template\n")
    add(limi, str(upstream.path))
    assert not touched.exists()


def test_git_variables_of_the_environment_do_not_redirect_the_clone(
    limi: Limi, upstream: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    add(limi, str(upstream.path))
    monkeypatch.delenv("GIT_DIR")
    assert git_dir_of(Path("clones/ada/doors.git")) is not None
    assert not (tmp_path / "elsewhere").exists()


def test_a_hook_in_a_clone_that_somebody_else_made_is_not_run(limi: Limi, upstream: Repository, tmp_path: Path) -> None:
    add(limi, str(upstream.path))
    script, touched = canary(tmp_path)
    Path("clones/ada/doors.git/hooks").mkdir(exist_ok=True)
    Path("clones/ada/doors.git/hooks/reference-transaction").write_bytes(script.read_bytes())
    Path("clones/ada/doors.git/hooks/reference-transaction").chmod(0o755)
    upstream.commit("More", {"more": "1"})
    limi("clones", "add", str(upstream.path))
    assert not touched.exists()


def test_the_configuration_of_a_clone_that_somebody_else_made_runs_nothing(
    limi: Limi, upstream: Repository, tmp_path: Path
) -> None:
    add(limi, str(upstream.path))
    script, touched = canary(tmp_path)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "reference-transaction").write_bytes(script.read_bytes())
    (hooks / "reference-transaction").chmod(0o755)
    for key, value in {
        "core.hooksPath": str(hooks),
        "core.fsmonitor": str(script),
        "core.sshCommand": str(script),
        "core.askPass": str(script),
        f"url.ssh://host.invalid{upstream.path}.insteadOf": str(upstream.path),
    }.items():
        subprocess.run(["git", "--git-dir", "clones/ada/doors.git", "config", key, value], check=True)
    limi("clones", "add", str(upstream.path))
    assert not touched.exists()


def test_what_an_upstream_says_reaches_the_terminal_without_its_control_characters(
    limi: Limi, upstream: Repository
) -> None:
    add(limi, str(upstream.path))
    printed = add(limi, str(upstream.path), "--language", "\x1b[31mred", "--licence", "[bold]x[/bold]")
    assert "\x1b" not in printed.split("fetching")[-1].replace("\x1b[K", "")
    assert "[bold]x[/bold]" in printed


# Passwords


def reachable_through_ssh(home: Path, path: Path) -> None:
    """An ssh of ours that speaks with git-upload-pack on this machine, so that any host with any password answers."""
    (home / "ssh.sh").write_text(f"#!/bin/sh\nexec git-upload-pack {shlex.quote(str(path))}\n")
    (home / "ssh.sh").chmod(0o755)
    (home / ".gitconfig").write_text(f"[core]\n\tsshCommand = {home}/ssh.sh\n[ssh]\n\tvariant = simple\n")


PASSWORDS = ["hunter-2", "hun@ter-2", "hun:ter-2", "ter-2:x@hun", "%68unter-2"]


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("times", [1, 2])
def test_a_password_in_the_address_is_in_no_file_and_no_output(
    limi: Limi, upstream: Repository, tmp_path: Path, password: str, times: int
) -> None:
    reachable_through_ssh(tmp_path / "home", upstream.path)
    add(limi, "ssh://ada@host.invalid/ada/doors")
    for _ in range(times):
        code, printed = limi("clones", "add", f"ssh://ada:{password}@host.invalid/ada/doors")
        assert code in (0, 2), "fetched, or refused for its password"
        assert "ter-2" not in printed
    assert facts()["ada/doors"].head == upstream.git("rev-parse", "main")
    assert b"ter-2" not in everything_below(Path("clones"))


@pytest.mark.parametrize("password", [*PASSWORDS, "hun/ter-2", "hun#ter-2", "hun?ter-2"])
@pytest.mark.parametrize("scheme", ["file", "ssh", "https", "git", "http", "ext::x"])
def test_a_password_in_an_address_that_fails_is_in_no_file_and_no_output(
    limi: Limi, tmp_path: Path, password: str, scheme: str
) -> None:
    (tmp_path / "home/.gitconfig").write_text("[core]\n\tsshCommand = false\n[http]\n\tproxy = http://127.0.0.1:1\n")
    code, printed = limi("clones", "add", f"{scheme}://ada:{password}@127.0.0.1:1/ada/doors")
    assert code in (1, 2)
    assert "ter-2" not in printed
    assert not Path("clones").exists() or b"ter-2" not in everything_below(Path("clones"))


def test_a_password_in_an_address_that_is_refused_is_in_no_output(limi: Limi) -> None:
    code, printed = limi("clones", "add", "https://ada:hunter-2@host.invalid/not a name")
    assert code == 2
    assert "https://host.invalid/not a name is not an address" in printed
    assert "ter-2" not in printed


# The main language


def language(repository: Repository, files: dict[str, str | bytes | None]) -> str:
    repository.commit("Files", files)
    with open_clone(repository.path) as clone:
        return main_language(clone, repository.git("rev-parse", "HEAD"))


def test_the_language_with_most_bytes_is_the_main_one(repository: Repository) -> None:
    assert language(repository, {"a.py": "x" * 10, "b.go": "x" * 6, "c/d.GO": "x" * 5, "big.txt": "x" * 99}) == "Go"


def test_of_equal_languages_the_first_by_name_is_the_main_one(repository: Repository) -> None:
    assert language(repository, {"a.py": "xx", "b.go": "xx"}) == "Go"


def test_no_known_language_is_unknown(repository: Repository) -> None:
    assert language(repository, {"a.txt": "x", "py": "x"}) == "unknown"


def test_links_and_submodules_have_no_language(repository: Repository) -> None:
    (repository.path / "link.go").symlink_to("README.md")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub.rs")
    repository.git("commit", "--quiet", "--message", "Sub")
    assert language(repository, {"a.py": ""}) in ("Go", "Python")


def test_a_path_of_any_characters_has_its_language(repository: Repository) -> None:
    assert language(repository, {"tab\tnew\nline.py": "x" * 9, "b.go": "x"}) == "Python"
