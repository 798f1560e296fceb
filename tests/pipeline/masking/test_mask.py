"""Masking is even across the texts, does no more the second time, and keeps the diff whole."""

import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.hunks import file_changes
from pipeline.masking.mask import KINDS, Masked, mask
from pipeline.patch import structure
from tests.pipeline.masking.diffs import patch_of
from tests.pipeline.masking.planted import IN_LINES, PERSONAL, TOKENS, letters

PLANTED = [*(line for line, _ in IN_LINES), *(line for _, line, _ in PERSONAL), *TOKENS.values()]
MARKS = ["-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----", letters(64), "-- x", "++ x", "@@ -1 +1 @@"]
LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *PLANTED,
                *MARKS,
                "",
                "cc @jane",
                "@a/@b: _@c_",
                "* Do (@a)",
                "https://github.com/a",
                "jruby-1.2.3.5",
                "at 1.2.3.5",
                "[SECRET_1]",
                "@[HANDLE_4]",
            ]
        ),
        st.text(max_size=40),
    ),
    max_size=6,
).map(lambda lines: [line.replace("\n", " ").replace("\r", " ") for line in lines])


def again(masked: Masked) -> Masked:
    return mask(masked.title, masked.body, masked.patch, KINDS)


def test_one_value_has_one_placeholder_in_all_three_texts() -> None:
    masked = mask(
        "Drop s3s4me0pen", "It was s3s4me0pen.", patch_of(['password = "s3s4me0pen"'], ['key("s3s4me0pen")']), KINDS
    )
    assert masked.title == "Drop [SECRET_1]"
    assert masked.body == "It was [SECRET_1]."
    assert masked.patch == patch_of(['password = "[SECRET_1]"'], ['key("[SECRET_1]")'])
    assert masked.counts == {"secret": 1, "email": 0, "ip": 0, "phone": 0, "handle": 0}


def test_numbers_follow_the_order_of_first_appearance() -> None:
    masked = mask("b@b.io", "a@a.io and b@b.io", patch_of([], ["c@c.io, a@a.io"]), ["email"])
    assert (masked.title, masked.body) == ("[EMAIL_1]", "[EMAIL_2] and [EMAIL_1]")
    assert masked.patch == patch_of([], ["[EMAIL_3], [EMAIL_2]"])


def test_a_value_inside_a_longer_word_is_another_word() -> None:
    assert mask('password = "hunter2"', "hunter2, hunter2000, xhunter2", "", KINDS).body == (
        "[SECRET_1], hunter2000, xhunter2"
    )


def test_a_placeholder_that_stands_there_keeps_its_number() -> None:
    assert mask("[SECRET_7]", 'password = "hunter2"', "", KINDS).body == 'password = "[SECRET_8]"'


def test_only_the_wanted_kinds_are_masked() -> None:
    masked = mask("a@b.io", 'password = "hunter2"', "", ["email"])
    assert (masked.title, masked.body, masked.counts) == ("[EMAIL_1]", 'password = "hunter2"', {"email": 1})


def test_numbers_that_a_text_names_as_a_version_are_no_address_in_another() -> None:
    patch = patch_of([], ["  - rvm: jruby-9.1.15.0", "host = 9.1.16.0"])
    masked = mask("Go from 9.1.15.0 on", "It was 9.1.15.0", patch, ["ip"])
    assert (masked.title, masked.body) == ("Go from 9.1.15.0 on", "It was 9.1.15.0")
    assert masked.patch == patch.replace("9.1.16.0", "[IP_1]")


def test_a_host_that_changes_its_address_loses_both() -> None:
    body = "Update the host from 93.184.216.34 to 93.184.216.35, and pycurl: update from 7.43.0.5 to 7.45.1.2"
    assert mask("", body, "", ["ip"]).body == body.replace("93.184.216.34", "[IP_1]").replace("93.184.216.35", "[IP_2]")


def test_a_profile_and_a_mention_of_one_login_share_a_number() -> None:
    masked = mask("By @jane", "https://github.com/jane", patch_of([], ["- Mend it (@Jane)"]), ["handle"])
    assert (masked.title, masked.body) == ("By @[HANDLE_1]", "https://github.com/@[HANDLE_1]")
    assert masked.patch == patch_of([], ["- Mend it (@[HANDLE_1])"])


@pytest.mark.parametrize(
    "text",
    [
        "machine h login ada password hunter2x9",
        "- Mend the door (@alice)",
        "Signed-off-by: Jane Doe <jane@harbour.dev>",
    ],
)
def test_lines_that_end_as_on_windows_are_masked_alike_and_keep_their_ends(text: str) -> None:
    plain, other = f"{text}\nand more\n", f"{text}\r\nand more\r\n"
    assert mask("", other, "", KINDS).body == mask("", plain, "", KINDS).body.replace("\n", "\r\n")
    assert mask("", plain, "", KINDS).body != plain
    patch = f"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+{text}\n"
    assert mask("", "", patch.replace("\n", "\r\n"), KINDS).patch.replace("\r", "") == mask("", "", patch, KINDS).patch


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'names'.*cannot be masked; the kinds are secret"):
        mask("", "", "", ["names"])  # type: ignore[list-item]


def test_headers_of_a_patch_stay() -> None:
    name = "jane@somewhere.io"
    patch = (
        f"diff --git a/{name} b/x\nsimilarity index 90%\nrename from {name}\nrename to x\nindex 1234567..89abcde 100644\n"
        f"--- a/{name}\n+++ b/x\n@@ -1 +1 @@\n-a\n+{name}\n\\ No newline at end of file\n"
    )
    assert mask("", name, patch, KINDS).patch == patch.replace(f"+{name}", "+[EMAIL_1]")


def test_a_removed_line_that_looks_like_a_header_is_masked() -> None:
    assert mask("", "", patch_of(["-- jane@somewhere.io"], ["++ jane@somewhere.io"]), KINDS).patch == patch_of(
        ["-- [EMAIL_1]"], ["++ [EMAIL_1]"]
    )


@settings(max_examples=60, deadline=None)
@given(LINES, LINES, LINES, LINES)
def test_the_diff_stays_well_formed_and_masking_again_changes_nothing(
    removed: list[str], added: list[str], context: list[str], body: list[str]
) -> None:
    patch = patch_of(removed, added, context)
    masked = mask("", "\n".join(body), patch, KINDS)
    before, after = patch.split("\n"), masked.patch.split("\n")
    assert [line[:1] for line in after] == [line[:1] for line in before]
    assert after[:4] == before[:4]
    assert [file.counts for file in file_changes(masked.patch)] == [(len(added), len(removed))]
    if added or removed:
        structure(masked.patch, len(added), len(removed))
    repeated = again(masked)
    assert (repeated.title, repeated.body, repeated.patch) == (masked.title, masked.body, masked.patch)
    assert mask("", "\n".join(body), patch, KINDS) == masked


@settings(max_examples=60, deadline=None)
@given(st.text(), st.text(), st.text())
def test_any_text_can_be_masked(title: str, body: str, patch: str) -> None:
    masked = mask(title, body, patch, KINDS)
    assert masked.patch.count("\n") == patch.count("\n")
    assert again(masked).patch == masked.patch


def test_git_counts_the_same_lines_before_and_after(tmp_path: Path) -> None:
    patch = patch_of(PLANTED, PLANTED[::-1], PLANTED, heading=PLANTED[0])
    masked = mask("", "", patch, KINDS).patch
    assert masked != patch

    def numstat(text: str) -> str:
        file = tmp_path / "x.patch"
        file.write_text(text, encoding="utf-8")
        return subprocess.run(
            ["git", "apply", "--numstat", str(file)], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout

    assert numstat(masked) == numstat(patch) == f"{len(PLANTED)}\t{len(PLANTED)}\tapp/x.py\n"


@pytest.mark.parametrize(
    "piece",
    [
        *"""a password password=" eyJ sk- a@ 1. 1: +1 ://a: TODO(a- ` awskey -----BEGIN""".split(),
        *[
            "@a/",
            "@a|",
            "_@a",
            "- A (@a,",
            "[a]: https://github.com/a",
            "github.com/a-",
            "go x@1.1.1.1 ",
            "login a password ",
        ],
        *["mysql ", "ENV A", "docker login ", "passwd ", "curl -u ", "update host from 1.1.1.1 to ", "x-1.1.1.1("],
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n",
        "Signed-off-by: ",
        'password = "aaaaaa{}x"\n',
    ],
)
def test_time_grows_with_the_text_and_not_with_its_square(piece: str) -> None:
    text = "".join(piece.replace("{}", str(number)) for number in range(30_000 // len(piece)))
    began = time.process_time()
    mask("", text, patch_of([], text.split("\n")), KINDS)
    assert time.process_time() - began < 5  # 1 MB takes 3 to 9 s; a square would take minutes


def test_a_megabyte_of_hostile_text_is_masked() -> None:
    text = ('password = "eyJ://a@1.:' * 45_000)[:1_000_000]
    began = time.process_time()
    mask("", text, "", KINDS)
    assert time.process_time() - began < 15
