"""The pool is chosen by one rule, and every candidate says why it is in or out."""

import hashlib
import json
import random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import UserError
from pipeline.pool import candidate_rows, choose_from_pulls, choose_real_world, passed_over, pool_fates, pool_rows
from pipeline.query_tables import REVIEWED
from pipeline.real_world import RealWorldQuery
from pipeline.sections import Pool
from pipeline.tables import LEDGER, SAMPLED
from tests.pipeline.query_rows import WITHOUT_MODEL

SEED = 5
NAMES = ("front-end", "back-end", "debugging")


def judged(at: int, repo: str = "o/a", sub_domain: str = "back-end", **changed: Any) -> dict[str, Any]:
    return {
        "query_id": f"gh-{at:012x}",
        "pr_id": f"{repo}#{at}",
        "repo": repo,
        "query": f"Query {at}",
        "query_sha256": "",
        "domain": "vibe-coding",
        "sub_domain": sub_domain,
        "success_criteria": ["It works."],
        "writer": "template 1",
        **WITHOUT_MODEL,
        "leaked_identifiers": [],
        "leaked_paths": [],
        "leakage": 0.0,
        "reviews": 2,
        "annotators": ["amara", "bo"],
        "verdicts": ["accept", "accept"],
        "verdict": "accept",
        "agreement": 1.0,
        "adjudicated_by": "",
        "annotators_verdict": "accept",
        "alignment": 1.0,
        "realism": 4.0,
        "reviewed_domain": "vibe-coding",
        "reviewed_sub_domain": sub_domain,
        "domain_fit": 1.0,
        "reject_reasons": [],
        "marked": [],
        "notes": [],
        "edited_by": "",
    } | changed


def chosen(rows: list[dict[str, Any]], seed: int = SEED, **quotas: int) -> dict[str, str]:
    return choose_from_pulls(REVIEWED.frame(rows), {name.replace("_", "-"): at for name, at in quotas.items()}, seed)


def query(at: int) -> RealWorldQuery:
    return RealWorldQuery(
        id=f"rw-{at:03}",
        query=f"A query of twenty characters and more, {at}",
        domain="vibe-coding",
        sub_domain="back-end",
        success_criteria=["It works."],
        contributor_role="maintainer",
        source="interview",
        licence="CC-BY-4.0",
        consent=True,
    )


def key(name: str) -> str:
    return hashlib.sha256(f"{SEED}:{name}".encode()).hexdigest()


def by_the_rule(rows: list[dict[str, Any]], quotas: dict[str, int]) -> set[str]:
    """The module's docstring, taken word by word."""
    accepted = [row for row in rows if row["verdict"] == "accept"]
    used: dict[str, int] = {}
    taken: set[str] = set()

    def choice(name: str) -> tuple[int, str]:
        return sum(row["reviewed_sub_domain"] == name for row in accepted) - quotas[name], name

    for name in sorted(quotas, key=choice):
        for _ in range(quotas[name]):
            best = min(
                (row for row in accepted if row["reviewed_sub_domain"] == name and row["query_id"] not in taken),
                key=lambda row: (
                    -row["agreement"],
                    -row["domain_fit"],
                    used.get(row["repo"], 0),
                    -row["alignment"],
                    row["leakage"],
                    -row["realism"],
                    key(row["query_id"]),
                ),
            )
            taken.add(best["query_id"])
            used[best["repo"]] = used.get(best["repo"], 0) + 1
    return taken


@st.composite
def reviews(draw: st.DrawFn) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Reviewed queries and quotas that they can fill."""
    grade = st.sampled_from([0.0, 0.5, 1.0])
    rows = [
        judged(
            at,
            draw(st.sampled_from(["o/a", "o/b", "o/c"])),
            verdict=draw(st.sampled_from(["accept", "accept", "accept", "reject", "disputed"])),
            agreement=draw(grade),
            domain_fit=draw(grade),
            reviewed_sub_domain=draw(st.sampled_from(NAMES)),
            leakage=draw(grade),
        )
        for at in range(draw(st.integers(0, 14)))
    ]
    sizes = {
        name: sum(row["reviewed_sub_domain"] == name and row["verdict"] == "accept" for row in rows) for name in NAMES
    }
    return rows, {name: draw(st.integers(0, size)) for name, size in sizes.items()}


@settings(max_examples=80, derandomize=True, deadline=None)
@given(reviews())
def test_the_choice_is_the_rule_of_the_docstring(drawn: tuple[list[dict[str, Any]], dict[str, int]]) -> None:
    rows, quotas = drawn
    found = choose_from_pulls(REVIEWED.frame(rows), quotas, SEED)
    assert set(found) == by_the_rule(rows, quotas)
    facts = {row["query_id"]: row for row in rows}
    for name, quota in quotas.items():
        assert sum(facts[one]["reviewed_sub_domain"] == name for one in found) == quota
    assert all(facts[one]["verdict"] == "accept" for one in found)


@settings(max_examples=40, derandomize=True, deadline=None)
@given(reviews(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_quotas_does_not_matter(drawn: Any, shuffler: random.Random) -> None:
    rows, quotas = drawn
    shuffled, turned = list(rows), dict(reversed(quotas.items()))
    shuffler.shuffle(shuffled)
    assert choose_from_pulls(REVIEWED.frame(shuffled), turned, SEED) == choose_from_pulls(
        REVIEWED.frame(rows), quotas, SEED
    )


def test_one_of_each_repository_before_a_second_of_any() -> None:
    rows = [judged(at, "o/good", realism=5.0) for at in range(4)] + [judged(9, "o/b", realism=1.0), judged(8, "o/c")]
    facts = {row["query_id"]: row["repo"] for row in rows}
    assert sorted(facts[one] for one in chosen(rows, back_end=3)) == ["o/b", "o/c", "o/good"]
    assert sorted(facts[one] for one in chosen(rows, back_end=4)) == ["o/b", "o/c", "o/good", "o/good"]


def test_places_in_one_sub_domain_count_in_the_next() -> None:
    rows = [
        judged(1, "o/a", "front-end"),
        judged(2, "o/a", "back-end", realism=5.0),
        judged(3, "o/b", "back-end", realism=1.0),
    ]
    assert set(chosen(rows, front_end=1, back_end=1)) == {rows[0]["query_id"], rows[2]["query_id"]}


def test_the_sub_domain_with_the_least_choice_picks_first() -> None:
    # front-end has no choice but o/a; if back-end picked first it would take the better o/a and need no o/b.
    rows = [
        judged(1, "o/a", "back-end", realism=5.0),
        judged(2, "o/b", "back-end", realism=1.0),
        judged(3, "o/a", "front-end"),
    ]
    assert set(chosen(rows, back_end=1, front_end=1)) == {rows[1]["query_id"], rows[2]["query_id"]}
    assert set(chosen(rows, back_end=1)) == {rows[0]["query_id"]}


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"agreement": 1.0, "domain_fit": 0.0}, {"agreement": 0.5, "domain_fit": 1.0}),
        ({"domain_fit": 1.0, "alignment": 0.0}, {"domain_fit": 0.5, "alignment": 1.0}),
        ({"alignment": 1.0, "leakage": 0.9}, {"alignment": 0.5, "leakage": 0.0}),
        ({"leakage": 0.1, "realism": 1.0}, {"leakage": 0.2, "realism": 5.0}),
        ({"realism": 4.5}, {"realism": 4.0}),
    ],
)
def test_the_marks_rank_in_their_order(better: dict[str, float], worse: dict[str, float]) -> None:
    for first, second in ((1, 2), (2, 1)):
        good, bad = judged(first, **better), judged(second, **worse)
        assert set(chosen([bad, good], back_end=1)) == {good["query_id"]}


def test_a_query_of_higher_agreement_or_fit_goes_before_another_repository() -> None:
    for mark in ("agreement", "domain_fit"):
        rows = [judged(1, "o/a"), judged(2, "o/a"), judged(3, "o/b", **{mark: 0.5})]
        assert set(chosen(rows, back_end=2)) == {rows[0]["query_id"], rows[1]["query_id"]}


@pytest.mark.parametrize("mark", [{"alignment": 0.0}, {"leakage": 1.0}, {"realism": 1.0}])
def test_another_repository_goes_before_the_other_marks(mark: dict[str, float]) -> None:
    rows = [judged(1, "o/a"), judged(2, "o/a"), judged(3, "o/b", **mark)]
    found = set(chosen(rows, back_end=2))
    assert rows[2]["query_id"] in found
    assert len(found & {rows[0]["query_id"], rows[1]["query_id"]}) == 1


def test_the_sub_domain_is_the_one_that_the_reviewers_gave() -> None:
    rows = [judged(1, sub_domain="front-end", reviewed_sub_domain="debugging"), judged(2, sub_domain="debugging")]
    assert set(chosen(rows, debugging=2)) == {rows[0]["query_id"], rows[1]["query_id"]}
    with pytest.raises(UserError, match="front-end needs 1 and has 0, 1 short"):
        chosen(rows, front_end=1)


def test_of_equals_the_smaller_draw_key_is_chosen_and_the_seed_matters() -> None:
    rows = [judged(at) for at in range(20)]
    assert set(chosen(rows, back_end=1)) == {min((row["query_id"] for row in rows), key=key)}
    assert len({tuple(chosen(rows, seed=seed, back_end=1)) for seed in range(10)}) > 3


def test_every_quota_that_is_short_is_named() -> None:
    rows = [judged(1, sub_domain="front-end"), judged(2), judged(3, verdict="reject"), judged(4, verdict="disputed")]
    with pytest.raises(UserError) as caught:
        chosen(rows, front_end=1, back_end=3, debugging=2)
    said = str(caught.value)
    assert "back-end needs 3 and has 1, 2 short; debugging needs 2 and has 0, 2 short." in said
    assert "front-end" not in said
    assert "sample.per_repository" in said


def test_a_quota_of_just_what_there_is_is_filled() -> None:
    assert len(chosen([judged(1), judged(2)], back_end=2)) == 2


def test_a_sub_domain_without_a_quota_gives_nothing() -> None:
    rows = [judged(1), judged(2, sub_domain="deployment")]
    assert set(chosen(rows, back_end=1)) == {rows[0]["query_id"]}
    assert chosen(rows, back_end=0) == {}


def test_the_reason_tells_place_repository_and_marks() -> None:
    rows = [judged(at, agreement=0.5, alignment=0.75, leakage=0.125, realism=3.5) for at in range(5)]
    reasons = list(chosen(rows, back_end=4).values())
    assert reasons[0] == (
        "back-end place 1 of 4 among 5 accepted; first query of o/a; agreement 0.50, domain fit 1.00, alignment 0.75, "
        "leakage 0.12, realism 3.5"
    )
    assert [reason.split(";")[1].split()[0] for reason in reasons] == ["first", "second", "third", "4th"]


def test_all_real_world_queries_are_taken_in_the_files_order() -> None:
    queries = [query(at) for at in (3, 1, 2)]
    assert choose_real_world(queries, 3, SEED) == queries


def test_of_more_real_world_queries_the_smallest_keys_are_drawn() -> None:
    queries = [query(at) for at in range(30)]
    found = choose_real_world(queries, 7, SEED)
    assert {one.id for one in found} == set(sorted((one.id for one in queries), key=key)[:7])
    assert found == [one for one in queries if one in found]
    assert {one.id for one in choose_real_world(queries[::-1], 7, SEED)} == {one.id for one in found}
    assert choose_real_world(queries, 0, SEED) == []


def test_too_few_real_world_queries_are_told() -> None:
    with pytest.raises(UserError, match=r"needs 60 real-world queries .* the file has 2: 58 short"):
        choose_real_world([query(1), query(2)], 60, SEED)


def test_every_accepted_query_has_a_fate_and_no_other() -> None:
    rows = [judged(1), judged(2), judged(3, verdict="reject"), judged(4, verdict="disputed")]
    taken = chosen(rows, back_end=1)
    fates = LEDGER.frame(pool_fates(REVIEWED.frame(rows), taken))
    assert sorted(fates["pr_id"]) == ["o/a#1", "o/a#2"]
    assert sorted(fates.select("fate", "reason").rows()) == [("dropped", "not_chosen_for_pool"), ("kept", "")]
    kept = fates.filter(pl.col("fate") == "kept")["pr_id"].to_list()
    assert kept == [row["pr_id"] for row in rows if row["query_id"] in taken]


def test_every_candidate_says_why() -> None:
    rows = [
        judged(4, verdict="disputed"),
        judged(3, verdict="reject", reject_reasons=["leaks", "vague"]),
        judged(2, realism=1.0),
        judged(1),
    ]
    taken = chosen(rows, back_end=1)
    found = candidate_rows(REVIEWED.frame(rows), taken, passed_over(REVIEWED.frame(rows), {"back-end": 1}, SEED))
    assert [row["query_id"] for row in found] == sorted(row["query_id"] for row in rows)
    assert [row["chosen"] for row in found] == [True, False, False, False]
    assert [row["reason"] for row in found] == [
        taken[rows[3]["query_id"]],
        f"accepted for back-end, but its 1 places went to others; against the last of them, {rows[3]['query_id']}, "
        "it lost by realism (1 against 4)",
        "rejected by its reviewers: leaks, vague",
        "reviewers stand equally on both sides",
    ]
    assert json.loads(json.dumps(found)) == found


def test_a_pool_row_joins_query_review_and_pull_request() -> None:
    rows = [
        judged(2, "o/b", "debugging", reviewed_sub_domain="back-end"),
        judged(1, "o/a"),
        judged(3, "o/a", verdict="reject"),
    ]
    taken = chosen(rows, back_end=2)
    pulls = SAMPLED.frame(
        [
            dict.fromkeys(SAMPLED.schema)
            | {"pr_id": row["pr_id"], "repo": row["repo"], "number": at, "title": "T", "licence": "MIT", "tokens": 70}
            for at, row in enumerate(rows)
        ]
    )
    quotas = {"back-end": 2}
    pool = Pool(real_world="x", real_world_count=2, github_pr_count=2, sub_domains=quotas, origin_note="a note")
    found = pool_rows([query(2), query(1)], REVIEWED.frame(rows), taken, pulls, pool)
    assert [row["id"] for row in found] == ["rw-002", "rw-001", rows[1]["query_id"], rows[0]["query_id"]]
    assert {tuple(row) for row in found} == {tuple(found[0])}  # one set of columns for both origins
    assert {row["origin_note"] for row in found} == {"a note"}
    person, _, change, _ = found
    assert (person["origin"], person["licence"], person["review"]) == ("real_world", "CC-BY-4.0", None)
    assert person["reason"] == "real-world query, one of 2"
    assert (change["origin"], change["licence"], change["source"]) == ("github_pr", "MIT", "o/a#1")
    assert change["reason"] == taken[change["id"]]
    assert found[3]["sub_domain"] == "back-end"  # as reviewed
    assert (change["pull_request"]["tokens"], change["review"]["annotators"]) == (70, ["amara", "bo"])
    assert json.loads(json.dumps(found)) == found
