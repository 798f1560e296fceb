"""The base model before its weights: configuration with YaRN, tokenizer with our template, errors that say what to do."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from finetune.data.templates import inference_template
from finetune.training.base import config_of, native_positions, tokenizer_of
from pipeline.errors import UserError
from pipeline.train_sections import Base
from tests.finetune import made
from tests.finetune.training.bases import tiny_glm, tiny_qwen


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


def test_a_layer_for_a_second_token_that_is_not_loaded_is_not_promised(tmp_path: Path) -> None:
    folder = tiny_glm(tmp_path)
    assert '"num_nextn_predict_layers": 1' in (folder / "config.json").read_text()
    assert config_of(base(folder)).to_dict()["num_nextn_predict_layers"] == 0


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


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"hidden_size": "a"}, "Field 'hidden_size' expected int, got str"),
        ({"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4}}, "Missing required keys in `rope_parameters`"),
        ({"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4, "factor": "a"}}, "could not convert string"),
        (
            {"model_type": "gpt2"},
            "AttributeError: 'GPT2Config' object has no attribute 'rope_parameters'. Take a model",
        ),
        ({"model_type": "none"}, "does not recognize this architecture"),
    ],
)
def test_a_configuration_that_says_nothing_sensible_is_told_in_a_sentence(
    tmp_path: Path, changed: dict[str, Any], sentence: str
) -> None:
    told = changed if "model_type" in changed else {"model_type": "qwen3", **changed}
    (tmp_path / "config.json").write_text(json.dumps(told))
    with pytest.raises(UserError, match=f"^train.base.name: the configuration of .* cannot be read: .*{sentence}"):
        config_of(base(tmp_path))


def test_a_tokenizer_that_is_none_is_told_in_a_sentence(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "base")
    (tmp_path / "base/tokenizer_config.json").write_text("[]")
    with pytest.raises(UserError, match=r"the tokenizer of .* cannot be read: AttributeError: .* mend its files"):
        tokenizer_of(base(tmp_path / "base"))
