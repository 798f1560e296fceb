"""An authored life becomes the history that git itself would have made of it."""

import os
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demo.authored import AuthoredRepository
from demo.history import fast_import_stream
from pipeline.errors import UserError

STARTED = "2023-01-09T09:00:00+01:00"
ENVIRONMENT = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def edit(path: str = "a.txt", **way: Any) -> dict[str, Any]:
    return {"path": path, **way}


def change(path: str = "a.txt", find: str = "one", replace: str = "two") -> dict[str, Any]:
    return edit(path, find=find, replace=replace)


def pull(*edits: dict[str, Any], number: int | None = 4, day: int = 1, **fields: Any) -> dict[str, Any]:
    known = {"number": number, "title": f"Handle {number}", "author": "bo", "date": f"2023-02-{day:02d}T10:00:00+00:00"}
    return known | {"how": "squash", "commits": [{"edits": list(edits)}]} | fields


def authored(*pulls: dict[str, Any], base: dict[str, bytes] | None = None, **facts: Any) -> AuthoredRepository:
    known = {"full_name": "acme/parser", "description": "A parser.", "language": "Python", "licence": "MIT"}
    known |= {
        "stars": 12_000,
        "started": STARTED,
        "people": {"ada": "Ada Ä <ada@x.example>", "bo": "Bo <bo@x.example>"},
    }
    files = {"a.txt": b"one\nx\ny\n", "b.txt": b"one\n"} if base is None else base
    tree = {path: (data, False) for path, data in files.items()}
    return AuthoredRepository.model_validate({"facts": known | facts, "base": tree, "pulls": list(pulls)})


class Clone:
    def __init__(self, path: Path, repository: AuthoredRepository) -> None:
        self.path = path
        self.git("init", "--quiet", "--bare", "--initial-branch=main")
        self.git("fast-import", "--quiet", "--done", stdin=fast_import_stream(repository) + b"done\n")

    def git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        self.path.mkdir(exist_ok=True, parents=True)
        done = subprocess.run(["git", *arguments], cwd=self.path, input=stdin, capture_output=True, env=ENVIRONMENT)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def text(self, *arguments: str) -> str:
        return self.git(*arguments).decode().rstrip("\n")

    def tree(self, commit: str) -> dict[str, tuple[str, bytes]]:
        entries = [entry for entry in self.git("ls-tree", "-r", "-z", commit).split(b"\0") if entry]
        found = {}
        for entry in entries:
            facts, path = entry.split(b"\t", 1)
            mode, _, blob = facts.decode().split()
            found[path.decode()] = (mode, self.git("cat-file", "blob", blob))
        return found


def built(folder: Path, *pulls: dict[str, Any], **facts: Any) -> Clone:
    return Clone(folder / "clone.git", authored(*pulls, **facts))


def refused(*pulls: dict[str, Any], **facts: Any) -> str:
    with pytest.raises(UserError) as caught:
        fast_import_stream(authored(*pulls, **facts))
    return str(caught.value)


def test_a_life_without_entries_is_one_commit(tmp_path: Path) -> None:
    clone = built(tmp_path)
    assert clone.text("log", "--format=%s|%an|%ae|%aI|%cn|%cI", "main") == (
        f"Initial commit|Ada Ä|ada@x.example|{STARTED}|Ada Ä|{STARTED}"
    )
    assert clone.tree("main") == {"a.txt": ("100644", b"one\nx\ny\n"), "b.txt": ("100644", b"one\n")}


def test_a_squash_is_one_commit_with_the_number_in_its_subject(tmp_path: Path) -> None:
    commits = [{"edits": [change()], "message": "First"}, {"edits": [change(find="x", replace="z")], "author": "ada"}]
    clone = built(tmp_path, pull(commits=commits, body="  Why.\n\nMore.\n"))
    assert clone.text("log", "--format=%s|%an|%p", "-1", "main").startswith("Handle 4 (#4)|Bo|")
    assert clone.text("log", "--format=%b", "-1", "main").strip() == "Why.\n\nMore."
    assert clone.text("rev-list", "--count", "main") == "2"
    assert clone.text("log", "--format=%s|%an", "-2", "refs/pull/4/head").splitlines() == ["Handle 4|Ada Ä", "First|Bo"]
    assert clone.tree("main") == clone.tree("refs/pull/4/head")
    assert clone.tree("main")["a.txt"][1] == b"two\nz\ny\n"


def test_a_merge_has_main_and_the_branch_as_parents(tmp_path: Path) -> None:
    clone = built(tmp_path, pull(change(), how="merge", branch="fix-it", body="Why."))
    assert clone.text("log", "--format=%B", "-1", "main").strip() == (
        "Merge pull request #4 from bo/fix-it\n\nHandle 4\n\nWhy."
    )
    assert clone.text("rev-parse", "main^1") == clone.text("rev-list", "--max-parents=0", "main")
    assert clone.text("rev-parse", "main^2") == clone.text("rev-parse", "refs/pull/4/head")


def test_a_merge_of_nothing_leaves_the_tree_as_it_was(tmp_path: Path) -> None:
    clone = built(tmp_path, pull(how="merge"))
    assert clone.text("rev-parse", "main^{tree}") == clone.text("rev-parse", "main^1^{tree}")
    assert clone.text("rev-list", "--count", "main") == "3"


def test_a_rebase_brings_its_commits_again_with_the_maintainer_as_committer(tmp_path: Path) -> None:
    commits = [
        {"edits": [change()], "message": "First"},
        {"edits": [change(find="x", replace="z")], "message": "Second"},
    ]
    clone = built(tmp_path, pull(change("b.txt"), number=2), pull(commits=commits, how="rebase", day=3, behind=1))
    assert clone.text("log", "--format=%s|%an|%cn", "-2", "main").splitlines() == ["Second|Bo|Ada Ä", "First|Bo|Ada Ä"]
    assert clone.text("rev-parse", "main") != clone.text("rev-parse", "refs/pull/4/head")
    ids = [
        clone.git("patch-id", stdin=clone.git("diff", f"{ref}~2", ref)).split()[0]
        for ref in ("main", "refs/pull/4/head")
    ]
    assert ids[0] == ids[1]


def test_a_direct_push_has_no_pull_request(tmp_path: Path) -> None:
    clone = built(tmp_path, pull(change(), number=None, how="direct", title="Release 1"))
    assert clone.text("log", "--format=%s", "-1", "main") == "Release 1"
    assert clone.text("for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_what_was_not_merged_is_a_pull_request_and_not_on_main(tmp_path: Path) -> None:
    clone = built(tmp_path, pull(change(), how="unmerged"))
    assert clone.text("rev-list", "--count", "main") == "1"
    assert clone.text("rev-list", "--count", "refs/pull/4/head") == "2"


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_a_branch_that_is_behind_is_merged_as_git_would(tmp_path: Path, how: str) -> None:
    before = pull(change("b.txt"), number=2)
    clone = built(tmp_path, before, pull(change(), how=how, behind=1, day=3))
    root = clone.text("rev-list", "--max-parents=0", "main")
    assert clone.text("merge-base", "main^1", "refs/pull/4/head") == root
    assert clone.tree("refs/pull/4/head")["b.txt"][1] == b"one\n"
    merged = clone.text("merge-tree", "--write-tree", "main^1", "refs/pull/4/head")
    assert clone.text("rev-parse", "main^{tree}") == merged


def test_a_branch_cannot_start_before_the_first_commit(tmp_path: Path) -> None:
    clone = built(tmp_path, pull(change(), behind=5))
    assert clone.text("rev-parse", "refs/pull/4/head~1") == clone.text("rev-list", "--max-parents=0", "main")


def test_edits_of_one_commit_apply_in_order(tmp_path: Path) -> None:
    edits = [edit(rename="c.txt"), change("c.txt"), edit("c.txt", mode="executable"), edit(write="new")]
    clone = built(tmp_path, pull(*edits, edit("b.txt", delete=True)))
    assert clone.tree("main") == {"a.txt": ("100644", b"new"), "c.txt": ("100755", b"two\nx\ny\n")}


def test_a_file_keeps_its_mode_when_it_is_written_or_renamed(tmp_path: Path) -> None:
    edits = [edit(mode="executable"), edit(write="new"), change(find="new", replace="newer"), edit(rename="c.txt")]
    clone = built(tmp_path, pull(*edits))
    assert clone.tree("main")["c.txt"] == ("100755", b"newer")
    assert built(tmp_path / "plain", pull(*edits, edit("c.txt", mode="plain"))).tree("main")["c.txt"][0] == "100644"


@pytest.mark.parametrize(
    "date",
    [
        "2023-02-01T10:00:00+00:00",
        "2023-02-01T10:00:00-03:30",
        "2023-02-01T10:00:00+05:45",
        "2023-02-01T10:00:00-11:00",
    ],
)
def test_dates_keep_their_offset(tmp_path: Path, date: str) -> None:
    clone = built(tmp_path, pull(change(), date=date))
    # git writes no offset as Z in one version and as +00:00 in another.
    assert clone.text("log", "--format=%aI", "-1", "main").replace("Z", "+00:00") == date
    authored_at = datetime.fromisoformat(
        clone.text("log", "--format=%aI", "-1", "refs/pull/4/head").replace("Z", "+00:00")
    )
    assert authored_at < datetime.fromisoformat(date)


def test_the_same_life_gives_the_same_stream_and_another_does_not() -> None:
    assert fast_import_stream(authored(pull(change()))) == fast_import_stream(authored(pull(change())))
    assert fast_import_stream(authored(pull(change()))) != fast_import_stream(authored(pull(change(replace="three"))))


def test_messages_in_any_script_arrive_byte_for_byte(tmp_path: Path) -> None:
    title = 'Größe 修复 🎉 "quoted" data 5\ncommit x'
    clone = built(tmp_path, pull(change(), title=title, number=None, how="direct"))
    assert clone.text("log", "--format=%B", "-1", "main") == title


NAMES = st.text(st.characters(exclude_characters="\0/\n", exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda name: name.lower() not in (".", "..", ".git") and not name.lower().startswith("git~")
)


@settings(derandomize=True, deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, st.binary(max_size=20), min_size=1, max_size=4))
def test_any_name_and_any_bytes_arrive_as_they_are(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    clone = built(tmp_path_factory.mktemp("names"), base=files)
    assert clone.tree("main") == {path: ("100644", data) for path, data in files.items()}


ODD = [
    'odd "name".html',
    "naïve café.txt",
    "back\\slash",
    "new\nline",
    "tab\there",
    " space ",
    '"',
    "a b/c d",
    "'",
    "\\n",
    "#",
    "%s",
]


@pytest.mark.parametrize("path", ODD)
def test_an_odd_path_is_written_renamed_and_deleted(tmp_path: Path, path: str) -> None:
    clone = built(
        tmp_path,
        pull(edit(path, write="x"), number=1, day=1),
        pull(edit(path, rename=f"{path}2"), number=2, day=2),
        pull(edit(f"{path}2", delete=True), number=3, day=3),
    )
    assert [set(clone.tree(f"main~{at}")) - {"a.txt", "b.txt"} for at in (2, 1, 0)] == [{path}, {f"{path}2"}, set()]


@pytest.mark.parametrize(("text", "times"), [("nowhere", 0), ("one\n\n", 0)])
def test_a_text_that_is_not_found_is_told_with_its_place(text: str, times: int) -> None:
    message = refused(pull(change(find=text), number=7))
    assert message.startswith(f"acme/parser#7 ('Handle 7'), a.txt: the text to find occurs {times} times")
    assert repr(text) in message


def test_a_text_that_is_found_twice_is_told_with_its_place() -> None:
    assert "acme/parser#4 ('Handle 4'), a.txt: the text to find occurs 2 times, it must occur once: 'one'" in refused(
        pull(edit(write="one one"), change())
    )


def test_a_text_that_the_older_tree_has_not_is_told(tmp_path: Path) -> None:
    first = pull(change(), number=2)
    assert "#4 ('Handle 4'), a.txt: the text to find occurs 0 times" in refused(
        first, pull(change(find="two", replace="three"), behind=1, day=3)
    )
    assert (
        built(tmp_path, first, pull(change(find="two", replace="three"), day=3)).tree("main")["a.txt"][1][:5]
        == b"three"
    )


def test_a_text_that_main_has_lost_is_told() -> None:
    assert "a.txt: the text to find occurs 0 times" in refused(
        pull(change(), number=2), pull(change(), behind=1, day=3, how="merge")
    )


@pytest.mark.parametrize(
    "way", [{"find": "a", "replace": "b"}, {"delete": True}, {"rename": "d.txt"}, {"mode": "plain"}]
)
def test_a_file_that_is_not_there_is_told_with_its_place(way: dict[str, Any]) -> None:
    message = refused(pull(edit("c.txt", **way)))
    assert message == "acme/parser#4 ('Handle 4'), c.txt: no such file at this point of the history"


def test_a_rename_to_a_file_that_exists_is_told_with_its_place() -> None:
    assert refused(pull(edit(rename="b.txt"))) == (
        "acme/parser#4 ('Handle 4'), a.txt: cannot be renamed to b.txt, which exists"
    )


@pytest.mark.parametrize(
    "date", ["2023-02-01T10:00:00+00:00", "2023-02-01T10:30:00+01:00", "2023-01-20T00:00:00+00:00"]
)
def test_a_date_that_does_not_move_on_is_told_with_its_place(date: str) -> None:
    message = refused(pull(change(), number=2), pull(change("b.txt"), date=date))
    assert message.startswith("acme/parser: 'Handle 4' is dated 2023-")
    assert "not after the entry before it (2023-02-01 10:00:00+00:00)" in message


def test_a_first_date_before_the_beginning_is_told() -> None:
    assert "not after the entry before it (2023-01-09" in refused(pull(change(), date="2023-01-09T08:00:00+00:00"))


def test_an_unknown_author_is_told_with_the_people_there_are() -> None:
    message = refused(pull(change(), author="chidi"))
    assert message.startswith("acme/parser")
    assert "'chidi' is not among the people of repository.yaml (ada, bo)" in message
    assert "'chidi'" in refused(pull(commits=[{"edits": [change()], "author": "chidi"}]))


def test_an_unknown_author_is_told_with_the_entry() -> None:
    assert "Handle 4" in refused(pull(change(), author="chidi"))


def test_a_file_in_the_place_of_a_folder_is_told() -> None:
    assert "src/x" in refused(pull(edit("src", write="x")), base={"src/x": b""})
