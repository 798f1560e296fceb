"""Whether a training is the same on one process, with DDP, FSDP2 and context parallelism, in plain torch, and after a kill.

    python -m benchmarks.sft_equivalence [--rows 13] [--epochs 3] [--batch 8]

Needs: nothing but the extra `train`; tiny models of random weights, rows of 100 to 600 drawn tokens, CPU ranks with gloo, whose FSDP2 and
context parallelism run by the shims of tests/finetune/shims.py in the environment that finetune/launch/eight-gpus.yaml makes.
Prints one JSON object on its last line: modes (by way of training, the greatest difference of any step to one process: loss_delta as it
is, grad_norm_delta as a share; `plain` is plain torch in double precision, `glm` a GLM-4.5 with experts in parts against whole), ranks
(of each: world_size, cp_size, tensors, dtensors), controls (the same for what is wrong on purpose, which must show), resume (by way of
training, whether a run killed with SIGKILL in a step and started again has the losses, gradients and final weights of one that was not, to
the last bit), resume_identical (whether all of them), dropped_tokens (tokens of the rows, times epochs, that no forward pass saw), tokens,
steps, seconds.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sft_equivalence",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--rows",
        type=int,
        default=13,
        help="of unequal length; odd, so that one of two ranks is out of rows (default 13)",
    )
    parser.add_argument("--epochs", type=int, default=3, help="times that each is seen (default 3)")
    parser.add_argument("--batch", type=int, default=8, help="rows of a step; at best no divisor of rows (default 8)")
    arguments = parser.parse_args()
    # Imports torch, which takes seconds that --help need not.
    from tests.finetune.equivalence import measured

    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        figures = measured(Path(folder), arguments.rows, arguments.epochs, arguments.batch)
    print(json.dumps(figures | {"seconds": round(time.perf_counter() - started, 1)}))


if __name__ == "__main__":
    main()
