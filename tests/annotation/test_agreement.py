"""One verdict per query by the rule, held against brute force; agreement held against a second Krippendorff's alpha."""

import hashlib
import itertools
import json
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from annotation.agreement import agreement_report, merge
from annotation.reviews import Judgement
from pipeline.query_tables import QUERIES, REVIEWED
from tests.pipeline.query_rows import WITHOUT_MODEL

NAMES = ("ada", "bo", "chidi", "dana")
SIDES = ("accept", "edit", "reject")


def query(number: int = 1) -> dict[str, Any]:
    text = f"Please do {number}."
    return {
        "query_id": f"gh-{number}",
        "pr_id": f"acme/parser#{number}",
        "repo": "acme/parser",
        "query": text,
        "query_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "domain": "vibe-coding",
        "sub_domain": "back-end",
        "success_criteria": ["It works."],
        "writer": "template/1",
        **WITHOUT_MODEL,
        "leaked_identifiers": [],
        "leaked_paths": [],
        "leakage": 0.0,
    }


def judged(by: str = "ada", verdict: str = "accept", number: int = 1, **fields: Any) -> Judgement:
    known = {"alignment": "full", "realism": 4, "domain": "vibe-coding", "sub_domain": "back-end", "notes": ""}
    known |= {"edited_query": f"So says {by}." if verdict == "edit" else ""}
    known |= {"reject_reasons": ("trivial",) if verdict == "reject" else ()}
    return Judgement(query_id=f"gh-{number}", annotator=by, verdict=verdict, **(known | fields))


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


@pytest.mark.parametrize("count", [2, 3, 4])
def test_every_combination_of_verdicts_comes_out_by_the_rule(count: int) -> None:
    for verdicts in itertools.product(SIDES, repeat=count):
        judgements = [judged(by, verdict) for by, verdict in zip(NAMES, verdicts, strict=False)]
        found = row(*judgements)
        expected = by_hand(verdicts)
        assert found["verdict"] == expected, verdicts
        assert found["agreement"] == max(verdicts.count("reject"), count - verdicts.count("reject")) / count
        editors = [by for by, verdict in zip(NAMES, verdicts, strict=False) if verdict == "edit"]
        assert found["edited_by"] == (editors[0] if editors and expected == "accept" else ""), verdicts
        assert found["query"] == (f"So says {found['edited_by']}." if found["edited_by"] else "Please do 1.")
        assert found["query_sha256"] == hashlib.sha256(found["query"].encode()).hexdigest()
        assert (found["annotators"], found["verdicts"]) == (list(NAMES[:count]), list(verdicts))
        random.Random(count).shuffle(judgements)  # noqa: S311 - not a secret
        assert row(*judgements) == found


def test_the_combinations_hold_every_outcome() -> None:
    outcomes = Counter(by_hand(verdicts) for verdicts in itertools.product(SIDES, repeat=4))
    assert outcomes == {"accept": 16 + 32, "disputed": 24, "reject": 8 + 1}


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


# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), example C: four observers, twelve units.
OBSERVED = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)
FIVE = ("front-end", "back-end", "deployment", "debugging", "optimization")


def of_grid(grid: tuple[tuple[int | None, ...], ...]) -> list[Judgement]:
    return [
        judged(by, number=unit, realism=value, sub_domain=FIVE[value - 1])
        for by, values in zip(NAMES, grid, strict=False)
        for unit, value in enumerate(values)
        if value is not None
    ]


def alpha(judgements: list[Judgement]) -> dict[str, float | None]:
    return agreement_report(judgements)["alpha"]


def test_krippendorffs_own_example_gives_his_numbers() -> None:
    found = alpha(of_grid(OBSERVED))
    assert found["sub_domain"] == pytest.approx(0.743, abs=5e-4)
    assert found["realism"] == pytest.approx(0.815, abs=5e-4)


def test_two_judges_counted_by_hand() -> None:
    # Three queries: both accept, both reject, one each. Coincidences: aa 2, rr 2, ar 1, ra 1; n = 6, n_a = n_r = 3.
    # Observed disagreement 2/6; expected 2*3*3/(6*5) = 18/30; alpha = 1 - (2/6)/(18/30) = 4/9.
    pairs = [("accept", "accept"), ("reject", "reject"), ("edit", "reject")]
    judgements = [
        judged(by, verdict, at) for at, pair in enumerate(pairs) for by, verdict in zip(NAMES, pair, strict=False)
    ]
    assert alpha(judgements)["verdict"] == pytest.approx(4 / 9, abs=1e-6)


def test_accept_and_edit_are_one_side_in_the_agreement_too() -> None:
    pairs = [("accept", "edit"), ("reject", "reject")]
    judgements = [
        judged(by, verdict, at) for at, pair in enumerate(pairs) for by, verdict in zip(NAMES, pair, strict=False)
    ]
    assert alpha(judgements)["verdict"] == 1.0


def second_alpha(grid: list[list[int | None]], ordinal: bool) -> float | None:
    """Krippendorff's alpha from the definition, over pairs of values, without a coincidence matrix. None if undefined."""
    units = [[values[at] for values in grid if values[at] is not None] for at in range(len(grid[0]))]
    units = [unit for unit in units if len(unit) > 1]
    pairable = [value for unit in units for value in unit]
    counts = Counter(pairable)
    if len(counts) < 2:
        return None

    def distance(one: int, other: int) -> float:
        if not ordinal:
            return float(one != other)
        low, high = sorted((one, other))
        between = sum(count for value, count in counts.items() if low <= value <= high)
        return (between - (counts[low] + counts[high]) / 2) ** 2

    observed = sum(
        distance(one, other) / (len(unit) - 1) for unit in units for one, other in itertools.permutations(unit, 2)
    )
    expected = sum(distance(one, other) for one, other in itertools.permutations(pairable, 2)) / (len(pairable) - 1)
    return 1 - observed / expected


def test_the_second_alpha_gives_krippendorffs_numbers() -> None:
    grid = [list(values) for values in OBSERVED]
    assert second_alpha(grid, ordinal=False) == pytest.approx(0.743, abs=5e-4)
    assert second_alpha(grid, ordinal=True) == pytest.approx(0.815, abs=5e-4)


GRIDS = st.tuples(st.integers(2, 4), st.integers(1, 7)).flatmap(
    lambda size: st.lists(
        st.lists(st.none() | st.integers(1, 5), min_size=size[1], max_size=size[1]), min_size=size[0], max_size=size[0]
    )
)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(GRIDS)
def test_alpha_is_what_the_definition_says(grid: list[list[int | None]]) -> None:
    nominal, ordinal = second_alpha(grid, ordinal=False), second_alpha(grid, ordinal=True)
    assume(nominal is not None)
    found = alpha(of_grid(tuple(tuple(values) for values in grid)))
    assert found["sub_domain"] == pytest.approx(nominal, abs=2e-6)
    assert found["realism"] == pytest.approx(ordinal, abs=2e-6)


UNDEFINED = {
    "nobody": [],
    "one judge": [judged("ada", number=1), judged("ada", "reject", number=2)],
    "one answer": [judged("ada"), judged("bo")],
    "no query judged twice": [judged("ada", number=1), judged("bo", "reject", number=2)],
    "no other answer on a query judged twice": [judged("ada"), judged("bo"), judged("chidi", "reject", number=2)],
}


@pytest.mark.parametrize("case", UNDEFINED)
def test_alpha_is_null_where_it_is_not_defined(case: str) -> None:
    assert alpha(UNDEFINED[case])["verdict"] is None


def test_the_report_is_strict_json_with_its_counts() -> None:
    report = agreement_report([judged("bo", "reject"), judged("ada"), judged("ada", "edit", number=2)])
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert report["judgements"] == 3
    assert report["annotators"] == {"ada": 2, "bo": 1}
    assert report["verdicts"] == {"accept": 1, "edit": 1, "reject": 1}
