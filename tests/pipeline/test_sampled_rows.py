"""A sampled row carries facts, draw and repository, and nothing that a model or an annotator should not see."""

from typing import Any

import polars as pl

from pipeline.compare.contamination import Contamination
from pipeline.description import describe
from pipeline.masking.mask import KINDS
from pipeline.sample import sample, sampled_rows
from pipeline.sections import Sample
from pipeline.tables import PULLS, SAMPLED
from tests.pipeline.pulls import PATCH, pull

REPO = {"repo": "tide/pool", "language": "Go", "licence": "MIT", "description": "One line."}
TOKEN = "ghp_" + "a1B2c3D4e5F6" * 3
MAIL = "ada.lovelace@harbour-works.dev"


def sampled(*rows: dict[str, Any], kinds: list[str] | None = None) -> pl.DataFrame:
    pulls = PULLS.frame(list(rows))
    facts = describe(pulls, pl.Series([1] * len(rows)), pl.Series(["0" * 64] * len(rows)), Contamination({}))
    drawn = sample(facts, Sample(per_repository=5, strategy="random"), 1)
    return sampled_rows(facts, pulls, drawn, REPO, KINDS if kinds is None else kinds)


def test_a_row_has_its_facts_its_draw_and_its_repository() -> None:
    found = sampled(pull(7), pull(2), pull(11))
    assert dict(found.schema) == SAMPLED.schema
    assert found.select("number", "patch", "language", "licence", "frame_size").rows() == [
        (2, PATCH, "Go", "MIT", 3),
        (7, PATCH, "Go", "MIT", 3),
        (11, PATCH, "Go", "MIT", 3),
    ]
    assert found["sub_domain"].to_list() == ["back-end"] * 3


def test_nothing_of_a_secret_or_a_person_is_left() -> None:
    heading = f'def connect(password="{TOKEN}", to="{MAIL}"):'
    planted = PATCH.replace("@@ -1,2 +1,3 @@", f"@@ -1,2 +1,3 @@ {heading}")
    row = pull(
        title=f"Rotate {TOKEN}", body=f"Ask {MAIL} or @lovelace.", patch=planted.replace("y = 3", f'token = "{TOKEN}"')
    )
    (found,) = sampled(row).to_dicts()
    assert not any(value in str(found) for value in (TOKEN, MAIL, "lovelace"))
    assert found["symbols"] == ['def connect(password="[SECRET_1]", to="[EMAIL_1]"):']
    assert found["title"] == "Rotate [SECRET_1]"
    assert found["body"] == "Ask [EMAIL_1] or @[HANDLE_1]."
    assert '+token = "[SECRET_1]"' in found["patch"]
    assert found["masked"] == [
        {"kind": "email", "values": 1},
        {"kind": "handle", "values": 1},
        {"kind": "secret", "values": 1},
    ]


def test_what_is_not_asked_for_is_not_masked() -> None:
    row = pull(title=f"Rotate {TOKEN}", body=f"Ask {MAIL}.")
    (found,) = sampled(row, kinds=["email"]).to_dicts()
    assert (found["title"], found["body"]) == (f"Rotate {TOKEN}", "Ask [EMAIL_1].")
    assert sampled(row, kinds=[]).to_dicts()[0]["masked"] == []


def test_a_row_without_a_secret_is_as_it_was() -> None:
    (found,) = sampled(pull()).to_dicts()
    assert (found["title"], found["body"], found["patch"], found["masked"]) == (
        pull()["title"],
        pull()["body"],
        PATCH,
        [],
    )


def test_issues_and_labels_are_masked_with_the_same_numbers() -> None:
    issue = {
        "repo": "tide/pool",
        "number": 3,
        "title": f"{MAIL} cannot log in",
        "body": f"cc @lovelace\n\ntoken = {TOKEN}",
    }
    row = pull(
        body=f"Ask {MAIL}.", labels=["bug", f"for {MAIL}"], closing_issues=[issue, issue | {"title": "", "body": ""}]
    )
    (found,) = sampled(row).to_dicts()
    assert not any(value in str(found) for value in (TOKEN, MAIL, "lovelace"))
    assert found["labels"] == ["bug", "for [EMAIL_1]"]
    assert found["closing_issues"] == [
        issue | {"title": "[EMAIL_1] cannot log in", "body": "cc @[HANDLE_1]\n\ntoken = [SECRET_1]"},
        issue | {"title": "", "body": ""},
    ]
