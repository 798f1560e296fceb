"""The record of a choice: all that a reader needs to check it or to draw again, and nothing of the solver."""

from typing import Any

from pipeline.pooling.choice import Choice
from pipeline.pooling.quotas import Quota

FORMAT = "limi-choice 1"


def record(choice: Choice, reasons: dict[str, str]) -> dict[str, Any]:
    """What curated/choice.json holds: size, seed, quotas with their counts, and every candidate with its reason.

    `levels` are those that decided, with what the pool is worth at each. Marks and worths are whole thousandths. Candidates stand in the
    order of their ids; the same choice gives the same record.
    """
    model = choice.model
    pool = [model.candidates[place] for place in choice.chosen]
    chosen = choice.ids
    return {
        "format": FORMAT,
        "seed": model.seed,
        "size": model.size,
        "quotas": [_quota(quota) | {"has": quota.held(pool)} for quota in choice.quotas],
        "levels": [
            {"kind": stage.level.kind, "name": stage.level.name, "worth": stage.level.worth(pool, model.seed)}
            for stage in choice.stages
        ],
        "candidates": [
            {
                "id": one.id,
                "chosen": one.id in chosen,
                "reason": reasons[one.id],
                "attributes": dict(sorted(one.attributes.items())),
                "marks": dict(sorted(one.marks.items())),
            }
            for one in sorted(model.candidates, key=lambda one: one.id)
        ],
    }


def _quota(quota: Quota) -> dict[str, Any]:
    return {
        "words": str(quota),
        "where": dict(quota.where),
        "each": quota.each,
        "least": quota.least,
        "most": quota.most,
    }
