"""The same training in plain torch, one row at a time without padding: what the trainer's losses and gradients are held against.

Of finetune/ it takes the model, its first weights and the order of the rows, nothing that computes.
"""

import math
from dataclasses import dataclass, field

import polars as pl
import torch

from finetune.plan import Plan
from finetune.training.model import load
from finetune.training.order import rows_of_epoch


@dataclass
class Plain:
    """By step; the norm is the one before the gradients are scaled down."""

    losses: list[float] = field(default_factory=list)
    grad_norms: list[float] = field(default_factory=list)


def train(plan: Plan, of_rows: bool = False) -> Plain:
    """Token-mean cross entropy over each global batch, AdamW, and a cosine without warmup from the highest rate to the lowest.

    `of_rows`: the mean of the rows' means in place of it, which is another loss.
    """
    rows = pl.read_parquet(plan.prepared)
    optimizer, batch = plan.train.optimizer, plan.train.schedule.global_batch
    model = load(plan.train, plan.seed)
    model.train()
    named = list(model.named_parameters())
    groups = [
        {"params": [weight for name, weight in named if "norm" not in name], "weight_decay": optimizer.weight_decay},
        {"params": [weight for name, weight in named if "norm" in name], "weight_decay": 0.0},
    ]
    adam = torch.optim.AdamW(groups, betas=(optimizer.beta1, optimizer.beta2), eps=optimizer.epsilon)
    seen, epoch, steps = Plain(), 0, 0
    while steps < plan.steps:
        order = rows_of_epoch(rows.height, plan.seed, epoch)
        for start in range(0, rows.height, batch):
            of_step = [rows.row(index, named=True) for index in order[start : start + batch]]
            loss = step(model, of_step, of_rows)
            way = steps / (plan.steps - 1)
            low, high = optimizer.min_learning_rate, optimizer.learning_rate
            for group in adam.param_groups:
                group["lr"] = low + (high - low) * 0.5 * (1 + math.cos(math.pi * way))
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), optimizer.max_grad_norm)
            adam.step()
            adam.zero_grad()
            seen.losses.append(loss)
            seen.grad_norms.append(float(norm))
            steps += 1
            if steps == plan.steps:
                break
        epoch += 1
    return seen


def step(model: torch.nn.Module, rows: list[dict[str, list[int]]], of_rows: bool) -> float:
    """Gradients of the mean over all tokens of all rows that carry loss; the mean."""
    tokens = sum(label != -100 for row in rows for label in row["labels"][1:])
    total = 0.0
    for row in rows:
        logits = model(input_ids=torch.tensor([row["input_ids"]])).logits[0, :-1].double()
        labels = torch.tensor(row["labels"])[1:]
        of_token = torch.logsumexp(logits, dim=-1) - logits.gather(1, labels.clamp(min=0)[:, None])[:, 0]
        kept = of_token[labels != -100]
        loss = kept.mean() / len(rows) if of_rows else kept.sum() / tokens
        loss.backward()
        total += loss.item()
    return total
