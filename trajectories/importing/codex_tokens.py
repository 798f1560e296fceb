"""What a reply of Codex took, from running totals: only where one reply alone stands between two of them, and the difference is exact."""

from typing import Any

from trajectories.importing.draft import Step
from trajectories.importing.messages import add_metrics

_NAMES = ("input_tokens", "cached_input_tokens", "output_tokens")
_Counts = dict[str, int]


class Tokens:
    """Takes the replies and the counts in their order."""

    def __init__(self) -> None:
        self.totals: dict[str, Any] = {}
        self.inexact = 0
        self._before: _Counts | None = dict.fromkeys(_NAMES, 0)
        self._replies: list[Step] = []

    def replied(self, step: Step) -> None:
        """A reply of the model began."""
        self._replies.append(step)

    def lost(self) -> None:
        """What was counted before is no more known to go on (a compaction, the fork of another session)."""
        self._before = None

    def counted(self, info: dict[str, Any]) -> None:
        """A token count: `total_token_usage` so far, and `last_token_usage` of the last reply, which must be the difference."""
        total, last = _counts(info.get("total_token_usage")), _counts(info.get("last_token_usage"))
        if total is None or total == self._before:
            return  # a refresh of the rate limits repeats the last one
        self.totals = {
            "total_prompt_tokens": total["input_tokens"],
            "total_completion_tokens": total["output_tokens"],
            "total_cached_tokens": total["cached_input_tokens"],
        }
        before, self._before = self._before, total
        replies, self._replies = self._replies, []
        spent = {name: total[name] - before[name] for name in _NAMES} if before is not None else None
        exact = spent is not None and min(spent.values()) >= 0 and (last is None or last == spent)
        if spent is None or not exact or len(replies) != 1 or spent["cached_input_tokens"] > spent["input_tokens"]:
            self.inexact += 1
            return
        metrics = {
            "prompt_tokens": spent["input_tokens"],
            "completion_tokens": spent["output_tokens"],
            "cached_tokens": spent["cached_input_tokens"],
        }
        add_metrics(replies[0], metrics, {})


def _counts(usage: Any) -> _Counts | None:
    if not isinstance(usage, dict):
        return None
    found = {name: usage.get(name, 0) for name in _NAMES}
    good = "input_tokens" in usage and all(type(value) is int and 0 <= value < 2**63 for value in found.values())
    return found if good else None
