"""One reading of GitHub: the door opened, with everything it answers kept under `source.folder`.

What lies there: `reading-NAME.sqlite`, what this reading found (searches, and the state of repositories); `answers.sqlite`, of all
readings, the pages of pull requests by the state that they belong to, and answers with an ETag; `requests.jsonl`, every request that was
sent; `repositories/OWNER/NAME.git`, what git fetched.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UserError
from pipeline.github.api import Api
from pipeline.github.clock import Clock, SystemClock
from pipeline.github.credentials import read_credentials
from pipeline.github.fetch import GitHost
from pipeline.github.limits import WITH_TOKEN, Limits
from pipeline.github.log import RequestLog
from pipeline.github.store import Store
from pipeline.sections import Source


@dataclass(frozen=True)
class Reading:
    """An open door: the API, the store of this reading, the log, and where git fetches from and to."""

    api: Api
    store: Store
    answers: Store
    log: RequestLog
    git: GitHost
    repositories: Path


def reading_file(source: Source) -> Path:
    """Where the store of a reading lies."""
    return Path(source.folder) / f"reading-{source.reading}.sqlite"


@contextmanager
def open_reading(
    source: Source,
    clock: Clock | None = None,
    environment: Mapping[str, str] | None = None,
    limits: Limits = WITH_TOKEN,
) -> Iterator[Reading]:
    """Open the door with the credentials of the environment. Raises UserError for none, a malformed one or a broken store."""
    credentials = read_credentials() if environment is None else read_credentials(environment)
    if all(held.name == "nobody" for held in credentials):
        raise UserError(
            "GitHub lists pull requests only to somebody: set GITHUB_TOKEN (a token without any permission will do), or read clones with "
            "`limi clones add URL` and `limi profile clones`"
        )
    folder = Path(source.folder)
    store = Store(reading_file(source))
    answers = Store(folder / "answers.sqlite")
    log = RequestLog(folder / "requests.jsonl")
    try:
        api = Api(source.api, credentials, answers, log, clock or SystemClock(), limits)
        yield Reading(api, store, answers, log, GitHost(source.git, log, api.clock), folder / "repositories")
    finally:
        log.close()
        answers.close()
        store.close()
