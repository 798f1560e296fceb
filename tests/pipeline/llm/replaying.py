"""A door that answers with what it was given, in order, and keeps what it was asked."""

from collections.abc import Sequence

from pipeline.llm.reply import Reply
from pipeline.llm.request import Request

COST = 1_000  # billionths of a dollar for each reply


def reply(text: str, finish_reason: str = "stop", refusal: str = "") -> Reply:
    return Reply("key", text, finish_reason, refusal, input_tokens=100, output_tokens=20, cost=COST, cached=False)


class ReplayingDoor:
    """Give it texts, whole replies, or errors to raise."""

    def __init__(self, *answers: str | Reply | Exception) -> None:
        self._answers: Sequence[str | Reply | Exception] = answers
        self.asked: list[Request] = []

    async def ask(self, request: Request) -> Reply:
        self.asked.append(request)
        answer = self._answers[len(self.asked) - 1]
        if isinstance(answer, Exception):
            raise answer
        return reply(answer) if isinstance(answer, str) else answer
