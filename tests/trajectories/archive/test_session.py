"""A session is held against the rules of ATIF and our own, and every broken field is named with its step."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UserError
from tests.trajectories import made
from trajectories.archive.session import Session, json_of, session_of

ABSENT = object()
CALLS, AGENT, REJECTION, COMMAND, LAST = 2, 3, 4, 5, 8  # places of steps in `worked`


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    """`worked` with one value replaced, added or (ABSENT) taken away."""
    data = copy.deepcopy(made.worked())
    part: Any = data
    for step in path[:-1]:
        part = part[step]
    if to is ABSENT:
        del part[path[-1]]
    else:
        part[path[-1]] = to
    return data


def problems(data: Any) -> list[str]:
    with pytest.raises(UserError) as caught:
        session_of(data, "a.json")
    assert caught.value.__suppress_context__  # pydantic's own error is not shown
    return str(caught.value).split("\n")


def deep(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"in": value}
    return value


def test_the_hand_written_session_is_accepted_and_tells_rounds_and_rejections() -> None:
    session = session_of(made.worked(), "a.json")
    assert (session.rounds, session.rejected) == (2, frozenset({"c3"}))
    assert [call.tool_call_id for call in session.steps[CALLS].calls] == ["c1", "c2"]
    assert session.steps[CALLS].results[0].notes.raw_output == "src\n"
    assert session.steps[CALLS].at is not None
    assert session.steps[6].calls[0].notes.ends_session
    assert session.steps[COMMAND].notes.command == "git status"


def test_a_step_without_notes_has_empty_ones() -> None:
    step = session_of(made.worked(), "a.json").steps[LAST]
    assert (step.notes.kind, step.calls, step.results, step.at) == (None, (), (), None)


def test_parts_are_kept_as_parts_and_read_as_one_text() -> None:
    parts = [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}]
    session = session_of(changed("steps", LAST, "message", to=parts), "a.json")
    assert session.steps[LAST].text == "one two"
    assert json_of(session)["steps"][LAST]["message"] == tuple(parts)


S = "steps"
CALL = (S, CALLS, "tool_calls", 0)
RESULT = (S, CALLS, "observation", "results", 0)
BROKEN: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("schema_version",), "ATIF-v1.7", "schema_version: it must be 'ATIF-v1.8'"),
    (("schema_version",), ABSENT, "schema_version: it is missing"),
    (("trajectory_id",), "../x", "trajectory_id: it must be 3 to 80 small letters"),
    (("trajectory_id",), "a\n", "trajectory_id: it must be 3 to 80 small letters"),
    (("surplus",), 1, "surplus: the archive has no such field"),
    (("subagent_trajectories",), [], "subagent_trajectories: the archive has no such field"),
    (("agent", "name"), 5, "agent.name: it must be a valid string, not a number"),
    (("agent", "name"), "  ", "agent.name: it must not be empty"),
    (("agent", "version"), "1\x1b[2J", "agent.version: it must not be empty, and be free of line breaks and control"),
    (("agent", "tool_definitions", 0, "type"), "tool", "agent.tool_definitions[0].type: it must be 'function'"),
    (("agent", "tool_definitions"), [made.BASH, made.BASH], "agent.tool_definitions[1].function.name: another tool"),
    ((S,), [], "steps: it must not be empty"),
    ((S,), {}, "steps: it must be a valid list, not an object"),
    ((S, 0), "text", "step 1, it must be an object, not a text"),
    ((S, CALLS, "step_id"), 4, "step 3, step_id: steps count 1, 2, 3 and so on, so it must be 3, not 4"),
    ((S, CALLS, "step_id"), 3.0, "step 3, step_id: it must be a valid integer, not a number"),
    ((S, CALLS, "step_id"), True, "step 3, step_id: it must be a valid integer, not yes or no"),
    ((S, CALLS, "step_id"), 2**63, "step 3, step_id: it must be less than 9223372036854775808"),
    ((S, CALLS, "source"), "bot", "step 3, source: it must be 'system', 'user' or 'agent'"),
    ((S, CALLS, "source"), "user", "step 3, reasoning_content: only an agent's step has it"),
    ((S, CALLS, "message"), None, "step 3, message: it must be a valid string, not null"),
    ((S, CALLS, "message"), ABSENT, "step 3, message: it is missing"),
    ((S, CALLS, "message"), [{"type": "image", "source": {}}], "step 3, message[0].type: it must be 'text'"),
    ((S, CALLS, "message"), "\ud83d", "step 3, message: it holds half of a surrogate pair"),
    ((S, CALLS, "timestamp"), "2026-01-31T14:05:00", "step 3, timestamp: it must be a time of ISO 8601 with its zone"),
    ((S, CALLS, "timestamp"), "2026-02-31T14:05:00Z", "step 3, timestamp: it must be a time of ISO 8601 with its zone"),
    ((S, CALLS, "timestamp"), 1769868300, "step 3, timestamp: it must be a valid string, not a number"),
    ((S, 1, "model_name"), "m", "step 2, model_name: only an agent's step has it, and this one is of the user"),
    ((S, 0, "tool_calls"), [made.call("c9", "ls")], "step 1, tool_calls: only an agent's step has it"),
    ((S, 1, "metrics"), {}, "step 2, metrics: only an agent's step has it"),
    ((S, CALLS, "llm_call_count"), 0, "step 3, llm_call_count: it is 0, so there can be no metrics"),
    ((*CALL, "tool_call_id"), "", "step 3, tool_calls[0].tool_call_id: it must not be empty"),
    ((*CALL, "arguments"), '{"command":"ls"}', "step 3, tool_calls[0].arguments: it must be a JSON object"),
    ((*CALL, "arguments"), {"a": float("nan")}, "step 3, tool_calls[0].arguments: a number within it is not finite"),
    ((*CALL, "arguments"), {"a": [2**63]}, "step 3, tool_calls[0].arguments: a whole number within it needs more"),
    ((*CALL, "arguments"), {"a": {"\udc00": 1}}, "step 3, tool_calls[0].arguments: it holds half of a surrogate pair"),
    ((*CALL, "arguments"), deep(65), "step 3, tool_calls[0].arguments: it is nested more than 64 levels deep"),
    ((*CALL, "arguments"), {"a": (1,)}, "step 3, tool_calls[0].arguments: it holds a tuple, which JSON does not have"),
    ((S, 1, "extra", "other"), [deep(63)], "step 2, extra.other: it is nested more than 64 levels deep"),
    ((*CALL, "surplus"), 1, "step 3, tool_calls[0].surplus: the archive has no such field"),
    ((*RESULT, "source_call_id"), "c3", "step 3, observation.results[0].source_call_id: it must be the tool_call_id"),
    ((*RESULT, "source_call_id"), ABSENT, "step 3, observation.results[0].source_call_id: it must be the tool_call_id"),
    ((*RESULT, "source_call_id"), "c2", "step 3, observation.results[1].source_call_id: that call is answered already"),
    ((*RESULT, "content"), 5, "step 3, observation.results[0].content: it must be a valid string, not a number"),
    ((*RESULT, "subagent_trajectory_ref"), [], "step 3, observation.results[0].subagent_trajectory_ref: the archive"),
    ((S, AGENT, "tool_calls", 0, "tool_call_id"), "c1", "step 4, observation.results[0].source_call_id: it must be"),
    (
        (S, 6, "tool_calls", 0, "tool_call_id"),
        "c1",
        "step 7, tool_calls[0].tool_call_id: the same as of a call in step 3",
    ),
    ((S, CALLS, "metrics", "cost_usd"), float("inf"), "step 3, metrics.cost_usd: it must be a finite number"),
    ((S, CALLS, "metrics", "cost_usd"), -1, "step 3, metrics.cost_usd: it must be greater than or equal to 0"),
    (
        (S, CALLS, "metrics", "prompt_tokens"),
        -1,
        "step 3, metrics.prompt_tokens: it must be greater than or equal to 0",
    ),
    (
        (S, CALLS, "metrics", "prompt_tokens"),
        "9",
        "step 3, metrics.prompt_tokens: it must be a valid integer, not a text",
    ),
    ((S, CALLS, "metrics", "cached_tokens"), 901, "step 3, metrics: cached_tokens: they are a part of prompt_tokens"),
    (
        (S, 1, "extra"),
        ABSENT,
        "step 2, extra.limi.kind: of the user it must be request or remark or rejection or command",
    ),
    ((S, 1, "extra", "limi", "kind"), "prompt", "step 2, extra.limi.kind: of the user it must be"),
    ((S, 1, "extra", "limi", "surplus"), 1, "step 2, extra.limi.surplus: the archive has no such field"),
    ((S, 1, "extra", "limi", "kept_aside"), [], "step 2, extra.limi.kept_aside: it must be a JSON object"),
    ((S, 1, "extra", "other"), float("nan"), "step 2, extra.other: a number within it is not finite"),
    ((S, 1, "extra", "limi", "comment"), "no", "step 2, extra.limi.comment: only a rejection has one"),
    (
        (S, 1, "observation"),
        {"results": [{"content": "x"}]},
        "step 2, observation: only an agent's calls and a human's",
    ),
    ((S, CALLS, "extra"), {"limi": {"kind": "request"}}, "step 3, extra.limi.kind: of the agent it must be absent"),
    (
        (S, REJECTION, "extra", "limi", "rejects"),
        [],
        "step 5, extra.limi.rejects: a rejection names the calls it rejects",
    ),
    (
        (S, REJECTION, "extra", "limi", "rejects"),
        ["c1"],
        "step 5, extra.limi.rejects: it must name calls of the agent's",
    ),
    ((S, REJECTION, "extra", "limi", "rejects"), ["c3", "c3"], "step 5, extra.limi.rejects: it must name calls of the"),
    ((S, COMMAND, "extra", "limi", "command"), ABSENT, "step 6, extra.limi.command: a human's own command has it"),
    (
        (S, COMMAND, "observation", "results", 0, "source_call_id"),
        "c3",
        "step 6, observation.results[0].source_call_id: a human's own command is no call",
    ),
    (("final_metrics",), {"total_steps": 3}, "final_metrics.total_steps: there are 9 steps, not 3"),
    (("extra",), ABSENT, "extra: it is missing"),
    (("extra",), {}, "extra.limi: it is missing"),
    (("extra", "limi", "format"), "limi-session 2", "extra.limi.format: it must be 'limi-session 1'"),
    (("extra", "limi", "query_sha256"), "A" * 64, "extra.limi.query_sha256: it must be 64 hexadecimal digits"),
    (("extra", "limi", "pr_id"), "owner/name#0", "extra.limi.pr_id: it must be owner/name#number"),
    (
        ("extra", "limi", "outcome", "checks", 0, "exit_code"),
        2**32,
        "extra.limi.outcome.checks[0].exit_code: it must be",
    ),
    (
        ("extra", "limi", "source"),
        {"format": "x", "file": "x", "sha256": "0" * 64, "row": 0},
        "extra.limi.source.row: it must be",
    ),
    (("extra", "limi", "base_commit"), "abc", "extra.limi.base_commit: it must be 40 or 64 hexadecimal digits"),
    (("extra", "limi", "environment", "sandbox"), "vm", "extra.limi.environment.sandbox: it must be 'container'"),
    (
        ("extra", "limi", "outcome", "success"),
        1,
        "extra.limi.outcome.success: it must be a valid boolean, not a number",
    ),
    (("extra", "limi", "outcome", "checks", 0, "round"), 0, "extra.limi.outcome.checks[0].round: it must be greater"),
    (("extra", "limi", "outcome", "checks", 0, "at"), "today", "extra.limi.outcome.checks[0].at: it must be a time"),
    (
        ("extra", "limi", "source"),
        {"format": "x", "file": "../x.jsonl", "sha256": "0" * 64},
        "extra.limi.source.file: it must be a file's name without its folders",
    ),
]


@pytest.mark.parametrize(
    ("path", "to", "sentence"), BROKEN, ids=[f"{'.'.join(map(str, row[0]))}-{at}" for at, row in enumerate(BROKEN)]
)
def test_a_broken_field_is_refused_with_step_and_field(path: tuple[str | int, ...], to: Any, sentence: str) -> None:
    data = changed(*path, to=to)
    assert any(line.startswith(f"a.json: {sentence}") for line in problems(data)), problems(data)


def test_two_calls_of_one_step_cannot_share_an_id() -> None:
    step = made.said("agent", "", tool_calls=[made.call("c1", "ls"), made.call("c1", "pwd")])
    assert problems(made.value(step))[0].startswith(
        "a.json: step 1, tool_calls[1].tool_call_id: the same as of a call in step 1"
    )


def test_a_call_rejected_once_is_not_rejected_again() -> None:
    again = made.said("user", "no", limi={"kind": "rejection", "rejects": ["c1"]})
    acted = made.said("agent", "", tool_calls=[made.call("c1", "ls")])
    assert made.session(acted, again).rejected == {"c1"}
    assert problems(made.value(acted, again, again))[0].startswith("a.json: step 3, extra.limi.rejects")


def test_no_text_of_the_session_is_quoted() -> None:
    data = changed("steps", CALLS, "message", to=[{"type": "secret-token-1", "text": "secret-token-2\ud800"}])
    data["extra"]["limi"]["query_id"] = "secret-token-3"
    data["agent"]["name"] = {"secret": "secret-token-4"}
    data["steps"][4]["source"] = "secret-token-5"
    assert "secret-token" not in "".join(problems(data))


def test_a_name_that_the_file_made_up_cannot_speak_to_the_terminal_and_is_short() -> None:
    (line,) = problems(changed("\x1b[2J\u202e" + "x" * 500, to=1))
    assert line.startswith("a.json: \\x1b[2J\\u202ex")
    assert len(line) < 240 and line.isprintable()


def test_a_session_with_many_problems_gets_ten_sentences() -> None:
    lines = problems(made.worked() | {f"surplus{number}": 1 for number in range(500)})
    assert len(lines) == 11 and lines[-1] == "a.json: and 490 more problems"


def test_a_hopeless_session_gets_one_sentence() -> None:
    data = made.worked() | {f"surplus{number}": 1 for number in range(10_001)}
    assert problems(data) == ["a.json: it has 10001 problems, so it is no session of the archive"]


def test_the_first_faulty_step_ends_the_reading() -> None:
    lines = problems(made.value(*[{"source": "bot"}] * 500))
    assert lines == [
        "a.json: step 1, source: it must be 'system', 'user' or 'agent'",
        "a.json: step 1, message: it is missing",
    ]


def test_a_session_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        session_of(made.worked(), "a.json").trajectory_id = "other"


def places(part: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [path, *(place for name, one in inner for place in places(one, (*path, name)))]


hostile = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    made.json_objects,
)


@given(st.sampled_from(places(made.worked())[1:]), hostile)
def test_any_value_anywhere_is_taken_or_refused_in_sentences(path: tuple[str | int, ...], to: Any) -> None:
    try:
        assert isinstance(session_of(changed(*path, to=to), "a.json"), Session)
    except UserError as error:
        assert all(line.startswith("a.json: ") for line in str(error).split("\n"))
