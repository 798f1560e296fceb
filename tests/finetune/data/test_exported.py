"""What the export writes can be trained as it is, by every policy; and turns without loss there have none here."""

from itertools import product
from pathlib import Path

import pytest

from finetune.data.checking import checked
from finetune.data.rendering import NO_LOSS
from finetune.data.rows import Row, read_rows
from pipeline.train_sections import Rows
from tests.finetune.data.made import TEMPLATES, tokenizer
from tests.trajectories import made
from trajectories.archive.file import read_session
from trajectories.archive.session import session_of
from trajectories.export.policy import Policy
from trajectories.export.rows import rows_of, write_rows

ROOT = Path(__file__).resolve().parents[3]
SESSIONS = [session_of(made.worked(), "made"), *map(read_session, sorted((ROOT / "demo/trajectories").glob("*.json")))]
POLICIES = [
    Policy.model_validate({"rejected": rejected, "commands": commands, "arguments": arguments})
    for rejected, commands, arguments in product(("drop", "keep", "tool", "user"), ("drop", "tool", "user"), ("object", "text"))
]  # fmt: skip


def exported(path: Path, policy: Policy) -> list[Row]:
    write_rows(rows_of(SESSIONS, policy), path)
    return read_rows(Rows(file=str(path), origin="all", samples=0, max_tokens=10_000, over_length="refuse"), 1)


@pytest.mark.parametrize(
    "policy", POLICIES, ids=lambda policy: f"{policy.rejected}-{policy.commands}-{policy.arguments}"
)
def test_every_policys_export_passes_every_check(tmp_path: Path, policy: Policy) -> None:
    for row, template in product(exported(tmp_path / "train.parquet", policy), TEMPLATES):
        assert checked(row, tokenizer(template), template).loss_tokens > 0


@pytest.mark.parametrize("template", TEMPLATES)
def test_arguments_as_text_are_trained_as_the_same_tokens(tmp_path: Path, template: str) -> None:
    both = [exported(tmp_path / f"{policy.arguments}.parquet", policy) for policy in POLICIES[:2]]
    tokens = [[checked(row, tokenizer(template), template).input_ids for row in rows] for rows in both]
    assert tokens[0] == tokens[1]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_rejected_call_is_seen_and_not_learnt(tmp_path: Path, template: str) -> None:
    rendered = checked(exported(tmp_path / "train.parquet", Policy())[0], tokenizer(template), template)
    learnt = "".join(
        rendered.text[start:end]
        for (start, end), label in zip(rendered.spans, rendered.labels, strict=True)
        if label != NO_LOSS
    )
    assert "rm -rf src" in rendered.text and "rm -rf src" not in learnt
    assert "grep -rn search ." in learnt and "A test, then." in learnt
