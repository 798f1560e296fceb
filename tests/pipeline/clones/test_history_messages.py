"""Odd messages and odd people: every commit that anybody can make is read."""

from datetime import UTC, datetime

import pytest

from tests.conftest import Repository
from tests.pipeline.clones.histories import listed, numbers, only, raw_commit


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
