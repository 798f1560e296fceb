"""A hard cap on what a store has ever paid: each call's highest price is set aside, durably, before it is sent."""

import asyncio
from dataclasses import dataclass

from pipeline.llm.prices import Price
from pipeline.llm.reply import Completion, read_completion
from pipeline.llm.store import Kept, Store
from pipeline.llm.verdict import BudgetSpentError

NANO = 10**9  # billionths of a dollar in a dollar


@dataclass(frozen=True, slots=True)
class Question:
    """A request in the form in which it is sent, and what its model costs."""

    key: str
    content: bytes
    max_output_tokens: int
    price: Price
    model: str = ""  # a batch is for one model

    def most(self, batch: bool = False) -> int:
        """The most it can cost, in billionths of a dollar: a token is a byte at least, and an answer is cut at its limit."""
        return self.price.cost(len(self.content), 0, self.max_output_tokens, batch)


def dollars(nano: int) -> str:
    """An amount for people: `0.0123`, rounded up to a hundredth of a cent."""
    return f"{-(-nano // 100_000) / 10_000:.4f}"


class Budget:
    """The money of one store, in billionths of a dollar. Spent is what each attempt cost, or else what was set aside for it."""

    def __init__(self, store: Store, max_usd: float) -> None:
        self._store = store
        self._cap = int(max_usd * NANO)
        self._out: dict[int, int] = {}  # attempts of ours that are on their way: what was set aside for each
        self._out_sum = 0
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def spent(self) -> int:
        """What all attempts of the store have cost, or may cost as long as that is not known."""
        return self._store.spent

    @property
    def left(self) -> int:
        """What may still be spent."""
        return max(0, self._cap - self.spent)

    async def reserve(self, question: Question) -> int:
        """Set the money for an attempt aside; its number. Waits while calls on their way may free enough. Raises BudgetSpentError."""
        while (attempt := self.reserve_now(question)) is None:
            freed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(freed)
            try:
                await freed
            finally:
                self._waiting.discard(freed)
        return attempt

    def reserve_now(self, question: Question, batch: str = "") -> int | None:
        """`reserve` without a wait, at half price with the name of a batch; None where only calls on their way can tell.

        Raises BudgetSpentError.
        """
        most = question.most(bool(batch))
        if self.spent + most > self._cap:
            if self._out and self.spent - self._out_sum + most <= self._cap:
                return None
            raise BudgetSpentError(
                f"model.max_usd is {self._cap / NANO:g}: {dollars(self.spent)} dollars are spent or set aside, "
                f"{self.left // 100_000 / 10_000:.4f} are left, and the next call may cost up to {dollars(most)}; raise model.max_usd to "
                "go on, what was answered is kept"
            )
        attempt = self._store.reserve(question.key, most, batch)
        self._out[attempt] = most
        self._out_sum += most
        return attempt

    def settle(self, attempt: int, status: int, raw: bytes, said: Completion, question: Question) -> Kept:
        """Make an answer that is kept already the reply, at its true cost; without a count of tokens, at what was set aside."""
        cost = self._cost(attempt, said, question.price)
        kept = Kept(question.key, raw, status, said.input_tokens, said.output_tokens, cost)
        self._store.settle(attempt, kept, question.content)
        self._back(attempt)
        return kept

    def paid(self, question: Question) -> Kept | None:
        """From the store: a reply, or an answer that was kept and that nobody could read, or asked for, until now."""
        if kept := self._store.reply(question.key):
            return kept
        for attempt, raw in self._store.unread(question.key):
            if said := read_completion(raw):
                return self.settle(attempt, 200, raw, said, question)
        return None

    def account(self, attempt: int, said: Completion, price: Price) -> None:
        """Write the true cost of an answer that is kept already and whose question is not at hand; `paid` makes it the reply."""
        self._store.end(attempt, "unread", self._cost(attempt, said, price))
        self._back(attempt)

    def release(self, attempt: int, outcome: str) -> None:
        """The attempt was refused or never sent, which nobody charges for."""
        self._store.end(attempt, outcome, 0)
        self._back(attempt)

    def lose(self, attempt: int, outcome: str) -> None:
        """Nobody knows what the attempt cost, so all that was set aside counts as spent."""
        self._store.end(attempt, outcome, self._store.reserved(attempt)[0])
        self._back(attempt)

    def _cost(self, attempt: int, said: Completion, price: Price) -> int:
        reserved, batch = self._store.reserved(attempt)
        cost = price.cost(said.input_tokens, said.cached_tokens, said.output_tokens, bool(batch))
        return cost if said.counted else reserved

    def _back(self, attempt: int) -> None:
        self._out_sum -= self._out.pop(attempt, 0)
        for freed in self._waiting:
            if not freed.done():
                freed.set_result(None)
