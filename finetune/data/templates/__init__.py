"""The chat templates that are trained and that the trained model is saved with.

Each file of this folder is the training template: what the assistant writes stands in `{% generation %}` marks, which transformers turns
into the loss mask. The inference template is the same text without these marks, as only transformers knows them. So a model sees at
inference, to the byte, what it saw in training.
"""

import re
from pathlib import Path

from pipeline.errors import UserError

# Tokens that end a turn of the assistant, and that it is trained to write. They are what generation has to stop at.
STOP_TOKENS = {"qwen3": ("<|im_end|>",), "glm4-moe": ("<|user|>", "<|observation|>")}
# Tokens that tell who speaks and since when. A tokenizer that belongs to the template has each as a token of its own.
MARKERS = {
    "qwen3": ("<|im_start|>", "<|im_end|>"),
    "glm4-moe": ("[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>"),
}
# Tokens that a call is made of, each one of its own though none steers a model. A template writes them around the call and escapes nothing.
CALL_TAGS = {
    "qwen3": ("<tool_call>", "</tool_call>"),
    "glm4-moe": ("<tool_call>", "</tool_call>", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>"),
}
# Tokens around a turn's reasoning, likewise. Both templates write one pair at the begin of each turn.
REASONING_TAGS = ("<think>", "</think>")
_MARK = re.compile(r"\{%-? (?:end)?generation -?%\}")


def training_template(name: str) -> str:
    """The template with `{% generation %}` marks. Raises UserError if there is none of that name."""
    if name not in STOP_TOKENS:
        raise UserError(
            f"there is no chat template {name!r}; there are {', '.join(sorted(STOP_TOKENS))} in finetune/data/templates"
        )
    return (Path(__file__).parent / f"{name}.jinja").read_text(encoding="utf-8")


def inference_template(name: str) -> str:
    """The template to save with the model: the training template without its marks. Raises UserError as that does."""
    return _MARK.sub("", training_template(name))
