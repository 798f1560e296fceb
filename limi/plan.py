"""`limi plan`: what a run will ask of GitHub and of the model, before anything is asked."""

from limi.plan_github import show_github
from limi.plan_model import show_model
from limi.screen import line
from pipeline.params import read_params


def show_plan() -> None:
    """Print both parts, a line between. Raises UserError where a credential is malformed, or a price is not known."""
    params = read_params()
    show_github(params)
    line("")
    show_model(params)
