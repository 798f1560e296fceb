"""The Batch API behind the same ask: half the price, an answer within a day.

Questions are collected until none has come for a moment, and go out together; each waits until its batch is home. A batch has a
name of ours, which the store keeps with the money set aside before anything is sent. So whenever a process ends, the next run knows
what is at the server: it brings that home first (`take_home.py`), and asks again for what came back without an answer, and only for that.
"""

import asyncio
import random
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from pipeline.errors import LimiError, UserError
from pipeline.llm.batch_calls import BatchCalls, GoneError, NotMadeError, State
from pipeline.llm.batch_lines import line_of
from pipeline.llm.budget import Budget, Question
from pipeline.llm.clock import Clock
from pipeline.llm.store import Kept, Store
from pipeline.llm.take_home import TOO_MANY_TOKENS, Asked, Home, Sent
from pipeline.llm.verdict import BudgetSpentError, ModelRefusesError, shown
from pipeline.sections import Model

MOMENT = 5.0  # seconds without another question, after which those collected go out
MOST_LINES = 50_000  # of a batch; "Batch API" of OpenAI's documentation
MOST_BYTES = 190_000_000  # of 200 MB
FIRST_REST, LONGEST_REST, GROWTH = 5.0, 300.0, 1.5  # seconds between two looks at a batch
KEPT_FOR = 30 * 86_400.0  # seconds; so long OpenAI keeps the files of a batch unless told otherwise
GRACE = 60.0  # seconds; what a run does with a batch when it ends may take so long, or is done by the next one


class Batch:
    """Asks through batches. One for a run."""

    def __init__(
        self,
        chosen: Model,
        store: Store,
        budget: Budget,
        key: str,
        clock: Clock,
        random_: random.Random,
        tell: Callable[[str], None],
    ) -> None:
        """`tell` is told, in sentences, how the batches stand."""
        self._where = shown(chosen.endpoint)
        self._store = store
        self._budget = budget
        self._clock = clock
        self._random = random_
        self._tell = tell
        self._calls = BatchCalls(chosen, key, clock, random_)
        self._home = Home(chosen, store, budget, self._calls, self._collect)
        self._collected: list[Asked] = []
        self._came = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._carried: dict[asyncio.Task[None], Sent] = {}
        self._sending = asyncio.Lock()
        self._most_lines = MOST_LINES
        self._stopped: Exception | None = None

    async def answer(self, question: Question) -> Kept:
        """Wait for the reply. Raises NoReplyError, and what stops a run: BudgetSpent-, TooManyFailures- and ModelRefusesError."""
        self._go_on()
        one = Asked(question, asyncio.get_running_loop().create_future())
        self._collect(one)
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        return await one.reply

    def stop(self) -> set[str]:
        """Nothing is sent any more. No answer is waited for: those of batches at the server are for a later run."""
        self._stopped = self._stopped or LimiError("the model is not asked any more: the run has ended")
        return set()

    async def close(self) -> None:
        """Let what is being made or brought home come to its end, say what stays at the server, and close every connection."""
        tasks = {task for task in (self._worker, *self._carried) if task}
        for task in tasks:
            if task not in self._carried or not self._carried[task].busy:
                task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._calls.close()
        if self._worker is None:
            return
        for name, facts in self._store.open_batches():
            self._tell(
                f"batch {name} with {facts['count']} questions stays open at {facts['endpoint']}: it is paid for, and the same command "
                "fetches its answers later"
            )

    async def fetch(self, wait: bool = True) -> None:
        """Bring home what earlier runs left open. Where there is no wait, raises UserError for one that has not ended."""
        for name, facts in self._store.open_batches():
            sent = Sent(name, facts)
            if facts["endpoint"] != self._where:
                self._tell(f"batch {name} is at {facts['endpoint']}; set model.endpoint to it to fetch its answers")
                continue
            if not facts["id"]:
                # Killed before it was made, or before its id was kept: only the server knows.
                found = await self._calls.find(name) if facts["file"] else None
                if found is None:
                    self._home.give_back(sent)
                    continue
                self._keep(sent, id=found)
            self._tell(f"batch {name} of an earlier run is fetched first: {facts['count']} questions")
            await self._bring_home(sent, wait)

    async def _work(self) -> None:
        """First what earlier runs left open, then batch after batch of what is collected, for as long as the run lasts."""
        try:
            await self.fetch()
            self._collected = [one for one in self._collected if not self._is_paid(one)]
            while True:
                await self._come()
                while self._collected:
                    self._go_on()
                    if sent := self._take():
                        carried = asyncio.create_task(self._carry(sent))
                        self._carried[carried] = sent
                        carried.add_done_callback(self._carried.pop)
                    elif self._carried:  # what comes home may leave money, or places, for more
                        await asyncio.wait(self._carried, return_when=asyncio.FIRST_COMPLETED)
        except Exception as error:  # whatever it is, all who wait must hear of it
            self._stop(error)

    async def _come(self) -> None:
        """Wait until there are questions and no more have come for a moment, or there are enough for a whole batch."""
        await self._came.wait()
        before = -1
        while before < len(self._collected) < self._most_lines:
            before = len(self._collected)
            await self._clock.sleep(MOMENT)
        self._came.clear()

    def _collect(self, one: Asked) -> None:
        self._collected.append(one)
        self._came.set()

    def _take(self) -> Sent | None:
        """The next batch, with its money set aside and its name kept; None where those on their way may have to come home first.

        Raises BudgetSpentError where not one question fits and none is on its way.
        """
        self._collected = [one for one in self._collected if not one.reply.done()]
        if not self._collected or (self._most_lines < MOST_LINES and self._carried):
            return None
        now = self._clock.now()
        first = self._collected[0].question
        sent = Sent(f"limi-{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(6)}", {})
        size = 0
        with self._store.together():
            for one in self._collected:
                question = one.question
                if question.model != first.model or question.price != first.price:  # a batch is for one model
                    continue
                size += len(line_of(question))
                if len(sent.asked) == self._most_lines or (sent.asked and size > MOST_BYTES):
                    break
                try:
                    if self._budget.reserve_now(question, sent.name) is None:
                        break
                except BudgetSpentError:
                    if sent.asked or self._carried:
                        break
                    raise
                sent.asked[question.key] = one
            if not sent.asked:
                return None
            price = first.price
            sent.facts = {
                "endpoint": self._where,
                "model": first.model,
                "price": [price.input, price.cached_input, price.output, *price.batch],
                "count": len(sent.asked),
                "at": now,
                "file": "",
                "id": "",
            }
            self._keep(sent)
        self._collected = [one for one in self._collected if one.question.key not in sent.asked]
        return sent

    def _is_paid(self, one: Asked) -> bool:
        """Whether what earlier runs left held the answer."""
        kept = self._budget.paid(one.question)
        if kept and not one.reply.done():
            one.reply.set_result(kept)
        return kept is not None

    async def _carry(self, sent: Sent) -> None:
        """One batch from here to its end."""
        try:
            await self._send(sent)
            await self._bring_home(sent)
        except Exception as error:  # whatever it is, all who wait must hear of it
            self._stop(error)

    async def _send(self, sent: Sent) -> None:
        async with self._sending:  # one at a time, as a file may have 190 MB
            try:
                self._go_on()
                lines = b"".join(line_of(one.question) for one in sent.asked.values())
                file = await self._calls.upload(f"{sent.name}.jsonl", lines)
                del lines
            except BaseException:
                self._home.give_back(sent)
                raise
            sent.busy = True
            try:
                self._keep(sent, file=file)
                self._keep(sent, id=await self._calls.create(sent.name, file))
            except NotMadeError:
                self._home.give_back(sent)
                raise
            finally:
                sent.busy = False
        self._tell(f"batch {sent.name} is sent: {len(sent.asked)} questions")

    async def _bring_home(self, sent: Sent, wait: bool = True) -> None:
        """Wait for a batch to end, keep its answers and settle its money."""
        try:
            state = await self._ended(sent, wait)
            sent.busy = True
            await self._home.take(sent, state)
        except GoneError:
            kept_aside = sum(self._store.reserved(one)[0] for one in self._store.open_attempts(sent.name).values())
            if kept_aside and self._clock.now() < sent.facts["at"] + KEPT_FOR:
                raise ModelRefusesError(
                    f"{self._where} does not know batch {sent.name} ({sent.facts['id']}), which is paid for, or not its files; use the key "
                    "with which it was sent"
                ) from None
            self._home.give_up(sent)
            self._tell(f"batch {sent.name} is gone at {self._where}; what was set aside for it counts as spent")
        finally:
            sent.busy = False

    async def _ended(self, sent: Sent, wait: bool) -> State:
        rest, told = FIRST_REST, -1
        while True:
            self._go_on()
            state = await self._calls.state(sent.facts["id"])
            if state.ended:
                self._tell(f"batch {sent.name} is {state.status}: {state.done} of {sent.facts['count']} done")
                if state.status == "failed" and state.word.startswith(TOO_MANY_TOKENS) and len(sent.asked) > 1:
                    # Smaller ones from now on, one after the other, and not at once.
                    self._most_lines = (len(sent.asked) + 1) // 2
                    await self._clock.sleep(LONGEST_REST)
                return state
            stands = f"batch {sent.name}: {state.done} of {sent.facts['count']} done"
            if not wait:
                raise UserError(
                    f"{stands} at {self._where}, and it is paid for; set model.mode to batch to wait for it, or cancel it there "
                    f"({state.id}): what it has answered is not paid twice"
                )
            if state.done != told:
                self._tell(stands)
            told = state.done
            await self._clock.sleep(rest * self._random.uniform(0.75, 1.25))
            rest = min(LONGEST_REST, rest * GROWTH)

    def _keep(self, sent: Sent, **facts: str) -> None:
        sent.facts |= facts
        self._store.keep_batch(sent.name, sent.facts, is_open=True)

    def _stop(self, error: Exception) -> None:
        """End the run for all with this error, unless another has ended it before."""
        self._stopped = self._stopped or error
        for one in [*self._collected, *(one for sent in self._carried.values() for one in sent.asked.values())]:
            if not one.reply.done():
                one.reply.set_exception(self._new_error())

    def _go_on(self) -> None:
        if self._stopped:
            raise self._new_error()

    def _new_error(self) -> Exception:
        """What has ended the run; a new one for each, as an exception carries one traceback. A defect of ours keeps its own."""
        error = self._stopped
        assert error is not None  # noqa: S101 - asked only then
        return type(error)(str(error)) if isinstance(error, LimiError) else error
