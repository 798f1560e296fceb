"""What no recording tells and the caller must: the query that was worked on, and what is known of the run beside the file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Given:
    """The provenance of one session. Fields have the archive's meaning (docs/TRAJECTORIES.md) and are checked by its model."""

    query_id: str
    query_sha256: str
    trajectory_id: str | None = (
        None  # else QUERY_ID and the first 12 digits of the file's sha256, with -ROW in a file of many
    )
    pr_id: str | None = None
    base_commit: str | None = None
    environment: Mapping[str, Any] | None = None  # an Environment of the archive
    outcome: Mapping[str, Any] | None = None  # an Outcome; its fields count before what the file says
    tools: Sequence[Mapping[str, Any]] | None = None  # in OpenAI's form, for formats that lack them
    recorded: bool = False  # true for our own collector's recording: no `source` is written


# For a file of many rows: number of the row, from 1, and its other columns -> what is given for its session; None leaves the row out.
GivenOf = Callable[[int, Mapping[str, Any]], Given | None]
