"""Whether a server that holds a model to a grammar gives valid records for the very schema that the writer sends.

    pip install xllamacpp gguf
    python -m benchmarks.model_grammar [--questions 20]

Needs: both packages beside the installed project; no account, no network. xllamacpp is llama.cpp's own server as a wheel (34 MB to
load, 100 on disk), and no part of this project needs it, so neither is in CI. The model is made here: one layer
of random weights over single bytes, 0.3 MB, which says nothing sensible but can say any byte, with a leaning to end its strings. So what
comes back valid is valid by the schema that was sent and the grammar that the server made of it, and by nothing that a model has
learned. The server runs in a process of its own on the loopback; the questions go through ModelDoor and ask_for, as the writer's do.

What this found about xllamacpp 2026.10.11549: with `force_pure_content_parser` response_format is ignored without a word; with a Jinja
template, the parser of the answer sometimes refuses what the grammar allowed (status 500); with the built-in template `chatml` and without
Jinja it does what it says.

Prints progress, and one JSON object on its last line: `asked`, `valid` (after at most one repair), `at_once` (without), `seconds`.
"""

import argparse
import asyncio
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from pipeline.llm.client import ModelDoor
from pipeline.llm.store import Store
from pipeline.llm.structured import Structured, Unusable, ask_for
from pipeline.llm.together import each
from pipeline.sections import Model
from pipeline.synthesis.records import WrittenQuery

NAME = "random"
WIDTH, HEADS, INNER = 64, 4, 128
CONTEXT = 32_768  # tokens for one question; a token is a byte, and a character up to four of them
AT_ONCE = 2
SEED = 7
LEANING = (
    0.1  # to the quotation mark that ends a string: without it a record has 2,000 tokens, and 20 of them take minutes
)
WEIGHTS = {
    "attn_q": (WIDTH, WIDTH),
    "attn_k": (WIDTH, WIDTH),
    "attn_v": (WIDTH, WIDTH),
    "attn_output": (WIDTH, WIDTH),
    "ffn_gate": (INNER, WIDTH),
    "ffn_up": (INNER, WIDTH),
    "ffn_down": (WIDTH, INNER),
}


def needed(name: str) -> Any:
    """An optional package, or the end with what to install."""
    try:
        return importlib.import_module(name)
    except ImportError:
        sys.exit(f"this benchmark needs {name}; say pip install xllamacpp gguf")


def byte_tokens() -> list[str]:
    """How GPT-2's tokenizer writes each of the 256 bytes: printable ones as they are, the others as letters from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]


def write_model(path: Path) -> None:
    """A Llama of one layer with random weights. Its tokens are the bytes, one pair (the tokenizer wants a merge), begin and end."""
    gguf, numpy = needed("gguf"), needed("numpy")
    tokens = [*byte_tokens(), "th", "<begin>", "<end>"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.NORMAL] * (len(tokens) - 2) + [gguf.TokenType.CONTROL] * 2)
    writer.add_token_merges(["t h"])
    writer.add_bos_token_id(len(tokens) - 2)
    writer.add_eos_token_id(len(tokens) - 1)
    drawn = numpy.random.default_rng(SEED)
    shapes = {"token_embd": (len(tokens), WIDTH), "output": (len(tokens), WIDTH)}
    shapes |= {f"blk.0.{name}": shape for name, shape in WEIGHTS.items()}
    weights = {name: drawn.standard_normal(shape) * 0.05 for name, shape in shapes.items()}
    # The first number of every state is the same and large, so what `output` makes of it leans to a token whatever came before.
    weights["token_embd"][:, 0] = 1.0
    weights["output"][:, 0] = 0.0
    weights["output"][tokens.index('"'), 0] = LEANING
    for name, weight in weights.items():
        writer.add_tensor(f"{name}.weight", weight.astype(numpy.float32))
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{name}.weight", numpy.ones(WIDTH, numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def serve(model: Path) -> None:
    """Serve a model on a free port of the loopback, print the address, and end when standard input does."""
    xllamacpp = needed("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.n_ctx, params.n_parallel, params.port = CONTEXT * AT_ONCE, AT_ONCE, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = AT_ONCE
    params.use_jinja, params.chat_template = False, "chatml"
    params.sampling.seed = SEED
    params.warmup, params.verbosity = False, 0
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()
    os._exit(0)  # its threads would go on


async def ask(endpoint: str, folder: Path, questions: int) -> list[Structured[WrittenQuery] | Unusable]:
    """What each question got."""
    chosen = Model(
        endpoint=endpoint,
        name=NAME,
        structured="json_schema",
        max_output_tokens=CONTEXT // 2,
        limit_field="max_tokens",
        temperature=None,
        reasoning_effort="",
        concurrency=AT_ONCE,
        requests_per_minute=0,
        tokens_per_minute=0,
        max_usd=1.0,
        mode="direct",
        timeout_seconds=300,
        tries=2,
    )

    async def one(number: int) -> Structured[WrittenQuery] | Unusable:
        return await ask_for(WrittenQuery, door, [{"role": "user", "content": f"Write query {number}."}], chosen)

    found = []
    with closing(Store(folder)) as store:
        async with ModelDoor(chosen, store, "") as door:
            async for result in each(range(questions), one, AT_ONCE):
                found.append(result)
                tokens = [reply.output_tokens for reply in result.replies]
                told = result.reason if isinstance(result, Unusable) else "valid"
                print(f"{len(found)} of {questions}: {told}, {tokens} tokens", flush=True)
    return found


def main() -> None:
    """Make the model, serve it, ask, and print what came."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.model_grammar",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
        return
    needed("xllamacpp")
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder, "random.gguf")
        write_model(model)
        command = [sys.executable, "-m", "benchmarks.model_grammar", "--serve", str(model)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout  # noqa: S101 - a pipe was asked for
                if not (address := server.stdout.readline().strip()):
                    sys.exit("the server did not start; what it said stands above")
                found = asyncio.run(ask(f"{address}/v1", Path(folder, "store"), arguments.questions))
            finally:
                server.kill()
    valid = [result for result in found if isinstance(result, Structured)]
    at_once = sum(len(result.replies) == 1 for result in valid)
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"asked": len(found), "valid": len(valid), "at_once": at_once, "seconds": seconds}))


if __name__ == "__main__":
    main()
