"""Whatever is planted, in whichever text and line, cannot be read after masking."""

import pytest

from pipeline.masking.mask import KINDS, Masked, mask
from tests.pipeline.masking.diffs import patch_of
from tests.pipeline.masking.planted import IN_LINES, PERSONAL, TOKENS


def seen(masked: Masked) -> str:
    return "\n".join((masked.title, masked.body, masked.patch))


def in_every_place(line: str) -> list[tuple[str, str, str]]:
    """The line as title, body, in fenced code, and as added, removed, context line and heading of a hunk."""
    return [
        (line, "", ""),
        ("", f"Before\n{line}\nafter", ""),
        ("", f"```\n{line}\n```", ""),
        ("", "", patch_of([], [line])),
        ("", "", patch_of([f"    {line}"], [])),
        ("", "", patch_of(["x"], ["y"], [line])),
        ("", "", patch_of(["x"], ["y"], heading=line)),
    ]


def test_more_than_sixty_values_are_planted() -> None:
    assert len(TOKENS) + len(IN_LINES) + len(PERSONAL) > 60


@pytest.mark.parametrize("name", TOKENS)
@pytest.mark.parametrize(
    "line", ["{}", "key = '{}'", 'f("{}", 1)', "Use {}.", "a\\n{}\\nb", "X={};", "`{}`", "<v>{}</v>"]
)
def test_a_token_with_a_form_of_its_own_is_masked(name: str, line: str) -> None:
    token = TOKENS[name]
    for texts in in_every_place(line.format(token))[1:5:2]:
        assert token not in seen(mask(*texts, KINDS)), texts


@pytest.mark.parametrize(("line", "value"), IN_LINES)
def test_a_secret_told_by_its_surroundings_is_masked(line: str, value: str) -> None:
    for texts in in_every_place(line):
        masked = mask(*texts, KINDS)
        assert value not in seen(masked), texts
        assert masked.counts["secret"] >= 1


@pytest.mark.parametrize(("kind", "line", "value"), PERSONAL)
def test_personal_data_is_masked(kind: str, line: str, value: str) -> None:
    for texts in in_every_place(line):
        masked = mask(*texts, KINDS)
        assert value not in seen(masked), texts
        assert masked.counts[kind] == 1


@pytest.mark.parametrize(
    ("body", "masked"),
    [
        ("Thanks @octo-cat!", "Thanks @[HANDLE_1]!"),
        ("Thanks @jane: could you look", "Thanks @[HANDLE_1]: could you look"),
        ("Thanks @jane:)", "Thanks @[HANDLE_1]:)"),
        ("cc @jane/@john", "cc @[HANDLE_1]/@[HANDLE_2]"),
        ("_@jane_ found it", "_@[HANDLE_1]_ found it"),
        ("_thanks @jane_", "_thanks @[HANDLE_1]_"),
        ("**@jane**, (@jane), @jane's", "**@[HANDLE_1]**, (@[HANDLE_1]), @[HANDLE_1]'s"),
        ("[@jane](https://github.com/Jane)", "[@[HANDLE_1]](https://github.com/@[HANDLE_1])"),
        ("[jane](https://github.com/jane)", "[@[HANDLE_1]](https://github.com/@[HANDLE_1])"),
        ("#12 by https://github.com/jane.", "#12 by https://github.com/@[HANDLE_1]."),
        ("www.github.com/jane/?tab=repositories", "www.github.com/@[HANDLE_1]/?tab=repositories"),
        ("(cc @jane, @john)", "(cc @[HANDLE_1], @[HANDLE_2])"),
        ("@jane and @Jane", "@[HANDLE_1] and @[HANDLE_1]"),
        ("Merge pull request #3 from jane/fix", "Merge pull request #3 from @[HANDLE_1]/fix"),
        ("Signed-off-by: Jane Doe <jane@somewhere.io>", "Signed-off-by: @[HANDLE_1] <[EMAIL_1]>"),
        ("Co-authored-by: J. <1+j@users.noreply.github.com>", "Co-authored-by: @[HANDLE_1] <[EMAIL_1]>"),
    ],
)
def test_people_named_in_a_body_are_masked(body: str, masked: str) -> None:
    assert mask("", body, "", KINDS).body == masked


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("# TODO(jane): later", "# TODO(@[HANDLE_1]): later"),
        ("// FIXME(@jane) now", "// FIXME(@[HANDLE_1]) now"),
        ("* written by @jane", "* written by @[HANDLE_1]"),
        ("# written by @jane.", "# written by @[HANDLE_1]."),
        ("// FIXME @jane: again", "// FIXME @[HANDLE_1]: again"),
        ("- Mend the door (@jane)", "- Mend the door (@[HANDLE_1])"),
        ("* Mend the door (@jane, @john).", "* Mend the door (@[HANDLE_1], @[HANDLE_2])."),
        ("// thanks to Jane (@jane)", "// thanks to Jane (@[HANDLE_1])"),
        ('author: "J. D. (@jane), J. R. (@john)"', 'author: "J. D. (@[HANDLE_1]), J. R. (@[HANDLE_2])"'),
        ("- Fix it [@jane](https://github.com/jane)", "- Fix it [@[HANDLE_1]](https://github.com/@[HANDLE_1])"),
        ("[jane]: https://github.com/jane", "[@[HANDLE_1]]: https://github.com/@[HANDLE_1]"),
        ("# Reviewed-by: Jane Doe <jane@somewhere.io>", "# Reviewed-by: @[HANDLE_1] <[EMAIL_1]>"),
    ],
)
def test_people_named_in_comments_of_a_patch_are_masked(line: str, masked: str) -> None:
    assert mask("", "", patch_of([], [line]), KINDS).patch == patch_of([], [masked])
