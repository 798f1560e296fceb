"""The card of the trained model: what it was trained on and how, each figure from the run's own evidence, and what was not done."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
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
_LONG = 80  # characters of a licence's name
_MARKUP = re.compile(r"[!-*/:-@\[-^`{-~]|(?<!\w)_|_(?!\w)")  # an underline within a word marks nothing
PLAN = "plan.json"  # beside the card: the plan without what is of the machine it ran on
_NOT_IN_THE_PLAN = (
    "Not in that name are the libraries' versions, the GPUs, how many they are and how many share a row; with others, and on GPUs with "
    "the same ones, the weights are others in their last bits or more."
)
_LIBRARIES = ("limi-curation", "torch", "transformers", "trl", "accelerate", "peft")  # this one, and those that compute


@dataclass(frozen=True)
class Evidence:
    """What a run leaves behind that a card needs."""

    first_loss: float
    last_loss: float
    logged_steps: int
    licences: Mapping[str, int]  # rows by the licence of their query's repository; empty where no column of texts tells
    origins: Mapping[str, int]  # rows by `real_world` and `pull_request`; likewise


def evidence_of(plan: Plan, log: Sequence[Mapping[str, Any]]) -> Evidence:
    """The evidence from the trainer's log, which its checkpoints carry over a resume, and from the rows' file."""
    losses = [float(entry["loss"]) for entry in log if "loss" in entry]
    told = {name: texts for name in ("licence", "pr_id") if (texts := trained_texts(plan, name)) is not None}
    return Evidence(
        first_loss=losses[0],
        last_loss=losses[-1],
        logged_steps=len(losses),
        licences=Counter(licence or _UNKNOWN for licence in told.get("licence", ())),
        origins=Counter("pull_request" if pr_id else "real_world" for pr_id in told.get("pr_id", ())),
    )


def trained_texts(plan: Plan, column: str) -> list[str] | None:
    """A column of the rows' file, of the rows that were trained on, by the names that finetune/data/rows.py gives them.

    None where it holds no texts or cannot be read: all is trained by now, and no column is worth losing the model for.
    """
    file = plan.train.rows.file
    try:
        kinds = pl.scan_parquet(file, glob=False).collect_schema()
        if not isinstance(kinds.get(column), (pl.String, pl.Categorical, pl.Enum, pl.Null)):
            return None
        named = "trajectory_id" in kinds
        table = pl.read_parquet(file, columns=[column, *["trajectory_id"] * named], glob=False)
        names = pl.col("trajectory_id").cast(pl.String) if named else pl.format("row-{}", pl.int_range(1, pl.len() + 1))
        trained = table.filter(names.is_in(prepared.row_ids(Path(plan.prepared))))
        return trained[column].cast(pl.String).fill_null("").to_list()
    except (OSError, pl.exceptions.PolarsError):
        return None


def card(plan: Plan, evidence: Evidence) -> str:
    """The README.md of model/final."""
    train, demo = plan.train, plan.train.base.name == DEMO
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
            if demo
            else []
        ),
        f"Fine-tuned from {_base(plan)} on {_sessions(demo)}, by supervised learning on what the assistant wrote.",
        "",
        "## Data",
        "",
        f"- {_rows(plan)}, {plan.tokens:,} tokens, of which {plan.loss_tokens:,} carry loss: what the assistant wrote, with its "
        "reasoning, its calls and the token that ends a turn; no loss is taken on system prompts, requests, results of tools, or "
        "turns marked `train: false` (rejected, copied from an earlier session, or a human's command)",
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
        f"The plan is `{plan.identity}`, a name for the first weights, the tokens, the parameters and the seed; {PLAN} has all of it. "
        + _NOT_IN_THE_PLAN,
        "",
        "## Use",
        "",
        f"The chat template that was trained is saved with the tokenizer (`{train.base.template}`). It keeps the reasoning of all turns; "
        "so must who talks to the model: leave `reasoning_content` in the messages. Generation stops at "
        f"{' and '.join(f'`{token}`' for token in STOP_TOKENS[train.base.template])}.",
        *(
            [
                "",
                "It reads longer texts than its base, by YaRN, which config.json says in `rope_parameters`. transformers 5 reads that; "
                "transformers 4, and servers that are built on it, know another key and read the positions as the base's.",
            ]
            if train.base.yarn_factor > 1
            else []
        ),
        "",
        "## What was not done",
        "",
        *(f"- {sentence}" for sentence in _not_done(plan, evidence)),
        "",
    ]
    return "\n".join(lines)


def _metadata(plan: Plan) -> list[str]:
    """The card's first block, by which the Hub sorts; https://huggingface.co/docs/hub/model-cards."""
    # The base model's terms hold for this one, and are not known here; the Hub has this word for it.
    told: dict[str, Any] = {"library_name": "transformers", "pipeline_tag": "text-generation", "license": "unknown"}
    told |= {"tags": list(_TAGS)}
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
    commit = plan.base_weights or base.revision
    return f"[{base.name}](https://huggingface.co/{base.name})" + (f" at {commit}" if commit else "")


def _settings(plan: Plan) -> list[tuple[str, str]]:
    train, optimizer = plan.train, plan.train.optimizer
    lora = train.lora
    return [
        (
            "weights",
            f"LoRA, rank {lora.rank}, alpha {lora.alpha}, dropout {lora.dropout:g}, merged into the base"
            if lora.rank
            else "all",
        ),
        ("optimizer steps", f"{plan.steps}"),
        (
            "length of the run",
            f"{train.schedule.loss_tokens:,} tokens with loss"
            if train.schedule.loss_tokens
            else f"{train.schedule.epochs} epochs",
        ),
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
        ("precision", _precision(plan)),
        ("attention", train.base.attention),
        (
            "processes",
            f"{plan.processes}, {plan.context_parallel} to a row (finetune/launch/{train.hardware.launch}.yaml)",
        ),
        ("seed", f"{plan.seed}"),
        ("libraries", ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES)),
    ]


def _version(name: str) -> str:
    """After hours of training a card is written with what is known; a clone that is not installed has no version."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"


def _precision(plan: Plan) -> str:
    """What the passes compute in, and what the weights that learn are kept in."""
    if plan.train.hardware.precision == "fp32":
        return "fp32"
    return "bf16, the adapter in fp32 and the frozen base in bf16" if plan.train.lora.rank else "bf16, masters in fp32"


def _sessions(demo: bool) -> str:
    if demo:
        return "trajectories (those that come with the demo were written by hand; no model took part in them)"
    return "recorded work of a coding agent"


def _rows(plan: Plan) -> str:
    """How many rows, and which part of the file that is."""
    rows, chosen = plan.train.rows, []
    if rows.origin != "all":
        chosen.append(f"of origin {rows.origin}")
    if rows.samples:
        chosen.append(f"{rows.samples} drawn by the seed")
    if plan.dropped:
        chosen.append(f"{plan.dropped} left out as longer than {rows.max_tokens:,} tokens")
    return f"{plan.rows} of {plan.file_rows} rows" + (f" ({'; '.join(chosen)})" if chosen else "")


def published(plan: Plan) -> dict[str, Any]:
    """The plan without what is of the machine it ran on: places, and folders in front of a name."""
    told = plan.model_dump(mode="json", exclude={"prepared", "output", "plots", "metrics"})
    told["train"]["rows"]["file"] = Path(plan.train.rows.file).name
    if not on_the_hub(plan.train.base.name):
        told["train"]["base"]["name"] = Path(plan.train.base.name).name
    return told


def _counted(what: str, counts: Mapping[str, int]) -> list[str]:
    if not counts:
        return []
    told = ", ".join(
        f"{_plain(name)} {count}" for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )
    return [f"- {what}: {told}"]


def _plain(text: str) -> str:
    """A text of the rows' file as Markdown shows it: whatever stands there, it makes no link, table, heading or HTML."""
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return _MARKUP.sub(r"\\\g<0>", shown[:_LONG])


def _not_done(plan: Plan, evidence: Evidence) -> list[str]:
    found = [
        "No benchmark was run on this model; the loss above is of rows that it was trained on.",
        "No row was held out, so nothing here tells whether it has learnt or remembers.",
        "The base model was not examined; what it knows, and under which terms it may be used, is its makers' to say.",
    ]
    if not evidence.licences:
        found.append("The rows' file does not tell licences in a column of texts, so they were not counted.")
    elif _UNKNOWN in evidence.licences:
        found.append(f"The licence of {evidence.licences[_UNKNOWN]} rows is not known.")
    if not evidence.origins:
        found.append(
            "The rows' file does not tell the origin of queries in a column of texts, so they were not counted."
        )
    if plan.train.lora.rank:
        found.append("The weights were not trained in full: LoRA's were, and are merged here.")
    if plan.train.base.template == "glm4-moe":
        found.append(
            "A layer that predicts a second token (MTP, for speculative decoding), if the base has one, was not trained and is not "
            "here, and config.json says so."
        )
    return found
