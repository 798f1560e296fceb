"""No line of a private key stays, however much of the block is seen and whatever language holds it."""

import pytest

from pipeline.masking.mask import mask
from tests.pipeline.masking.diffs import patch_of
from tests.pipeline.masking.planted import letters

BODY = [letters(64, 3), letters(64, 90), letters(64, 200), letters(64, 300), letters(26, 400) + "=="]
BLOCK = ["-----BEGIN RSA PRIVATE KEY-----", *BODY, "-----END RSA PRIVATE KEY-----"]


def visible(patch: str) -> list[str]:
    masked = mask("", "", patch, ["secret"]).patch
    assert masked.count("\n") == patch.count("\n")
    return [line for line in BODY if line in masked]


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED "])
def test_a_whole_block_is_masked_on_both_sides(kind: str) -> None:
    block = [line.replace("RSA ", kind) for line in BLOCK]
    assert visible(patch_of(block, block, block)) == []
    assert visible(patch_of([], [f"    {line}" for line in block])) == []


@pytest.mark.parametrize("part", [BLOCK[:4], BLOCK[:2], BLOCK[-4:], BLOCK[-3:], BLOCK[2:5]])
def test_a_part_of_a_block_is_masked(part: list[str]) -> None:
    assert visible(patch_of([], part)) == []
    assert visible(patch_of(part, [])) == []


def test_a_key_replaced_by_another_between_the_same_marks_is_masked() -> None:
    patch = (
        "diff --git a/k b/k\nindex 1234567..89abcde 100644\n--- a/k\n+++ b/k\n@@ -1,4 +1,4 @@\n"
        f" {BLOCK[0]}\n-{BODY[0]}\n-{BODY[4]}\n+{BODY[1]}\n+{BODY[4]}\n {BLOCK[-1]}\n"
    )
    assert visible(patch) == []


@pytest.mark.parametrize("form", ['"{}\\n" +', "'{}\\n'", '"{}",', "# {}", "// {}", " * {}"])
def test_a_block_in_the_strings_or_comments_of_a_language_is_masked(form: str) -> None:
    assert visible(patch_of([], [form.format(line) for line in BLOCK])) == []


def test_a_block_in_one_string_is_masked() -> None:
    assert visible(patch_of([], ['key = "' + "\\n".join(BLOCK) + '"'])) == []


def test_headers_inside_a_block_do_not_end_it() -> None:
    block = [BLOCK[0], "Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,00", "", *BLOCK[1:]]
    assert visible(patch_of([], block)) == []


def test_the_lines_of_a_putty_key_are_masked() -> None:
    assert visible(patch_of([], ["PuTTY-User-Key-File-3: ssh-rsa", "Private-Lines: 5", *BODY, "Private-MAC: 00"])) == []


def test_the_lines_of_one_block_share_a_placeholder_and_its_marks_stay() -> None:
    assert mask("", "\n".join(BLOCK), "", ["secret"]).body.split("\n") == [BLOCK[0], *["[SECRET_1]"] * 5, BLOCK[-1]]


def test_code_after_the_mention_of_a_mark_stays() -> None:
    lines = ['if "-----BEGIN PRIVATE KEY-----" in text:', "return", "else", "    raise ValueError(text)"]
    assert mask("", "", patch_of(lines, lines), ["secret"]).patch == patch_of(lines, lines)
