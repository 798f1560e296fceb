"""Ask a model: from the store if the answer is there, with whoever asks the same already, and else for money.

async with ModelDoor(chosen, store, key) as door:
    reply = await door.ask(request)
"""

import asyncio
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self

from pipeline.llm.after_batches import AfterBatches
from pipeline.llm.batch import Batch
from pipeline.llm.budget import NANO, Budget, Question
from pipeline.llm.clock import Clock, SystemClock
from pipeline.llm.direct import Direct
from pipeline.llm.prices import Price, price_of
from pipeline.llm.reply import Reply, read_completion
from pipeline.llm.request import Request, content_of, key_of_content
from pipeline.llm.store import Kept, Store
from pipeline.llm.verdict import BudgetSpentError, ModelRefusesError, NoReplyError, TooManyFailuresError
from pipeline.sections import Model

__all__ = [
    "BudgetSpentError",
    "ModelDoor",
    "ModelRefusesError",
    "NoReplyError",
    "Reply",
    "Spend",
    "TooManyFailuresError",
    "Way",
]

GRACE = 60.0  # seconds at least; what is on its way when a run ends is paid for, so its answers are awaited


class Way(Protocol):
    """How a question comes to its reply: the direct API (direct.py), or the Batch API (batch.py)."""

    async def answer(self, question: Question) -> Kept:
        """The reply, paid for and in the store. Raises NoReplyError and what stops a run."""

    def stop(self) -> set[str]:
        """No attempt begins any more; the keys of those whose answers are on their way."""

    async def close(self) -> None:
        """Close every connection."""


@dataclass(frozen=True)
class Spend:
    """How a run stands, for its progress. Money is in billionths of a dollar; `spent` and `left` are the whole store's."""

    calls: int  # replies paid for in this run
    cached: int  # replies that were there already, or that another question of this run had just paid for
    cost: int  # of the replies of this run
    spent: int
    left: int

    @property
    def told(self) -> str:
        """In words, for a progress line."""
        return f"{self.calls} calls, {self.cached} from the store, {self.spent / NANO:.4f} dollars spent, {self.left / NANO:.4f} left"


class ModelDoor:
    """The way to one model at one endpoint, for one run on one event loop."""

    def __init__(
        self,
        chosen: Model,
        store: Store,
        key: str,
        clock: Clock | None = None,
        random_: random.Random | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        """`key` is the server's secret; it is sent, and never kept or told. `tell` gets sentences on how batches stand.

        Raises UserError where the model's price is not known.
        """
        clock = clock or SystemClock()
        self.budget = Budget(store, chosen.max_usd)
        self._today = datetime.fromtimestamp(clock.now(), UTC).date()
        self._chosen = chosen
        self._prices: dict[str, Price] = {}
        self.know(chosen.name)
        self._store = store
        random_ = random_ or random.Random()  # noqa: S311 - for waits
        known = chosen, store, self.budget, key, clock, random_
        self._way: Way = Batch(*known, tell or _tell) if chosen.mode == "batch" else Direct(*known)
        if isinstance(self._way, Direct) and store.open_batches():
            self._way = AfterBatches(Batch(*known, tell or _tell), self._way, self.budget)
        self._asked: dict[str, asyncio.Task[Kept]] = {}  # what is on its way, by key
        self._calls = self._cached = self._cost = 0

    async def ask(self, request: Request) -> Reply:
        """The reply to a request, paid for at most once. Raises the errors named in `__all__`."""
        content = content_of(request, self._chosen)
        key = key_of_content(self._chosen.endpoint, content, request.sample)
        question = Question(key, content, request.max_output_tokens, self._price(request.model), request.model)
        if kept := self.budget.paid(question):
            return self._reply(kept, cached=True)
        asked = self._asked.get(key)
        first = asked is None
        if asked is None:
            asked = self._asked[key] = asyncio.create_task(self._way.answer(question))
            asked.add_done_callback(lambda done: self._ended(key, done))
        # Who asks may be cancelled; what is paid for comes home all the same.
        return self._reply(await asyncio.shield(asked), cached=not first)

    def spend(self) -> Spend:
        """How the run stands now."""
        return Spend(self._calls, self._cached, self._cost, self.budget.spent, self.budget.left)

    def know(self, *models: str) -> None:
        """Look up the prices of models that will be asked. Raises UserError before anything is paid, where one is not known."""
        for model in models:
            self._price(model)

    def _price(self, model: str) -> Price:
        if model not in self._prices:
            self._prices[model] = price_of(model, self._chosen.endpoint, self._today)
        return self._prices[model]

    def _reply(self, kept: Kept, cached: bool) -> Reply:
        said = read_completion(kept.raw)
        if said is None:
            raise NoReplyError(f"the reply {kept.key} in {self._store.path} cannot be read any more")
        self._cached += cached
        self._calls += not cached
        self._cost += 0 if cached else kept.cost
        text, reason = said.text, said.finish_reason
        return Reply(kept.key, text, reason, said.refusal, kept.input_tokens, kept.output_tokens, kept.cost, cached)

    def _ended(self, key: str, done: asyncio.Task[Kept]) -> None:
        self._asked.pop(key, None)
        if not done.cancelled():
            done.exception()  # looked at, so that nobody is told of one that nobody waits for any more

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        on_their_way = self._way.stop()
        try:
            for key, asked in self._asked.items():
                if key not in on_their_way:
                    asked.cancel()
            left = list(self._asked.values())
            if left:
                await asyncio.wait(left, timeout=max(GRACE, self._chosen.timeout_seconds))
            for asked in left:
                asked.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        finally:
            await self._way.close()


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr)  # noqa: T201 - a batch may take a day, and whoever waits wants to know
