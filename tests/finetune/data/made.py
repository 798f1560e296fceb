"""Conversations to render: Hypothesis strategies, one by hand, and the templates of the models themselves, as TRL carries them."""

import json
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from finetune.data.messages import messages_of
from finetune.data.rows import Row
from finetune.training import demo_tokenizer

TEMPLATES = ["qwen3", "glm4-moe"]
BASH = {
    "type": "function",
    "function": {"name": "bash", "description": "Run <a> & 'b'", "parameters": {"type": "object", "properties": {}}},
}
# Texts that usually break something: half markup, characters of several bytes and several forms, blanks at both ends.
_HARD = [
    "",
    " ",
    "\n\n",
    "\n text \n",
    "assistant\n",
    "<tool_response>\nx\n</tool_response>",
    "<tool_call>",
    "<|im_",
    "<|",
    "|>",
    "\u00e9 \u212b e\u0301",
    "क्षि 中文 ﷽ 👩‍👩‍👧",
    "\u2028\x00\x1b[31m",
    "{% generation %}{{ 7 * 7 }}",
    '{"a": "b"}',
    "<arg_key>k</arg_key>",
]
# Hypothesis also takes the literals of our own files, so control tokens and tags of reasoning, which are refused, are among its texts.
_REFUSED = re.compile(r"<\|\w+\|>|\[\w+\]|</?think>|<sop>|<eop>|/nothink")
texts = (st.sampled_from(_HARD) | st.text(st.characters(codec="utf-8"), max_size=20)).filter(
    lambda text: not _REFUSED.search(text)
)
names = st.sampled_from(["bash", "read_file", "items", "ключ"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
# As heterogeneous as they come: no two calls need to have a key, or a key's type, in common.
arguments = st.dictionaries(st.sampled_from(["path", "command", "items", "n", "ключ"]), values, max_size=3)


@st.composite
def turns(draw: st.DrawFn, reasoned: bool = False) -> list[dict[str, Any]]:
    """A turn of the assistant and the results of its calls."""
    turn: dict[str, Any] = {"role": "assistant", "content": draw(texts)}
    if reasoned:
        turn["reasoning_content"] = draw(texts.filter(lambda text: text.strip()))
    elif draw(st.booleans()):
        turn["reasoning_content"] = draw(texts)
    calls = draw(st.lists(st.tuples(names, arguments, st.booleans()), max_size=3))
    if calls:
        turn["tool_calls"] = [
            {"type": "function", "function": {"name": name, "arguments": json.dumps(given) if as_text else given}}
            for name, given, as_text in calls
        ]
    if draw(st.integers(0, 3)) == 0:
        turn["train"] = False
    return [turn, *({"role": "tool", "content": draw(texts)} for _ in calls)]


@st.composite
def conversations(draw: st.DrawFn, rounds: int = 3, reasoned: bool = False) -> list[dict[str, Any]]:
    """Messages as an export writes them, with at least one turn that carries loss; `reasoned`: each turn has reasoning."""
    messages = draw(st.lists(st.builds(lambda text: {"role": "system", "content": text}, texts), max_size=1))
    for _ in range(draw(st.integers(1, rounds))):
        messages.append({"role": "user", "content": draw(texts)})
        for turn in draw(st.lists(turns(reasoned), min_size=1, max_size=3)):
            messages += turn
    last = next(message for message in reversed(messages) if message["role"] == "assistant")
    last.pop("train", None)
    return messages


tools = st.sampled_from([[], [BASH], [BASH, {"type": "function", "function": {"name": "ключ"}}]])


def row(messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None, name: str = "row-1") -> Row:
    """A row of these messages, read as a file's are."""
    return Row(name, "", "", messages_of(json.dumps(messages), name), tools or [])


def worked() -> list[dict[str, Any]]:
    """Two rounds by hand: two calls in a turn, a turn without loss, reasoning before the last request, an answer without."""
    return [
        {"role": "system", "content": "You solve tasks in a shell."},
        {"role": "user", "content": "Make the search fast."},
        {
            "role": "assistant",
            "content": "I look first.",
            "reasoning_content": "Where is the search?",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "bash", "arguments": {"command": "ls"}}},
                {"id": "c2", "type": "function", "function": {"name": "read", "arguments": {"path": "a.py", "n": 3}}},
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "src"},
        {"role": "tool", "tool_call_id": "c2", "content": "def search(): ..."},
        {"role": "assistant", "content": "I remove it.", "train": False},
        {"role": "user", "content": "Not that, please."},
        {"role": "assistant", "content": "Done."},
    ]


@cache
def models_own(name: str) -> str:
    """A chat template as TRL carries it, byte for byte the one of the model; `qwen3_training` is TRL's own for training."""
    found = find_spec("trl")
    assert found is not None and found.submodule_search_locations
    return (Path(found.submodule_search_locations[0]) / "chat_templates" / f"{name}.jinja").read_text(encoding="utf-8")


def tokenizer(template: str) -> Any:
    return demo_tokenizer.build(template)
