"""The direct API in a store with batches that are not home: what they were paid for is fetched before anything is asked again."""

import asyncio

from pipeline.llm.batch import Batch
from pipeline.llm.budget import Budget, Question
from pipeline.llm.direct import Direct
from pipeline.llm.store import Kept


class AfterBatches:
    """As `Direct`, after one look at the open batches. Who leaves model.mode batch wants answers now, and nothing paid twice:
    what has ended is taken home, and where a batch is still at work the run ends with a sentence that says what to do."""

    def __init__(self, batch: Batch, direct: Direct, budget: Budget) -> None:
        self._batch = batch
        self._direct = direct
        self._budget = budget
        self._fetched: asyncio.Task[None] | None = None

    async def answer(self, question: Question) -> Kept:
        """As `Direct.answer`; raises UserError too."""
        self._fetched = self._fetched or asyncio.create_task(self._batch.fetch(wait=False))
        await asyncio.shield(self._fetched)
        return self._budget.paid(question) or await self._direct.answer(question)

    def stop(self) -> set[str]:
        """As `Direct.stop`."""
        self._batch.stop()
        return self._direct.stop()

    async def close(self) -> None:
        """Close every connection."""
        if self._fetched:
            self._fetched.cancel()
            await asyncio.gather(self._fetched, return_exceptions=True)
        await self._batch.close()
        await self._direct.close()
