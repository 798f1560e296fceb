"""No row without a licence, a name to be named and a base commit; no row with somebody's secret or address."""

from dataclasses import replace
from typing import Any

import pytest

from curated.making.dataset import make_dataset
from curated.making.rights import Licence
from pipeline.errors import UserError
from pipeline.spdx import is_licence
from tests.curated.dataset.run import Run, jsonl

MAIL = "ada.lovelace@harbour-works.dev"
TOKEN = "ghp_" + "a1B2c3D4e5F6" * 3


def rows(run: Run, name: str = "pool") -> list[dict[str, Any]]:
    return jsonl(make_dataset(run.inputs()).files[f"{name}/{name}.jsonl"])


@pytest.mark.parametrize(
    "licence",
    [
        "",
        " ",
        "NOASSERTION",
        "noassertion",
        "NONE",
        "other",
        "UNKNOWN",
        "UNLICENSED",
        "see LICENSE",
        "MIT\n",
        "<b>",
        "Proprietary",
        "mit",
    ],
)
def test_a_row_without_a_licence_is_refused(licence: str) -> None:
    assert not is_licence(licence)
    run = Run()
    run.pulls[0]["licence"] = licence
    with pytest.raises(
        UserError, match=r"curated/pool\.jsonl: gh-000000000001 .* without a licence .* filter\.licences"
    ):
        make_dataset(run.inputs())
    run = Run()
    run.pulls[2]["licence"] = licence  # rejected by its reviewers, and published as a candidate all the same
    with pytest.raises(UserError, match=r"curated/candidates\.jsonl: gh-000000000003 .* without a licence"):
        make_dataset(run.inputs())
    run = Run()
    run.real_world[1]["licence"] = licence
    with pytest.raises(UserError, match=r"rw-2 .* without a licence"):
        make_dataset(run.inputs())


@pytest.mark.parametrize(
    "licence",
    ["MIT", "GPL-2.0-only", "Apache-2.0 OR MIT", "GPL-2.0-only WITH Classpath-exception-2.0", "LicenseRef-Own"],
)
def test_a_row_with_one_is_not(licence: str) -> None:
    run = Run()
    run.pulls[0]["licence"] = licence
    assert rows(run)[2]["licence"] == licence


def test_many_rows_without_a_licence_are_counted() -> None:
    run = Run()
    run.real_world = [dict(run.real_world[0], id=f"rw-{at}", query=f"Query {at}", licence="") for at in range(9)]
    with pytest.raises(UserError, match=r"rw-0 .*rw-4 \(''\) and 4 more without"):
        make_dataset(run.inputs())


def test_a_row_names_repository_author_and_base_commit() -> None:
    row = rows(Run())[2]
    assert row["pull_request"] == {
        **{"repo": "tide/pool-1", "number": 1, "link": "", "title": "Close the gate 1", "author": "Ada Harbour"},
        **{"base_sha": f"{1:040x}", "base_link": "", "merge_sha": f"{501:040x}", "language": "Go", "tokens": 101},
    }
    assert row["attribution"] == f'"Close the gate 1" by Ada Harbour, tide/pool-1#1 at {1:040x}, MIT'
    assert row["licence_as_of"] == "repository"
    assert rows(Run())[0]["attribution"] == "a query by pilot, an interview, CC-BY-4.0"
    assert rows(Run())[0]["pull_request"] is None


def test_links_lead_to_the_server_that_the_facts_came_from() -> None:
    run = Run().with_params("source", kind="github", git="https://git.harbour.example")
    found = rows(run, "candidates")[0]["pull_request"]
    assert found["link"] == "https://git.harbour.example/tide/pool-1/pull/1"
    assert found["base_link"] == f"https://git.harbour.example/tide/pool-1/tree/{1:040x}"


def test_a_licence_that_was_read_at_the_base_commit_goes_before_the_repositorys() -> None:
    inputs = replace(Run().inputs(), licences={"tide/pool-1#1": Licence("ISC", "base_commit")})
    found = jsonl(make_dataset(inputs).files["pool/pool.jsonl"])[2]
    assert (found["licence"], found["licence_as_of"]) == ("ISC", "base_commit")
    assert found["attribution"].endswith(", ISC")


@pytest.mark.parametrize("base", ["", "main", "a" * 39, "<img src=x>"])
def test_a_base_that_is_no_commit_is_refused(base: str) -> None:
    run = Run()
    run.pulls[1]["base_sha"] = base
    with pytest.raises(UserError, match="no base commit"):
        make_dataset(run.inputs())


@pytest.mark.parametrize("text", [f"Ask {MAIL}.", f"It logs {TOKEN}.", "Call +49 30 901820."])
def test_a_query_with_a_secret_or_an_address_is_refused_and_not_changed(text: str) -> None:
    run = Run()
    run.real_world[0]["query"] = f"Draw the tides. {text}"
    with pytest.raises(UserError, match=r"rw-1 .* not changed silently") as caught:
        make_dataset(run.inputs())
    assert MAIL not in str(caught.value) and TOKEN not in str(caught.value)
    run = Run()
    run.reviewed[1]["success_criteria"] = [text]
    with pytest.raises(UserError, match="gh-000000000002"):
        make_dataset(run.inputs())


def test_what_may_stay_stays() -> None:
    run = Run().with_params("mask", kinds=[])
    run.real_world[0]["query"] = f"Draw the tides. Ask {MAIL}."
    assert rows(run)[0]["query"].endswith(f"{MAIL}.")


def test_remarks_are_masked() -> None:
    run = Run()
    run.reviewed[0] |= {
        "notes": [{"annotator": "bo", "text": f"I asked {MAIL}."}],
        "marked": [{"annotator": "bo", "label": "unnatural", "text": MAIL}],
        "rationale": f"so said {MAIL}",
        "needed_context": [f"the key {TOKEN}"],
    }
    found = rows(run, "candidates")[0]
    assert found["notes"] == [{"annotator": "bo", "text": "I asked [EMAIL_1]."}]
    assert found["marked"][0]["text"] == "[EMAIL_1]"
    assert found["rationale"] == "so said [EMAIL_1]"
    assert found["needed_context"] == ["the key [SECRET_1]"]


def test_an_author_stays_as_given_but_for_an_address() -> None:
    run = Run()
    run.pulls[0]["author"], run.pulls[1]["author"] = "zoë-harbour[bot]", MAIL
    found = rows(run, "candidates")
    assert [row["pull_request"]["author"] for row in found[:2]] == ["zoë-harbour[bot]", "[EMAIL_1]"]
    assert MAIL not in str(found)


def test_a_title_that_still_holds_a_secret_is_refused() -> None:
    run = Run()
    run.pulls[0]["title"] = f"Remove {TOKEN}"
    with pytest.raises(UserError, match="gh-000000000001") as caught:
        make_dataset(run.inputs())
    assert TOKEN not in str(caught.value)


def test_a_pull_request_without_a_title_is_attributed_without_one() -> None:
    run = Run()
    run.pulls[0]["title"] = " "
    assert rows(run)[2]["attribution"].startswith("a pull request without a title by Ada Harbour, tide/pool-1#1")


@pytest.mark.parametrize(("kinds", "kept"), [(["email"], False), (["phone"], True), ([], True)])
def test_the_parameters_say_what_is_masked_in_an_authors_name(kinds: list[str], kept: bool) -> None:
    run = Run().with_params("mask", kinds=kinds)
    run.pulls[0]["author"] = MAIL
    assert (MAIL in rows(run)[2]["attribution"]) is kept
