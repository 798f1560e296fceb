"""A script of what goes wrong: which requests it meets, how often, and what really happened."""

import re
import threading
from dataclasses import dataclass, field

KINDS = {
    "status": "answers `status` instead of doing anything, with `message`, `code` and Retry-After `seconds`",
    "reset": "ends the connection before anything is read",
    "break": "ends the connection after `at_byte` bytes of the request's body",
    "lost": "does what was asked, and ends the connection instead of answering",
    "done_500": "does what was asked, and answers 500",
    "late": "answers 500, and does what was asked when the next request of this kind comes",
    "overtake": "commits something else to the same dataset first",
    "hold": "waits for `release`, then ends the connection; nothing is done",
    "cas_down": "names a Xet store that ends every connection",
    "echo": "answers 400 with everything the client sent, its token too",
}


@dataclass
class Fault:
    """One thing that goes wrong `times` times after `after` matching requests. `on` is searched in "METHOD path"."""

    kind: str
    on: str
    times: float = 1
    after: int = 0
    status: int = 500
    message: str = "Internal Error - We're working hard to fix this as soon as possible!"
    code: str = ""
    seconds: int = 0
    at_byte: int = 0
    arrived: threading.Event = field(default_factory=threading.Event, repr=False)
    release: threading.Event = field(default_factory=threading.Event, repr=False)
    seen: int = field(default=0, init=False)
    used: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault is called {self.kind!r}; there are {', '.join(KINDS)}")


class FaultScript:
    """Faults in order; a request meets the first that fits it and is not used up."""

    def __init__(self, faults: list[Fault] | None = None) -> None:
        self.faults = list(faults or [])
        self._lock = threading.Lock()

    def take(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for fault in self.faults:
                if (fault.kind == "cas_down") != (method == "CAS"):
                    continue  # it happens inside the answer to a token's request, not to the request
                if fault.used < fault.times and re.search(fault.on, f"{method} {path}"):
                    fault.seen += 1
                    if fault.seen > fault.after:
                        fault.used += 1
                        fault.arrived.set()
                        return fault
        return None

    @property
    def unused(self) -> list[Fault]:
        """Faults that never happened. A test asserts that there are none."""
        return [fault for fault in self.faults if not fault.used]
