"""The card of the trained model: what it was trained on and how, each figure from the run's own evidence, and what was not done."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from finetune.data import prepared
from finetune.data.templates import STOP_TOKENS
from finetune.plan import Plan
from finetune.training.base import DEMO

_ON_THE_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_TAGS = ["sft", "agent", "trajectories"]
_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Evidence:
    """What a run leaves behind that a card needs."""

    first_loss: float
    last_loss: float
    logged_steps: int
    licences: Mapping[
        str, int
    ]  # rows by the licence of their query's repository; empty where the file has no such column
    origins: Mapping[str, int]  # rows by `real_world` and `pull_request`; likewise


def evidence_of(plan: Plan, log: Sequence[Mapping[str, Any]]) -> Evidence:
    """The evidence from the trainer's log, which its checkpoints carry over a resume, and from the rows' file."""
    losses = [float(entry["loss"]) for entry in log if "loss" in entry]
    table = trained_rows(plan)
    told = {name: table[name].fill_null("").to_list() for name in ("licence", "pr_id") if name in table.columns}
    return Evidence(
        first_loss=losses[0],
        last_loss=losses[-1],
        logged_steps=len(losses),
        licences=Counter(licence or _UNKNOWN for licence in told.get("licence", ())),
        origins=Counter("pull_request" if pr_id else "real_world" for pr_id in told.get("pr_id", ())),
    )


def trained_rows(plan: Plan) -> pl.DataFrame:
    """The rows of the rows' file that were trained on, by the names that finetune/data/rows.py gives them."""
    table = pl.read_parquet(plan.train.rows.file, glob=False)
    if "trajectory_id" in table.columns:
        name = pl.col("trajectory_id").cast(pl.String)
    else:
        name = pl.format("row-{}", pl.int_range(1, pl.len() + 1))
    return table.filter(name.is_in(prepared.row_ids(Path(plan.prepared))))


def card(plan: Plan, evidence: Evidence) -> str:
    """The README.md of model/final."""
    train = plan.train
    lines = [
        *_metadata(plan),
        "",
        f"# {_title(plan)}",
        "",
        *(
            [
                "> This is the demo of a pipeline: a tiny model that began with random weights. It shows that the training runs, "
                "and is of no use for anything else.",
                "",
            ]
            if train.base.name == DEMO
            else []
        ),
        f"Fine-tuned from {_base(plan)} on recorded work of a coding agent, by supervised learning on what the agent wrote.",
        "",
        "## Data",
        "",
        f"- {plan.rows} rows, {plan.tokens:,} tokens, of which {plan.loss_tokens:,} carry loss: what the assistant wrote, with its "
        "reasoning, its calls and the token that ends a turn; no loss is taken on system prompts, requests, results of tools, or "
        "turns that were rejected",
        *_counted("origin of the queries", evidence.origins),
        *_counted("licences of the repositories that the queries are about", evidence.licences),
        f"- sha256 of the tokens and labels as they were trained: `{plan.prepared_sha256}`",
        "",
        "## Training",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in _settings(plan)),
        f"| loss of the first step | {evidence.first_loss:.4f} |",
        f"| loss of the last step | {evidence.last_loss:.4f} |",
        "",
        f"The plan is `{plan.identity}`: whoever trains by a plan of that name on as many processes has trained the same.",
        "",
        "## Use",
        "",
        f"The chat template that was trained is saved with the tokenizer (`{train.base.template}`). It keeps the reasoning of all turns; "
        "so must who talks to the model: leave `reasoning_content` in the messages. Generation stops at "
        f"{' and '.join(f'`{token}`' for token in STOP_TOKENS[train.base.template])}.",
        "",
        "## What was not done",
        "",
        *(f"- {sentence}" for sentence in _not_done(plan, evidence)),
        "",
    ]
    return "\n".join(lines)


def _metadata(plan: Plan) -> list[str]:
    """The card's first block, by which the Hub sorts; https://huggingface.co/docs/hub/model-cards."""
    told: dict[str, Any] = {"library_name": "transformers", "pipeline_tag": "text-generation", "tags": list(_TAGS)}
    if on_the_hub(plan.train.base.name):
        told |= {"base_model": plan.train.base.name, "base_model_relation": "finetune"}
    return ["---", yaml.safe_dump(told, sort_keys=False).rstrip("\n"), "---"]


def _title(plan: Plan) -> str:
    name = plan.train.base.name
    return "A tiny demo model" if name == DEMO else f"{Path(name).name}, trained on trajectories"


def on_the_hub(name: str) -> bool:
    """Whether a base model's name is one on the Hub. A folder's path is nobody's business and goes into no card."""
    return name != DEMO and bool(_ON_THE_HUB.fullmatch(name)) and not Path(name).exists()


def _base(plan: Plan) -> str:
    base = plan.train.base
    if base.name == DEMO:
        return f"random weights (seed {plan.seed})"
    if not on_the_hub(base.name):
        return f"a local copy of {Path(base.name).name}"
    return f"[{base.name}](https://huggingface.co/{base.name})" + (f" at {base.revision}" if base.revision else "")


def _settings(plan: Plan) -> list[tuple[str, str]]:
    train, optimizer = plan.train, plan.train.optimizer
    lora = train.lora
    return [
        ("weights", f"LoRA, rank {lora.rank}, alpha {lora.alpha}, merged into the base" if lora.rank else "all"),
        ("optimizer steps", f"{plan.steps}"),
        ("rows of a step", f"{train.schedule.global_batch}"),
        (
            "learning rate",
            f"{optimizer.learning_rate:g} to {optimizer.min_learning_rate:g}, cosine, {optimizer.warmup_steps} warmup steps",
        ),
        ("Adam", f"betas {optimizer.beta1:g} and {optimizer.beta2:g}, epsilon {optimizer.epsilon:g}"),
        ("weight decay", f"{optimizer.weight_decay:g}"),
        ("gradient norm at most", f"{optimizer.max_grad_norm:g}"),
        ("longest row allowed", f"{train.rows.max_tokens:,} tokens"),
        ("positions", f"YaRN, factor {train.base.yarn_factor:g}" if train.base.yarn_factor > 1 else "as the base's"),
        ("precision", f"{train.hardware.precision}, masters in fp32"),
        ("processes", f"{plan.processes}, {plan.context_parallel} to a row"),
        ("seed", f"{plan.seed}"),
    ]


def _counted(what: str, counts: Mapping[str, int]) -> list[str]:
    if not counts:
        return []
    told = ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    return [f"- {what}: {told}"]


def _not_done(plan: Plan, evidence: Evidence) -> list[str]:
    found = [
        "No benchmark was run on this model; the loss above is of rows that it was trained on.",
        "No row was held out, so nothing here tells whether it has learnt or remembers.",
        "The base model was not examined; what it knows, and under which terms it may be used, is its makers' to say.",
    ]
    if not evidence.licences:
        found.append("The rows' file does not tell licences, so they were not counted.")
    elif _UNKNOWN in evidence.licences:
        found.append(f"The licence of {evidence.licences[_UNKNOWN]} rows is not known.")
    if plan.train.lora.rank:
        found.append("The weights were not trained in full: LoRA's were, and are merged here.")
    return found
