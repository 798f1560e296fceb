"""Write the report of this run, one page for whoever asks how the pool was chosen: reports/run.html."""

from pathlib import Path

from curated.report.evidence import read_evidence
from curated.report.page import page
from pipeline.files import write_text
from pipeline.params import read_params
from stages.run import run_stage


def main() -> None:
    """See the module's docstring."""
    write_text(Path("reports/run.html"), page(read_evidence(Path(), read_params())))


if __name__ == "__main__":
    run_stage(main)
