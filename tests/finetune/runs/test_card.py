"""The card says what the run's own evidence says, and nothing of the machine it ran on."""

from pathlib import Path

import pytest
import yaml

from finetune.plan import Plan
from finetune.runs.card import Evidence, card, evidence_of
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
        f"- 5 rows, {plan.tokens:,} tokens, of which {plan.loss_tokens:,} carry loss",
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
    text = card(of(plan, base={"name": "Qwen/Qwen3-8B", "revision": "b" * 40}), EVIDENCE)
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
    assert "LoRA, rank 8, alpha 32, merged into the base" in text
    assert "The weights were not trained in full" in text
    assert "The licence of 2 rows is not known." in text


def test_the_card_of_a_file_without_licences_says_that_it_has_none(plan: Plan) -> None:
    text = card(plan, Evidence(2.0, 1.0, 6, {}, {}))
    assert "The rows' file does not tell licences" in text
    assert "licences of the repositories" not in text


def test_only_rows_that_were_trained_on_are_counted(plan: Plan, tmp_path: Path) -> None:
    less = plan_in(tmp_path, {"rows.samples": 3})
    evidence = evidence_of(less, [{"loss": 2.0}, {"loss": 1.0}, {"train_loss": 9.0}])
    assert (evidence.first_loss, evidence.last_loss, evidence.logged_steps) == (2.0, 1.0, 2)
    assert sum(evidence.licences.values()) == sum(evidence.origins.values()) == 3
