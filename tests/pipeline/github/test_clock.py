"""Time as the limiter sees it."""

import threading
import time

import pytest

from pipeline.github import clock as module
from pipeline.github.clock import SystemClock, VirtualClock


def test_a_virtual_hour_takes_no_time() -> None:
    clock, began = VirtualClock(1_000.0), time.monotonic()
    clock.sleep_until(4_600.0)
    assert clock.now() == 4_600.0
    assert time.monotonic() - began < 1


def test_a_virtual_clock_never_goes_back() -> None:
    clock = VirtualClock(1_000.0)
    clock.sleep_until(5.0)
    assert clock.now() == 1_000.0


def test_virtual_waits_that_overlap_are_not_added_up() -> None:
    clock = VirtualClock(0.0)
    threads = [threading.Thread(target=clock.sleep_until, args=(60.0,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now() == 60.0


def test_a_virtual_clock_stands_where_the_latest_of_many_waits_ends() -> None:
    clock = VirtualClock(0.0)
    threads = [threading.Thread(target=clock.sleep_until, args=(float(at),)) for at in range(50, 0, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now() == 50.0


def test_the_system_clock_is_the_machines_and_waits_no_less_than_it_was_told() -> None:
    clock = SystemClock()
    assert abs(clock.now() - time.time()) < 1
    when = time.time() + 0.03
    clock.sleep_until(when)
    assert time.time() >= when


def test_the_system_clock_does_not_wait_for_what_is_past() -> None:
    began = time.monotonic()
    SystemClock().sleep_until(time.time() - 100)
    assert time.monotonic() - began < 5


class _Machine:
    """The machine's time module, where sleeping costs nothing and somebody sets the clock anew in between."""

    def __init__(self, jump_at: int, jump: float) -> None:
        self.at, self.slept, self.jump_at, self.jump = 1_000.0, 0, jump_at, jump

    def time(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept += 1
        assert seconds <= 60, "one long sleep would not notice that the clock was set"
        assert self.slept < 10_000
        self.at += seconds + (self.jump if self.slept == self.jump_at else 0)


@pytest.mark.parametrize(("jump", "steps"), [(3_000.0, 11), (-600.0, 70), (0.0, 60)])
def test_an_hours_wait_ends_by_the_clock_even_when_it_is_set_anew_on_the_way(
    monkeypatch: pytest.MonkeyPatch, jump: float, steps: int
) -> None:
    machine = _Machine(10, jump)
    monkeypatch.setattr(module, "time", machine)
    SystemClock().sleep_until(4_600.0)
    assert machine.at >= 4_600.0
    assert machine.slept <= steps
