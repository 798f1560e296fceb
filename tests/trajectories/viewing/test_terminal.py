"""The terminal's lines tell the whole session, and say how much they fold."""

from hypothesis import given, settings

from tests.trajectories.made import answer, call, observed, said, session, sessions, worked
from trajectories.archive.session import Session, session_of
from trajectories.checks.finding import Finding
from trajectories.checks.texts import Path, changed
from trajectories.viewing.terminal import MOST_LINES, lines
from trajectories.viewing.words import as_json


def printed(session: Session, findings: tuple[Finding, ...] = (), full: bool = False) -> list[str]:
    return [text for text, _ in lines(session, findings, full)]


def long(number: int) -> Session:
    output = "".join(f"line {at}\n" for at in range(number))
    return session(
        said("agent", "", tool_calls=[call("c1", "ls")], observation=observed(answer("c1", output))), outcome={}
    )


@settings(max_examples=60)
@given(sessions)
def test_no_text_of_the_conversation_is_lost(drawn: Session) -> None:
    whole = "\n".join(printed(drawn, full=True))
    words = "".join(whole.split())
    for step in drawn.steps:
        texts = [step.text, step.notes.command or "", step.notes.comment or ""]
        texts += [step.reasoning_content or "", *(result.text for result in step.results)]
        texts += [call.function_name for call in step.calls]
        for called in step.calls:
            texts += [called.notes.raw_arguments or "", *called.arguments]
            texts += [one if isinstance(one, str) else as_json(one) for one in called.arguments.values()]
        for text in texts:
            assert all("".join(line.split()) in words for line in text.split("\n"))


def test_with_full_no_text_of_the_archive_is_left_out() -> None:
    value = worked()
    kept = {"limi": {"kept_aside": {"x": "aside"}}}
    value |= {"session_id": "s1", "notes": "By hand.", "final_metrics": {"extra": kept}}
    value["agent"]["extra"] = kept
    value["steps"][2] |= {"reasoning_effort": "high", "model_name": "other"}
    value["steps"][3]["tool_calls"][0]["extra"] = {"limi": {"recorded_id": "", "raw_arguments": "{"}}
    value["extra"]["limi"] |= {
        "kept_aside": {"y": "aside"},
        "environment": {"sandbox": "container", "image": "python:3.12"},
        "source": {"format": "codex", "file": "a.jsonl", "sha256": "0" * 64},
        "absent": [{"field": "steps.timestamp", "reason": "the format has no times"}],
    }
    value["extra"]["limi"]["outcome"]["submission"] = "diff --git a/x"
    seen: list[str] = []

    def marked(path: Path, text: str) -> str:
        seen.append(f"text{len(seen)}.")
        return seen[-1]

    told = "\n".join(printed(changed(session_of(value, "made"), marked), full=True))
    assert [one for one in seen if one not in told] == []


def test_what_whoever_recorded_it_remarks_and_which_tools_there_were_stand_in_the_head() -> None:
    told = printed(session_of(worked() | {"notes": "No model took part.\nThe times are made up."}, "made"))
    assert told[3:5] == ["  remark: No model took part.", "    The times are made up."]
    assert "  tools: bash" in told[: told.index("   1  system: prompt")]


def test_a_session_by_hand_reads_so() -> None:
    assert printed(session_of(worked(), "made"))[:25] == [
        "gh-0123456789ab-1: solved, 2 rounds, 9 steps, 4 calls, 1 of them rejected, ended: Submitted",
        "  query gh-0123456789ab of owner/name#7, at aaaaaaaaaaaa",
        "  mini-swe-agent 2.4.6, openai/example, sandbox bubblewrap; written by limi-curation 0.1.0",
        "  900 tokens in (512 cached), 40 out, 0.0021 dollars",
        "  2026-01-31 14:05:00 UTC, 2.2 s to the last step",
        "  tools: bash",
        "\nBefore the first request: step 1",
        "   1  system: prompt",
        "      You solve tasks in a shell.",
        "\nRound 1: steps 2 to 7",
        "   2  human: request  2026-01-31 14:05:00 UTC",
        "      Make the search fast.",
        "   3  agent  2026-01-31 14:05:02 UTC  after 2.2 s  900 tokens in (512 cached), 40 out, 0.0021 dollars",
        "      ~ Where is the search?",
        "      I look first.",
        "      bash c1 (exit code 0)",
        "        command: ls",
        "        | src",
        "      bash c2 (exit code 0)",
        "        command: grep -rn search .",
        "        | src/a.py:1",
        "   4  agent",
        "      bash c3 (rejected, not executed)",
        "        command: rm -rf src",
        "        | not executed",
    ]


def test_a_long_output_is_folded_with_its_count() -> None:
    told = printed(long(100))
    assert told[-1] == f"        | … {100 - MOST_LINES} more lines; --full shows them"
    assert told[-2] == f"        | line {MOST_LINES - 1}"


def test_full_folds_nothing() -> None:
    assert printed(long(100), full=True)[-1] == "        | line 99"


def test_what_is_little_longer_than_the_fold_is_not_folded() -> None:
    assert printed(long(MOST_LINES + 1))[-1] == f"        | line {MOST_LINES}"


def test_a_call_without_a_result_is_said() -> None:
    told = printed(session(said("agent", "", tool_calls=[call("c1", "ls")])))
    assert "      bash c1 (no result)" in told


def test_a_finding_stands_at_its_step_and_one_of_the_session_before_all() -> None:
    found = (
        Finding("loops", "flagged", None, "steps", "the same call 3 times"),
        Finding("ids", "refused", 2, "message", "twice"),
    )
    told = printed(session_of(worked(), "made"), found)
    assert told.index("  flagged loops: steps: the same call 3 times") < told.index("   1  system: prompt")
    assert (
        told.index("      refused ids: message: twice")
        == told.index("   2  human: request  2026-01-31 14:05:00 UTC") + 1
    )
