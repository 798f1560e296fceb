"""One verdict per query by the rule, held against brute force, with all that was said beside it."""

import hashlib
import itertools
import random
from collections import Counter
from typing import Any

import pytest

from annotation.agreement import merge, verdict_of
from annotation.judgements import Judgement
from pipeline.query_tables import QUERIES, REVIEWED
from tests.annotation.judged import LEAKS, NAMES, SIDES, SUPPORTS, judged, query


def merged(*judgements: Judgement, overlap: int = 2) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    reviewed, fates = merge(QUERIES.frame([query()]), list(judgements), overlap)
    assert dict(reviewed.schema) == REVIEWED.schema
    return reviewed.to_dicts(), fates


def row(*judgements: Judgement) -> dict[str, Any]:
    rows, _ = merged(*judgements)
    assert len(rows) == 1
    return rows[0]


def by_hand(verdicts: tuple[str, ...]) -> str:
    """The rule in words, without the code's arithmetic: pair off the two sides until one is left."""
    for_it = [verdict for verdict in verdicts if verdict in ("accept", "edit")]
    against = [verdict for verdict in verdicts if verdict == "reject"]
    while for_it and against:
        for_it.pop()
        against.pop()
    return "accept" if for_it else "reject" if against else "disputed"


def drawn(query_id: str, editors: list[str]) -> str:
    """The editor whose name and query have the least hash."""
    return min(editors, key=lambda by: hashlib.sha256(f"0:{query_id}:{by}".encode()).hexdigest())


@pytest.mark.parametrize("count", [2, 3, 4])
def test_every_combination_of_verdicts_comes_out_by_the_rule(count: int) -> None:
    for verdicts in itertools.product(SIDES, repeat=count):
        judgements = [judged(by, verdict) for by, verdict in zip(NAMES, verdicts, strict=False)]
        found = row(*judgements)
        expected = by_hand(verdicts)
        assert found["verdict"] == found["annotators_verdict"] == verdict_of(judgements) == expected, verdicts
        assert found["adjudicated_by"] == ""
        assert found["agreement"] == max(verdicts.count("reject"), count - verdicts.count("reject")) / count
        editors = [by for by, verdict in zip(NAMES, verdicts, strict=False) if verdict == "edit"]
        assert found["edited_by"] == (drawn("gh-1", editors) if editors and expected == "accept" else ""), verdicts
        assert found["query"] == (f"So says {found['edited_by']}." if found["edited_by"] else "Please do 1.")
        assert found["query_sha256"] == hashlib.sha256(found["query"].encode()).hexdigest()
        assert (found["annotators"], found["verdicts"]) == (list(NAMES[:count]), list(verdicts))
        random.Random(count).shuffle(judgements)  # noqa: S311 - not a secret
        assert row(*judgements) == found


def test_the_combinations_hold_every_outcome() -> None:
    outcomes = Counter(by_hand(verdicts) for verdicts in itertools.product(SIDES, repeat=4))
    assert outcomes == {"accept": 16 + 32, "disputed": 24, "reject": 8 + 1}


def test_nobodys_edits_win_because_of_their_name() -> None:
    edits = [judged(by, "edit", number) for number in range(200) for by in NAMES]
    reviewed, _ = merge(QUERIES.frame([query(number) for number in range(200)]), edits, 2)
    wins = Counter(reviewed["edited_by"])
    assert sorted(wins) == sorted(NAMES)
    assert min(wins.values()) > 25


def test_an_edit_that_leaves_every_word_as_it_is_edits_nothing() -> None:
    found = row(judged("ada", "edit", edited_query="Please do 1."), judged("bo"))
    assert (found["verdict"], found["edited_by"], found["query"]) == ("accept", "", "Please do 1.")


def test_only_accepted_queries_are_kept() -> None:
    def fate_of(*verdicts: str) -> tuple[str, str, float | None]:
        _, (fate,) = merged(*(judged(by, verdict) for by, verdict in zip(NAMES, verdicts, strict=False)))
        return fate["fate"], fate["reason"], fate["value"]

    assert fate_of("accept", "edit") == ("kept", "", None)
    assert fate_of("reject", "reject", "accept") == ("dropped", "rejected", 2 / 3)
    assert fate_of("reject", "edit") == ("dropped", "disputed", 0.5)


def test_too_few_judgements_leave_a_query_unreviewed() -> None:
    rows, (fate,) = merged(judged("ada"), overlap=2)
    assert rows == []
    assert (fate["fate"], fate["reason"], fate["value"], fate["limit"]) == ("dropped", "unreviewed", 1.0, 2.0)
    assert merged(overlap=1)[1][0]["reason"] == "unreviewed"
    assert merged(judged("ada"), overlap=1)[1][0]["fate"] == "kept"


def test_more_judgements_than_asked_for_all_count() -> None:
    found = row(judged("ada", "reject"), judged("bo", "reject"), judged("chidi"), judged("dana", "reject"))
    assert (found["reviews"], found["verdict"], found["agreement"]) == (4, "reject", 0.75)


def test_a_judgement_counts_for_its_own_query_only() -> None:
    reviewed, fates = merge(
        QUERIES.frame([query(2), query(1)]),
        [
            judged("ada", number=1),
            judged("bo", number=1),
            judged("ada", "reject", number=2),
            judged("bo", "reject", number=2),
        ],
        2,
    )
    assert reviewed.select("query_id", "verdict").rows() == [("gh-1", "accept"), ("gh-2", "reject")]
    assert [fate["pr_id"] for fate in fates] == ["acme/parser#1", "acme/parser#2"]
    assert {fate["stage"] for fate in fates} == {"merge_reviews"}


def test_the_means_are_those_counted_by_hand() -> None:
    found = row(
        judged("ada", alignment="full", realism=5),
        judged("bo", alignment="partial", realism=2, sub_domain="debugging"),
        judged("chidi", alignment="none", realism=2, domain="research-workflow"),
    )
    assert (found["alignment"], found["realism"]) == (0.5, 3.0)
    assert found["domain_fit"] == pytest.approx(1 / 3)


def test_reasons_are_named_once_and_sorted() -> None:
    found = row(
        judged("ada", "reject", reject_reasons=("unnatural", "trivial")),
        judged("bo", "reject", reject_reasons=("too vague", "trivial")),
    )
    assert found["reject_reasons"] == ["too vague", "trivial", "unnatural"]


def test_what_was_measured_of_the_query_stays_with_it() -> None:
    found = row(judged("ada"), judged("bo"))
    assert {name: found[name] for name in QUERIES.schema} == query()


def test_no_query_gives_an_empty_table() -> None:
    reviewed, fates = merge(QUERIES.frame([]), [], 2)
    assert (dict(reviewed.schema), reviewed.height, fates) == (REVIEWED.schema, 0, [])


def test_most_annotators_give_the_domain_and_else_it_stays() -> None:
    def domains(*given: str) -> tuple[str, float]:
        found = row(*(judged(by, sub_domain=name) for by, name in zip(NAMES, given, strict=False)))
        assert found["sub_domain"] == "back-end"
        return found["reviewed_sub_domain"], found["domain_fit"]

    assert domains("debugging", "debugging", "back-end") == ("debugging", 2 / 3)
    assert domains("debugging", "back-end") == ("back-end", 0.5)
    assert domains("debugging", "deployment") == ("back-end", 0.0)
    assert domains("debugging", "debugging", "deployment", "front-end") == ("back-end", 0.0)
    found = row(judged("ada", domain="research-workflow"), judged("bo", domain="research-workflow"))
    assert (found["reviewed_domain"], found["domain_fit"], found["domain"]) == ("research-workflow", 1.0, "vibe-coding")


def test_marks_on_the_query_are_kept_with_who_made_them() -> None:
    found = row(judged("bo", marks=(LEAKS, SUPPORTS)), judged("ada", "reject", marks=(SUPPORTS, LEAKS, LEAKS)))
    assert found["marked"] == [
        {"annotator": by, "label": "leaks-solution", "text": "by caching"} for by in ("ada", "ada", "bo")
    ]
    assert row(judged("ada", marks=(SUPPORTS,)), judged("bo"))["marked"] == []


def test_notes_are_kept_with_who_made_them_and_empty_ones_are_none() -> None:
    found = row(judged("chidi", notes="late"), judged("bo"), judged("ada", "reject", notes="dull"))
    assert found["notes"] == [{"annotator": "ada", "text": "dull"}, {"annotator": "chidi", "text": "late"}]


def test_the_losing_side_keeps_its_reasons() -> None:
    found = row(judged("ada"), judged("bo"), judged("chidi", "reject", reject_reasons=("too vague",)))
    assert (found["verdict"], found["reject_reasons"], found["agreement"]) == ("accept", ["too vague"], 2 / 3)
