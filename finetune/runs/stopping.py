"""The request to stop a run, as a file that every rank sees; what starts the ranks writes it. Imports no torch."""

from pathlib import Path

from pipeline.files import write_text

STOPPED = 75  # exit code of ranks that stopped as asked: EX_TEMPFAIL of sysexits.h, "try again later"
_NAME = "stop"


def stop_file(output: Path) -> Path:
    """The file whose being there asks a run to stop after its present step."""
    return output / _NAME


def ask_to_stop(output: Path) -> None:
    """Ask the run that writes to this folder to save and stop."""
    write_text(stop_file(output), "The run saves after its present step and stops; it removes this file.\n")


def is_asked_to_stop(output: Path) -> bool:
    """Whether somebody asked."""
    return stop_file(output).exists()


def forget(output: Path) -> None:
    """Take the request back: before a run, so that one left over does not stop it, and after."""
    if is_asked_to_stop(output):  # a disk that is read-only refuses to remove even what is not there
        stop_file(output).unlink(missing_ok=True)
