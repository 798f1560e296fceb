"""A quota says in words what it counts, refuses what makes no sense, and becomes the rules that it means."""

from typing import Any

import pytest

from pipeline.errors import UserError
from pipeline.pooling.quotas import Quota, broken, exactly, pool_quotas, rules_of
from tests.pipeline.pooling.pools import query


@pytest.mark.parametrize(
    ("quota", "words"),
    [
        (
            Quota({"origin": "github_pr", "sub_domain": "back-end"}, 4, 4),
            "exactly 4 of origin github_pr and sub_domain back-end",
        ),
        (Quota({"language": "Go"}, 1), "at least 1 of language Go"),
        (Quota({"language": "Go"}, 0, 3), "at most 3 of language Go"),
        (Quota({"language": "Go"}, 1, 3), "1 to 3 of language Go"),
        (Quota({"language": "Go"}, 0, 0), "none of language Go"),
        (Quota(least=5, most=5), "exactly 5 in all"),
        (Quota(each="repository", most=2), "at most 2 of each repository"),
        (
            Quota({"origin": "github_pr"}, 0, 2, "repository"),
            "at most 2 of each repository among those of origin github_pr",
        ),
    ],
)
def test_a_quota_says_what_it_counts(quota: Quota, words: str) -> None:
    assert str(quota) == words


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"where": {"stars": "5"}, "least": 1}, "a quota names stars; what it can count by is origin,"),
        ({"each": "owner", "most": 1}, "a quota names owner"),
        ({"least": 3, "most": 2}, "limits are 3 and 2"),
        ({"least": -1}, "can't hold"),
        ({"each": "language", "least": 1, "most": 2}, "for each language needs a most and has no least"),
        ({"each": "language"}, "for each language needs a most"),
        ({}, "needs a least, a most, or both"),
    ],
)
def test_a_quota_that_makes_no_sense_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Quota(**given)


def test_each_makes_a_rule_for_every_value_that_could_have_too_many() -> None:
    candidates = [query("a", language="Go"), query("b", language="Go"), query("c", language="Rust"), query("d")]
    (rule,) = rules_of([Quota(each="language", most=1)], candidates)
    assert (rule.words, rule.members, rule.least, rule.most) == ("at most 1 of language Go", (0, 1), 0, 1)
    assert len(rules_of([Quota(each="language", most=0)], candidates)) == 2


def test_a_pool_that_breaks_quotas_is_told_each_with_its_count() -> None:
    pool = [query("a", repository="o/a"), query("b", repository="o/a"), query("c", language="Go")]
    quotas = [Quota(each="repository", most=1), Quota({"language": "Go"}, 2, 3), Quota({"language": "Go"}, 0, 0)]
    assert broken(quotas, pool) == [
        "at most 1 of each repository: o/a has 2",
        "2 to 3 of language Go: it has 1",
        "none of language Go: it has 1",
    ]
    assert broken([Quota(each="repository", most=2), Quota({"language": "Go"}, 1, 1)], pool) == []


def test_the_quotas_of_a_plain_pool() -> None:
    found = pool_quotas({"real_world": 60, "github_pr": 18}, {"debugging": 18}, 3)
    assert list(map(str, found)) == [
        "exactly 60 of origin real_world",
        "exactly 18 of origin github_pr",
        "exactly 18 of origin github_pr and sub_domain debugging",
        "at most 3 of each repository",
    ]
    assert exactly("language", {"Go": 0}) == [Quota({"language": "Go"}, 0, 0)]
