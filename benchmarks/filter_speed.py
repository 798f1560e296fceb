"""How fast the filter is against the usual loop, and whether it decides the same.

    python -m benchmarks.filter_speed PULLS [--copies 5] [--rounds 2] [--fuzz 200000]

Needs: PULLS, a folder with parts of the table pulls (data/pulls of a run over real clones), of at least 100,000 stored patches for a
figure worth quoting; no account, no network; two cores for the second ratio. The usual loop decodes the same parquet files,
encodes each patch with tiktoken, reads it with unidiff's PatchSet and keeps it if it has fewer than 1,200 tokens and not only
Markdown. The filter is the worker's function of stages/filter_prs.py, parquet in and parquet out. Both run alone on one core,
one after the other; ratios are of CPU seconds. Then the filter runs on all parts, cut into files of 4,096 rows, --copies times each,
on a Dask cluster of one worker and of two by turns, --rounds times; that ratio is of the shortest wall seconds of each, from the first
result to the last. Each verdict on size is held against tiktoken's full count, also of --fuzz made-up texts (all Unicode planes, special
tokens, invalid bytes, CRLF) at limits around their own counts.

Prints one JSON object on its last line: patches, ratio_vs_loop, ratio_two_workers, verdict_mismatches, fuzz_texts, fuzz_mismatches,
outside_share (of the filter's time, what is neither tokens nor parquet), worst_text_milliseconds, the patches each does in a CPU
second, and the same for every rule switched on.
"""

import argparse
import io
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from unidiff import PatchSet, UnidiffParseError

from pipeline.cluster import run_on_cluster
from pipeline.filtering import PARQUET, TOKENS, judge_file
from pipeline.sections import Dask, Filter
from pipeline.tokens import count, count_up_to, encoding

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 1200
PIECES = [
    *["<|endoftext|>", "<|endofprompt|>", "<|", "|>", "\r\n", "\r", "\n", "\n\n", "/", "//", "\n/", "\n+", "\n-", "\n ", "  ", "\t"],
    *["'s", "'\u017f", "'LL", "\u017f", "\u212a", "\u00a0", "\u2028", "\u200b", "\ufeff", "\x00", "\x1c", "\x85", "e\u0301", "\ufffd"],
    *["def f(x):", "return", "camelCase", "SCREAMING_CASE", "0x7f", "12345", "=>", "});", "----", "\U0001f468\u200d\U0001f469"],
]  # fmt: skip


def rules(every: bool) -> Filter:
    """The paper's rules, or every rule that the filter has but for empty descriptions, which clones often lack."""
    chosen = yaml.safe_load((ROOT / "profiles/limi.yaml").read_text(encoding="utf-8"))["filter"] | {
        "count_up_to": LIMIT
    }
    if every:
        chosen = {name: "drop" if value == "keep" else value for name, value in chosen.items()} | {
            "empty_bodies": "keep"
        }
    return Filter(**chosen)


def usual_loop(parts: list[Path], _: Path) -> dict[str, Any]:
    """Encode and read every patch, one after the other. `pr_id -> tokens`, and the CPU seconds."""
    tokenizer = encoding()
    tokens: dict[str, int] = {}
    started = time.process_time()
    for part in parts:
        for pr_id, patch in pl.read_parquet(part, columns=["pr_id", "patch"]).iter_rows():
            if patch is None:
                continue
            tokens[pr_id] = len(tokenizer.encode(patch, disallowed_special=()))
            try:
                files = PatchSet(io.StringIO(patch, newline="\n"))
            except UnidiffParseError:
                continue
            all(file.path.endswith(".md") for file in files)
    return {"seconds": time.process_time() - started, "tokens": tokens}


def paper_rules(parts: list[Path], out: Path) -> dict[str, Any]:
    """The filter with the paper's rules."""
    return _filtered(parts, out, rules(every=False))


def every_rule(parts: list[Path], out: Path) -> dict[str, Any]:
    """The filter with every rule on."""
    return _filtered(parts, out, rules(every=True))


def size_alone(parts: list[Path], out: Path) -> dict[str, Any]:
    """The filter with no rule in front of the size that can be switched off, so that it speaks on as many patches as can be."""
    return _filtered(parts, out, rules(every=False).model_copy(update={"markdown": "off", "binary": "off"}))


def _filtered(parts: list[Path], out: Path, chosen: Filter) -> dict[str, Any]:
    count("tokenizers are loaded before the clock starts")
    count_up_to("splintr as well", 10)
    started, wall_started, inside = time.process_time(), time.perf_counter(), 0.0
    for part in parts:
        costs = judge_file(part, chosen, "", out / part.name, "")
        inside += costs[TOKENS].seconds + costs[PARQUET].seconds
    seconds, wall = time.process_time() - started, time.perf_counter() - wall_started
    verdicts = pl.read_parquet(out / "*.parquet")
    sizes = verdicts.filter((pl.col("reason") == "patch_too_large") | (pl.col("fate") == "kept")).select(
        "pr_id", "fate"
    )
    return {
        "seconds": seconds,
        "outside": 1 - inside / wall,
        "rows": verdicts.height,
        "sizes": dict(sizes.iter_rows()),
    }


def alone(function: Callable[[list[Path], Path], dict[str, Any]], parts: list[Path], out: Path) -> dict[str, Any]:
    """Run a function in a process of its own, on one core."""
    out.mkdir()
    with multiprocessing.get_context("spawn").Pool(1, initializer=_on_one_core) as pool:
        return pool.apply(function, (parts, out))


def _on_one_core() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def in_a_cluster(parts: list[Path], out: Path, workers: int, copies: int) -> float:
    """Wall seconds of the filter on `workers` local Dask workers, once the cluster has started."""
    where = Dask(scheduler="local", workers=workers, memory_per_worker="4GiB")
    out.mkdir(exist_ok=True)
    chosen = rules(every=False)
    tasks = [
        (part.absolute(), chosen, "", out.absolute() / f"{copy}-{part.name}", "")
        for copy in range(copies)
        for part in parts
    ]
    results = run_on_cluster(judge_file, tasks, where, f"{workers} workers")
    next(results)
    started = time.monotonic()
    for _ in results:
        pass
    return time.monotonic() - started


def worst_milliseconds() -> float:
    """How long the slowest text takes of those that are as long as a text can be and still be counted."""
    drawn = random.Random(3)  # noqa: S311
    size = (LIMIT - 1) * 128
    base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    minified = ["function(", "a,b){return ", "a[b]", "&&", "!0", ";var ", "e=", "this.", "x", "}"]
    texts = [
        *(
            unit * (size // len(unit.encode()))
            for unit in ("a", " ", "\n", "=", "/", "1", "\u200b", "\u6f22", "<|a", "\u017f", "aB")
        ),
        "".join(drawn.choices(base64, k=size)),
        "".join(drawn.choices(minified, k=size // 10)),
    ]
    slowest = 0.0
    for text in texts:
        started = time.perf_counter()
        count_up_to(text, LIMIT)
        slowest = max(slowest, time.perf_counter() - started)
    return slowest * 1000


def fuzzed(number: int) -> int:
    """How many of so many made-up texts the bounded count decides otherwise than the full one."""
    drawn = random.Random(7)  # noqa: S311
    wrong = 0
    for at in range(number):
        kind = at % 4
        if kind == 0:
            text = "".join(drawn.choice(PIECES) for _ in range(drawn.randrange(1, 60)))
        elif kind == 1:  # every plane in turn, surrogates left out
            plane = at // 4 % 17
            points = (drawn.randrange(plane << 16, (plane + 1) << 16) for _ in range(drawn.randrange(1, 80)))
            text = "".join(
                chr(point) + drawn.choice(["", "", "\n", " "]) for point in points if not 0xD800 <= point < 0xE000
            )
        elif kind == 2:
            text = drawn.randbytes(drawn.randrange(1, 200)).decode("utf-8", "replace")
        else:
            lines = (
                drawn.choice("+- ") + " ".join(drawn.choices(PIECES, k=drawn.randrange(8)))
                for _ in range(drawn.randrange(1, 40))
            )
            text = "\r\n".join(lines)
        whole = count(text)
        for limit in {1, max(1, whole), whole + 1, drawn.randrange(1, 2 * whole + 2), LIMIT}:
            counted = count_up_to(text, limit)
            wrong += counted != whole if whole < limit else not limit <= counted <= whole
    return wrong


def in_pieces(folder: Path, parts: list[Path], rows: int) -> list[Path]:
    """The parts cut into files of at most so many rows, as many repositories would give them."""
    pieces = []
    for part in parts:
        whole = pl.read_parquet(part, glob=False)
        metadata = {name: text for name, text in pl.read_parquet_metadata(part).items() if name.startswith("limi.")}
        for at, piece in enumerate(whole.iter_slices(rows)):
            pieces.append(folder / f"{part.stem}-{at}.parquet")
            piece.write_parquet(
                pieces[-1], compression="zstd", compression_level=3, row_group_size=4096, metadata=metadata
            )
    return pieces


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.filter_speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("pulls", type=Path, metavar="PULLS")
    parser.add_argument(
        "--copies", type=int, default=5, help="times that each part is filtered on the cluster (default 5)"
    )
    parser.add_argument("--rounds", type=int, default=2, help="turns of one worker and two (default 2)")
    parser.add_argument("--fuzz", type=int, default=200_000, help="made-up texts (default 200000)")
    arguments = parser.parse_args()
    parts = sorted(arguments.pulls.glob("*.parquet"))
    if not parts:
        raise SystemExit(f"{arguments.pulls} holds no part of pulls; name the folder data/pulls of a run")
    os.environ |= {"POLARS_MAX_THREADS": "1", "RAYON_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        found = {}
        for function in (usual_loop, paper_rules, every_rule, size_alone):
            found[function.__name__] = alone(function, parts, work / function.__name__)
            print(f"{function.__name__}: {found[function.__name__]['seconds']:.1f} CPU seconds", file=sys.stderr)
        (work / "pieces").mkdir()
        pieces = in_pieces(work / "pieces", parts, 4096)
        seconds: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(arguments.rounds):
            for workers, taken in seconds.items():
                taken.append(in_a_cluster(pieces, work / "cluster", workers, arguments.copies))
                print(f"{workers} workers: {taken[-1]:.1f} s", file=sys.stderr)
    loop, paper, every = found["usual_loop"], found["paper_rules"], found["every_rule"]
    tokens, sizes = loop["tokens"], found["size_alone"]["sizes"]
    decided = [pr_id for pr_id in tokens if pr_id in sizes]
    wrong = sum((tokens[pr_id] < LIMIT) != (sizes[pr_id] == "kept") for pr_id in decided)
    print(
        json.dumps(
            {
                "patches": len(tokens),
                "ratio_vs_loop": round(loop["seconds"] / paper["seconds"], 1),
                "ratio_two_workers": round(min(seconds[1]) / min(seconds[2]), 2),
                "verdict_mismatches": wrong,
                "verdicts_compared": len(decided),
                "fuzz_texts": arguments.fuzz,
                "fuzz_mismatches": fuzzed(arguments.fuzz),
                "outside_share": round(paper["outside"], 3),
                "worst_text_milliseconds": round(worst_milliseconds()),
                "loop_patches_per_cpu_second": round(len(tokens) / loop["seconds"]),
                "filter_rows_per_cpu_second": round(paper["rows"] / paper["seconds"]),
                "every_rule": {
                    "ratio_vs_loop": round(loop["seconds"] / every["seconds"], 1),
                    "outside_share": round(every["outside"], 3),
                },
            }
        )
    )


if __name__ == "__main__":
    main()
