"""What a list of requests will cost, before anything is sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from pipeline.llm.budget import Question
from pipeline.llm.prices import price_of
from pipeline.llm.request import BYTES_PER_TOKEN, Request, content_of, key_of_content
from pipeline.llm.store import Store
from pipeline.sections import Model

ENOUGH = 20  # so many replies tell how long the next will be; before, half of the limit is expected


@dataclass(frozen=True)
class Estimate:
    """How many requests are new, and their price in billionths of a dollar. `most` is what the budget would set aside for all."""

    requests: int  # different ones
    stored: int
    to_pay: int
    expected: int
    most: int
    expected_by_batch: int
    most_by_batch: int


def estimate(requests: Iterable[Request], chosen: Model, store: Store, today: date) -> Estimate:
    """The price of what is not in the store yet. Keeps a hash of each request, 32 bytes, and nothing else of it.

    A repair round or an attempt that fails comes on top; the budget's cap holds for them too. Raises UserError where a model's price
    is not known.
    """
    seen: set[bytes] = set()
    stored = expected = most = expected_by_batch = most_by_batch = 0
    known = store.mean_output_tokens(ENOUGH)
    for request in requests:
        content = content_of(request, chosen)
        key = key_of_content(chosen.endpoint, content, request.sample)
        if (digest := bytes.fromhex(key)) in seen:
            continue
        seen.add(digest)
        if store.has_reply(key):
            stored += 1
            continue
        price = price_of(request.model, chosen.endpoint, today)
        question = Question(key, content, request.max_output_tokens, price)
        given = request.max_output_tokens / 2 if known is None else min(known, request.max_output_tokens)
        usual = len(content) // BYTES_PER_TOKEN, 0, round(given)
        expected += price.cost(*usual)
        expected_by_batch += price.cost(*usual, batch=True)
        most += question.most()
        most_by_batch += question.most(batch=True)
    return Estimate(len(seen), stored, len(seen) - stored, expected, most, expected_by_batch, most_by_batch)
