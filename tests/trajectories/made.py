"""Whole sessions, made up: one written by hand, and Hypothesis strategies for any valid ones (`sessions`, `values`, `json_objects`)."""

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from trajectories.archive.session import Session, session_of

Step = dict[str, Any]
PROVENANCE: dict[str, Any] = {
    "format": "limi-session 1",
    "query_id": "gh-0123456789ab",
    "query_sha256": "5" * 64,
    "collector": {"name": "limi-curation", "version": "0.1.0"},
    "outcome": {
        "success": True,
        "checks": [
            {"name": "tests", "passed": True, "round": 2, "command": "make test", "exit_code": 0, "output": "4 passed"}
        ],
        "ended": "Submitted",
    },
    "pr_id": "owner/name#7",
    "base_commit": "a" * 40,
    "environment": {"sandbox": "bubblewrap"},
}
BASH = {
    "type": "function",
    "function": {
        "name": "bash",
        "description": "Run a command",
        "parameters": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
    },
}


def said(source: str, message: str, **fields: Any) -> Step:
    """A step without its number; `limi` is our own notes."""
    notes = fields.pop("limi", None)
    return {"source": source, "message": message, **fields, **({"extra": {"limi": notes}} if notes else {})}


def call(name: str, command: str, function: str = "bash") -> dict[str, Any]:
    return {"tool_call_id": name, "function_name": function, "arguments": {"command": command}}


def answer(name: str | None, content: str, **notes: Any) -> dict[str, Any]:
    result: dict[str, Any] = {"content": content} if name is None else {"source_call_id": name, "content": content}
    return {**result, "extra": {"limi": notes}} if notes else result


def observed(*results: dict[str, Any]) -> dict[str, Any]:
    return {"results": list(results)}


def value(*steps: Step, **provenance: Any) -> dict[str, Any]:
    """The JSON value of a session of these steps, numbered here. `provenance` changes PROVENANCE."""
    return {
        "schema_version": "ATIF-v1.8",
        "trajectory_id": "gh-0123456789ab-1",
        "agent": {
            "name": "mini-swe-agent",
            "version": "2.4.6",
            "model_name": "openai/example",
            "tool_definitions": [deepcopy(BASH)],
        },
        "steps": [{"step_id": number, **step} for number, step in enumerate(steps, 1)],
        "extra": {"limi": deepcopy(PROVENANCE) | provenance},
    }


def session(*steps: Step, **provenance: Any) -> Session:
    return session_of(value(*steps, **provenance), "made")


def worked() -> dict[str, Any]:
    """Two rounds by hand: two calls in a step, a rejection with comment, a human's own command, a further request, reasoning."""
    return value(
        said("system", "You solve tasks in a shell.", limi={"kind": "prompt"}),
        said("user", "Make the search fast.", limi={"kind": "request"}, timestamp="2026-01-31T14:05:00Z"),
        said(
            "agent",
            "I look first.",
            reasoning_content="Where is the search?",
            tool_calls=[call("c1", "ls"), call("c2", "grep -rn search .")],
            observation=observed(
                answer("c1", "src", exit_code=0, raw_output="src\n"), answer("c2", "src/a.py:1", exit_code=0)
            ),
            timestamp="2026-01-31T14:05:02.250Z",
            metrics={"prompt_tokens": 900, "completion_tokens": 40, "cached_tokens": 512, "cost_usd": 0.0021},
        ),
        said(
            "agent",
            "",
            tool_calls=[call("c3", "rm -rf src")],
            observation=observed(answer("c3", "not executed", executed=False)),
        ),
        said(
            "user",
            "Commands not executed. The user said: not that folder",
            limi={"kind": "rejection", "rejects": ["c3"], "comment": "not that folder"},
        ),
        said(
            "user",
            "User command: git status",
            limi={"kind": "command", "command": "git status"},
            observation=observed(answer(None, "clean")),
        ),
        said("agent", "Done.", tool_calls=[call("c4", "submit") | {"extra": {"limi": {"ends_session": True}}}]),
        said("user", "The user added a new task: add a test", limi={"kind": "request"}),
        said("agent", "Added.", reasoning_content="A test, then."),
    )


# Any text that UTF-8 can hold, with what usually breaks: NUL, line separators, right-to-left marks, characters of four bytes.
texts = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    [
        "",
        "\x00",
        "\u2028",
        "\u202eabc",
        "\r\n",
        "\x1b[31mred",
        "日本語",
        "🎉👩‍💻",
        '"}]',
        "</script>",
        "\ufeff",
        "{{ x }}",
        "<|im_end|>",
    ]
)
names = st.text("abcdefghijklmnopqrstuvwxyz_-.ABC0189", min_size=1, max_size=12).filter(str.strip)
_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
json_objects = st.dictionaries(
    texts,
    st.recursive(
        _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
    ),
    max_size=3,
)
contents = texts | st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": texts}), max_size=3)
times = st.datetimes().map(lambda at: at.isoformat() + "Z") | st.just("2026-01-31T14:05:00.123456789+05:30")
dollars = st.floats(0, 1e6)
counts = st.integers(0, 10**7)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with any of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


def extra(**notes: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An `extra` with notes of ours, and now and then a key of somebody else's."""
    return some(limi=some(kept_aside=json_objects, **notes), other=json_objects)


metrics = st.tuples(counts, counts, counts, some(cost_usd=dollars, extra=extra())).map(
    lambda drawn: {
        "prompt_tokens": drawn[0] + drawn[1],
        "cached_tokens": drawn[1],
        "completion_tokens": drawn[2],
        **drawn[3],
    }
)
tools = st.lists(names, max_size=3, unique=True).flatmap(
    lambda known: st.tuples(
        *(
            st.fixed_dictionaries(
                {
                    "type": st.just("function"),
                    "function": st.fixed_dictionaries(
                        {"name": st.just(name)},
                        optional={"description": texts, "parameters": json_objects, "strict": st.booleans()},
                    ),
                }
            )
            for name in known
        )
    ).map(list)
)
provenances = st.builds(
    lambda fields: PROVENANCE | fields,
    some(
        pr_id=st.just("owner/name#12"),
        environment=st.sampled_from([{"sandbox": "none"}, {"sandbox": "container", "image": "python:3.12@sha256:0"}]),
        outcome=some(success=st.booleans(), ended=names, submission=texts),
        source=st.just({"format": "codex 1", "file": "rollout.jsonl", "sha256": "0" * 64, "row": 3}),
        absent=st.just([{"field": "steps.timestamp", "reason": "the format has no times"}]),
        kept_aside=json_objects,
    ),
)


@st.composite
def _agent_steps(draw: st.DrawFn, ids: list[str]) -> Step:
    """A step of the agent that makes these calls, of which some are answered, in any order."""
    step: Step = {"source": "agent", "message": draw(contents)}
    step |= draw(
        some(
            timestamp=times,
            reasoning_content=texts,
            metrics=metrics,
            model_name=names,
            llm_call_count=st.integers(1, 3),
            extra=extra(),
        )
    )
    step |= draw(some(reasoning_effort=names | st.floats(0, 1), is_copied_context=st.booleans()))
    if ids:
        step["tool_calls"] = [
            {"tool_call_id": one, "function_name": draw(names), "arguments": draw(json_objects)}
            | draw(some(extra=extra(raw_arguments=texts, recorded_id=texts, ends_session=st.booleans())))
            for one in ids
        ]
        answered = draw(st.permutations(ids))[: draw(st.integers(0, len(ids)))]
        notes = some(extra=extra(exit_code=st.integers(-1, 255), raw_output=texts, executed=st.booleans()))
        step["observation"] = {
            "results": [{"source_call_id": one, "content": draw(contents)} | draw(notes) for one in answered]
        }
    return step


@st.composite
def _human_steps(draw: st.DrawFn, rejectable: list[str]) -> Step:
    """A step of the human, or a notice to the model; a rejection only if there is something to reject."""
    kind = draw(st.sampled_from(["request", "remark", "command", "notice", *(["rejection"] * 2 if rejectable else [])]))
    notes: dict[str, Any] = {"kind": kind} | draw(some(kept_aside=json_objects))
    step: Step = {"source": "system" if kind == "notice" else "user", "message": draw(contents)} | draw(
        some(timestamp=times)
    )
    if kind == "rejection":
        notes["rejects"] = draw(st.lists(st.sampled_from(rejectable), min_size=1, unique=True))
        notes |= draw(some(comment=texts))
    if kind == "command":
        notes["command"] = draw(texts)
        step["observation"] = {"results": draw(st.lists(st.fixed_dictionaries({"content": contents}), max_size=2))}
    return step | {"extra": {"limi": notes}}


@st.composite
def values(draw: st.DrawFn) -> dict[str, Any]:
    """JSON values of valid sessions: reasoning, several calls a step, human turns and rounds, any unicode."""
    steps = [said("system", draw(texts), limi={"kind": "prompt"})] if draw(st.booleans()) else []
    steps.append(said("user", draw(texts), limi={"kind": "request"}))
    made = 0
    for calls in draw(st.lists(st.integers(0, 3), max_size=4)):
        ids = [f"call-{made + at}" for at in range(calls)]
        made += calls
        steps.append(draw(_agent_steps(ids)))
        if draw(st.booleans()):
            steps.append(draw(_human_steps(ids)))
    agent = {"name": draw(names), "version": draw(names)} | draw(
        some(model_name=names, tool_definitions=tools, extra=extra())
    )
    totals = some(total_prompt_tokens=counts, total_cost_usd=dollars, total_steps=st.just(len(steps)), extra=extra())
    return value(*steps) | {
        "agent": agent,
        "extra": {"limi": draw(provenances)} | draw(some(other=json_objects)),
        **draw(some(final_metrics=totals, notes=texts, session_id=names)),
    }


sessions = values().map(lambda made: session_of(made, "made"))
