"""Tokens of OpenAI's o200k_base, exact and without the network.

tiktoken is the reference: `count` asks it, and its ranks come from the `bpe-openai` package, unpacked once into tiktoken's own
cache format in `.limi/tiktoken`, where tiktoken checks their sha256. Decisions are made by `count_up_to`, which looks at bytes
first, then counts with splintr (the same ids several times as fast; benchmarks/filter_speed.py holds the two together on all
patches, tests/pipeline/test_tokens.py on made-up texts) and stops early: a text is cut where o200k's splitting pattern always
has a boundary (after a newline, before a character that is neither whitespace nor "/"), so the parts' counts add up to the whole's.
"""

import gzip
import os
import re
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import splintr
import tiktoken

from pipeline.errors import LimiError
from pipeline.files import atomic
from pipeline.sections import MAX_TOKEN_BYTES

ENCODING = "o200k_base"
# tiktoken looks its files up under the sha1 of their address.
RANKS_FILE = "fb374d419588a4632f3f557e76b4b70aebbca790"
CACHE = Path(".limi/tiktoken")
_SAFE_CUT = re.compile(r"\n(?=[^\s/])")
_FIRST = (
    3  # characters looked at first for each token of the limit: code has three to four, so most texts are decided there
)
_STEP = 1024  # characters counted at a time after that
_UNUSUAL = re.compile("[\u017f\ud800-\udfff]")
_SPECIAL = "<|"  # how every special token of o200k_base begins; splintr's `encode_flat` would take one as such


@cache
def encoding() -> tiktoken.Encoding:
    """tiktoken's o200k_base, loaded from the package's own files. Raises LimiError if they are damaged."""
    ranks = (CACHE / RANKS_FILE).absolute()
    if not ranks.exists():
        packed = _package() / "data" / f"{ENCODING}.tiktoken.gz"
        with atomic(ranks) as unfinished:  # workers may race; the rename makes the last one win with equal bytes
            unfinished.write_bytes(gzip.decompress(packed.read_bytes()))
    before = os.environ.get("TIKTOKEN_CACHE_DIR")
    os.environ["TIKTOKEN_CACHE_DIR"] = str(ranks.parent)
    try:
        return tiktoken.get_encoding(ENCODING)
    except (OSError, ValueError) as error:  # tiktoken found the file damaged, removed it and tried the network
        raise LimiError(
            f"the token ranks in {ranks.parent} were damaged ({error}); run again to unpack them anew"
        ) from None
    finally:
        if before is None:
            del os.environ["TIKTOKEN_CACHE_DIR"]
        else:
            os.environ["TIKTOKEN_CACHE_DIR"] = before


def _package() -> Path:
    """Where bpe-openai lies. It is not imported: only its data is wanted, and importing it warns on some Pythons."""
    found = find_spec("bpe_openai")
    if found is None or not found.submodule_search_locations:
        raise LimiError(
            "the package bpe-openai, which carries the token ranks, is not installed; `make install` brings it"
        )
    return Path(found.submodule_search_locations[0])


def count(text: str) -> int:
    """Tokens of a text; special-token text such as <|endoftext|> counts as the plain text it is."""
    return len(encoding().encode_ordinary(text))


def at_least(size: int) -> int:
    """The least number of tokens that `size` bytes of UTF-8 can have."""
    return -(-size // MAX_TOKEN_BYTES)


def count_up_to(text: str, enough: int) -> int:
    """Exact tokens of a text if they are fewer than `enough`; else some number >= `enough` that the text really reaches.

    Never reads much further than it must: a text of too many bytes is not tokenized at all, and counting goes in pieces.
    """
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    if at_least(size) >= enough:
        return at_least(size)
    counted = _counter(text)
    total = 0
    start = 0
    end = _cut_after(text, _FIRST * enough)
    while start < len(text):
        total += counted(text[start:end])
        if total >= enough:
            return total
        start, end = end, _cut_after(text, end + _STEP)
    return total


def _counter(text: str) -> Callable[[str], int]:
    """What counts a text: splintr, or tiktoken where splintr is known to differ.

    That is a text with a special token, with U+017F (an s to o200k's pattern, as in "it's") or with half a surrogate pair.
    """
    if _SPECIAL in text or (not text.isascii() and _UNUSUAL.search(text)):
        return count
    return _fast_count


def _fast_count(text: str) -> int:
    return len(_splintr().encode_flat(text)) // 4  # ids of four bytes


@cache
def _splintr() -> splintr.AnyTokenizer:
    """splintr's o200k_base. Raises LimiError if a later version takes other texts as special."""
    tokenizer = splintr.Tokenizer.from_pretrained(ENCODING)
    strange = [name for name in tokenizer.special_tokens() if not name.startswith(_SPECIAL)]
    if strange:
        raise LimiError(
            f"this version of splintr takes {strange[0]!r} as one token; install the one of constraints.txt"
        )
    return tokenizer


def _cut_after(text: str, place: int) -> int:
    found = _SAFE_CUT.search(text, place) if place < len(text) else None
    return found.end() if found else len(text)
