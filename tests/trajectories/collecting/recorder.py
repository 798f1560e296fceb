"""The collector as a program of its own, so that it can have a terminal and be killed: one JSON argument says what to do."""

import json
import os
import sys
from pathlib import Path

from trajectories.collecting.collect import collect
from trajectories.collecting.sandbox import Wanted
from trajectories.collecting.settings import Human, Places, Settings


def main() -> None:
    wanted = json.loads(sys.argv[1])
    settings = wanted["settings"]
    settings["checks"] = tuple(settings.get("checks", ()))
    settings["sandbox"] = Wanted(**settings["sandbox"])
    places = Places(**{name: Path(path) for name, path in wanted["places"].items()})
    human = Human(print, input if os.isatty(0) else None)
    path = collect(wanted["query_id"], Settings(**settings), places, human, **wanted["more"])
    sys.stdout.write(f"ARCHIVED {path}\n")


main()
