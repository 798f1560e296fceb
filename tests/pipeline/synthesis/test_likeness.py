"""Near-duplicate queries, held against comparing every pair."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.synthesis.likeness import pairs, repeats, similarity

LONG = "please let the reader of files skip those that are empty and go on with the next one in the same folder"


def test_case_blanks_and_signs_make_no_difference() -> None:
    assert repeats([("q1", "Skip empty files, please."), ("q2", "skip  EMPTY files\n- please")], 0.8) == {
        "q2": ("q1", 1.0)
    }


def test_one_changed_word_of_a_long_query_repeats_it_and_of_a_short_one_does_not() -> None:
    assert list(repeats([("q1", LONG), ("q2", LONG.replace("same", "given"))], 0.8)) == ["q2"]
    assert repeats([("q1", "skip empty files please"), ("q2", "skip large files please")], 0.8) == {}


def test_the_same_words_in_another_order_are_another_query() -> None:
    assert similarity("write what was read", "read what was write") < 0.5


def test_the_similarity_is_the_share_of_common_pairs() -> None:
    assert pairs("a b c") == {("a", "b"), ("b", "c")}
    assert similarity("a b c", "a b d") == 1 / 3
    assert (similarity("word", "Word!"), similarity("", ""), similarity("a", "")) == (1.0, 0.0, 0.0)


def test_the_first_stays_and_names_are_those_given() -> None:
    assert repeats([("zz", LONG), ("aa", LONG), ("mm", LONG)], 0.8) == {"aa": ("zz", 1.0), "mm": ("zz", 1.0)}


def test_nobody_repeats_one_that_repeats_another() -> None:
    chain = [LONG, LONG.replace("please", "kindly"), LONG.replace("please", "kindly").replace("folder", "place")]
    assert similarity(chain[0], chain[2]) < 0.9 < similarity(chain[0], chain[1])
    assert repeats([(str(at), text) for at, text in enumerate(chain)], 0.9) == {
        "1": ("0", similarity(chain[0], chain[1]))
    }


def test_empty_queries_repeat_nobody() -> None:
    assert repeats([("q1", ""), ("q2", ""), ("q3", "...")], 0.1) == {}
    assert repeats([], 0.8) == {}


def by_every_pair(queries: list[tuple[str, str]], limit: float) -> dict[str, tuple[str, float]]:
    found: dict[str, tuple[str, float]] = {}
    for at, (name, text) in enumerate(queries):
        for other, earlier in queries[:at]:
            if other not in found and similarity(earlier, text) >= limit:
                found[name] = (other, similarity(earlier, text))
                break
    return found


WORDS = st.lists(st.sampled_from("a b c d e".split()), max_size=9).map(" ".join)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(WORDS, max_size=14), st.sampled_from([0.1, 0.25, 1 / 3, 0.5, 0.6, 0.75, 0.8, 0.9, 1.0]))
def test_nothing_is_missed_or_invented(texts: list[str], limit: float) -> None:
    queries = [(f"q{at}", text) for at, text in enumerate(texts)]
    assert repeats(queries, limit) == by_every_pair(queries, limit)


@pytest.mark.parametrize("limit", [0.5, 0.7, 0.8, 0.95])
def test_nothing_is_missed_among_edited_queries(limit: float) -> None:
    drawn = random.Random(3)  # noqa: S311 - not a secret
    words = [f"word{at}" for at in range(400)]
    queries: list[tuple[str, str]] = []
    for at in range(250):
        text = queries[drawn.randrange(at)][1].split() if at > 20 and at % 2 else drawn.choices(words, k=40)
        text = ["please", "let", "it", *(drawn.choice(words) if drawn.random() < 0.04 else word for word in text)]
        queries.append((f"q{at}", " ".join(text)))
    found = repeats(queries, limit)
    assert found == by_every_pair(queries, limit)
    assert len(found) > 10


def test_thousands_of_queries_with_the_same_turns_of_phrase_are_quick() -> None:
    queries = [
        (str(at), f"I am working with parser and need you to {at} skip it {at}. {LONG}"[:90]) for at in range(3000)
    ]
    copies = [(str(at), LONG * 3) for at in range(3000, 6000)]
    started = time.process_time()
    assert len(repeats(queries + copies, 0.95)) == 2999
    assert time.process_time() - started < 5.0
