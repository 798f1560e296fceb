"""Rows as they are exported, of a wanted length, and the models of the recipes by their configurations."""

import json
from pathlib import Path
from typing import Any

import polars as pl
from transformers import Glm4MoeConfig, PretrainedConfig, Qwen3Config

from finetune.preflight.preflight import Places, preflight
from finetune.preflight.report import Report
from tests.finetune.made import train

WORDS = {"short": 20, "middle": 200, "long": 900}
TOOL = {"type": "function", "function": {"name": "run", "parameters": {"type": "object", "properties": {}}}}


def write_rows(path: Path, words: dict[str, int], **changed: dict[str, Any]) -> None:
    """A file of rows, by name, each with an answer of so many words; `changed` are keys of the answer of a row."""
    rows = []
    for name, count in words.items():
        answer = {"role": "assistant", "content": " ".join(["word"] * count)} | changed.get(name, {})
        messages = [{"role": "user", "content": f"Write {count} words"}, answer]
        rows.append({"trajectory_id": name, "messages": json.dumps(messages), "tools": json.dumps([TOOL])})
    pl.DataFrame(rows).write_parquet(path)


def look(places: Places, **changed: dict[str, Any]) -> Report:
    """The preflight of the demo's parameters with changes, on the rows beside the folder `model`."""
    rows = {"file": str(places.output.parent / "rows.parquet")} | changed.pop("rows", {})
    return preflight(train(rows=rows, **changed), 7, places)


def refusals(report: Report, places: Places) -> str:
    """What was refused; no plan may be there then."""
    assert report.refused and not places.plan.exists()
    return "\n".join(report.refused)


def tiny_model(folder: Path, **changed: Any) -> Path:
    """A model's folder without weights: the demo's configuration and tokenizer."""
    from finetune.training.base import config_of, tokenizer_of

    config = config_of(train().base)
    for name, value in changed.items():
        setattr(config, name, value)
    config.save_pretrained(folder / "base")
    tokenizer_of(train().base).save_pretrained(folder / "base")
    return folder / "base"


def qwen3(hidden: int, intermediate: int, layers: int, heads: int, tied: bool) -> Qwen3Config:
    """A configuration as Qwen3's models of the Hub have it."""
    return Qwen3Config(
        dtype="bfloat16",
        vocab_size=151_936,
        hidden_size=hidden,
        intermediate_size=intermediate,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=8,
        head_dim=128,
        max_position_embeddings=40_960,
        tie_word_embeddings=tied,
    )


# From the models' config.json on the Hub.
MODELS: dict[str, PretrainedConfig] = {
    "Qwen/Qwen3-4B": qwen3(2560, 9728, 36, 32, True),
    "Qwen/Qwen3-8B": qwen3(4096, 12_288, 36, 32, False),
    "Qwen/Qwen3-32B": qwen3(5120, 25_600, 64, 64, False),
    "zai-org/GLM-4.5-Air": Glm4MoeConfig(dtype="bfloat16", vocab_size=151_552, head_dim=128, attention_bias=True),
}
