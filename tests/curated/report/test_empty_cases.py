"""The page is whole where something is missing: no real-world query, no review, no dollar, one repository."""

from dataclasses import replace
from pathlib import Path

import pytest

from curated.report.evidence import read_evidence
from curated.report.page import page
from tests.curated.report.reading import Page
from tests.curated.report.world import World


def shown(world: World, root: Path) -> Page:
    return Page(page(read_evidence(world.write(root), world.params)))


def test_without_real_world_queries(tmp_path: Path) -> None:
    found = shown(World(people=0), tmp_path)
    assert "0 real-world queries joined them" in found.section("funnel")
    assert "real-world queries." not in found.html.split("lede")[1][:400]
    assert found.section("examples").count("Why it is here") == 6


def test_without_reviews(tmp_path: Path) -> None:
    found = shown(World(judged=False), tmp_path)
    assert "Nobody has judged a query: nothing is known of agreement." in found.section("agreement")
    assert "Do people agree? not known" in " ".join(found.tree.itertext())
    assert "The pool has no query of a pull request." in " ".join(found.tree.itertext())
    assert "No query was rejected, so there is none to show." in found.section("examples")
    assert "No reviewed query gives anything away" in found.section("leakage")
    assert found.table("All dollars")["accepted by people"] == ["0", "-"]
    assert "No query of a pull request is in the pool." in found.section("pool")


def test_a_writer_without_a_model_says_why_it_costs_nothing(tmp_path: Path) -> None:
    text = shown(World(dollars=0), tmp_path).section("spend")
    assert "calls no model, so it costs nothing" in text and "0.0000 USD in all" in text


def test_with_one_repository(tmp_path: Path) -> None:
    found = shown(World(repositories=1), tmp_path)
    assert "come from 1 of 1 repository." in found.section("repositories")
    assert len(found.table("Pull requests of each repository")) == 1
    assert "(100.0 %)" in found.section("repositories")


def test_without_patches_queries_and_candidates(tmp_path: Path) -> None:
    evidence = read_evidence(World().write(tmp_path), World().params)
    run = replace(
        evidence.run, sampled=evidence.run.sampled.clear(), reviewed=evidence.run.reviewed.clear(), pool=[], steps=[]
    )
    choice = evidence.choice.model_copy(update={"candidates": [], "quotas": [], "levels": []})
    run = replace(run, choice=choice)
    found = Page(page(replace(evidence, run=run, fates={}, queries=evidence.queries.clear(), bins=[], hashes={})))
    assert "No patch was counted." in found.section("sizes")
    assert "Nothing was sampled." in found.section("coverage")
    assert "No query was written" in found.section("leakage")
    assert "none was sampled" in found.section("run")


@pytest.mark.parametrize("limit", [100, 1250, 9000])
def test_a_limit_anywhere_is_drawn_or_left_out(limit: int, tmp_path: Path) -> None:
    evidence = read_evidence(World().write(tmp_path), World().params)
    changed = evidence.run.params.filter.model_copy(update={"max_tokens": min(limit, 7500)})
    params = evidence.run.params.model_copy(update={"filter": changed})
    found = Page(page(replace(evidence, run=replace(evidence.run, params=params))))
    ((_, drawing),) = found.drawings("high")
    assert len(list(drawing.iter("line"))) == (1 if limit > 4900 else 2)
    assert ("limit-word" in found.html.split("<figure")[1]) == (limit <= 4900)
