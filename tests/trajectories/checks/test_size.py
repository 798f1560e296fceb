"""Tokens of a set of sessions stand beside the paper's."""

from trajectories.checks.size import Distribution, distribution


def test_a_set_stands_beside_the_papers() -> None:
    found = distribution([200_000, 10_000, 30_000, 40_000])
    assert found == Distribution(4, 280_000, 10_000, 70_000.0, 35_000.0, 200_000, 1, 1)
    assert str(found) == (
        "4 sessions: 10,000 to 200,000 tokens, mean 70,000, median 35,000\n"
        "the paper's 78: 13,000 to 152,000 tokens, mean 42,400; 1 here are shorter and 1 longer than any of these"
    )


def test_the_papers_own_range_is_neither_shorter_nor_longer() -> None:
    found = distribution([13_000, 152_000])
    assert (found.shorter, found.longer) == (0, 0)


def test_no_session_is_said_to_be_none() -> None:
    assert str(distribution([])) == "no session"
