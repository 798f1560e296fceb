"""Several tokens: nobody sleeps through an hour of one while another is about to be free."""

import threading

from pipeline.github.clock import VirtualClock
from pipeline.github.limits import Limiter, Limits


def test_a_token_whose_answer_is_on_its_way_is_waited_for_rather_than_anothers_hour() -> None:
    clock = VirtualClock()
    limiter = Limiter(clock, [Limits(core_an_hour=1), Limits(core_an_hour=1)])
    began = clock.now()
    spent, flying = limiter.turn("core"), limiter.turn("core")
    assert {spent, flying} == {0, 1}
    told = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(began) + 3_600)}
    limiter.done(spent, "core", 1, 0.0, told)
    taken: list[int] = []
    waiting = threading.Thread(target=lambda: taken.append(limiter.turn("core")), daemon=True)
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive() and clock.now() == began, "it must not sleep through the first one's hour"
    limiter.done(flying, "core", 1, 0.0, told | {"x-ratelimit-reset": str(int(began) + 600)})
    waiting.join(10)
    assert taken == [flying]
    assert 600 <= clock.now() - began < 700
