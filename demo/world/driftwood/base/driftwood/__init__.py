"""Experiment tracking for research simulations."""

from driftwood.run import Run, start_run
from driftwood.store import Store

__all__ = ["Run", "Store", "start_run"]
__version__ = "0.3.2"
