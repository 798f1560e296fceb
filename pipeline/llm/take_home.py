"""What came back of a batch: each answer kept before it is read, joined by its id alone, settled at the batch price.

Lines may come in any order, twice, or for nobody, and some not at all. A line with an error is not charged. One that should be there
and stands in no file counts as spent, as nobody knows.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from pipeline.llm.batch_calls import BatchCalls, State
from pipeline.llm.batch_lines import Line, read_lines
from pipeline.llm.budget import Budget, Question
from pipeline.llm.direct import REFUSALS
from pipeline.llm.prices import Price
from pipeline.llm.reply import read_completion
from pipeline.llm.store import Kept, Store
from pipeline.llm.verdict import (
    Answer,
    ModelRefusesError,
    NoReplyError,
    error_word,
    is_about_one,
    refusal_sentence,
    shown,
    verdict,
)
from pipeline.sections import Model

TOO_MANY_TOKENS = "token_limit_exceeded"  # the account has so many tokens in batches that this one was not begun
_AT_ONCE = 1_000  # lines; each such part is written as one


@dataclass
class Asked:
    """A question, who waits for its reply, and how many attempts had none."""

    question: Question
    reply: asyncio.Future[Kept]
    failed: int = 0


@dataclass
class Sent:
    """A batch. `asked` is by key, and empty for one of an earlier run; `facts` is what the store keeps of it; `busy`: do not disturb."""

    name: str
    facts: dict[str, Any]
    asked: dict[str, Asked] = field(default_factory=dict)
    busy: bool = False


class Home:
    """Settles the batches of a run that have ended. `again` takes a question that is to be asked once more."""

    def __init__(
        self, chosen: Model, store: Store, budget: Budget, calls: BatchCalls, again: Callable[[Asked], None]
    ) -> None:
        self._chosen = chosen
        self._where = shown(chosen.endpoint)
        self._store = store
        self._budget = budget
        self._calls = calls
        self._again = again
        self._answered = False
        self._refused = 0

    async def take(self, sent: Sent, state: State) -> None:
        """Keep the answers of a batch that has ended and close it. Raises ModelRefusesError where no other one should follow."""
        attempts = self._store.open_attempts(sent.name)
        troubled: list[tuple[Asked, Answer]] = []
        # Of a batch that failed nothing was asked; its error file repeats why.
        for file in (state.output_file, "" if state.status == "failed" else state.error_file):
            lines = read_lines(await self._calls.download(file)) if file else iter(())
            while part := list(islice(lines, _AT_ONCE)):
                troubled += self._settle(sent, attempts, part)
                await asyncio.sleep(0)  # a large file must not stop all else
        with self._store.together():
            for attempt in attempts.values():
                if state.status == "completed":
                    self._budget.lose(attempt, "in no file of its batch")
                else:
                    self._budget.release(attempt, f"batch {state.status}")
            self._store.keep_batch(sent.name, sent.facts, is_open=False)
        left = [sent.asked[key] for key in attempts if key in sent.asked]
        if state.status == "failed" and state.word.startswith(TOO_MANY_TOKENS) and len(left) > 1:
            for one in left:
                self._again(one)  # it is smaller then, and no fault of the question
            return
        if stop := self._reason_to_stop(sent, state, troubled):
            raise ModelRefusesError(stop)
        for one, answer in troubled:
            self._refuse(one, answer)
        for one in left:
            self._fail(one, f"it stood in no file of a batch that is {state.status}")

    def give_back(self, sent: Sent) -> None:
        """Close a batch that was never made: nothing of it is charged."""
        with self._store.together():
            for attempt in self._store.open_attempts(sent.name).values():
                self._budget.release(attempt, "not sent")
            self._store.keep_batch(sent.name, sent.facts, is_open=False)

    def give_up(self, sent: Sent) -> None:
        """Close a batch whose answers nobody can have any more: all that was set aside counts as spent."""
        with self._store.together():
            for key, attempt in self._store.open_attempts(sent.name).items():
                self._budget.lose(attempt, "gone")
                self._fail(sent.asked.get(key), "its batch is gone")
            self._store.keep_batch(sent.name, sent.facts, is_open=False)

    def _settle(self, sent: Sent, attempts: dict[str, int], part: list[Line]) -> list[tuple[Asked, Answer]]:
        """Keep some lines, then read them; each takes its attempt away. Those that are refused, for this question or for all."""
        came: list[tuple[int, Line]] = []
        with self._store.together():
            for line in part:
                attempt = attempts.pop(line.key, None)
                if attempt is None:
                    continue  # for nobody, or for the second time
                came.append((attempt, line))
                if line.answer and verdict(line.answer) == "done":
                    self._store.keep_answer(attempt, line.answer.body)
        troubled = []
        with self._store.together():
            for attempt, line in came:
                one = sent.asked.get(line.key)
                what = verdict(line.answer) if line.answer else "again"
                if line.answer and what == "done":
                    self._read(sent, attempt, one, line.answer)
                    continue
                self._budget.release(attempt, f"http {line.answer.status}" if line.answer else "not asked")
                if one and line.answer and what in ("refused", "stop"):
                    troubled.append((one, line.answer))
                else:
                    self._fail(one, f"status {line.answer.status}" if line.answer else "its batch ended before")
        return troubled

    def _read(self, sent: Sent, attempt: int, one: Asked | None, answer: Answer) -> None:
        said = read_completion(answer.body)
        if said is None:
            self._budget.lose(attempt, "no chat completion came")
            self._fail(one, "no chat completion came")
        elif one is None:
            *full, above, below = sent.facts["price"]
            self._budget.account(attempt, said, Price(full[0], full[1], full[2], (above, below)))
        else:
            kept = self._budget.settle(attempt, answer.status, answer.body, said, one.question)
            self._answered = True
            if not one.reply.done():
                one.reply.set_result(kept)

    def _reason_to_stop(self, sent: Sent, state: State, troubled: list[tuple[Asked, Answer]]) -> str | None:
        """Why no batch should follow this one, if that is so."""
        if sent.asked and state.status == "failed":
            word = f" ({state.word})" if state.word else ""
            return f"{self._where} refused batch {sent.name} as a whole{word}, and charges nothing for it; see there what it says of it"
        if sent.asked and state.status == "cancelled":
            return f"batch {sent.name} was cancelled at {self._where}; run the same command again to ask what it left, in a new one"
        self._refused += sum(verdict(answer) == "refused" and not is_about_one(answer) for _, answer in troubled)
        for _, answer in troubled:
            if verdict(answer) == "stop" or (not self._answered and self._refused >= REFUSALS):
                return refusal_sentence(answer, self._chosen.name, self._chosen.endpoint)
        return None

    def _refuse(self, one: Asked, answer: Answer) -> None:
        word = error_word(answer)
        told = f"{self._where} refused one question ({answer.status}{f' {word}' if word else ''}); the others go on"
        if not one.reply.done():
            one.reply.set_exception(NoReplyError(told))

    def _fail(self, one: Asked | None, why: str) -> None:
        """An attempt had no reply: the question goes out again, or has been asked often enough."""
        if one is None or one.reply.done():
            return
        one.failed += 1
        if one.failed < self._chosen.tries:
            self._again(one)
            return
        told = f"{self._chosen.name} at {self._where} gave no reply to one question in {one.failed} batches"
        one.reply.set_exception(NoReplyError(f"{told} (the last: {why}); run the same command again to ask once more"))
