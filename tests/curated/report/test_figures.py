"""Each figure on the page is what the files hold, counted again here with nothing of the page's own code."""

import csv
import hashlib
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from curated.report.evidence import read_evidence
from curated.report.page import page
from tests.curated.report.reading import Page
from tests.curated.report.world import LIMIT, World

SEED = 20250917


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return World().write(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def shown(root: Path) -> Page:
    return Page(page(read_evidence(root, World().params)))


def parquet(root: Path, name: str) -> list[dict[str, Any]]:
    return pl.read_parquet(root / f"data/{name}.parquet").to_dicts()


def jsonl(root: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (root / f"curated/{name}.jsonl").read_text().splitlines()]


def choice(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "curated/choice.json").read_text())
    return found


def ledger(root: Path) -> dict[str, list[dict[str, Any]]]:
    names = ("collect_prs", "filter_prs", "compare_prs", "sample_prs", "synthesize", "merge_reviews", "build_pool")
    return {name: parquet(root, f"ledger/{name}") for name in names}


def test_every_step_of_the_funnel_has_its_counts(root: Path, shown: Page) -> None:
    drawings = dict(shown.drawings("plot"))
    for name, rows in ledger(root).items():
        counts = Counter(row["fate"] for row in rows)
        title = (
            f"{name}: {len(rows)} came, {counts['kept']} stayed, {counts['dropped']} dropped, {counts['failed']} failed"
        )
        bars = {bar.get("class"): float(bar.get("width") or 0) for bar in drawings[title].iter("rect")}
        assert bars["kept"] == pytest.approx(1000 * counts["kept"] / 90, abs=0.01)
        if counts["dropped"]:
            assert bars["lost"] == pytest.approx(1000 * counts["dropped"] / 90, abs=0.01)


def test_every_reason_has_its_count_and_the_drawn_example(root: Path, shown: Page) -> None:
    lost: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for name, rows in ledger(root).items():
        for row in rows:
            if row["fate"] != "kept":
                lost.setdefault((row["reason"], f"{name}{', failed' * (row['fate'] == 'failed')}"), []).append(row)
    table = shown.table("Every reason")
    assert len(lost) == len(table) == 12
    for (reason, where), rows in lost.items():
        number, part, example = table[f"{reason} {where}"]
        drawn = min(rows, key=lambda row: hashlib.sha256(f"{SEED}:report:{row['pr_id']}".encode()).hexdigest())
        assert (number, part) == (str(len(rows)), f"{100 * len(rows) / 90:.1f} %")
        assert example.split()[0] == drawn["pr_id"] and drawn["evidence"] in example
        assert drawn["limit"] is None or f"limit {drawn['limit']:,g}" in example


def test_an_example_is_a_link_where_the_source_is_github(shown: Page) -> None:
    links = [link.get("href") or "" for link in shown.tree.iter("a")]
    assert sum(link.startswith("https://github.com/tide-") for link in links) > 15
    assert all(link.startswith(("#", "https://github.com/tide-")) for link in links)


def test_the_histogram_has_the_bars_and_the_limit(root: Path, shown: Page) -> None:
    points = list(csv.DictReader((root / "plots/patch_tokens.csv").read_text().splitlines()))
    ((_, drawing),) = shown.drawings("high")
    bars = [(float(bar.get("x") or 0), float(bar.get("height") or 0), bar.get("class")) for bar in drawing.iter("rect")]
    most = max(int(point["pulls"]) for point in points)
    wanted = [
        (
            1000 * int(point["tokens"]) / 4900,
            100 * int(point["pulls"]) / most,
            "kept" if int(point["tokens"]) < LIMIT else "lost",
        )
        for point in points
        if int(point["pulls"])
    ]
    assert [kind for *_, kind in bars] == [kind for *_, kind in wanted]
    assert [number for *place, _ in bars for number in place] == pytest.approx(
        [number for *place, _ in wanted for number in place], abs=0.01
    )
    (limit, _) = drawing.iter("line")
    assert float(limit.get("x1") or 0) == pytest.approx(1000 * LIMIT / 4900, abs=0.01)
    table = shown.table("Patches by tokens")
    assert [int(cell) for (cell,) in table.values()] == [int(point["pulls"]) for point in points if int(point["pulls"])]


def test_patches_above_and_below_the_limit_are_counted(root: Path, shown: Page) -> None:
    counted = sum(
        int(point["pulls"]) for point in csv.DictReader((root / "plots/patch_tokens.csv").read_text().splitlines())
    )
    over = sum(row["reason"] == "patch_too_large" for row in ledger(root)["filter_prs"])
    text = shown.section("sizes")
    assert f"{counted} patches were counted: {counted - over} with fewer than 1,200 tokens, {over} with more" in text
    tokens = sorted(row["tokens"] for row in parquet(root, "sampled"))
    assert f"Those of the sample have {tokens[0]} to {tokens[-1]:,}" in text
    marks = sorted(row["pull_request"]["tokens"] for row in jsonl(root, "pool") if row["pull_request"])
    ((_, rug),) = shown.drawings("rug")
    assert len(list(rug.iter("rect"))) == len(marks)
    assert f"Those of the pool have {marks[0]} to {marks[-1]:,}" in text


def test_the_heat_tables_count_languages_by_sub_domain(root: Path, shown: Page) -> None:
    languages = {row["pr_id"]: row["languages"][0] for row in parquet(root, "sampled")}
    sample = Counter((row["languages"][0], row["sub_domain"]) for row in parquet(root, "sampled"))
    pool = Counter((languages[row["source"]], row["sub_domain"]) for row in jsonl(root, "pool") if row["pull_request"])
    columns = ["back-end", "debugging", "front-end"]
    for name, counts in (("The sample: ", sample), ("The pool: ", pool)):
        table = shown.table(f"{name}{sum(counts.values())}")
        for language in ("Go", "Rust", "C"):
            found = [counts[language, column] for column in columns]
            assert table[language] == [str(count) for count in (*found, sum(found))]
        assert table["all"][-1] == str(sum(counts.values()))


def test_each_repository_has_its_counts(root: Path, shown: Page) -> None:
    fates, table = ledger(root), shown.table("Pull requests of each repository")
    assert len(table) == 4
    for name, cells in table.items():
        repo = name.split()[0]
        wanted = [
            sum(row["repo"] == repo for row in fates["collect_prs"]),
            sum(row["repo"] == repo and row["fate"] == "kept" for row in fates["filter_prs"]),
            sum(row["repo"] == repo for row in parquet(root, "sampled")),
            sum(row["repo"] == repo and row["verdict"] == "accept" for row in parquet(root, "reviewed")),
            sum(row["source"].startswith(f"{repo}#") for row in jsonl(root, "pool")),
        ]
        assert cells[:5] == [str(count) for count in wanted]


def test_verdicts_of_each_annotator_and_decisions_are_counted(root: Path, shown: Page) -> None:
    given = [pair for row in parquet(root, "reviewed") for pair in zip(row["annotators"], row["verdicts"], strict=True)]
    table = shown.table("Judgements of each annotator")
    assert set(table) == {name for name, _ in given}
    for name, cells in table.items():
        counts = Counter(verdict for who, verdict in given if who == name)
        wanted = [sum(counts.values()), counts["accept"], counts["edit"], counts["reject"]]
        assert cells[:4] == [str(count) for count in wanted]
    decided = {row["query_id"]: row for row in parquet(root, "reviewed") if row["adjudicated_by"]}
    table = shown.table("Where annotators disagreed")
    assert set(table) == set(decided)
    assert all(
        cells == [", ".join(decided[name]["verdicts"]), "erin", decided[name]["verdict"]]
        for name, cells in table.items()
    )
    assert f"{len(decided)} queries were decided so. 1 query is tied still" in shown.section("agreement")


def test_edited_and_rejected_queries_are_counted(root: Path, shown: Page) -> None:
    accepted = [row for row in parquet(root, "reviewed") if row["verdict"] == "accept"]
    edited = sum(row["edited_by"] != "" for row in accepted)
    assert f"{edited} of {len(accepted)} accepted queries ({100 * edited / len(accepted):.1f} %)" in shown.section(
        "agreement"
    )
    rejected = sum(row["verdict"] == "reject" for row in parquet(root, "reviewed"))
    assert shown.table(f"Why {rejected} queries were rejected") == {"trivial": [str(rejected)]}


def test_alpha_stands_with_its_interval_and_is_read_by_the_lower_end(shown: Page) -> None:
    cells = shown.table("Krippendorff's alpha")["keep or reject accept and edit against reject: what decides"]
    assert cells == ["0.71 [0.42, 0.90]", "0.71 [0.42, 0.90] too low to rely on"]


def test_leakage_is_counted_in_its_ranges(root: Path, shown: Page) -> None:
    values = {
        "written": [row["leakage"] for row in parquet(root, "queries")],
        "reviewed": [row["leakage"] for row in parquet(root, "reviewed")],
        "pool": [row["review"]["leakage"] for row in jsonl(root, "pool") if row["review"]],
    }
    table = shown.table("Queries by leakage; the limit is 0.2")
    edges = [0.0, 0.05, 0.1, 0.2, 0.25, 0.5, 0.75, 1.0]
    assert table["0: nothing within the limit"][:3] == [str(found.count(0.0)) for found in values.values()]
    for low, high in pairwise(edges):
        side = "over" if high > 0.2 else "within"
        wanted = [str(sum(low < value <= high for value in found)) for found in values.values()]
        assert table[f"over {low:g}, to {high:g} {side} the limit"][:3] == wanted
    assert sum(int(cells[0]) for cells in table.values()) == len(values["written"])
    worst = max(values["reviewed"])
    assert f"The worst that was reviewed: {worst:.3f}" in shown.section("leakage")
    before = {row["query_id"]: row["leakage"] for row in parquet(root, "queries")}
    raised = sum(row["leakage"] > before[row["query_id"]] for row in parquet(root, "reviewed"))
    assert raised and f"Editing raised it in {raised} and lowered it in 0" in shown.section("leakage")


def test_dollars_are_shared_among_the_queries(root: Path, shown: Page) -> None:
    accepted = sum(row["verdict"] == "accept" for row in parquet(root, "reviewed"))
    chosen = sum(row["pull_request"] is not None for row in jsonl(root, "pool"))
    assert shown.table("All dollars, shared among") == {
        "queries written": [str(len(parquet(root, "queries"))), f"{2.5 / len(parquet(root, 'queries')):.4f}"],
        "that passed all checks": ["20", "0.1250"],
        "accepted by people": [str(accepted), f"{2.5 / accepted:.4f}"],
        "in the pool": [str(chosen), f"{2.5 / chosen:.4f}"],
    }
    assert "60 calls of a model" in shown.section("spend") and "70,000 and 9,000" in shown.section("spend")


def test_the_pool_is_counted_against_its_quotas(root: Path, shown: Page) -> None:
    candidates = choice(root)["candidates"]
    table = shown.table("Quotas")
    for quota in choice(root)["quotas"][:-1]:
        whom = [one for one in candidates if all(one["attributes"].get(k) == v for k, v in quota["where"].items())]
        inside = sum(one["chosen"] for one in whom)
        room = "all candidates are in" if len(whom) <= inside else "none: it is full"
        assert table[quota["words"]] == [str(inside), str(len(whom)), room]
    repos = Counter(
        one["attributes"]["repository"] for one in candidates if one["chosen"] and "repository" in one["attributes"]
    )
    most = max(repos.values())
    first, *more = sorted(name for name, times in repos.items() if times == most)
    others = f" and {len(more)} more" if more else ""
    has, competed, room = table[f"at most 4 of each repository the most has {first}{others}"]
    assert (has, competed) == (str(most), str(sum("repository" in one["attributes"] for one in candidates)))
    assert room == (f"{4 - most} more" if most < 4 else "none: it is full")


def test_levels_and_means_are_those_of_the_record(root: Path, shown: Page) -> None:
    inside = [one["marks"] for one in choice(root)["candidates"] if one["chosen"] and one["marks"]]
    outside = [one["marks"] for one in choice(root)["candidates"] if not one["chosen"] and one["marks"]]
    table = shown.table("Queries of pull requests inside and outside")
    for name in ("agreement", "leakage", "realism"):
        wanted = [f"{sum(marks[name] for marks in side) / 1000 / len(side):.3f}" for side in (inside, outside)]
        assert table[name] == wanted
    levels = shown.table("What made one pool better")
    total = sum(marks["realism"] for marks in inside) / 1000
    assert levels["3. realism"][1] == f"{total:g}, {total / len(inside):.3f} for each of {len(inside)}"
    assert levels["5. the draw"][1] == "chance" and len(levels) == 5


def test_the_weakest_inside_and_the_strongest_outside_have_their_reasons(root: Path, shown: Page) -> None:
    def rank(one: dict[str, Any]) -> tuple[int, int, int, str]:
        return -one["marks"]["agreement"], one["marks"]["leakage"], -one["marks"]["realism"], one["id"]

    marked = [one for one in choice(root)["candidates"] if one["marks"]]
    last = max((one for one in marked if one["chosen"]), key=rank)
    first = min((one for one in marked if not one["chosen"]), key=rank)
    text = shown.section("pool")
    assert text.split("Last in ")[1].startswith(last["id"]) and last["reason"] in text
    assert text.split("First out ")[1].startswith(first["id"]) and first["reason"] in text
    assert all(one["reason"] in text for one in marked)
    assert "1 real-world query stayed out as well" in text


def test_composition_counts_origins(root: Path, shown: Page) -> None:
    rows = Counter((row["sub_domain"], row["domain"], row["origin"]) for row in jsonl(root, "pool"))
    table = shown.table("What is in it")
    for sub_domain, domain in {kind[:2] for kind in rows}:
        wanted = [str(rows[sub_domain, domain, origin]) for origin in ("real_world", "github_pr")]
        assert table[f"{sub_domain} {domain}"][:2] == wanted


def test_contamination_and_repeats_are_counted(root: Path, shown: Page) -> None:
    lost = {row["pr_id"]: row for row in ledger(root)["compare_prs"] if row["fate"] != "kept"}
    table = shown.table("Dropped by the comparison")
    assert table == {name: [row["reason"], row["evidence"]] for name, row in lost.items()}
    reviewed = {row["pr_id"] for row in parquet(root, "reviewed")}
    named = sum(bool(row["contamination"]) and row["pr_id"] in reviewed for row in parquet(root, "sampled"))
    assert 0 < named < sum(bool(row["contamination"]) for row in parquet(root, "sampled"))
    assert shown.table("Benchmarks that name") == {"Commit0": [str(named)]}


def test_the_head_tells_the_run_in_one_sentence(root: Path, shown: Page) -> None:
    kept = {name: sum(row["fate"] == "kept" for row in rows) for name, rows in ledger(root).items()}
    (lede,) = [one.text for one in shown.tree.iter("p") if one.get("class") == "lede"]
    assert lede == (
        f"Of 90 merged pull requests of 4 repositories, {kept['filter_prs']} passed the rules, {kept['sample_prs']} were drawn, "
        f"{kept['merge_reviews']} were accepted by people as queries and {kept['build_pool']} have a place in the pool, "
        "beside 5 real-world queries."
    )


def test_the_hashes_are_those_of_the_files(root: Path, shown: Page) -> None:
    text = shown.section("run")
    for name in ("pool.jsonl", "candidates.jsonl", "choice.json"):
        digest = hashlib.sha256((root / "curated" / name).read_bytes()).hexdigest()
        assert f"sha256 of curated/{name} {digest}" in text
