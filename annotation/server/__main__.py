"""Makes Label Studio's environment in a folder and starts nothing: `python -m annotation.server FOLDER`. The tests need it beforehand."""

import sys
from pathlib import Path

from annotation.server.installation import install
from pipeline.errors import LimiError

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("say in which folder: python -m annotation.server FOLDER")
    try:
        install(Path(sys.argv[1]))
    except LimiError as error:
        sys.exit(f"{error}")
