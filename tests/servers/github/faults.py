"""A script of what goes wrong: which requests it meets, how often, and a record of what really happened."""

import math
import re
import threading
from dataclasses import dataclass, field

GIT = ("git_500", "git_429", "git_404", "git_cut", "git_no_filter")
GRAPHQL = ("graphql_rate_limited", "graphql_partial", "graphql_resource_limits", "graphql_timeout")
REST = ("406_too_large", "422_not_available", "html_200", "301", "incomplete_results")
DATA = ("null_author", "null_head_repository")  # the answer is right, the world is odd
ANY = (
    *("429_retry_after", "429_bare", "403_secondary_retry_after", "403_secondary_bare", "403_primary"),
    *("500", "502", "504", "404", "410", "451", "reset", "cut", "bad_json", "hold", *DATA),
)
KINDS = (*ANY, *REST, *GRAPHQL, *GIT, "clock_skew")


@dataclass
class Fault:
    """One thing that goes wrong `times` times, after having let `after` matching requests pass.

    `on` is a regular expression that is searched in "METHOD path?query", in the resource (core, graphql, search,
    rate_limit, git) and in GraphQL's operation name; "" is every request that the kind can happen to. `page_over` limits it
    to requests that ask for more than so many items. `seconds` is what Retry-After, a reset or a skew says, `status` the
    status of a graphql_timeout (502 or 200), `number` the one pull request that null_* and graphql_partial strike
    (None: all of an answer, or graphql_partial's first node and the next one's files). `hold` waits for `release`.
    """

    kind: str
    on: str = ""
    times: float = 1
    after: int = 0
    page_over: int | None = None
    seconds: int = 60
    status: int = 502
    number: int | None = None
    release: threading.Event = field(default_factory=threading.Event, repr=False)
    seen: int = field(default=0, init=False)
    used: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault is called {self.kind!r}; there are {', '.join(KINDS)}")
        if self.times == math.inf and self.kind == "hold":
            raise ValueError("a hold without an end would hang the test")

    def meets(self, labels: tuple[str, ...], resource: str, page: int) -> bool:
        """Whether this kind can happen to such a request, and the script wants it there."""
        wanted = "git" if self.kind in GIT else "graphql" if self.kind in GRAPHQL else ""
        if self.kind == "clock_skew" or (resource == "git") != (wanted == "git"):
            return False
        if (wanted == "graphql" or self.kind in REST) and (resource == "graphql") != (wanted == "graphql"):
            return False
        if self.kind == "git_cut" and not labels[0].startswith("POST "):
            return False  # the pack is in the answer to a POST; the ref advertisement before it is short
        if self.page_over is not None and page <= self.page_over:
            return False
        return any(re.search(self.on, label) for label in labels)


class FaultScript:
    """Faults in order; a request meets the first that fits it and is not used up. Safe to use from any thread."""

    def __init__(self, faults: list[Fault] | None = None) -> None:
        self.faults = list(faults or [])
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self.faults.extend(faults)

    def take(self, labels: tuple[str, ...], resource: str, page: int) -> Fault | None:
        """The fault that this request meets, counted as used."""
        with self._lock:
            for fault in self.faults:
                if fault.used >= fault.times or not fault.meets(labels, resource, page):
                    continue
                fault.seen += 1
                if fault.seen > fault.after:
                    fault.used += 1
                    return fault
        return None

    @property
    def skew(self) -> float:
        """How far the server's time is ahead of the clock."""
        with self._lock:
            skews = [fault for fault in self.faults if fault.kind == "clock_skew"]
            for fault in skews:
                fault.used = max(fault.used, 1)
            return float(sum(fault.seconds for fault in skews))

    @property
    def used(self) -> list[Fault]:
        return [fault for fault in self.faults if fault.used]

    @property
    def unused(self) -> list[Fault]:
        """Faults that never happened, or not as often as the script says. A test asserts that there are none."""
        return [
            fault for fault in self.faults if not fault.used or (fault.times != math.inf and fault.used < fault.times)
        ]
