"""The words that changed between two lines are found, and are left unmarked where nearly all changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.render.words import LONGEST, Piece, word_changes


def marked(pieces: list[Piece]) -> str:
    return "".join(f"[{piece.text}]" if piece.changed else piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("old", "new", "old_marked", "new_marked"),
    [
        ("return a + b", "return a - b", "return a [+] b", "return a [-] b"),
        ("f(first, second)", "f(first, new, second)", "f(first, second)", "f(first, [new, ]second)"),
        ("call(one, two, three)", "call(1, two, 3)", "call([one], two, [three])", "call([1], two, [3])"),
        ("  same text", "    same text", "[  ]same text", "[    ]same text"),
        ("take one step here", "take two jumps here", "take [one step] here", "take [two jumps] here"),
        ("entirely different", "nothing of it remains", "entirely different", "nothing of it remains"),
        ("same", "same", "same", "same"),
    ],
)
def test_changed_words_are_marked(old: str, new: str, old_marked: str, new_marked: str) -> None:
    assert tuple(map(marked, word_changes(old, new))) == (old_marked, new_marked)


@given(st.text("ab ,\t(", max_size=80), st.text("ab ,\t(", max_size=80))
def test_pieces_give_the_lines_again(old: str, new: str) -> None:
    assert tuple("".join(piece.text for piece in pieces) for pieces in word_changes(old, new)) == (old, new)


@given(st.text("ab ,(", max_size=40), st.text("ab ,(", max_size=40))
def test_what_is_unmarked_is_the_same_on_both_sides(old: str, new: str) -> None:
    before, after = word_changes(old, new)
    if any(piece.changed for piece in (*before, *after)):
        kept = [
            "".join(piece.text for piece in pieces if not piece.changed).replace(" ", "") for pieces in (before, after)
        ]
        assert kept[0] == kept[1]


def test_very_long_lines_are_not_looked_into() -> None:
    old, new = "a " * LONGEST, "a " * LONGEST + "b"
    assert word_changes(old, new) == ([Piece(old, changed=False)], [Piece(new, changed=False)])
