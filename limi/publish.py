"""`limi publish`: the dataset of what is committed, previewed against the Hub and then pushed as one commit with a tag."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import yaml

from curated.hub.connection import Hub
from curated.hub.preview import Preview
from curated.hub.publish import preview, publish
from curated.hub.target import target
from curated.making.dataset import check_same_data, make_dataset, write_dataset
from curated.making.inputs import read_inputs
from curated.making.provenance import provenance_of
from limi.screen import line
from pipeline.errors import UserError
from pipeline.params import read_params

FOLDER = Path(".limi/publish")
MADE = Path("curated/dataset")
MOST_NAMED = 5
DATASET = "build_dataset"  # the stage that makes it; what comes after, does not concern it
AFTER = "train"  # reads rows of its own choice, which need not be of this dataset


def show_publish(repository: str, tag: str, public: bool, allow_demo: bool, send: bool) -> bool:
    """Preview a push, and do it if it is to be sent. Returns whether nothing stands against it.

    The stage made the dataset without knowing the commit that holds it; here it is made again with commit and dvc.lock in its card, and
    its rows must be those of the stage. Raises UserError, before the Hub is asked, for a wrong name or token.
    """
    hub = Hub(target(repository, tag, os.environ))
    root = Path()
    reasons = [*dirty(root), *unrecorded(root), *stale(root)]
    dataset = make_dataset(read_inputs(root, read_params()), provenance_of(root))
    check_same_data(dataset, MADE)
    with _alone(FOLDER):
        write_dataset(dataset, FOLDER / "dataset", FOLDER / "card.html")
        seen = preview(FOLDER / "dataset", hub, public, allow_demo, reasons)
        _show(seen)
        if send and not seen.refusals:
            line(publish(seen, hub).done)
        elif not seen.refusals and not seen.nothing_to_do:
            line("nothing was sent; --send sends it")
    return not seen.refusals


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder for one push; a process that died holds nothing. Raises UserError if another has it, or it is none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise UserError(f"{folder} is no folder that can be used ({error.strerror}); move away what is there") from None
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"another `limi publish` is at work here (it holds {folder}); wait for it to end") from None
        yield
    finally:
        os.close(held)


def dirty(root: Path) -> list[str]:
    """What is not committed, in a sentence; nobody could rebuild what was made of it."""
    try:
        told = subprocess.run(
            # Whatever git's settings hide here is shown.
            [
                "git",
                "-C",
                str(root),
                "status",
                "--porcelain",
                "-z",
                "--no-renames",
                "--untracked-files=all",
                "--ignore-submodules=none",
            ],
            capture_output=True,
            check=True,
        ).stdout.decode("utf-8", "replace")
    except (OSError, subprocess.CalledProcessError) as error:
        raise UserError(
            f"git cannot tell what is committed here ({error}); a dataset is published from a clone"
        ) from None
    paths = [entry[3:] for entry in told.split("\0") if entry]
    if not paths:
        return []
    more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
    return [f"not all is committed ({', '.join(paths[:MOST_NAMED])}{more}); commit it, or remove it"]


def unrecorded(root: Path) -> list[str]:
    """What the pipeline reads that no stage makes and git does not hold, in a sentence: the commit alone would not rebuild it."""
    lock = yaml.safe_load((root / "dvc.lock").read_bytes())
    stages = [stage for name, stage in lock["stages"].items() if name != AFTER]
    made = {one["path"] for stage in stages for one in stage.get("outs", ())}
    read = {one["path"] for stage in stages for one in stage.get("deps", ())} - made
    told = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, check=True).stdout
    held = told.decode("utf-8", "replace").split("\0")
    folders = {parent.as_posix() for name in held for parent in PurePosixPath(name).parents}
    missing = sorted(read - {*held} - folders)
    more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
    return (
        [f"git does not hold what the pipeline reads ({', '.join(missing[:MOST_NAMED])}{more}); commit it"]
        if missing
        else []
    )


def stale(root: Path) -> list[str]:
    """The stages up to the dataset whose outputs are not those of the present files and parameters, in a sentence."""
    command = [sys.executable, "-m", "dvc", "status", "--json", "--with-deps", DATASET]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    try:
        found = json.loads(done.stdout) if done.returncode == 0 else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        told = [text for text in done.stderr.splitlines() if text.strip()] or ["no reason given"]
        raise UserError(f"`dvc status` cannot tell whether the pipeline is up to date: {told[-1]}")
    return (
        [f"the pipeline is stale at {', '.join(sorted(found))}; run `dvc repro {DATASET}` and commit dvc.lock"]
        if found
        else []
    )


def _show(seen: Preview) -> None:
    for text in seen.lines():
        line(text)
    line(f"the card as people will see it: {FOLDER / 'card.html'}")
