"""One question to its end, by way of the direct API: money aside, a turn, the exchange, the answer kept, and again by verdict."""

import random
from collections import deque

from pipeline.errors import LimiError
from pipeline.llm.budget import Budget, Question
from pipeline.llm.clock import Clock
from pipeline.llm.connection import Connection, NoAnswerError
from pipeline.llm.limits import Limiter, stated_wait
from pipeline.llm.reply import read_completion
from pipeline.llm.request import BYTES_PER_TOKEN
from pipeline.llm.store import Kept, Store
from pipeline.llm.verdict import (
    Answer,
    ModelRefusesError,
    NoReplyError,
    TooManyFailuresError,
    error_word,
    is_about_one,
    refusal_sentence,
    shown,
    verdict,
)
from pipeline.sections import Model

WAITS = 24  # times that one question may be told that it is too much
LONGEST_REST = 60.0  # seconds; how far an unstated wait doubles
LONGEST_STATED = 3_600.0  # seconds; a server that asks for more is asked again another day
WATCHED = 40  # the latest attempts that are looked at for an early stop
ENOUGH = 20  # so many of them there must be
REFUSALS = 5  # questions refused, not for their own text and with none answered yet, that show that all will be

_NOT_CHARGED = ("wait", "again", "refused", "stop")  # verdicts


class Direct:
    """Asks through POST /chat/completions. One for a run."""

    def __init__(
        self, chosen: Model, store: Store, budget: Budget, key: str, clock: Clock, random_: random.Random
    ) -> None:
        self._chosen = chosen
        self._where = shown(chosen.endpoint)
        self._store = store
        self._budget = budget
        self._clock = clock
        self._random = random_
        self._connection = Connection(chosen.endpoint, key, chosen.timeout_seconds, chosen.concurrency)
        self.limiter = Limiter(clock, chosen.concurrency, chosen.requests_per_minute, chosen.tokens_per_minute)
        self._latest: deque[bool] = deque(maxlen=WATCHED)  # of the latest attempts, which failed
        self._answered = False
        self._refused = 0
        self._stopped: LimiError | None = None
        self._sending: set[str] = set()

    def stop(self) -> set[str]:
        """No attempt begins any more; the keys of those whose answers are on their way."""
        self._stopped = self._stopped or LimiError("the model is not asked any more: the run has ended")
        return set(self._sending)

    async def answer(self, question: Question) -> Kept:
        """Ask until there is a reply. Raises NoReplyError, and what stops a run: BudgetSpent-, TooManyFailures- and ModelRefusesError."""
        failed = waits = 0
        while True:
            self._go_on()
            answer, what, kept = await self._attempt(question)
            if kept:
                return kept
            if what == "stop" and answer:
                raise self._stop(ModelRefusesError(refusal_sentence(answer, self._chosen.name, self._chosen.endpoint)))
            if what == "refused" and answer:
                raise self._refusal(answer)
            stated = stated_wait(answer.headers, self._clock.now()) if answer else None
            if stated is not None and stated > LONGEST_STATED:
                hours = f"{stated / 3600:.1f} hours"
                raise self._stop(
                    ModelRefusesError(
                        f"{self._where} asks to wait {hours}; run the same command after that, what was answered is kept"
                    )
                )
            if what == "wait":
                waits += 1
                if waits > WAITS:
                    raise NoReplyError(
                        f"{self._where} said {WAITS} times in a row that one question is too much for now; run the same "
                        "command later, or lower model.concurrency"
                    )
                # A pause for all, so that nobody hammers; a stated one gets some jitter on top, as nobody may come earlier.
                rest = self._rest(waits) if stated is None else stated + 0.1 * self._random.random()
                self.limiter.pause(rest)
                continue
            failed += 1
            if failed >= self._chosen.tries:
                raise NoReplyError(
                    f"{self._chosen.name} at {self._where} gave no reply to one question in {failed} attempts (the last: "
                    f"{what}); run the same command again to ask once more"
                )
            await self._clock.sleep(self._rest(failed) if stated is None else stated)

    async def close(self) -> None:
        """Close every connection."""
        await self._connection.close()

    async def _attempt(self, question: Question) -> tuple[Answer | None, str, Kept | None]:
        """Send once: the answer if one came, what it means, and the reply if there is one. The money is settled when this returns."""
        tokens = len(question.content) // BYTES_PER_TOKEN + question.max_output_tokens
        answer, said, kept, what, attempt = None, None, None, "not sent", 0
        turn = await self.limiter.turn(tokens)
        try:
            try:
                self._go_on()
                # Only who has a turn takes money: after a kill, what is set aside is for no more than was on its way.
                attempt = await self._budget.reserve(question)
                self._go_on()
                what = "broken off"
                self._sending.add(question.key)
                answer = await self._connection.send(question.content)
                what = verdict(answer)
                if what == "done":
                    self._store.keep_answer(attempt, answer.body)
                    said = read_completion(answer.body)
                    what = "done" if said else "no chat completion came"
            except NoAnswerError as error:
                what = f"no answer: {error}"
            finally:
                self._sending.discard(question.key)
                used = said.input_tokens + said.output_tokens if said and said.counted else None
                self.limiter.done(turn, answer.headers if answer else {}, what == "wait", used)
            if answer and said:
                kept = self._budget.settle(attempt, answer.status, answer.body, said, question)
        finally:
            if answer and what in _NOT_CHARGED:
                self._budget.release(attempt, f"http {answer.status}")
            elif what == "not sent":
                if attempt:
                    self._budget.release(attempt, what)
            elif kept is None:
                self._budget.lose(attempt, what)
        self._watch(what)
        if kept and kept.cost > question.most():
            self._stop(
                ModelRefusesError(
                    f"{self._chosen.name} at {self._where} took {kept.output_tokens:,} tokens for an answer of at most "
                    f"{question.max_output_tokens:,}, so no budget can be kept; see whether the server knows {self._chosen.limit_field} "
                    "(model.limit_field), then run the same command again: what was answered is kept"
                )
            )
        if what == "again" and answer:
            what = f"status {answer.status}"
        return answer, what, kept

    def _watch(self, what: str) -> None:
        """Look at the latest attempts. What is only too much for now, or this question's own fault, says nothing."""
        if what == "done":
            self._answered = True
        if what in ("wait", "refused", "stop"):
            return
        self._latest.append(what != "done")
        failed = sum(self._latest)
        if len(self._latest) >= ENOUGH and failed * 2 > len(self._latest) and not self._stopped:
            self._stop(
                TooManyFailuresError(
                    f"{failed} of the latest {len(self._latest)} attempts at {self._where} failed (the last: {what}); see "
                    "whether it is up, then run the same command again: what was answered is kept"
                )
            )

    def _refusal(self, answer: Answer) -> LimiError:
        """One question was refused. If that happens to each from the first on, it is no fault of the question."""
        self._refused += not is_about_one(answer)
        if not self._answered and self._refused >= REFUSALS:
            return self._stop(ModelRefusesError(refusal_sentence(answer, self._chosen.name, self._chosen.endpoint)))
        word = error_word(answer)
        return NoReplyError(
            f"{self._where} refused one question ({answer.status}{f' {word}' if word else ''}); the others go on"
        )

    def _stop(self, error: LimiError) -> LimiError:
        """End the run for all with this error, unless another has ended it before."""
        self._stopped = self._stopped or error
        return self._stopped

    def _go_on(self) -> None:
        """Raise what has ended the run, if something has; a new one for each, as an exception carries one traceback."""
        if self._stopped:
            raise type(self._stopped)(str(self._stopped))

    def _rest(self, times: int) -> float:
        """Seconds: half a second that doubles, and a quarter more or less."""
        return min(LONGEST_REST, 0.5 * 2.0 ** (times - 1)) * self._random.uniform(0.75, 1.25)
