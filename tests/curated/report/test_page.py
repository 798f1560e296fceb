"""The page stands alone, is the same for the same inputs, shows every text as text, and can be read without seeing its drawings."""

import random
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from curated.making.provenance import Provenance
from curated.report.evidence import Evidence, read_evidence
from curated.report.examples_section import drawn_rows
from curated.report.page import page
from pipeline.html import Markup
from tests.annotation.report.test_page import PAYLOADS, Seen
from tests.curated.report.reading import Page, words
from tests.curated.report.world import World

# What the page has besides what the report of the reviews has.
TAGS = {
    f"tag {tag}" for tag in "code dl dt dd nav header main ul ol li strong figure figcaption caption desc h4".split()
}
ATTRIBUTES = {f"attribute {name}" for name in "tabindex dir aria-labelledby aria-hidden preserveaspectratio".split()}
STYLES = re.compile(r"style (left:[0-9.]+%|background:rgb\(var\(--heat\) / [0-9.]+\))")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return World().write(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def evidence(root: Path) -> Evidence:
    return read_evidence(root, World().params)


def own(found: str) -> bool:
    """Whether something that the parser saw is the page's own."""
    return (
        found in TAGS | ATTRIBUTES
        or bool(STYLES.fullmatch(found))
        or bool(re.fullmatch(r"address https://github\.com/tide-[0-9]/pool/pull/[0-9]+", found))
    )


def strange(html: str) -> list[str]:
    """Everything in a page that it did not write itself."""
    seen = Seen()
    seen.feed(html)
    return [found for found in seen.found if not own(found)]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_becomes_markup(payload: str, tmp_path: Path) -> None:
    payload = payload.encode("utf-8", "replace").decode()
    world = World(text=payload)
    html = page(read_evidence(world.write(tmp_path), world.params))
    assert strange(html) == []
    text = words(Page(html).tree)
    shown = " ".join(re.sub("[\x00\x1b\u202e\ufffe]", "\ufffd", payload).split())
    places = "Title Query It Draw a pilot writer/1 trivial gate_of x repeats SWE-bench in not Go".split()
    assert [place for place in places if f"{shown} {place}" not in text] == []


def test_the_same_check_finds_what_got_through(evidence: Evidence) -> None:
    pool = [row.model_copy(update={"query": Markup("<img src=x onerror=alert(1)>")}) for row in evidence.run.pool]
    assert strange(page(replace(evidence, run=replace(evidence.run, pool=pool))))


def test_the_page_stands_alone_in_light_dark_and_print(evidence: Evidence) -> None:
    html = page(evidence)
    assert "default-src &#x27;none&#x27;; style-src &#x27;unsafe-inline&#x27;" in html
    assert "prefers-color-scheme: dark" in html and "@media print" in html
    assert re.findall(r"url\(|@import|src=|<script|<link", html) == []


def test_the_same_inputs_give_the_same_bytes_in_any_order(root: Path, evidence: Evidence) -> None:
    order = random.Random(3)  # noqa: S311 - a test's order
    run = evidence.run
    mixed = replace(
        run,
        pool=order.sample(run.pool, len(run.pool)),
        reviewed=run.reviewed.sample(fraction=1, shuffle=True, seed=3),
        sampled=run.sampled.sample(fraction=1, shuffle=True, seed=3),
        choices=dict(order.sample(list(run.choices.items()), len(run.choices))),
    )
    frames = {name: frame.sample(fraction=1, shuffle=True, seed=3) for name, frame in evidence.fates.items()}
    repos = evidence.repos.sample(fraction=1, shuffle=True, seed=3)
    queries = evidence.queries.sample(fraction=1, shuffle=True, seed=3)
    again = replace(evidence, run=mixed, fates=frames, repos=repos, queries=queries)
    assert page(read_evidence(root, World().params)) == page(evidence) == page(again)


def test_every_table_has_a_caption_and_heads_with_a_scope(evidence: Evidence) -> None:
    for table in Page(page(evidence)).tree.iter("table"):
        assert words(table[0]) and table[0].tag == "caption"
        assert {head.get("scope") for head in table.iter("th")} == {"col", "row"}
        widths = {len(row) for row in table.iter("tr")}
        assert len(widths) == 1


def test_every_drawing_says_what_it_shows(evidence: Evidence) -> None:
    shown = Page(page(evidence))
    drawings = list(shown.tree.iter("svg"))
    assert len(drawings) > 10
    assert all(drawing.get("role") == "img" and drawing.findtext("title") for drawing in drawings)
    ((_, histogram),) = shown.drawings("high")
    assert "patches were counted" in (histogram.findtext("desc") or "")
    stacks = [one for one in shown.tree.iter("div") if one.get("class") == "stack"]
    assert stacks and all(one.get("aria-label") for one in stacks)


def test_headings_go_down_one_level_at_a_time(evidence: Evidence) -> None:
    levels = [int(one.tag[1]) for one in Page(page(evidence)).tree.iter() if re.fullmatch("h[1-6]", one.tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_link_within_the_page_has_a_place_to_go_to(evidence: Evidence) -> None:
    tree = Page(page(evidence)).tree
    names = [one.get("id") for one in tree.iter() if one.get("id")]
    links = [(one.get("href") or "")[1:] for one in tree.iter("a") if (one.get("href") or "").startswith("#")]
    assert len(names) == len(set(names)) == 12 and set(links) == set(names)


def test_what_can_be_wider_than_the_window_is_reached_by_the_keyboard(evidence: Evidence) -> None:
    wide = [one for one in Page(page(evidence)).tree.iter("div") if one.get("class") == "wide"]
    assert wide and all(
        (one.get("tabindex"), one.get("role")) == ("0", "region") and one.get("aria-label") for one in wide
    )


def test_no_address_of_a_person_is_on_the_page(evidence: Evidence) -> None:
    assert "@" not in page(evidence).replace("@media", "")


def test_a_demo_says_so_before_anything_else(evidence: Evidence) -> None:
    params = evidence.run.params
    source = params.source.model_copy(update={"kind": "demo"})
    demo = replace(evidence, run=replace(evidence.run, params=params.model_copy(update={"source": source})))
    text = words(Page(page(demo)).tree.find("body"))  # type: ignore[arg-type]
    assert "This is a demo. " in text[:120]
    assert "https://" not in re.sub("<style>.*?</style>", "", page(demo), flags=re.DOTALL)
    assert "This is a demo" not in page(evidence)


def test_commit_and_lock_are_told_where_they_are_known(evidence: Evidence) -> None:
    assert "not known to this page" in Page(page(evidence)).section("run")
    told = Page(page(evidence, Provenance("c" * 40, "2026-11-21", "d" * 64))).section("run")
    assert "c" * 40 in told and "d" * 64 in told and "not known" not in told


def test_six_examples_are_drawn_from_both_origins_and_spread(evidence: Evidence) -> None:
    for seed in range(20):
        rows = drawn_rows(evidence.run.pool, seed)
        assert [row.origin for row in rows] == ["github_pr"] * 4 + ["real_world"] * 2
        assert len({row.sub_domain for row in rows[:3]}) == 3
    text = Page(page(evidence)).section("examples")
    shown = drawn_rows(evidence.run.pool, evidence.run.params.seed)
    assert all(row.query in text for row in shown) and text.count("Why it is here") == 6
    assert all(row.pull_request["title"] in text for row in shown if row.pull_request)


def test_a_quota_of_each_value_is_held_against_the_one_that_has_most(evidence: Evidence) -> None:
    thrice = [one.id for one in evidence.choice.chosen if one.marks][:3]
    candidates = [
        one.model_copy(update={"attributes": {**one.attributes, "repository": "tide/thrice"}})
        if one.id in thrice
        else one
        for one in evidence.choice.candidates
    ]
    run = replace(evidence.run, choice=evidence.choice.model_copy(update={"candidates": candidates}))
    changed = replace(evidence, run=run)
    assert Page(page(changed)).table("Quotas")["at most 4 of each repository the most has tide/thrice"][0] == "3"


def test_other_seeds_draw_other_examples(evidence: Evidence) -> None:
    drawn = {tuple(row.id for row in drawn_rows(evidence.run.pool, seed)) for seed in range(8)}
    assert len(drawn) > 4


def test_where_an_origin_has_too_few_the_other_fills_the_places(evidence: Evidence) -> None:
    pulls = [row for row in evidence.run.pool if row.origin == "github_pr"]
    people = [row for row in evidence.run.pool if row.origin == "real_world"]
    assert len(drawn_rows(pulls, 1)) == 6 and len(drawn_rows(people, 1)) == 5
    assert len(drawn_rows([*pulls[:1], *people], 1)) == 6 and len(drawn_rows([*pulls, *people[:1]], 1)) == 6
    assert drawn_rows([], 1) == []


def test_a_rejected_query_is_shown_with_its_reasons(evidence: Evidence) -> None:
    text = Page(page(evidence)).section("examples")
    assert (
        "rejected Title" in text
        and "Why it is not in the pool: trivial." in text
        and "Marked in its text: 1 x." in text
    )
