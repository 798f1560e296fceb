"""The archive's kinds of values hold what a file and a table can hold, and no more."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from tests.trajectories import made
from trajectories.archive.values import Json, Name, Record, Text, Time, storable


class Held(Record):
    held: Json = Field(default={})
    text: Text = ""
    name: Name = "name"
    time: Time = "2026-01-31T14:05:00Z"


@pytest.mark.parametrize(
    "time", ["2026-01-31T14:05:00Z", "2026-01-31T14:05:00.123456789+05:30", "0001-01-01T00:00:00-00:00"]
)
def test_a_time_with_its_zone_is_kept_as_it_was_written(time: str) -> None:
    assert Held(time=time).time == time


@pytest.mark.parametrize(
    "time",
    [
        "",
        "2026-01-31",
        "2026-01-31 14:05:00Z",
        "2026-01-31T14:05Z",
        "2026-01-31T25:05:00Z",
        "٢026-01-31T14:05:00Z",
        "2026-01-31T14:05:00Z\n",
    ],
)
def test_any_other_time_is_refused(time: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        Held(time=time)


def test_a_step_knows_its_time() -> None:
    asked = made.said("user", "", limi={"kind": "request"}, timestamp="2026-01-31T14:05:00.5+02:00")
    (step,) = made.session(asked).steps
    assert step.at == datetime(2026, 1, 31, 12, 5, tzinfo=UTC) + timedelta(milliseconds=500)


def test_a_null_character_is_text_but_no_name() -> None:
    assert Held(text="a\x00b").text == "a\x00b"
    with pytest.raises(ValueError, match="control characters"):
        Held(name="a\x00b")


@given(st.text(st.characters(), max_size=20) | st.lists(st.text(st.characters()), max_size=3) | made.json_objects)
def test_what_was_made_storable_can_be_stored(value: Any) -> None:
    made_storable = storable({"a": value})
    assert Held(held=made_storable).held == made_storable
    try:
        Held(held={"a": value})
    except ValueError:
        return
    assert made_storable == {"a": value}


def test_half_a_surrogate_pair_is_spelled_out() -> None:
    assert storable({"\udc00": ["a\ud83d", 1, None]}) == {"\\udc00": ["a\\ud83d", 1, None]}
