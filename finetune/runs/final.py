"""The model in the end: model/final, which loads by itself, talks by the template that was trained, and says where it comes from.

It is written beside, loaded again, compared, and only then put in its place: a model that cannot be loaded, or that renders a row
otherwise than it was trained, is found here and not by who downloads it.
"""

import shutil
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, PreTrainedModel

from finetune.data import prepared
from finetune.data.rows import read_rows
from finetune.data.templates import STOP_TOKENS, inference_template
from finetune.plan import Plan
from finetune.runs.card import PLAN, card, evidence_of, published
from finetune.runs.keeping import everyone
from finetune.runs.manifest import in_the_way, write_manifest
from finetune.runs.weights import Weights, cast, gathered, merged, untied
from finetune.training.base import config_of
from finetune.training.model import stored_dtype
from pipeline.errors import LimiError, UserError
from pipeline.files import sha256_file, write_json, write_text

_DEFECT = "the checkpoints are whole. This is a defect, please report it"
_KEPT = "The checkpoints are whole, and the same command then ends the run"
# What a configuration may say otherwise after a save: how it was made, not what the model computes.
_NOT_THE_MODEL = ("dtype", "architectures", "transformers_version", "_name_or_path")


def write_final(trainer: Any, plan: Plan, tokenizer: Any) -> None:
    """Write model/final from the trained weights. Every rank calls it; rank 0 writes.

    Raises LimiError on all ranks if the model is not of the plan's last step, or if what was written does not load as what was trained, and
    UserError if a link or a file stands in its place, or if the rows' file has changed since.
    """
    everyone(lambda: check_steps(trainer, plan))
    everyone(lambda: _check_around(plan))
    state = gathered(trainer)
    everyone(lambda: _write(state, trainer, plan, tokenizer))


def check_steps(trainer: Any, plan: Plan) -> None:
    """Hold the steps that were taken against the plan: card and manifest tell the plan's. Raises LimiError."""
    if (taken := trainer.state.global_step) != plan.steps:
        raise LimiError(
            f"the model has taken {taken} steps and its plan has {plan.steps}, so it is not written; {_DEFECT}"
        )


def _check_around(plan: Plan) -> None:
    """The preflight has looked, days ago maybe. The card counts licences from the rows' file, and a row of it is rendered again."""
    if found := in_the_way(plan.final):
        raise UserError(f"{found[0]}. {_KEPT}")
    file = Path(plan.train.rows.file)
    if not file.is_file() or sha256_file(file) != plan.file_sha256:
        raise UserError(
            f"{file} is not as it was when the run was planned, so neither the model's card nor its tokenizer can be held against it; "
            f"bring that file back. {_KEPT}"
        )


def _write(state: Weights, trainer: Any, plan: Plan, tokenizer: Any) -> None:
    model = trainer.accelerator.unwrap_model(trainer.model)
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    hollow = _hollow(plan, base)
    kept = tuple(getattr(hollow, "_keep_in_fp32_modules_strict", None) or ())
    dtype = stored_dtype(plan.train.base)
    weights = cast(merged(state, plan, _hollow(plan, base), dtype), dtype, kept)
    unfinished = plan.final.with_name(".final.tmp")
    shutil.rmtree(unfinished, ignore_errors=True)  # of a run that was killed here
    try:
        _save(unfinished, hollow, untied(weights, hollow.all_tied_weights_keys), plan, tokenizer)
        check_weights(unfinished, weights, hollow.config)
        check_template(unfinished, plan)
        write_text(unfinished / "README.md", card(plan, evidence_of(plan, trainer.state.log_history)))
        write_json(unfinished / PLAN, published(plan))
        write_manifest(unfinished, plan)
        if plan.final.exists():
            shutil.rmtree(plan.final)
        unfinished.rename(plan.final)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _hollow(plan: Plan, trained: PreTrainedModel) -> PreTrainedModel:
    """A model of the base's configuration without weights; it knows how they are published.

    The trained one itself would save its own dtype, fp32, and what FSDP has made of its class.
    """
    with torch.device("meta"):
        hollow: PreTrainedModel = AutoModelForCausalLM.from_config(
            config_of(plan.train.base), dtype=stored_dtype(plan.train.base)
        )
    # How names and shapes in the base's files differ from the model's own, where transformers found that at loading.
    hollow._weight_conversions = getattr(trained, "_weight_conversions", None)
    hollow.generation_config = trained.generation_config
    return hollow


def _save(folder: Path, hollow: PreTrainedModel, weights: Weights, plan: Plan, tokenizer: Any) -> None:
    hollow.generation_config = generation_config(hollow.generation_config, plan.train.base.template, tokenizer)
    hollow.save_pretrained(folder, state_dict=weights)
    before = tokenizer.chat_template
    tokenizer.chat_template = inference_template(plan.train.base.template)
    tokenizer.save_pretrained(folder)
    tokenizer.chat_template = before


def generation_config(base: GenerationConfig | None, template: str, tokenizer: Any) -> GenerationConfig:
    """The base's own, which stops at what the model was trained to end its turns with, and at what the base stopped at."""
    config = GenerationConfig.from_dict((base.to_dict() if base is not None else {}) | {"_from_model_config": False})
    given = config.eos_token_id
    stops = [given] if isinstance(given, int) else list(given or [])
    stops += tokenizer.convert_tokens_to_ids(list(STOP_TOKENS[template]))
    config.eos_token_id = list(dict.fromkeys(stops))
    if config.pad_token_id is None:
        config.pad_token_id = tokenizer.pad_token_id
    return config


def check_weights(folder: Path, weights: Weights, config: Any) -> None:
    """Load the model as anybody would, and compare every weight, its dtype, and the configuration. Raises LimiError."""
    loaded = AutoModelForCausalLM.from_pretrained(folder, dtype="auto")
    there = loaded.state_dict()
    wrong = sorted(
        name
        for name in {*there, *weights}
        if name not in there
        or name not in weights
        or there[name].dtype != weights[name].dtype
        or not torch.equal(there[name], weights[name])
    )
    if wrong:
        raise LimiError(
            f"the model that was written does not load as what was trained: {len(wrong)} of {len(weights)} weights differ, {wrong[0]} "
            f"first; {_DEFECT}"
        )
    said, meant = (
        {key: value for key, value in one.to_dict().items() if key not in _NOT_THE_MODEL}
        for one in (loaded.config, config)
    )
    if said != meant:
        names = sorted(key for key in {*said, *meant} if said.get(key) != meant.get(key))
        raise LimiError(
            f"the model that was written has another configuration than what was trained ({', '.join(names)}); {_DEFECT}"
        )


def check_template(folder: Path, plan: Plan) -> None:
    """Render the shortest row with what was saved: its tokens must be those that were trained. Raises LimiError."""
    trained = prepared.read(Path(plan.prepared), plan.prepared_sha256)
    lengths = [len(ids) for ids in trained["input_ids"]]
    place = lengths.index(min(lengths))
    name = prepared.row_ids(Path(plan.prepared))[place]
    row = next(row for row in read_rows(plan.train.rows, plan.seed) if row.row_id == name)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer.apply_chat_template(row.messages, tools=row.tools or None, tokenize=True, return_dict=False)
    if list(ids) != list(trained[place]["input_ids"]):
        raise LimiError(f"the tokenizer that was written renders row {name} otherwise than it was trained; {_DEFECT}")
