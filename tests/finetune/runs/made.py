"""A run as small as it can be: a few rows of unequal length, the demo's model, a plan of a dozen steps."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from finetune.data import prepared
from finetune.data.checking import checked
from finetune.data.rows import read_rows
from finetune.plan import Plan
from finetune.training import demo_tokenizer
from finetune.training.base import DEMO_SHAPE
from finetune.training.base_weights import weights_name
from pipeline.files import sha256_file
from pipeline.train_sections import Train

ROOT = Path(__file__).resolve().parents[3]
ROWS, BATCH, STEPS, SAVE = 5, 2, 6, 2  # two epochs of three steps, the last of each with one row
_TOOL = {"type": "function", "function": {"name": "run", "parameters": {"type": "object", "properties": {}}}}


def plan_in(folder: Path, changes: dict[str, Any] | None = None, **others: Any) -> Plan:
    """A plan whose files lie in `folder`; `changes` are of the section `train`, by their dotted names."""
    rows = folder / "rows.parquet"
    if not rows.exists():
        folder.mkdir(parents=True, exist_ok=True)
        pl.DataFrame([_row(number) for number in range(ROWS)]).write_parquet(rows)
    told = yaml.safe_load((ROOT / "profiles/demo.yaml").read_text(encoding="utf-8"))["train"]
    small = {"schedule.global_batch": BATCH, "schedule.save_steps": SAVE, "schedule.epochs": 2, "rows.file": str(rows)}
    for name, value in (small | (changes or {})).items():
        section, key = name.split(".")
        told[section][key] = value
    train = Train.model_validate(told)
    path = folder / "prepared.parquet"
    if not path.exists():
        tokenizer = demo_tokenizer.build(train.base.template)
        prepared.write(
            (checked(row, tokenizer, train.base.template) for row in read_rows(train.rows, 1)),
            path,
        )
    held = prepared.summary(path)
    places = {"output": str(folder / "model"), "plots": str(folder / "plots"), "metrics": str(folder / "metrics.json")}
    return Plan.model_validate(
        {
            "train": train.model_dump(),
            "seed": 1,
            "base_weights": weights_name(train.base),
            "file_sha256": sha256_file(rows),
            "file_rows": held.rows,
            "dropped": 0,
            "prepared": str(path),
            "prepared_sha256": held.sha256,
            "rows": held.rows,
            "tokens": held.tokens,
            "loss_tokens": held.loss_tokens,
            "steps": STEPS,
            "processes": 1,
            "context_parallel": 1,
        }
        | places
        | others
    )


def base_in(folder: Path) -> None:
    """A base model as one is published: in bf16, with what generation stops at and a chat template of its own."""
    import torch
    from transformers import GenerationConfig, Qwen3Config, Qwen3ForCausalLM

    tokenizer = demo_tokenizer.build()
    tokenizer.chat_template = "{{ messages }}"
    tokenizer.save_pretrained(folder)
    told = DEMO_SHAPE | {"vocab_size": len(tokenizer), "tie_word_embeddings": False, "max_position_embeddings": 512}
    torch.manual_seed(1)
    model = Qwen3ForCausalLM(Qwen3Config(**told)).to(torch.bfloat16)
    stop = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    model.generation_config = GenerationConfig(eos_token_id=stop, do_sample=True, temperature=0.6, top_k=20)
    model.save_pretrained(folder)


def _row(number: int) -> dict[str, str]:
    """Calls whose arguments differ from row to row, and as many turns as its number."""
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "You mend."},
        {"role": "user", "content": f"Mend part {number}."},
    ]
    for turn in range(number + 1):
        call = {
            "id": f"c{turn}",
            "type": "function",
            "function": {"name": "run", "arguments": {f"argument_{number}": turn}},
        }
        messages += [
            {"role": "assistant", "content": "", "reasoning_content": f"I look at {turn}.", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": f"c{turn}", "content": f"part {turn} of {number}"},
        ]
    messages.append({"role": "assistant", "content": "It is mended."})
    return {
        "trajectory_id": f"row-{number}",
        "query_id": f"q-{number}",
        "pr_id": "" if number % 2 else f"amara/part#{number}",
        "licence": "MIT" if number % 2 else "Apache-2.0",
        "messages": json.dumps(messages),
        "tools": json.dumps([_TOOL]),
    }
