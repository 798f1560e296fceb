"""The base model before its weights: configuration with YaRN, tokenizer with our template, errors that say what to do."""

from pathlib import Path

import pytest

from finetune.data.templates import inference_template
from finetune.training.base import config_of, native_positions, tokenizer_of
from pipeline.errors import UserError
from pipeline.train_sections import Base
from tests.finetune import made
from tests.finetune.training.bases import tiny_qwen


def base(name: str | Path, yarn_factor: float = 1.0) -> Base:
    return made.train(base={"name": str(name), "yarn_factor": yarn_factor}).base


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_qwen(tmp_path_factory.mktemp("base") / "qwen")


def test_yarn_counts_from_the_positions_that_the_model_was_made_for(folder: Path) -> None:
    config = config_of(base(folder, 4.0))
    assert config.rope_parameters["rope_type"] == "yarn"
    assert config.rope_parameters["factor"] == 4.0
    assert config.rope_parameters["original_max_position_embeddings"] == 512
    assert config.rope_parameters["rope_theta"] == config_of(base(folder)).rope_parameters["rope_theta"]
    assert config.max_position_embeddings == 2048
    assert native_positions(config) == 512


def test_without_yarn_the_configuration_is_as_it_was(folder: Path) -> None:
    config = config_of(base(folder))
    assert config.rope_parameters["rope_type"] == "default"
    assert native_positions(config) == config.max_position_embeddings == 512


def test_qwen3s_positions_are_those_it_was_trained_on_and_not_those_of_its_configuration(tmp_path: Path) -> None:
    config = config_of(base(tiny_qwen(tmp_path, max_position_embeddings=40960), 4.0))
    assert config.rope_parameters["original_max_position_embeddings"] == 32768
    assert config.max_position_embeddings == 131072


def test_a_model_whose_positions_are_scaled_already_is_refused(tmp_path: Path) -> None:
    rope = {"rope_type": "linear", "factor": 2.0, "rope_theta": 10_000.0}
    folder = tiny_qwen(tmp_path, rope_parameters=rope)
    with pytest.raises(UserError, match=r"yarn_factor is 4\.0, but the model's positions are scaled already \(linear"):
        config_of(base(folder, 4.0))


def test_the_tokenizer_has_the_template_that_is_trained_whatever_it_came_with(folder: Path) -> None:
    assert tokenizer_of(base(folder)).chat_template == inference_template("qwen3")
    assert tokenizer_of(base("demo")).chat_template == inference_template("qwen3")


@pytest.mark.parametrize("read", [config_of, tokenizer_of], ids=["config", "tokenizer"])
def test_a_base_that_is_not_there_is_named(read: object, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^train\.base\.name: the (configuration|tokenizer) of .*/none cannot be read"):
        read(base(tmp_path / "none"))  # type: ignore[operator]
