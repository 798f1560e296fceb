"""A title is said again without what it gives away, and nothing is made up."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.synthesis.leakage import leakage, respelled
from pipeline.synthesis.plain_title import clean_of_talk, gives_names, plain_titles, plain_words
from tests.pipeline.synthesis.rows import solution


def plainly(title: str, *names: str, paths: tuple[str, ...] = ()) -> str:
    return plain_titles(title, solution(*names, paths=paths))[0]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("RetryPolicy", "retry policy"),
        ("retry_policy", "retry policy"),
        ("MAX_RETRY_COUNT", "max retry count"),
        ("__init_subclass__", "init subclass"),
        ("parseURLs", "parse urls"),
        ("HTTPServer", "http server"),
        ("utf8Decoder", "utf8 decoder"),
        ("mg7r", "something"),
        ("s390x", "something"),
        ("", "something"),
    ],
)
def test_a_name_is_said_in_its_words_or_in_a_general_one(name: str, words: str) -> None:
    assert plain_words(name) == words


@pytest.mark.parametrize(
    ("title", "names", "said"),
    [
        ("Add SetDirectory method to EC2SDConfig", ["SetDirectory"], "Add set directory method to EC2SDConfig"),
        ("Add `same_channel` to `OwnedPermit`", ["same_channel"], "Add same channel to `OwnedPermit`"),
        ("Raise on `if_exists`/`if_not_exists` there", ["if_exists", "if_not_exists"], "Raise on if exists/if not exists there"),
        ("Fix `Base::Methods#in_order_of!` with nil", ["in_order_of"], "Fix in order of with nil"),
        ("Add tests for `ActiveStorage::Variation` again", ["ActiveStorage"], "Add tests for active storage variation again"),
        ("Implement `AsRef<Self>` for streams", ["AsRef"], "Implement as ref for streams"),
        ("Don't crash with nil PortBindings.", ["PortBindings"], "Don't crash with nil port bindings"),
        ("Call close_all() on exit", ["close_all"], "Call close all on exit"),
        ("Add --retry-policy to the tool", ["RetryPolicy"], "Add retry policy to the tool"),
        ("Add retry_policy to the tool", ["RetryPolicy"], "Add retry policy to the tool"),
        ("Drop s390x from the images", ["s390x"], "Drop something from the images"),
    ],
)  # fmt: skip
def test_names_become_plain_words(title: str, names: list[str], said: str) -> None:
    assert plainly(title, *names) == said


@pytest.mark.parametrize(
    ("title", "path", "said"),
    [
        ("Fix typo in service_mgr.py", "lib/service_mgr.py", "Fix typo in the service mgr file"),
        ("Adjust `scripts/bump_go_version.sh`", "scripts/bump_go_version.sh", "Adjust the bump go version script"),
        ("Update README.rst", "README.rst", "Update the readme document"),
        ("Pin tools in the netlify.toml", "netlify.toml", "Pin tools in the netlify settings"),
        ("Fix spelling in Makefile comment", "Makefile", "Fix spelling in a file comment"),
        ("Add commit to .git-blame-ignore-revs", ".git-blame-ignore-revs", "Add commit to a file"),
    ],
)
def test_paths_become_what_they_are(title: str, path: str, said: str) -> None:
    assert plainly(title, paths=(path,)) == said


@pytest.mark.parametrize(
    ("title", "names", "said"),
    [
        ("Fix flaky test by replacing os.rename with os.WriteFile", ["WriteFile"], "Fix flaky test"),
        ("Avoid looking a field up twice using dictAddRaw()", ["dictAddRaw"], "Avoid looking a field up twice"),
        ("Replace `uniqid()` with `random_bytes()`", ["random_bytes"], "Replace `uniqid()`"),
        ("Rename `addHeader()` to `setHeader()`", ["setHeader"], "Rename `addHeader()`"),
        ("Switch the loop to run_forever when idle", ["run_forever"], "Switch the loop"),
    ],
)
def test_the_way_it_was_done_goes_with_its_clause(title: str, names: list[str], said: str) -> None:
    assert plainly(title, *names) == said


@pytest.mark.parametrize(
    "title", ["Add a reader by hand", "Replace `uniqid()` with a better source", "Fix `read_all` using old data"]
)
def test_a_title_that_gives_nothing_away_stays_as_it_is(title: str) -> None:
    assert plainly(title, "other_name") == title


def test_a_title_can_lose_clauses_but_never_its_beginning() -> None:
    titles = plain_titles("Fix grouped sums on old servers when idle", solution())
    assert titles == ["Fix grouped sums on old servers when idle", "Fix grouped sums on old servers"]


@pytest.mark.parametrize(
    ("title", "cleaned"),
    [
        ("minor #57856 [Mailer] Fix the header (xabbuh)", ("Mailer", "Fix the header")),
        ("feature #1 Cast variables (ann, bob.k)", ("", "Cast variables")),
        ("Fix the header (see #12)", ("", "Fix the header")),
        ("Fix the header, fixes #12", ("", "Fix the header")),
        ("Test case for #6358", ("", "Test case")),
        ("Fix the header [ci skip]", ("", "Fix the header")),
        ("Apply the idea of @[HANDLE_1]", ("", "Apply the idea of somebody")),
        ("Fix @[HANDLE_1] typo in the docs", ("", "Fix typo in the docs")),
        ("Send mail to [EMAIL_1]", ("", "Send mail to an address")),
        ("Read <b>all</b> of it", ("", "Read all of it")),
        ("Keep `<b>` in titles", ("", "Keep `<b>` in titles")),
        ("parser: Handle empty input", ("parser", "Handle empty input")),
        ("Merge pull request #9 from @[HANDLE_1]/topic", ("", "")),
        ("Merge branch 'main' into topic", ("", "")),
    ],
)
def test_talk_of_the_merge_goes(title: str, cleaned: tuple[str, str]) -> None:
    assert clean_of_talk(title) == cleaned


NAMES = ["read_all", "ReaderPool", "parseLine", "MAX_DEPTH", "readAll", "--max-depth", "reader.py", "src/reader.py"]
WORDS = st.lists(
    st.sampled_from(
        [*NAMES, *(f"`{name}`" for name in NAMES), "Replace", "with", "by using", "to", "fix", "(a)", "x."]
    ),
    max_size=9,
).map(" ".join)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(WORDS)
def test_no_title_names_what_the_patch_introduces(title: str) -> None:
    of = solution("read_all = ReaderPool(parseLine, MAX_DEPTH)", paths=("src/reader.py",))
    for said in plain_titles(title, of):
        assert (leakage(said, of).identifiers, leakage(said, of).paths, respelled(said, of)) == ([], [], [])
        assert not gives_names(said, of)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.text(max_size=100))
def test_whatever_a_title_holds_it_is_said_again_the_same_way(title: str) -> None:
    of = solution("read_all = ReaderPool(parseLine, MAX_DEPTH)", paths=("src/reader.py",))
    area, cleaned = clean_of_talk(title)
    assert (area + cleaned).isprintable()
    assert plain_titles(cleaned, of) == plain_titles(cleaned, of)


def test_no_word_is_made_up() -> None:
    general = {"the", "a", "file", "script", "document", "settings", "something"}
    title = "Fix `read_all` and reader.py for old servers"
    said = plainly(title, "read_all", paths=("src/reader.py",))
    assert set(said.lower().split()) <= {
        *title.lower().replace("_", " ").replace(".", " ").replace("`", "").split(),
        *general,
    }
