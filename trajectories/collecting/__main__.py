"""Makes mini-swe-agent's environment in a folder: `python -m trajectories.collecting FOLDER`. The tests need it beforehand."""

import sys
from pathlib import Path

from pipeline.errors import LimiError
from trajectories.collecting.installation import install

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("say in which folder: python -m trajectories.collecting FOLDER")
    try:
        install(Path(sys.argv[1]))
    except LimiError as error:
        sys.exit(f"{error}")
