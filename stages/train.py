"""Fine-tune on the exported rows: model/final, plots/train and metrics/train.json. `limi train` does the same."""

from finetune.preflight.report import Report
from finetune.start import train
from pipeline.params import read_params
from stages.run import run_stage, say


def main() -> None:
    """See the module's docstring."""
    train(read_params(), _tell)


def _tell(report: Report) -> None:
    for name, text in report.lines():
        if name != "refused":  # the error says these
            say(f"{name:10} {text}")


if __name__ == "__main__":
    run_stage(main)
