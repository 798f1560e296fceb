"""mini-swe-agent in a Python environment of its own (pipeline/environment.py)."""

from pathlib import Path

from pipeline.environment import Program, make_environment

FOLDER = Path(".venv/mini-swe-agent")
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
# The usual line takes 12 seconds. The list is whole, and without --no-deps pip would bring more than it names.
_PROGRAM = Program("mini-swe-agent", patience=900, flags=("--no-deps",))


def install(folder: Path = FOLDER, requirements: Path = REQUIREMENTS) -> Path:
    """The interpreter of mini-swe-agent's environment in `folder`, made if need be. Raises LimiError as make_environment does."""
    folder.mkdir(parents=True, exist_ok=True)
    return make_environment(folder.absolute(), requirements, _PROGRAM)
