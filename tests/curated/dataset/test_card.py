"""The card tells what the evidence tells, and no text in it can be more than text."""

from dataclasses import replace
from functools import cache

import pytest
import yaml

from curated.making.card import card_blocks
from curated.making.dataset import Dataset, make_dataset
from curated.making.provenance import Provenance
from curated.making.rights import Licence
from tests.annotation.report.test_page import PAYLOADS, Seen
from tests.curated.dataset.reading import dangers, fences, headings, tokens
from tests.curated.dataset.run import Run

HOSTILE = (
    *PAYLOADS,
    "```\n# Not a heading\n![x](https://evil.example/x.png)\n```",
    "~~~~~~\n</pre>\n``````````\n[click](javascript:alert(1))",
    "---\nlicense: mit\n---\n# Card of somebody else",
    "| a | b |\n| --- | --- |\n| [x](https://evil.example) | `y` |",
    "See https://evil.example, www.evil.example, @octocat, mail x@evil.example and #1.",
    "$$\\href{https://evil.example}{x}$$ $`x`$ :smile: [[wiki]] <!-- x -->",
    "\r# Heading after a return\r\n\u2028# and after a separator\x0b# and a tab",
    "[x]: https://evil.example\n\n[x]",
    "    indented\n\n1. list\n> quote\n- [ ] task\n***",
)
SECTIONS = [
    *("Load it", "Examples", "How the rows were chosen", "What the pool is made of"),
    *("What people said, and how far they agree", "What the queries give away", "Contamination"),
    *("Secrets and personal data", "What the queries cost", "Licences and attribution", "Known limits", "Rebuild it"),
    *("Columns", "pool", "candidates"),
]


def card(run: Run) -> str:
    """The card below its metadata."""
    return make_dataset(run.inputs()).files["README.md"].decode().split("\n---\n", 1)[1]


def lines(run: Run) -> list[str]:
    return card(run).splitlines()


def test_the_card_has_its_sections() -> None:
    assert headings(card(Run()))[1:] == SECTIONS


def test_the_funnel_is_told_stage_by_stage_with_every_reason() -> None:
    found = lines(Run())
    assert "| `collect_prs` | 9 | 9 | nothing |" in found
    assert "| `compare_prs` | 9 | 3 | 4 `contaminated`, 2 `duplicate` |" in found
    assert "| `build_pool` | 2 | 1 | 1 `not_chosen_for_pool` |" in found


def test_agreement_stands_with_its_interval_and_is_read_by_the_lower_end() -> None:
    found = lines(Run())
    assert "| verdict | 0.71 | 0.42 to 0.90 | not reliable |" in found
    assert "| sub-domain | 0.90 | 0.83 to 1.00 | reliable |" in found
    assert "| domain | none | none | not defined |" in found
    assert "2 annotators gave 6 judgements (3, 3 each) on 3 queries: 3 accept, 2 edit, 1 reject." in card(Run())
    assert "stand at 2 accept, 1 reject; an adjudicator decided 1 of them" in card(Run())


def test_spend_leakage_licences_and_composition_are_told() -> None:
    found = lines(Run())
    assert "| 3 | 4 | 4 | 4,000 | 900 | 1.25 | 0.6250 |" in found
    assert "| pool | 1 | 0 | 0.125 | 0.125 |" in found
    assert "| candidates | 3 | 0 | 0.250 | 0.375 |" in found
    assert "| `CC-BY-4.0` | 2 | 0 | 0 |" in found
    assert "| `MIT` | 1 | 3 | 2 |" in found
    assert "| `research-workflow` | `data-analysis` | 2 | 0 |" in found
    assert "| `vibe-coding` | `back-end` | 0 | 1 |" in found


def test_contamination_is_counted_and_flagged_rows_are_named_by_benchmark() -> None:
    run = Run()
    run.pulls[1]["contamination"] = ["SWE-bench: repository", "SWE-bench: pull", "FEA-Bench: repository"]
    found = card(run)
    assert "4 were dropped since one names them by `" in found
    assert "1 of the candidates here are named by some benchmark all the same" in found
    assert "| `SWE-bench` | 1 |" in found and "| `FEA-Bench` | 1 |" in found
    assert "The benchmarks: `FEA-Bench`, `SWE-bench`." in found
    assert "| benchmark |" not in card(Run())


def test_masking_limits_and_how_to_rebuild_are_told() -> None:
    found = card(Run())
    assert "2 values in the sample: 2 email" in found
    assert "1 written queries failed the check for English" in found
    assert "make repro" in found and "limi profile" not in found
    assert "No model wrote these queries" not in found


def test_where_licences_are_known_from_is_counted_over_candidates_and_contributors() -> None:
    run = Run()
    told = {"tide/pool-1#1": Licence("MIT", "base_commit"), "tide/pool-0#2": Licence("MIT", "repository_unconfirmed")}
    found = make_dataset(replace(run.inputs(), licences=told)).files["README.md"].decode()
    assert "Of the 3 candidates' licences 1 were read from the files at the base commit. 1 are what" in found
    assert "and 1 since the commit was not at hand. 2 were given with a real-world query." in found


def test_a_pool_that_no_model_wrote_says_so() -> None:
    run = Run()
    made = run.synthesis().model_copy(update={"calls": 0})
    run.synthesis = lambda: made  # type: ignore[method-assign]
    assert "No model wrote these queries" in card(run)


def test_the_commit_and_the_hash_of_the_lock_are_told() -> None:
    made = make_dataset(Run().inputs(), Provenance("c" * 40, "2026-11-21", "d" * 64)).files["README.md"].decode()
    assert f"git checkout {'c' * 40}\nmake repro\nsha256sum dvc.lock" in made
    assert f"`{'d' * 64}`" in made and "git clone" not in made
    project = Provenance("c" * 40, "2026-11-21", "d" * 64, "https://git.example/a/b.git")
    made = make_dataset(Run().inputs(), project).files["README.md"].decode()
    assert "git clone https://git.example/a/b.git limi-curation\ncd limi-curation\ngit checkout ccc" in made


def hostile(text: str) -> Run:
    """A run in which everything that anybody else wrote is this text."""
    run = Run().with_params("mask", kinds=[]).with_params("pool", origin_note=text)
    for pull in run.pulls:
        pull |= {"title": text, "author": text, "language": text, "contamination": [f"{text}: x"]}
    for row in run.reviewed:
        row |= {"query": text, "success_criteria": [text], "writer": text, "annotators": [text], "edited_by": text}
    for row in run.real_world:
        row |= {
            "query": text,
            "success_criteria": [text, text],
            "source": text,
            "contributor_role": text,
            "reason": text,
        }
        row |= {"id": text + row["id"], "domain": text, "sub_domain": text, "origin_note": text}
    synthesis = run.synthesis().model_copy(update={"writer": text})
    steps = [*run.steps()[:-1], run.steps()[-1] | {"dropped": {text: 1}, "failed": {text: 2}}]
    choices = {name: (chosen, text) for name, (chosen, _) in run.choices().items()}
    run.synthesis, run.steps, run.choices = lambda: synthesis, lambda: steps, lambda: choices  # type: ignore[method-assign]
    return run


@cache
def made_of(text: str) -> Dataset:
    """The dataset of a hostile run."""
    return make_dataset(hostile(text).inputs())


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_text_in_the_card(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    found = made_of(text).files["README.md"].decode()
    metadata, body = found.removeprefix("---\n").split("\n---\n", 1)
    assert yaml.safe_load(metadata)["configs"][0]["config_name"] == "pool"
    assert dangers(body) == []
    assert headings(body)[1:] == SECTIONS
    assert sum(token.type == "table_open" for token in tokens(body)) == 10
    assert not set(body) & set("\r\x00\x0b\x1b\u2028\u202e")
    assert len(fences(body)) == 7


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_text_in_the_preview(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    seen = Seen()
    seen.feed(made_of(text).preview)
    allowed = {"address https://arxiv.org/abs/2509.17567", *(f"tag {tag}" for tag in ("pre", "code", "ul", "li"))}
    assert set(seen.found) - allowed == set()


def test_the_test_of_hostile_texts_finds_what_got_through() -> None:
    assert len(dangers("<b>x</b>")) == 2
    assert dangers("![x](y.png)") and dangers("[x](https://evil.example)") and dangers("so says @octocat")
    assert dangers("at www.evil.example") and dangers("x@evil.example") and dangers("\\<https\\://evil.example")


def test_a_quote_is_whole() -> None:
    run = Run()
    run.real_world[0]["query"] = "Draw ```x``` and ````y````:\n\n````\n# z"
    assert "Draw ```x``` and ````y````:\n\n````\n# z\n" in fences(card(run))


def test_the_same_blocks_are_card_and_preview() -> None:
    run = Run()
    made = make_dataset(run.inputs())
    assert "The gate of basin 1 stays open" in made.preview and "Krippendorff&#x27;s alpha" in made.preview
    assert len(card_blocks(run.inputs(), {"pool": [], "candidates": []}, Provenance())) > 20
