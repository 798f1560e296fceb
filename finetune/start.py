"""The SFT stage as `dvc repro train` and `limi train` run it: what is installed, the preflight, then the ranks."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

from finetune.launch.launching import alone, run
from finetune.preflight.report import Report
from pipeline.errors import UserError
from pipeline.params import Params

NEEDED = ("torch", "transformers", "trl", "accelerate", "peft", "datasets", "dvclive")


def check_installed(needed: tuple[str, ...] = NEEDED) -> None:
    """Raises UserError, with the command that mends it, if a library that training needs is not installed."""
    if missing := [name for name in needed if importlib.util.find_spec(name) is None]:
        raise UserError(
            f"training needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed here; "
            "`make install` in a clone of this repository brings everything, `pip install -c constraints.txt -e '.[train]'` these alone"
        )


def look(params: Params, show: Callable[[Report], None], output: Path = Path("model")) -> Path:
    """Do the preflight and show what it found; gives the path of the plan. Raises UserError if something stands against it."""
    check_installed()
    with alone(output):
        return _look(params, show, output)


def train(params: Params, show: Callable[[Report], None], output: Path = Path("model")) -> None:
    """Train as the parameters say: model/final, plots/train and metrics/train.json. Raises LimiError with what went wrong."""
    check_installed()
    with alone(output):
        run(_look(params, show, output))


def _look(params: Params, show: Callable[[Report], None], output: Path) -> Path:
    from finetune.preflight.preflight import Places, preflight

    places = Places(output=output)
    report = preflight(params.train, params.seed, places)
    show(report)
    if report.refused:
        raise UserError("\n".join(report.refused))
    return places.plan
