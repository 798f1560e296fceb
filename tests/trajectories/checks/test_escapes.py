"""A text's readings without JSON escapes, and where each piece of a reading stands in the text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trajectories.made import texts
from trajectories.checks.escapes import MOST_LEVELS, readings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", ["plain"]),
        (r"a\"b", [r"a\"b", 'a"b']),
        (r"\u0040x\/y", [r"\u0040x\/y", "@x/y"]),
        (r"a\\nb", [r"a\\nb", r"a\nb", "a\nb"]),
        (r"\d+\.", [r"\d+\."]),
        ("ends in \\", ["ends in \\"]),
    ],
)
def test_escapes_are_resolved_one_level_at_a_time(text: str, expected: list[str]) -> None:
    assert [reading.text for reading in readings(text)] == expected


@given(texts, st.integers(1, MOST_LEVELS))
def test_json_in_json_reads_as_it_was_and_each_piece_is_found_in_it(text: str, levels: int) -> None:
    written = f"{text}!"
    for _ in range(levels):
        written = json.dumps(written)[1:-1]
    reading = next(one for one in readings(f"<{written}>") if one.text == f"<{text}!>")
    start, end = reading.span(1, len(text) + 2)
    assert f"<{written}>"[start:end] == written


def test_half_a_character_is_no_escape() -> None:
    assert [reading.text for reading in readings(r"\ud83d and \ud83c\udf89")] == [
        r"\ud83d and \ud83c\udf89",
        "\\ud83d and 🎉",
    ]


def test_readings_end_after_some_levels() -> None:
    assert len(readings("\\" * 200)) == MOST_LEVELS + 1


def test_a_place_within_an_escape_parts_no_characters() -> None:
    once, twice = readings(r"a\\nb")[1:]
    assert [once.parts_at(place) for place in range(6)] == [True, True, False, True, True, True]
    assert [twice.parts_at(place) for place in range(6)] == [True, True, False, False, True, True]
