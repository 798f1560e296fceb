"""A session is held against its query as it is today: text, commit, and what was asked first."""

from tests.trajectories.checks.test_rules import ASKED, DONE, found, session
from tests.trajectories.made import said
from trajectories.checks.limits import Known


def test_a_session_of_another_text_than_the_querys_is_refused() -> None:
    one = session(ASKED, DONE)
    assert found(one, "other_text", known=Known(query_sha256="5" * 64)) == []
    assert found(one, "other_text", known=Known(query_sha256="6" * 64)) == [(None, "query_sha256")]


def test_a_session_that_began_at_another_commit_is_refused() -> None:
    one = session(ASKED, DONE, base_commit="a" * 40)
    assert found(one, "other_base", known=Known(base_commit="a" * 40)) == []
    assert found(one, "other_base", known=Known(base_commit="b" * 40)) == [(None, "base_commit")]
    assert found(session(ASKED, DONE, base_commit=None), "other_base", known=Known(base_commit="b" * 40)) == []


def test_the_first_request_holds_the_query() -> None:
    one = session(said("user", "Please solve:\n\n  Make the\nsearch fast.", limi={"kind": "request"}), DONE)
    assert found(one, "query_not_asked", known=Known(query="Make the search fast.\n")) == []
    assert found(one, "query_not_asked", known=Known(query="Make it slow.")) == [(1, "message")]
