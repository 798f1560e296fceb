"""The SFT stage as `dvc repro train` and `limi train` run it: what is installed, the preflight, then the ranks."""

import fcntl
import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from finetune.preflight.report import Report
from pipeline.errors import UserError
from pipeline.params import Params

NEEDED = ("torch", "transformers", "trl", "accelerate", "peft", "datasets", "dvclive")


def check_installed(needed: tuple[str, ...] = NEEDED) -> None:
    """Raises UserError, with the command that mends it, if a library that training needs is not installed."""
    if missing := [name for name in needed if importlib.util.find_spec(name) is None]:
        raise UserError(
            f"training needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed here; "
            "pip install 'limi-curation[train]', or `pip install -e '.[train]'` in a clone"
        )


def look(params: Params, show: Callable[[Report], None], output: Path = Path("model")) -> Path:
    """Do the preflight and show what it found; gives the path of the plan. Raises UserError if something stands against it."""
    check_installed()
    with _alone(output):
        return _look(params, show, output)


def train(params: Params, show: Callable[[Report], None], output: Path = Path("model")) -> None:
    """Train as the parameters say: model/final, plots/train and metrics/train.json. Raises LimiError with what went wrong."""
    check_installed()
    from finetune.launch.launching import run

    with _alone(output):
        run(_look(params, show, output))


def _look(params: Params, show: Callable[[Report], None], output: Path) -> Path:
    from finetune.preflight.preflight import Places, preflight

    places = Places(output=output)
    report = preflight(params.train, params.seed, places)
    show(report)
    if report.refused:
        raise UserError("\n".join(report.refused))
    return places.plan


@contextmanager
def _alone(output: Path) -> Iterator[None]:
    """Hold the folder for one training, whose rows and plan another one would replace; a process that died holds nothing."""
    output.mkdir(parents=True, exist_ok=True)
    held = os.open(output, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"another training is at work in {output}; wait for it to end, or stop it") from None
        yield
    finally:
        os.close(held)
