"""Make the dataset of the pool and its candidates: curated/dataset/, and a preview of its card."""

from pathlib import Path

from curated.making.dataset import make_dataset, write_dataset
from curated.making.inputs import read_inputs
from pipeline.params import read_params
from stages.run import run_stage


def main() -> None:
    """See the module's docstring."""
    dataset = make_dataset(read_inputs(Path(), read_params()))
    write_dataset(dataset, Path("curated/dataset"), Path("reports/dataset/card.html"))


if __name__ == "__main__":
    run_stage(main)
