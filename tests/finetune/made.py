"""Rows of drawn tokens and the plan of a short training on them, without a text or a preflight."""

import random
from pathlib import Path
from typing import Any

import yaml

from finetune.data import prepared
from finetune.data.rendering import NO_LOSS, Rendered
from finetune.plan import Plan
from finetune.training.base_weights import weights_name
from pipeline.train_sections import Train

ROOT = Path(__file__).resolve().parents[2]
LENGTHS = (
    400,
    130,
    260,
    101,
    333,
)  # tokens; two ranks that share a row take multiples of 4, so some rows are padded there


def rows(lengths: tuple[int, ...] = LENGTHS) -> list[Rendered]:
    """Rows of so many tokens; spans of the later two thirds carry loss, so that short and long rows have other shares of it."""
    draw = random.Random(5)  # noqa: S311 - tokens
    made = []
    for number, length in enumerate(lengths):
        ids = [draw.randrange(1, 256) for _ in range(length)]
        kept = [place > length // 3 and place % 40 < 10 + 6 * number for place in range(length)]
        labels = [token if keep else NO_LOSS for token, keep in zip(ids, kept, strict=True)]
        made.append(Rendered(f"row-{number}", "", ids, labels, []))
    return made


def train(**changed: dict[str, Any]) -> Train:
    """The section `train` of the demo, with what is changed in its parts: `train(schedule={"global_batch": 4})`."""
    section = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["train"]
    for part, values in changed.items():
        section[part] |= values
    return Train.model_validate(section)


def plan(folder: Path, section: Train, steps: int, processes: int = 1, context_parallel: int = 1) -> Plan:
    """A plan whose results lie in `folder` and whose rows, those of `rows()`, in the folder above it: cases share them."""
    path = folder.parent / "prepared.parquet"
    held = prepared.summary(path) if path.is_file() else prepared.write(rows(), path)
    return Plan(
        train=section,
        seed=3,
        base_weights=weights_name(section.base),
        file_sha256="",
        file_rows=held.rows,
        dropped=0,
        prepared=str(path),
        prepared_sha256=held.sha256,
        rows=held.rows,
        tokens=held.tokens,
        loss_tokens=held.loss_tokens,
        steps=steps,
        processes=processes,
        context_parallel=context_parallel,
        output=str(folder / "model"),
        plots=str(folder / "plots"),
        metrics=str(folder / "train.json"),
    )
