"""The card says what the run's own evidence says, and nothing of the machine it ran on."""

from importlib.metadata import version
from pathlib import Path

import polars as pl
import pytest
import yaml
from markdown_it import MarkdownIt

from finetune.plan import Plan
from finetune.runs.card import Evidence, card, evidence_of, published
from tests.finetune.runs.conftest import Runs
from tests.finetune.runs.made import plan_in

EVIDENCE = Evidence(2.0, 1.0, 6, {"MIT": 3, "unknown": 2}, {"real_world": 5})


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan_in(tmp_path_factory.mktemp("card"))


def of(plan: Plan, **changed: dict[str, object]) -> Plan:
    told = plan.model_dump()
    for section, values in changed.items():
        told["train"][section] |= values
    return Plan.model_validate(told)


def metadata(text: str) -> dict[str, object]:
    return dict(yaml.safe_load(text.split("---\n")[1]))


def test_the_card_of_a_run_tells_its_data_plan_and_loss(runs: Runs) -> None:
    plan = runs.plans["whole"]
    text = (plan.final / "README.md").read_text()
    losses = [line.split("\t")[1] for line in (Path(plan.plots) / "metrics/loss.tsv").read_text().splitlines()[1:]]
    for said in (
        f"- 5 of 5 rows, {plan.tokens:,} tokens, of which {plan.loss_tokens:,} carry loss",
        "pull_request 3, real_world 2",
        "Apache-2.0 3, MIT 2",
        plan.prepared_sha256,
        plan.identity,
        f"| loss of the first step | {float(losses[0]):.4f} |",
        f"| loss of the last step | {float(losses[-1]):.4f} |",
        "| optimizer steps | 6 |",
        "No benchmark was run on this model",
        "began with random weights",
    ):
        assert said in text, said


def test_after_a_resume_the_card_is_the_same(runs: Runs) -> None:
    """The first step's loss is not that of the first step after it."""
    assert (runs.plans["chain"].final / "README.md").read_text() == (
        runs.plans["whole"].final / "README.md"
    ).read_text()


def test_a_base_on_the_hub_is_named_with_its_commit(plan: Plan) -> None:
    on_hub = of(plan, base={"name": "Qwen/Qwen3-8B"}).model_copy(update={"base_weights": "b" * 40})
    text = card(on_hub, EVIDENCE)
    assert f"[Qwen/Qwen3-8B](https://huggingface.co/Qwen/Qwen3-8B) at {'b' * 40}" in text
    assert metadata(text)["base_model"] == "Qwen/Qwen3-8B"
    assert "demo" not in text


@pytest.mark.parametrize("name", ["/home/amara/models/little", "./models/little", "../little"])
def test_a_folder_on_this_machine_is_not_named(plan: Plan, name: str) -> None:
    text = card(of(plan, base={"name": name}), EVIDENCE)
    assert name not in text
    assert "a local copy of little" in text
    assert "base_model" not in metadata(text)


def test_a_folder_that_looks_like_a_name_on_the_hub_is_none(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models/little").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert "base_model" not in metadata(card(of(plan, base={"name": "models/little"}), EVIDENCE))


def test_lora_and_unknown_licences_are_said(plan: Plan) -> None:
    text = card(of(plan, lora={"rank": 8}), EVIDENCE)
    assert "LoRA, rank 8, alpha 32, dropout 0, merged into the base" in text
    assert "The weights were not trained in full" in text
    assert "The licence of 2 rows is not known." in text


def test_the_demos_card_says_who_wrote_its_sessions(plan: Plan) -> None:
    assert "those that come with the demo were written by hand" in card(plan, EVIDENCE)
    assert "on recorded work of a coding agent, by" in card(of(plan, base={"name": "Qwen/Qwen3-8B"}), EVIDENCE)


def test_the_layer_that_a_glm_comes_out_without_is_named(plan: Plan) -> None:
    assert "(MTP, for speculative decoding), if the base has one, was not trained" in card(
        of(plan, base={"template": "glm4-moe"}), EVIDENCE
    )
    assert "MTP" not in card(plan, EVIDENCE)


def test_precision_is_told_as_it_was(plan: Plan) -> None:
    bf16: dict[str, object] = {"precision": "bf16"}
    assert "| precision | fp32 |" in card(plan, EVIDENCE)
    assert "| precision | bf16, masters in fp32 |" in card(of(plan, hardware=bf16), EVIDENCE)
    adapter = card(of(plan, hardware=bf16, lora={"rank": 8}), EVIDENCE)
    assert "| precision | bf16, the adapter in fp32 and the frozen base in bf16 |" in adapter


def test_what_the_plans_name_leaves_open_is_said(plan: Plan) -> None:
    text = card(plan, EVIDENCE)
    assert "Not in that name are the libraries' versions" in text and "has trained the same" not in text
    assert f"limi-curation {version('limi-curation')}, torch {version('torch')}, transformers" in text


@pytest.mark.parametrize(
    ("rows", "left_out", "said"),
    [
        ({}, {}, "- 5 of 5 rows, "),
        (
            {"samples": 5, "origin": "real_world"},
            {"file_rows": 9},
            "- 5 of 9 rows (of origin real_world; 5 drawn by the seed), ",
        ),
        ({"max_tokens": 400}, {"file_rows": 7, "dropped": 2}, "- 5 of 7 rows (2 left out as longer than 400 tokens), "),
    ],
)
def test_which_rows_of_the_file_were_trained_on_is_said(
    plan: Plan, rows: dict[str, object], left_out: dict[str, int], said: str
) -> None:
    assert said in card(of(plan, rows=rows).model_copy(update=left_out), EVIDENCE)


def test_how_long_the_run_was_is_said(plan: Plan) -> None:
    assert "| length of the run | 2 epochs |" in card(plan, EVIDENCE)
    assert "| length of the run | 5,000 tokens with loss |" in card(of(plan, schedule={"loss_tokens": 5000}), EVIDENCE)


def test_the_plan_that_is_published_is_the_whole_one_without_places(plan: Plan) -> None:
    told = published(of(plan, base={"name": "/home/amara/models/little"}, rows={"file": "/data/rows.parquet"}))
    assert told["train"]["base"]["name"] == "little" and told["train"]["rows"]["file"] == "rows.parquet"
    assert plan.model_dump().keys() - told.keys() == {"prepared", "output", "plots", "metrics"}
    places = {"prepared": "p", "output": "o", "plots": "q", "metrics": "m"}
    assert Plan.model_validate(told | places).identity == plan.identity, "whoever downloads it can tell"


def test_yarn_comes_with_what_reads_it(plan: Plan) -> None:
    assert "transformers 4" in card(of(plan, base={"yarn_factor": 2.0}), EVIDENCE)
    assert "transformers 4" not in card(plan, EVIDENCE)


def test_the_licence_is_said_to_be_unknown(plan: Plan) -> None:
    assert metadata(card(plan, EVIDENCE))["license"] == "unknown"


def test_the_card_of_a_file_without_licences_says_that_it_has_none(plan: Plan) -> None:
    text = card(plan, Evidence(2.0, 1.0, 6, {}, {}))
    assert "The rows' file does not tell licences" in text
    assert "licences of the repositories" not in text


def test_only_rows_that_were_trained_on_are_counted(plan: Plan, tmp_path: Path) -> None:
    less = plan_in(tmp_path, {"rows.samples": 3})
    evidence = evidence_of(less, [{"loss": 2.0}, {"loss": 1.0}, {"train_loss": 9.0}])
    assert (evidence.first_loss, evidence.last_loss, evidence.logged_steps) == (2.0, 1.0, 2)
    assert sum(evidence.licences.values()) == sum(evidence.origins.values()) == 3


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (pl.Series([["MIT"]] * 5), None),
        (pl.Series(range(5)), None),
        (pl.Series([b"\xff"] * 5), None),
        (pl.Series([None] * 5), {"unknown": 5}),
        (pl.Series(["MIT", "MIT", "MIT", None, ""]), {"MIT": 3, "unknown": 2}),
        (pl.Series(["MIT"] * 5, dtype=pl.Categorical), {"MIT": 5}),
    ],
)
def test_a_column_that_holds_no_texts_is_not_counted_and_breaks_no_export(
    tmp_path: Path, column: pl.Series, told: dict[str, int] | None
) -> None:
    odd = plan_in(tmp_path)
    pl.read_parquet(odd.train.rows.file).with_columns(licence=column).write_parquet(odd.train.rows.file)
    found = evidence_of(odd, [{"loss": 2.0}])
    assert (found.licences, sum(found.origins.values())) == (told or {}, 5)
    assert ("does not tell licences in a column of texts" in card(odd, found)) == (told is None)


def test_a_file_that_is_gone_breaks_no_export(tmp_path: Path) -> None:
    gone = plan_in(tmp_path)
    Path(gone.train.rows.file).unlink()
    found = evidence_of(gone, [{"loss": 2.0}])
    assert (found.licences, found.origins) == ({}, {})


def test_a_licences_text_is_shown_as_it_is_and_marks_nothing_up(plan: Plan) -> None:
    strange = "[MIT](https://x)\n# <b>a</b> | `b` *c* _d_ e_f \x1b"
    text = card(plan, Evidence(2.0, 1.0, 6, {strange: 1, "LicenseRef-My_Own-2.0+": 1}, {"pull_request": 2}))
    [line] = [line for line in text.splitlines() if "licences of the repositories" in line]
    html = MarkdownIt("gfm-like", {"linkify": False}).render(line)
    assert "[MIT](https://x) # &lt;b&gt;a&lt;/b&gt; | `b` *c* _d_ e_f 1" in html
    assert "LicenseRef-My_Own-2.0+ 1" in line and "pull_request 2" in text
