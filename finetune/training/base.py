"""The model that is trained before its weights are there: where it lies, its configuration, its tokenizer."""

from pathlib import Path
from typing import Any

from finetune.data.templates import inference_template
from finetune.training import demo_tokenizer
from pipeline.errors import UserError
from pipeline.train_sections import Base

DEMO = "demo"
DEMO_FOLDER = Path(".limi/demo-model")
# Qwen3's configuration names 40,960 positions, room for a prompt of 8,192 and a reply; its card: trained on 32,768, YaRN counts from there.
QWEN3_POSITIONS = {40_960: 32_768}
# As small as a model can be that still has what Qwen3 has: grouped heads, their norms, several layers.
DEMO_SHAPE: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 16384,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1_000_000.0},
    "tie_word_embeddings": True,
}


def tokenizer_of(base: Base) -> Any:
    """The base model's tokenizer with the chat template that is trained (without its marks), a PreTrainedTokenizerFast.

    Raises UserError if there is none to read.
    """
    if base.name == DEMO:
        return demo_tokenizer.build(base.template)
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(base.name, revision=base.revision or None)
    except Exception as error:  # whatever a file of strange content makes of foreign code; _unreadable
        raise _unreadable(base, "tokenizer", error) from error
    tokenizer.chat_template = inference_template(base.template)
    return tokenizer


def config_of(base: Base) -> Any:
    """The base model's configuration with YaRN as the parameters say. Raises UserError if there is none to read."""
    if base.name == DEMO:
        config = _demo_config(base)
    else:
        from transformers import AutoConfig

        try:
            config = AutoConfig.from_pretrained(base.name, revision=base.revision or None)
            _told_positions(config)
        except Exception as error:
            raise _unreadable(base, "configuration", error) from error
    if getattr(config, "num_nextn_predict_layers", 0):
        # GLM-4.5's layer that predicts a second token (MTP): transformers leaves it out when it loads, so the trained model has none.
        config.num_nextn_predict_layers = 0
    return with_yarn(config, base.yarn_factor)


def _told_positions(config: Any) -> tuple[int, float]:
    """What is read of the positions later on, so that a model that tells them otherwise, or none, is refused before any row is read."""
    return native_positions(config), float((config.rope_parameters or {}).get("factor") or 1)


def native_positions(config: Any) -> int:
    """Tokens that a configuration's model was made for, without YaRN."""
    rope = config.rope_parameters or {}
    given = int(rope.get("original_max_position_embeddings") or config.max_position_embeddings)
    return QWEN3_POSITIONS.get(given, given) if config.model_type.startswith("qwen3") else given


def with_yarn(config: Any, factor: float) -> Any:
    """The configuration with YaRN by this factor; 1: as it is. Refuses a model that has another scaling already.

    https://arxiv.org/abs/2309.00071; the keys are those of transformers 5 (`rope_parameters`). `max_position_embeddings` grows with
    it, so that servers of the trained model know how much it reads.
    """
    if factor == 1.0:
        return config
    rope = dict(config.rope_parameters or {})
    if rope.get("rope_type", "default") != "default":
        raise UserError(
            f"train.base.yarn_factor is {factor}, but the model's positions are scaled already ({rope['rope_type']}, factor "
            f"{rope.get('factor')}); set it to 1.0, or take the model without"
        )
    native = native_positions(config)
    config.rope_parameters = rope | {
        "rope_type": "yarn",
        "factor": factor,
        "original_max_position_embeddings": native,
    }
    config.max_position_embeddings = int(native * factor)
    return config


def _demo_config(base: Base) -> Any:
    from transformers import Qwen3Config

    tokenizer = demo_tokenizer.build(base.template)
    return Qwen3Config(
        vocab_size=len(tokenizer),
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **DEMO_SHAPE,
    )


def _unreadable(base: Base, what: str, error: Exception) -> UserError:
    """The sentence for an error of transformers, of whatever kind: those that it means for users tell what to do themselves."""
    at, said = f" at {base.revision}" if base.revision else "", " ".join(str(error).split())
    if not isinstance(error, (OSError, ValueError)):
        said = f"{type(error).__name__}: {said}. Take a model that transformers reads, with rotary positions, or mend its files"
    return UserError(f"train.base.name: the {what} of {base.name}{at} cannot be read: {said}")
