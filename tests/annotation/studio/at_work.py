"""A push or a pull in a process of its own, which can be killed: `python -m tests.annotation.studio.at_work push FOLDER REVIEW.json COUNT`.

The key comes from the environment. Each step of its work is a line on standard output; the last one is "done".
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from annotation.studio.connection import KEY, connect
from annotation.studio.pull import pull
from annotation.studio.push import push
from pipeline.sections import Review
from tests.annotation.studio.desk import APPEARANCE, Desk, made_tasks


@contextmanager
def started(what: str, desk: Desk, count: int) -> Iterator["subprocess.Popen[str]"]:
    """The process at work for a desk; killed at the end of the block, if it still runs."""
    folder = desk.folder
    folder.mkdir(exist_ok=True)
    (folder / "review.json").write_text(desk.review.model_dump_json(), encoding="utf-8")
    command = [sys.executable, "-m", "tests.annotation.studio.at_work", what, str(folder), str(count)]
    environment = os.environ | {KEY: desk.running.owner_token}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(what: str, folder: Path, count: int) -> None:
    review = Review.model_validate_json((folder / "review.json").read_text(encoding="utf-8"))

    def say(doing: str, done: int, of: int) -> None:
        tell(f"{doing} {done} {of}")

    with connect(review.server) as line:
        tell("connected")
        if what == "push":
            push(line, made_tasks(count), review, 7, APPEARANCE, folder, say)
        else:
            pull(line, made_tasks(count), review, folder, progress=say)
    tell("done")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
