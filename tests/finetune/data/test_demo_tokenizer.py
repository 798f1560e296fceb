"""The demo's tokenizer: always the same, any text there and back, and the markers and roles single tokens as in the models' own."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finetune.data.templates import MARKERS, inference_template
from tests.finetune.data.made import TEMPLATES, tokenizer

ROOT = Path(__file__).resolve().parents[3]
MAKE = """
import hashlib, socket
socket.socket.connect = None
from finetune.training.demo_tokenizer import build
print(hashlib.sha256(build().backend_tokenizer.to_str().encode()).hexdigest())
"""


def test_another_process_makes_the_same_without_a_network() -> None:
    here = hashlib.sha256(tokenizer("qwen3").backend_tokenizer.to_str().encode()).hexdigest()
    assert (
        subprocess.run([sys.executable, "-c", MAKE], capture_output=True, text=True, check=True).stdout.strip() == here
    )


@pytest.mark.parametrize("template", TEMPLATES)
def test_it_is_small_and_has_every_marker_and_the_template(template: str) -> None:
    made = tokenizer(template)
    assert len(made) <= 1024 and len(made) == len(set(made.get_vocab().values()))
    assert all(made.convert_ids_to_tokens(made.encode(marker)) == [marker] for marker in MARKERS[template])
    assert made.chat_template == inference_template(template)
    assert made.convert_tokens_to_ids("<|endoftext|>") == made.pad_token_id != made.eos_token_id


def test_roles_are_single_tokens_after_their_marker() -> None:
    for role in ("system", "user", "assistant"):
        assert tokenizer("qwen3").convert_ids_to_tokens(tokenizer("qwen3").encode(f"<|im_start|>{role}\n")) == [
            "<|im_start|>",
            role,
            "Ċ",
        ]


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8")))
def test_any_text_comes_back(text: str) -> None:
    made = tokenizer("qwen3")
    again = made.decode(made.encode(text))
    assert made.encode(again) == made.encode(text)
    if text.isascii():
        assert again == text
