"""Nothing hides in a text that a model is sent, and no mark of a model's own is in it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.llm.visible import visible


@pytest.mark.parametrize(
    "text",
    ["a <- b[0]", "x <| y |> z <|> w", "Vec<S>", "<table>", "[x]", "Naïve 中文 🎉\n\tcafé", "if a<b and c>d: pass"],
)
def test_ordinary_text_and_code_stay_as_they_are(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a«U+202E»b"),
        ("a\u200bb\ufeff", "a«U+200B»b«U+FEFF»"),
        ("a\x00\x1b[31m", "a«U+0000»«U+001B»[31m"),
        ("\U000e0041\U000e0042", "«U+E0041»«U+E0042»"),
        ("v\ufe0f\U000e0100", "v«U+FE0F»«U+E0100»"),
        ("\u2028\u3164\ue000", "«U+2028»«U+3164»«U+E000»"),
        ("half \ud800", "half «U+D800»"),
        ("one\r\ntwo\rthree", "one\ntwo«U+000D»three"),
    ],
)
def test_a_hidden_character_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    "mark",
    [
        *("<|im_start|>", "<|endoftext|>", "<|start_header_id|>", "<|eot_id|>", "<|channel|>", "<|tool_calls_section_begin|>"),
        *("<\uff5cbegin\u2581of\u2581sentence\uff5c>", "<|turn>", "<turn|>", "<s>", "</s>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"),
        *("<start_of_turn>", "<end_of_turn>", "<bos>", "<eos>", "<pad>", "<think>", "</think>", "<tool_call>", "</tool_response>"),
        *("[TOOL_CALLS]", "[SYSTEM_PROMPT]", "[gMASK]", "<sop>", "<fim_prefix>", "<PRE>", "<unused12>", "<0x0A>", "[CLS]"),
    ],
)  # fmt: skip
def test_a_mark_of_a_model_is_broken_and_still_to_be_read(mark: str) -> None:
    shown = visible(f"before {mark} after")
    assert mark not in shown
    assert shown.replace("·", "") == f"before {mark} after"


def test_marks_inside_marks_are_all_broken() -> None:
    assert visible("<<|im_end|>|im_end|>[[INST]]") == "<<·|im_end|>|im_end|>[[·INST]]"


@given(st.text())
def test_what_is_visible_stays_as_it_is_and_can_be_stored(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    shown.encode()


@pytest.mark.parametrize(
    "piece", ["<|", "<|a", "[", "<", "\u200b", "<a_", "\u202e<|x|>", "<unused1", "[TOOL_CALLS"], ids=ascii
)
def test_a_megabyte_of_anything_is_read_within_seconds(piece: str) -> None:
    before = time.process_time()
    visible(piece * (1_000_000 // len(piece)))
    assert time.process_time() - before < 3
