"""What every rank of a run is: `python -m finetune.training model/plan.json`, which accelerate or torchrun starts once for each GPU."""

import sys
from pathlib import Path

from finetune.launch import tether
from pipeline.errors import LimiError


def main() -> None:
    """Train; exit 0 when the model is there or the run stopped as asked, else what LimiError says."""
    tether.begin()
    if len(sys.argv) != 2:
        sys.exit("one argument is needed, the path of plan.json; `limi train` starts this program")
    # After the tether: torch and transformers take seconds to import, and the launcher may be killed meanwhile.
    from finetune.plan import read_plan
    from finetune.training.run import run

    try:
        run(read_plan(Path(sys.argv[1])))
    except LimiError as error:
        sys.stderr.write(f"limi: {error}\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
