"""The limits hold by the server's own accounts of them, from one thread and from many."""

import threading
from pathlib import Path

from pipeline.github.limits import Limits as ClientLimits
from tests.pipeline.github.door import PULL, door
from tests.pipeline.github.peer import within
from tests.servers.github import Fault, Limits, over_limit


def test_forty_searches_keep_to_thirty_a_minute(tmp_path: Path) -> None:
    with door(tmp_path) as opening:
        for at in range(40):
            opening.api.rest("/search/repositories", {"q": f"stars:>{at}"})
        opening.well_behaved()
        assert 60 <= opening.passed <= 64


def test_a_spent_hour_is_waited_for(tmp_path: Path) -> None:
    with door(
        tmp_path, limits=Limits(core=6, graphql=5), asks=ClientLimits(core_an_hour=6, graphql_points_an_hour=5)
    ) as opening:
        for at in range(14):
            opening.api.rest(f"{PULL}/files", {"page": at + 1})
        for _ in range(11):
            opening.ask("graphql")
        opening.well_behaved()
        assert opening.passed >= 2 * 3_600


def test_a_smaller_hour_than_we_believe_in_is_found_out_from_the_headers(tmp_path: Path) -> None:
    with door(tmp_path, limits=Limits(core=6)) as opening:
        for at in range(14):
            opening.api.rest(f"{PULL}/files", {"page": at + 1})
        opening.well_behaved()


def test_eight_threads_and_two_tokens_spend_two_hours_worth_within_the_limits(tmp_path: Path) -> None:
    with door(
        tmp_path,
        limits=Limits(core=10, graphql=8),
        tokens=("one", "two"),
        asks=ClientLimits(core_an_hour=10, graphql_points_an_hour=8),
    ) as opening:
        wrong: list[BaseException] = []

        def work(seed: int) -> None:
            try:
                for at in range(5):
                    opening.api.rest(f"{PULL}/files", {"page": seed * 10 + at + 1})
                    opening.ask("graphql")
            except BaseException as error:
                wrong.append(error)

        threads = [threading.Thread(target=work, args=(seed,), daemon=True) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert not any(thread.is_alive() for thread in threads)
        assert wrong == []
        assert over_limit(opening.server.log, opening.server.limits) == []
        by_token = [record.token for record in opening.server.log]
        assert min(by_token.count("token-0"), by_token.count("token-1")) >= 25


def test_no_more_than_the_allowed_number_of_requests_reaches_github_at_once(tmp_path: Path) -> None:
    held = [Fault("hold") for _ in range(13)]
    with door(tmp_path, *held, limits=Limits(concurrent=13), asks=ClientLimits(concurrent=13)) as opening:
        threads = [
            threading.Thread(target=opening.api.rest, args=(f"{PULL}/files", {"page": at + 1}), daemon=True)
            for at in range(20)
        ]
        for thread in threads:
            thread.start()
        assert within(5, lambda: len(opening.server.log) >= 3), "several go at once"
        assert not within(0.1, lambda: len(opening.server.log) > 13)
        for fault in held:
            fault.release.set()
        for thread in threads:
            thread.join(10)
        assert len(opening.server.log) == 20
        opening.well_behaved()
