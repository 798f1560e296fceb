"""A tokenizer for the demo and the tests, made here without a network: Qwen3's or GLM-4.5's special tokens and a small vocabulary.

It is a byte-level BPE with Qwen3's normalization and way of splitting, so any text goes through it and back. The vocabulary is learnt from
TEXT, always the same; the names of roles are tokens of their own, as they are in Qwen3.
"""

from functools import cache
from typing import TYPE_CHECKING

from finetune.data.templates import inference_template

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_VOCABULARY = 768  # tokens without the special ones: 256 bytes, and what is learnt
_SPLIT = (  # Qwen3's, from its tokenizer.json
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# The added tokens of Qwen3 and GLM-4.5, in the order of their ids; those of the second list are not special: a decoder shows them.
_CONTROL = {
    "qwen3": """
        <|endoftext|> <|im_start|> <|im_end|> <|object_ref_start|> <|object_ref_end|> <|box_start|> <|box_end|> <|quad_start|> <|quad_end|>
        <|vision_start|> <|vision_end|> <|vision_pad|> <|image_pad|> <|video_pad|>
    """,
    "glm4-moe": """
        <|endoftext|> [MASK] [gMASK] [sMASK] <sop> <eop> <|system|> <|user|> <|assistant|> <|observation|>
        <|begin_of_image|> <|end_of_image|> <|begin_of_video|> <|end_of_video|> /nothink
    """,
}
_MARKUP = {
    "qwen3": "<tool_call> </tool_call> <tool_response> </tool_response> <think> </think>",
    "glm4-moe": """
        <think> </think> <tool_call> </tool_call> <tool_response> </tool_response> <arg_key> </arg_key> <arg_value> </arg_value>
    """,
}
_END = {"qwen3": "<|im_end|>", "glm4-moe": "<|user|>"}
# A role's name stands on a line of its own here as it does after <|im_start|>: a token with the blank before it would be another one.
TEXT = """
system
user
assistant
tool
You may call one or more functions to assist with the user query. For each function call, return a json object with function name and
arguments within XML tags: {"name": <function-name>, "arguments": <args-json-object>}
{"type": "function", "function": {"name": "bash", "description": "Run a command", "parameters": {"type": "object", "properties":
{"command": {"type": "string"}, "path": {"type": "string"}}, "required": ["command"]}}}
I look at the repository first, then I change the file and run the tests. The tests pass now, so the change is done.
The user wants the search to be faster. Where is it? Let me see which files there are, and read the one that matters.
def test_search(): assert search("name") == [] and len(self.results) != 0  # the error is in this line
import os, sys, json, re; from pathlib import Path; if __name__ == "__main__": return None; for index in range(10): print(value)
$ ls -la src && cat src/search.py && git diff && git status && grep -rn "search" . && python -m pytest -q tests && make test
diff --git a/src/search.py b/src/search.py index 0000000..1111111 100644 --- a/src/search.py +++ b/src/search.py @@ -1,4 +1,5 @@
4 passed in 0.12s, 1 failed: AssertionError, FileNotFoundError: No such file or directory; exit code 1, not executed by the user
"""


@cache
def build(template: str = "qwen3") -> "PreTrainedTokenizerFast":
    """The tokenizer for a template, with that template for inference. Always the same tokens; do not change what it gives."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bytes_of_text = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made = Tokenizer(models.BPE())
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(_SPLIT), "isolated"), bytes_of_text])
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY, show_progress=False, initial_alphabet=sorted(bytes_of_text.alphabet())
    )
    made.train_from_iterator([TEXT], trainer)
    made.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in _CONTROL[template].split()])
    made.add_tokens([AddedToken(token, normalized=False) for token in _MARKUP[template].split()])
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        eos_token=_END[template],
        pad_token="<|endoftext|>",  # noqa: S106 - no password
        chat_template=inference_template(template),
        clean_up_tokenization_spaces=False,
    )
