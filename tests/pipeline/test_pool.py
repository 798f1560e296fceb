"""What is chosen stands in rows: each with where it comes from, how it was reviewed, and why it is in or out."""

import json
from typing import Any, get_args

import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.pool import candidate_rows, pool_fates, pool_rows, quotas_of
from pipeline.pooling.candidates import ATTRIBUTES, MARKS, candidates_of
from pipeline.pooling.choice import choose
from pipeline.pooling.words import reasons_in_words
from pipeline.query_tables import REVIEWED
from pipeline.real_world import RealWorldQuery
from pipeline.sections import Attribute, Pool, PoolLevel, PoolQuota
from pipeline.tables import LEDGER, SAMPLED
from tests.pipeline.query_rows import WITHOUT_MODEL

SEED = 5


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


def pool_of(people: int = 0, **changed: Any) -> Pool:
    """Parameters of a pool; keywords named as sub-domains with an underscore are its quotas."""
    given = {"per_repository": 18, "quotas": [], "order": ["agreement", "repository", "realism"], "similarity": 1.0}
    sub_domains = {
        name.replace("_", "-"): changed.pop(name)
        for name in ("front_end", "back_end", "debugging", "deployment")
        if name in changed
    }
    pulls = sum(sub_domains.values())
    return Pool(
        real_world="x",
        real_world_count=people,
        github_pr_count=pulls,
        sub_domains=sub_domains,
        origin_note="a note",
        **(given | changed),
    )


def sampled(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return SAMPLED.frame(
        [
            dict.fromkeys(SAMPLED.schema)
            | {"pr_id": row["pr_id"], "repo": row["repo"], "number": at, "title": "T", "licence": "MIT", "tokens": 70}
            | {"languages": ["Go" if row["repo"] == "o/a" else "Rust"], "language": "C"}
            for at, row in enumerate(rows)
        ]
    )


def chosen(
    rows: list[dict[str, Any]], pool: Pool, people: list[RealWorldQuery] | None = None
) -> tuple[set[str], dict[str, str]]:
    """The ids of the chosen, and everybody's reason, as the stage does it."""
    found = candidates_of(people or [], REVIEWED.frame(rows), sampled(rows), pool.similarity)
    choice = choose(found, pool.real_world_count + pool.github_pr_count, quotas_of(pool), SEED, pool.order)
    return choice.ids, reasons_in_words(choice)


def test_the_sub_domain_is_the_one_that_the_reviewers_gave() -> None:
    rows = [judged(1, sub_domain="front-end", reviewed_sub_domain="debugging"), judged(2, sub_domain="debugging")]
    assert chosen(rows, pool_of(debugging=2))[0] == {rows[0]["query_id"], rows[1]["query_id"]}
    with pytest.raises(UserError, match="exactly 1 of origin github_pr and sub_domain front-end: there can be 0"):
        chosen(rows, pool_of(front_end=1))


def test_only_accepted_queries_count() -> None:
    rows = [judged(1), judged(2, verdict="reject"), judged(3, verdict="disputed")]
    assert chosen(rows, pool_of(back_end=1))[0] == {rows[0]["query_id"]}
    with pytest.raises(UserError, match="exactly 2 of origin github_pr"):
        chosen(rows, pool_of(back_end=2))


def test_a_repository_gives_so_many_at_most() -> None:
    rows = [judged(1, "o/a"), judged(2, "o/a"), judged(3, "o/b", agreement=0.5)]
    assert chosen(rows, pool_of(back_end=2))[0] == {rows[0]["query_id"], rows[1]["query_id"]}
    assert rows[2]["query_id"] in chosen(rows, pool_of(back_end=2, per_repository=1))[0]


def test_further_quotas_hold_and_are_named_where_they_cannot() -> None:
    rows = [judged(1, "o/a"), judged(2, "o/a"), judged(3, "o/b", agreement=0.5)]
    rust = {"where": {"language": "Rust"}, "least": 1}
    assert rows[2]["query_id"] in chosen(rows, pool_of(back_end=1, quotas=[rust]))[0]
    with pytest.raises(UserError, match="at least 2 of language Rust: there can be 1"):
        chosen(rows, pool_of(back_end=2, quotas=[rust | {"least": 2}]))


def test_the_parameters_become_quotas() -> None:
    pool = pool_of(people=2, back_end=3, quotas=[{"each": "language", "most": 4}], per_repository=7)
    assert [str(quota) for quota in quotas_of(pool)] == [
        "exactly 2 of origin real_world",
        "exactly 3 of origin github_pr",
        "exactly 3 of origin github_pr and sub_domain back-end",
        "at most 7 of each repository",
        "at most 4 of each language",
    ]


def test_too_few_real_world_queries_are_told() -> None:
    with pytest.raises(UserError, match="exactly 60 of origin real_world: there can be 2"):
        chosen([judged(1)], pool_of(people=60, back_end=1), [query(1), query(2)])


def test_every_accepted_query_has_a_fate_and_no_other() -> None:
    rows = [judged(1), judged(2), judged(3, verdict="reject"), judged(4, verdict="disputed")]
    taken, _ = chosen(rows, pool_of(back_end=1))
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
    taken, reasons = chosen(rows, pool_of(back_end=1))
    found = candidate_rows(REVIEWED.frame(rows), taken, reasons)
    assert [row["query_id"] for row in found] == sorted(row["query_id"] for row in rows)
    assert [row["chosen"] for row in found] == [True, False, False, False]
    assert [row["reason"] for row in found] == [
        reasons[rows[3]["query_id"]],
        f"not in the pool: the best pool with it has 3 less realism in sum, in the place of {rows[3]['query_id']}",
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
    people, pool = [query(2), query(1), query(3)], pool_of(people=2, back_end=2)
    taken, reasons = chosen(rows, pool, people)
    found = pool_rows(people, REVIEWED.frame(rows), sampled(rows), taken, reasons, pool)
    drawn = [one.id for one in people if one.id in taken]  # in the file's order
    assert len(drawn) == 2
    assert [row["id"] for row in found] == [*drawn, rows[1]["query_id"], rows[0]["query_id"]]
    assert {tuple(row) for row in found} == {tuple(found[0])}  # one set of columns for both origins
    assert {row["origin_note"] for row in found} == {"a note"}
    assert all(row["reason"] == reasons[row["id"]] for row in found)
    person, _, change, _ = found
    assert (person["origin"], person["licence"], person["review"]) == ("real_world", "CC-BY-4.0", None)
    assert (change["origin"], change["licence"], change["source"]) == ("github_pr", "MIT", "o/a#1")
    assert found[3]["sub_domain"] == "back-end"  # as reviewed
    assert (change["pull_request"]["tokens"], change["review"]["annotators"]) == (70, ["amara", "bo"])
    assert json.loads(json.dumps(found)) == found


def test_the_parameters_know_every_attribute_and_mark() -> None:
    assert {*get_args(Attribute)} == {*ATTRIBUTES} == {*get_args(PoolQuota.model_fields["each"].annotation)} - {""}
    assert {*get_args(PoolLevel)} == {*ATTRIBUTES, *MARKS}


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"origin": "github"}, "no query has the origin github; there are real_world, github_pr"),
        ({"domain": "coding"}, "no query has the domain coding; there are vibe-coding, research-workflow"),
        ({"sub_domain": "frontend"}, "no query has the sub_domain frontend; there are front-end, back-end"),
    ],
)
def test_a_quota_of_a_value_that_cannot_be_is_refused(where: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        quotas_of(pool_of(back_end=1, quotas=[{"where": where, "most": 3}]))
