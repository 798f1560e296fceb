"""Tokens are OpenAI's, counted offline, and counting in pieces gives the same number as counting at once."""

import base64
import gzip
import os
import random
import subprocess
import sys
import warnings
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import tokens
from pipeline.sections import MAX_TOKEN_BYTES
from pipeline.tokens import RANKS_FILE, at_least, count, count_up_to

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # bpe_openai opens its own files in an old way
    import bpe_openai

ROOT = Path(__file__).resolve().parent.parent.parent
MOST = 7_500  # the largest limit that params.py allows
OTHER = bpe_openai.get_encoding("o200k_base")
# What o200k's splitting pattern treats specially, and every kind of newline and blank.
PIECES = [
    *["<|endoftext|>", "<|endofprompt|>", "<|", "|>"],
    *["\r\n", "\n", "\r", "\n\n", "/", "//", "/\n", " ", "  ", "\t", "\x0b", "\x0c", "\x00"],
    *["\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\xa0", "\u180e", "\u2028", "\u2029", "\u200b", "\u3000", "\ufeff"],
    *["'s", "'S", "'\u017f", "'re", "'LL", "a", "B", "aB", "é", "e\u0301", "\u0301", "1", "12345", "²", "Ⅷ", "ǅ", "ʰ"],
    *["\u0627", "漢字", "😀", "👩‍👩‍👧", "\U0001d400", "\U000e0001", "\U0010ffff", "\ue000", "\U000f0000", "İ", "ß"],
    *["-", "+", "@@ ", ".", "_", "def f(x):\n", "    return", "+++ b/", "index 1234567..89abcde 100644\n"],
]
ANY_TEXT = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4), max_size=60
).map("".join)


def other(text: str) -> int:
    return len(OTHER.encode_ordinary(text))


def offline(folder: Path, program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program in an empty folder, in a process whose sockets lead nowhere."""
    cut_off = (
        "import socket\n"
        "def refuse(*_, **__): raise OSError('the network was asked')\n"
        "socket.getaddrinfo = socket.create_connection = socket.socket.connect = refuse\n"
    )
    return subprocess.run(
        [sys.executable, "-c", cut_off + program],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


COUNT = "from pipeline.tokens import count; print(count('hello world'))"


@settings(max_examples=300, derandomize=True, deadline=None)
@given(ANY_TEXT)
def test_another_tokenizer_counts_the_same(text: str) -> None:
    assert count(text) == other(text)


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_counting_in_pieces_is_exact_wherever_the_cuts_fall(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(tokens, "_FIRST", 0)
    monkeypatch.setattr(tokens, "_STEP", chunk)
    drawn = random.Random(chunk)  # noqa: S311
    cut = 0
    for _ in range(1500):
        text = "".join(drawn.choice(PIECES) for _ in range(drawn.randrange(1, 60)))
        cut += tokens._cut_after(text, chunk) < len(text)
        assert count_up_to(text, MOST) == other(text), repr(text)
    assert cut > 200  # the texts were really cut


def test_a_cut_at_any_newline_would_not_be_exact() -> None:
    # Why a cut needs more than a newline: blanks and slashes after it belong to the token before.
    for before, after in (("{\n", "\nx"), ("*/\n", "//x"), (".\n", "/*x")):
        assert other(before) + other(after) > other(before + after)
    assert other("{\n") + other("x") == other("{\nx")


def test_every_unicode_plane_is_counted_alike() -> None:
    drawn = random.Random(0)  # noqa: S311
    for plane in range(17):
        for _ in range(10):
            points = [drawn.randrange(plane << 16, (plane + 1) << 16) for _ in range(200)]
            text = "".join(
                chr(point) + drawn.choice(["", "\n", " "]) for point in points if not 0xD800 <= point < 0xE000
            )
            assert count_up_to(text, MOST) == count(text) == other(text)


@pytest.mark.parametrize("text", ["<|endoftext|>", "a <|endofprompt|>\n<|endoftext|>", "<|fim_prefix|>"])
def test_text_that_looks_like_a_special_token_is_plain_text(text: str) -> None:
    assert count(text) == count_up_to(text, MOST) == other(text) > 3


def test_the_projects_own_files_are_counted_alike() -> None:
    for path in sorted((ROOT / "pipeline").glob("*.py")):
        for text in (path.read_text(encoding="utf-8"), path.read_text(encoding="utf-8").replace("\n", "\r\n")):
            whole = other(text)
            assert count_up_to(text, whole + 1) == count(text) == whole


@pytest.mark.parametrize(
    "unit", ["a", "aB", "é", "=", "/", "1", "😀", "漢", "\r\n", "\t", " \n", "\n ", "<|endoftext|>"]
)
def test_long_runs_are_counted_alike(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    assert count_up_to(text, 1_000_000) == other(text)


@pytest.mark.parametrize("blank", [" ", "\n", "\t", "\r\n", "\u3000", "\x85", "\x0c", " \n"])
def test_whitespace_is_counted_up_to_the_last_byte_that_the_limits_let_through(blank: str) -> None:
    # One byte more and the size alone decides; tiktoken itself fails on about a million.
    size = (MOST - 1) * MAX_TOKEN_BYTES
    text = blank * (size // len(blank.encode()))
    assert at_least(len(text.encode())) == MOST - 1
    counted = count_up_to(text, MOST)
    assert counted == count(text) if counted < MOST else MOST <= counted <= count(text)


def test_a_text_of_too_many_bytes_is_not_tokenized(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(text: str) -> int:
        raise AssertionError("tokenized")

    monkeypatch.setattr(tokens, "_fast_count", refuse)
    assert count_up_to(" " * ((MOST - 1) * MAX_TOKEN_BYTES + 1), MOST) == MOST
    with pytest.raises(AssertionError, match="tokenized"):
        count_up_to(" " * (MOST - 1) * MAX_TOKEN_BYTES, MOST)


def test_counting_stops_soon_after_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    monkeypatch.setattr(tokens, "_fast_count", lambda text: read.append(len(text)) or other(text))
    assert count_up_to("x = 1\n" * 20_000, 1_200) >= 1_200
    assert sum(read) < 20_000


@settings(max_examples=120, derandomize=True, deadline=None)
@given(ANY_TEXT)
def test_around_every_limit_the_answer_is_exact_below_and_reached_above(text: str) -> None:
    whole = other(text)
    for enough in {1, 2, max(1, whole - 1), max(1, whole), whole + 1, whole + 2, MOST}:
        counted = count_up_to(text, enough)
        assert counted == whole if whole < enough else enough <= counted <= whole


@pytest.mark.parametrize("enough", [1_000, 1_199, 1_200, 1_201, 4_800])
def test_a_text_of_exactly_1200_tokens_crosses_the_limit_at_1200(enough: int) -> None:
    text = "".join(f"x{at % 10}\n" for at in range(2_000))
    while other(text) > 1_200:
        text = text[: text.rindex("x", 0, len(text) - 1)]
    text += " y" * (1_200 - other(text))
    assert other(text) == 1_200
    assert (count_up_to(text, enough) >= enough) == (enough <= 1_200)
    assert count_up_to(text, enough) <= 1_200


def test_nothing_has_no_tokens() -> None:
    assert (count(""), count_up_to("", 1), at_least(0)) == (0, 0, 0)


@pytest.mark.parametrize(("size", "least"), [(1, 1), (128, 1), (129, 2), (256, 2), (257, 3)])
def test_a_size_has_at_least_so_many_tokens(size: int, least: int) -> None:
    assert at_least(size) == least


def test_the_longest_token_is_as_long_as_said() -> None:
    packed = resources.files("bpe_openai").joinpath("data", "o200k_base.tiktoken.gz").read_bytes()
    ranks = [base64.b64decode(line.split()[0]) for line in gzip.decompress(packed).splitlines()]
    assert len(ranks) == 199_998
    assert max(map(len, ranks)) == MAX_TOKEN_BYTES
    assert other(" " * MAX_TOKEN_BYTES) == 1  # the bound is met, so it cannot be lower


def test_a_fresh_folder_counts_without_the_network(tmp_path: Path) -> None:
    done = offline(tmp_path, COUNT)
    assert (done.stdout.strip(), done.returncode) == ("2", 0), done.stderr
    assert (tmp_path / ".limi/tiktoken" / RANKS_FILE).stat().st_size > 3_000_000


def test_a_fresh_folder_counts_without_a_warning(tmp_path: Path) -> None:
    # Warnings are errors in this project's tests, which a fresh checkout begins with no unpacked ranks.
    done = offline(tmp_path, "import warnings, tiktoken\nwarnings.simplefilter('error')\n" + COUNT)
    assert (done.stdout.strip(), done.returncode) == ("2", 0), done.stderr


def test_the_network_is_really_cut_off_in_these_tests(tmp_path: Path) -> None:
    done = offline(tmp_path, "import requests; requests.get('https://example.invalid/')")
    assert "the network was asked" in done.stderr


@pytest.mark.parametrize("content", [b"", b"damaged", b"aGVsbG8= 0\n"])
def test_damaged_ranks_are_told_and_the_next_run_mends_them(tmp_path: Path, content: bytes) -> None:
    ranks = tmp_path / ".limi/tiktoken" / RANKS_FILE
    ranks.parent.mkdir(parents=True)
    ranks.write_bytes(content)
    first = offline(
        tmp_path,
        "from pipeline.errors import LimiError\nfrom pipeline.tokens import count\n"
        "try: print(count('hello world'))\nexcept LimiError as error: print(error)",
    )
    assert first.stdout.strip() == "2" or "were damaged" in first.stdout, first.stderr
    assert offline(tmp_path, COUNT).stdout.strip() == "2"


def test_damaged_ranks_behind_a_login_page_are_told_too(tmp_path: Path) -> None:
    # A network that answers every address with its own page: tiktoken then raises a ValueError.
    ranks = tmp_path / ".limi/tiktoken" / RANKS_FILE
    ranks.parent.mkdir(parents=True)
    ranks.write_bytes(b"damaged")
    done = offline(
        tmp_path,
        "import requests\n"
        "class Page:\n"
        "    content = b'<html>please log in</html>'\n"
        "    def raise_for_status(self): pass\n"
        "requests.get = lambda *_, **__: Page()\n"
        "from pipeline.errors import LimiError\nfrom pipeline.tokens import count\n"
        "try: print(count('hello world'))\nexcept LimiError as error: print(error)",
    )
    assert done.stdout.strip() == "2" or "were damaged" in done.stdout, done.stderr


@pytest.mark.parametrize("before", [None, "somewhere/else"])
def test_the_environment_is_as_it_was(tmp_path: Path, before: str | None) -> None:
    environment = {} if before is None else {"TIKTOKEN_CACHE_DIR": before}
    program = "import os\nbefore = os.environ.get('TIKTOKEN_CACHE_DIR')\n" + COUNT
    done = offline(tmp_path, program + "\nprint(os.environ.get('TIKTOKEN_CACHE_DIR') == before, before)", **environment)
    assert done.stdout.split() == ["2", "True", str(before)], done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [".limi"]


def test_threads_that_count_for_the_first_time_at_once_all_can(tmp_path: Path) -> None:
    program = (
        "from concurrent.futures import ThreadPoolExecutor\nfrom threading import Barrier\n"
        "from pipeline.tokens import count\n"
        "barrier = Barrier(6)\n"
        "def work(_):\n    barrier.wait()\n    return count('hello world')\n"
        "print(set(ThreadPoolExecutor(6).map(work, range(6))))\n"
    )
    done = offline(tmp_path, program)
    assert done.stdout.strip() == "{2}", done.stderr
