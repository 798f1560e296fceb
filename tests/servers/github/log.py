"""What reached the server, request by request: the record that every check of a client's manners is made over."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass
class Record:
    """One request. `arrived` and `answered` are the clock's seconds; the `*_order` counts put all such moments in one row.

    With a virtual clock many moments are the same second, so the order decides what was before what.
    """

    arrived: float
    arrived_order: int
    arrived_real: float
    token: str  # the token's name, "" without one
    resource: str  # core, graphql, search, git, rate_limit
    method: str
    path: str  # with the query
    operation: str = ""  # GraphQL's operation name
    status: int = 0  # 0 while there is no answer, and where the connection was closed without one
    cost: int = 0  # what the primary limit counted
    points: int = 0  # what the secondary limit counted
    page: int = 0  # how many items were asked for
    concurrent: int = 0  # API requests of this token in flight, this one included
    fault: str = ""
    refused: str = ""  # primary or secondary: which limit the answer speaks of, whether it is real or a fault
    answered: float = 0.0
    answered_order: int = -1
    answered_real: float = 0.0
    retry_after: int | None = None
    remaining: int | None = None
    reset: int | None = None  # as stated, so in the server's time
    took: float = 0.0  # seconds that the server let the answer take, by its clock
    skew: float = 0.0  # the server's time less the clock's
    sent: int = 0  # bytes of the answer's body
    received: int = 0  # bytes of the request's body


class Log:
    """All records in the order of arrival. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: list[Record] = []
        self._order = 0

    def arrive(self, record: Record) -> Record:
        with self._lock:
            self._order += 1
            record.arrived_order = self._order
            record.arrived_real = time.monotonic()
            self._records.append(record)
        return record

    def answer(self, record: Record, when: float) -> None:
        """Note that the answer is about to be sent. Whoever reads it acts after this moment."""
        with self._lock:
            self._order += 1
            record.answered_order = self._order
            record.answered_real = time.monotonic()
            record.answered = when

    def clear(self) -> None:
        with self._lock:
            self._records.clear()

    def __iter__(self) -> Iterator[Record]:
        with self._lock:
            return iter(list(self._records))

    def __len__(self) -> int:
        with self._lock:
            return len(self._records)

    def of(self, resource: str) -> list[Record]:
        return [record for record in self if record.resource == resource]
