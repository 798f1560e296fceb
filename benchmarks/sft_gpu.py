"""How fast a row of 8k to 64k tokens trains on one GPU, beside TRL with its defaults on the same rows in the same run.

    python -m benchmarks.sft_gpu [--model 0.6B] [--tokens 8192 16384 32768 65531 65536] [--steps 6]
    python -m benchmarks.sft_gpu --tiny

Needs: the extra `train` and one NVIDIA GPU of 24 GB or more (4B at 32,768 tokens: 100 GB); no network, no weights: models have the
shapes of Qwen3 and random weights. All weights are trained, bf16 passes over fp32 masters, one row a step, as launch configuration
one-gpu does it. `--tiny` shows on the CPU that it works; its figures mean nothing. Each case runs in a process of its own, so that peaks
are its own; the first two steps are not counted. TRL's defaults are SFTConfig() but for max_length, which would cut every row to 1,024
tokens, and the batch, which would be 8 rows: `trl_default_tokens` is what would have been left of a row.

Prints one JSON object on its last line: device, model, steps, cases[{tokens, ours{tokens_per_second, mfu, peak_gib, step_seconds, loss},
trl{the same}, ratio, trl_default_tokens}]; a case that does not fit has an error in its place.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from finetune.launch.launches import read_launch
from finetune.launch.launching import environment

# hidden, intermediate, layers, heads, keys' heads, size of a head, words; from the models' config.json
SHAPES = {
    "tiny": (64, 128, 2, 4, 2, 16, 1_000),
    "0.6B": (1024, 3072, 28, 16, 8, 128, 151_936),
    "1.7B": (2048, 6144, 28, 16, 8, 128, 151_936),
    "4B": (2560, 9728, 36, 32, 8, 128, 151_936),
}
NOT_COUNTED = 2  # steps in which kernels are chosen and memory is taken
TRL_LENGTH = 1024  # its default max_length


def case(model: str, tokens: int, steps: int, which: str) -> dict[str, Any]:
    """One training of `steps` steps on rows of `tokens` tokens, in this process."""
    import torch
    from transformers import AutoModelForCausalLM, Qwen3Config, TrainerCallback

    from finetune.runs.live import device_name, peak_memory
    from finetune.runs.speed import arithmetic_of, peak_flops

    hidden, intermediate, layers, heads, keys, size, words = SHAPES[model]
    config = Qwen3Config(
        vocab_size=words,
        hidden_size=hidden,
        intermediate_size=intermediate,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=keys,
        head_dim=size,
        max_position_embeddings=tokens,
        tie_word_embeddings=True,
        use_cache=False,
    )
    torch.manual_seed(1)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        made = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation="sdpa")
    seconds: list[float] = []
    losses: list[float] = []

    class Watch(TrainerCallback):
        def on_step_begin(self, *_: Any, **__: Any) -> None:
            self.began = _now()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            seconds.append(_now() - self.began)

        def on_log(self, *_: Any, logs: dict[str, Any] | None = None, **__: Any) -> None:
            losses.extend(float(logs[name]) for name in ("loss",) if logs and name in logs)

    with tempfile.TemporaryDirectory() as scratch:
        trainer = (_ours if which == "ours" else _trl)(made, words, tokens, steps, Path(scratch), Watch())
        trainer.train()
    arithmetic = arithmetic_of(made.named_parameters(), config)
    step = median(seconds[NOT_COUNTED:])
    peak = peak_flops(device_name(), "bf16")
    return {
        "tokens_per_second": round(tokens / step, 1),
        "mfu": round(arithmetic.flops([tokens]) / step / peak, 4) if peak else None,
        "peak_gib": round(peak_memory() / 2**30, 2),
        "step_seconds": round(step, 4),
        "loss": round(losses[-1], 4),
    }


def _now() -> float:
    """The time when all that was asked of the GPU is done."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def _rows(words: int, tokens: int, steps: int) -> list[tuple[list[int], list[int]]]:
    """Drawn tokens; three quarters carry loss, as in trajectories with their observations."""
    import random

    draw = random.Random(5)  # noqa: S311 - tokens
    rows = []
    for _ in range(steps):
        ids = [draw.randrange(1, words) for _ in range(tokens)]
        rows.append((ids, [token if place % 4 else -100 for place, token in enumerate(ids)]))
    return rows


def _ours(made: Any, words: int, tokens: int, steps: int, scratch: Path, watch: Any) -> Any:
    import torch
    import yaml

    from finetune.data import prepared
    from finetune.data.rendering import Rendered
    from finetune.plan import Plan
    from finetune.training.arguments import sft_config
    from finetune.training.demo_tokenizer import build
    from finetune.training.trainer import Trainer
    from pipeline.train_sections import Train

    section = yaml.safe_load(Path("profiles/limi.yaml").read_text(encoding="utf-8"))["train"]
    section["schedule"] |= {"global_batch": 1, "epochs": 1, "save_steps": 10**6}
    launch = "one-gpu" if torch.cuda.is_available() else "cpu"
    section["hardware"] |= {"launch": launch, "precision": "bf16"}
    path = scratch / "prepared.parquet"
    rows = [Rendered(str(at), "", *row, []) for at, row in enumerate(_rows(words, tokens, steps))]
    held = prepared.write(rows, path)
    plan = Plan(
        train=Train.model_validate(section),
        seed=1,
        base_weights="",
        file_sha256="",
        file_rows=1,
        dropped=0,
        prepared=str(path),
        prepared_sha256=held.sha256,
        rows=held.rows,
        tokens=held.tokens,
        loss_tokens=held.loss_tokens,
        steps=steps,
        processes=1,
        context_parallel=1,
        output=str(scratch / "model"),
        plots=str(scratch / "plots"),
        metrics=str(scratch / "train.json"),
    )
    arguments = sft_config(plan)
    arguments.save_strategy = "no"  # nothing but training is measured
    return Trainer(plan, arguments, made, build(), prepared.read(path, held.sha256), [watch])


def _trl(made: Any, words: int, tokens: int, steps: int, scratch: Path, watch: Any) -> Any:
    import torch
    from datasets import Dataset
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    from finetune.training.demo_tokenizer import build

    ids, labels = zip(*_rows(words, tokens, steps), strict=True)
    arguments = SFTConfig(
        output_dir=str(scratch),
        max_length=None,
        per_device_train_batch_size=1,
        max_steps=steps,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        use_cpu=not torch.cuda.is_available(),
        disable_tqdm=True,
    )
    dataset = Dataset.from_dict({"input_ids": list(ids), "labels": list(labels)})
    return SFTTrainer(model=made, args=arguments, train_dataset=dataset, processing_class=build(), callbacks=[watch])


def _in_a_process(model: str, tokens: int, steps: int, which: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.sft_gpu", "--case", which, "--model", model]
    done = subprocess.run(
        [*command, "--tokens", str(tokens), "--steps", str(steps)],
        capture_output=True,
        text=True,
        check=False,
        env=environment(dict(os.environ), read_launch("one-gpu")),
    )
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if line.strip()] or ["no reason given"]
        return {"error": told[-1][:200]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sft_gpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", choices=SHAPES, default="0.6B")
    # 65,531 is a multiple of nothing, as most rows are: it would show a mask of length x length that padding costs.
    parser.add_argument("--tokens", type=int, nargs="+", default=[8192, 16_384, 32_768, 65_531, 65_536])
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--case", choices=("ours", "trl"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case:
        print(json.dumps(case(given.model, given.tokens[0], given.steps, given.case)))
        return
    import torch

    if given.tiny:
        given.model, given.tokens = "tiny", [256, 512]
    elif not torch.cuda.is_available():
        sys.exit("no GPU is here that torch can use; --tiny shows on the CPU that this benchmark works")
    cases = []
    for tokens in given.tokens:
        found = {which: _in_a_process(given.model, tokens, given.steps, which) for which in ("ours", "trl")}
        both = all("error" not in one for one in found.values())
        ratio = round(found["ours"]["tokens_per_second"] / found["trl"]["tokens_per_second"], 3) if both else None
        cases.append({"tokens": tokens, **found, "ratio": ratio, "trl_default_tokens": min(tokens, TRL_LENGTH)})
        print(json.dumps(cases[-1]), flush=True)
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU: these figures mean nothing"
    print(json.dumps({"device": device, "model": given.model, "steps": given.steps, "cases": cases}))


if __name__ == "__main__":
    main()
