"""The section `train` takes no number that would train nothing, or that ends in a traceback hours later."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.finetune import made

FLOATS = [
    ("base", "yarn_factor"),
    *(
        ("optimizer", name)
        for name in ("learning_rate", "min_learning_rate", "weight_decay", "beta1", "beta2", "epsilon")
    ),
    ("optimizer", "max_grad_norm"),
    ("lora", "dropout"),
]


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
@pytest.mark.parametrize(("part", "name"), FLOATS)
def test_no_number_of_a_training_is_infinite_or_none(part: str, name: str, value: float) -> None:
    with pytest.raises(ValidationError, match=rf"{part}\.{name}"):
        made.train(**{part: {name: value}})


@pytest.mark.parametrize(
    ("part", "values"), [("base", {"yarn_factor": 1e308}), ("optimizer", {"epsilon": 1.0})], ids=["yarn", "epsilon"]
)
def test_a_number_that_would_train_nothing_is_refused(part: str, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=rf"{part}\.{next(iter(values))}"):
        made.train(**{part: values})
