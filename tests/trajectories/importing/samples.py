"""Small recordings by hand, one of each format, in which every kind of turn stands that the format has. None of them is anybody's file."""

import json
from pathlib import Path
from typing import Any

from tests.trajectories.importing.samples_of_lines import claude_code, codex, openhands
from trajectories.archive.session import Session
from trajectories.importing.formats import import_file
from trajectories.importing.given import Given, GivenOf

GIVEN = Given(query_id="gh-0123456789ab", query_sha256="5" * 64)
Value = dict[str, Any]


def written(folder: Path, content: Any, name: str = "recording") -> Path:
    """A file: of bytes or a text as it is, of a list as JSON lines, of anything else as one indented JSON document."""
    path = folder / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    elif isinstance(content, list):
        path.write_text("".join(json.dumps(line) + "\n" for line in content), encoding="utf-8")
    else:
        path.write_text(json.dumps(content, indent=2), encoding="utf-8")
    return path


def imported(folder: Path, content: Any, given: Given | GivenOf = GIVEN, **options: Any) -> Session:
    """The one session of such a file."""
    (session,) = import_file(written(folder, content), given=given, **options)
    return session


def told(session: Session) -> list[tuple[Any, ...]]:
    """What the steps say: source, kind, text and the ids of calls."""
    return [
        (step.source, step.notes.kind, step.text, *(call.tool_call_id for call in step.calls)) for step in session.steps
    ]


def absent(session: Session) -> dict[str, str]:
    return {entry.field: entry.reason for entry in session.provenance.absent}


def function(name: str, arguments: Any, called: str = "bash") -> Value:
    return {"id": name, "type": "function", "function": {"name": called, "arguments": arguments}}


# --- LIMI rows ---
def limi() -> Value:
    return {
        "messages": [
            {"role": "system", "content": "You are a coding agent."},
            {"role": "user", "content": "Make the search fast."},
            {"role": "assistant", "content": "I look.",
             "tool_calls": [function("c1", {"command": "ls"}), function("c2", {"path": "a", "n": [1]})]},
            {"role": "tool", "tool_call_id": "c2", "content": "second"},
            {"role": "tool", "tool_call_id": "c1", "content": "first"},
            {"role": "assistant", "content": "Done.", "reasoning_content": "It is fast now."},
            {"role": "user", "content": "Add a test."},
            {"role": "assistant", "content": "Added."},
        ],
        "tools": [{"type": "function", "function": {"name": "bash", "description": "Run", "parameters": {"type": "object"}}}],
    }  # fmt: skip


# --- mini-swe-agent ---
def _mini_tool(name: str, code: int, output: str, told: str = "", at: float = 2.5) -> Value:
    extra = {"raw_output": output, "returncode": code, "timestamp": at, "exception_info": told}
    return {"role": "tool", "tool_call_id": name, "content": f"<returncode>{code}</returncode>{output}", "extra": extra}


def _mini_agent(content: str | None, *calls: tuple[str, str], **more: Any) -> Value:
    choice = {"index": 0, "finish_reason": "tool_calls", "message": {"content": content}}
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 7,
        "total_tokens": 107,
        "prompt_tokens_details": {"cached_tokens": 64},
    }
    return {
        "role": "assistant",
        "content": content,
        "tool_calls": [function(name, json.dumps({"command": command})) for name, command in calls],
        "function_call": None,
        "extra": {
            "actions": [{"command": command, "tool_call_id": name} for name, command in calls],
            "response": {"id": "r", "usage": usage, "choices": [choice]},
            "cost": 0.25,
            "timestamp": 1769868302.5,
        },
        **more,
    }  # fmt: skip


def _mini_user(content: str, **extra: Any) -> Value:
    return {"role": "user", "content": content, **({"extra": extra} if extra else {})}


SKIPPED = "action was not executed"


def mini() -> Value:
    """Two rounds: a rejection with comment, the human's own command, a reply that could not be read, an interruption, two submissions."""
    rejection = "Commands not executed. The user rejected your commands with the following message: not that folder"
    return {
        "info": {
            "model_stats": {"instance_cost": 1.5, "api_calls": 6},
            "config": {"agent": {"mode": "confirm"},
                       "model": {"model_name": "openai/example", "model_kwargs": {"api_key": "hush", "max_tokens": 5}}},
            "mini_version": "2.4.6",
            "exit_status": "Submitted",
            "submission": "it is fast",
        },
        "messages": [
            {"role": "system", "content": "You work in a shell."},
            _mini_user("Task: make the search fast."),
            _mini_agent("I look.", ("a", "ls"), ("b", "false"), reasoning_content="Where is it?"),
            _mini_tool("a", 0, "src\n"),
            _mini_tool("b", 1, ""),
            _mini_agent(None, ("c", "rm -rf src")),
            _mini_tool("c", -1, "", SKIPPED),
            _mini_user(rejection, interrupt_type="UserRejection"),
            _mini_user("User command: \n```bash\ngit status\n```", actions=[{"command": "git status"}]),
            _mini_user("<returncode>0</returncode>clean", raw_output="clean", returncode=0, timestamp=3.0, exception_info=""),
            _mini_user("No tool calls found.", interrupt_type="FormatError", cost=0.5, response={"id": "r9"}),
            _mini_agent("Slow one.", ("d", "sleep 100"), ("e", "ls")),
            _mini_tool("d", -1, "", SKIPPED),
            _mini_tool("e", -1, "", SKIPPED),
            _mini_user("Interrupted by user: too slow", interrupt_type="UserInterruption"),
            _mini_agent("I hand it in.", ("f", "echo COMPLETE")),
            _mini_tool("f", -1, "", SKIPPED),
            _mini_user("The user added a new task: add a test", interrupt_type="UserNewTask"),
            _mini_agent("I hand it in again.", ("g", "ls"), ("h", "echo COMPLETE"), ("i", "ls")),
            _mini_tool("g", 0, "src\n"),
            _mini_tool("h", -1, "", SKIPPED),
            _mini_tool("i", -1, "", SKIPPED),
            {"role": "exit", "content": "it is fast", "extra": {"exit_status": "Submitted", "submission": "it is fast"}},
        ],
        "trajectory_format": "mini-swe-agent-1.1",
    }  # fmt: skip


# --- gemini-cli and SII CLI ---
def _response(name: str, **said: Any) -> Value:
    return {"functionResponse": {"id": name, "name": "run_shell_command", "response": said}}


def gemini() -> list[Value]:
    agent = {
        "id": "m2", "timestamp": "2026-01-31T14:05:02.000Z", "type": "gemini", "content": "I look.", "model": "gemini-example",
        "thoughts": [{"subject": "Search", "description": "Where is it?", "timestamp": "2026-01-31T14:05:01.000Z"}],
        "tokens": {"input": 100, "output": 7, "cached": 64, "thoughts": 3, "tool": 0, "total": 110},
    }  # fmt: skip
    calls = [
        {"id": "c1", "name": "run_shell_command", "args": {"command": "ls"}, "status": "success", "timestamp": "t",
         "result": [_response("c1", output="src")]},
        {"id": "c2", "name": "run_shell_command", "args": {"command": "rm -rf src"}, "status": "cancelled", "timestamp": "t",
         "result": [_response("c2", error="[Operation Cancelled] Reason: User denied execution.")]},
    ]  # fmt: skip
    ran = "I ran the following shell command:\n```sh\ngit status\n```\n\nThis produced the following result:\n```\nclean\n```"
    return [
        {"sessionId": "s-1", "projectHash": "p", "startTime": "2026-01-31T14:05:00.000Z", "kind": "main"},
        {"id": "m1", "timestamp": "2026-01-31T14:05:00.000Z", "type": "user", "content": [{"text": "Make the search fast."}]},
        agent,
        {**agent, "toolCalls": calls},
        {"id": "i1", "timestamp": "2026-01-31T14:05:03.000Z", "type": "info", "content": "Update available"},
        {"id": "m3", "timestamp": "2026-01-31T14:05:04.000Z", "type": "user", "content": [{"text": ran}]},
        {"id": "w1", "timestamp": "2026-01-31T14:05:05.000Z", "type": "user", "content": "A wrong turn"},
        {"id": "w2", "timestamp": "2026-01-31T14:05:06.000Z", "type": "gemini", "content": "Wrong."},
        {"$rewindTo": "w1"},
        {"id": "m4", "timestamp": "2026-01-31T14:05:07.000Z", "type": "gemini", "content": "Done.", "model": "gemini-example"},
        {"id": "m5", "timestamp": "2026-01-31T14:05:08.000Z", "type": "user", "content": "Add a test."},
        {"id": "m6", "timestamp": "2026-01-31T14:05:09.000Z", "type": "gemini", "content": "Added.", "model": "gemini-other"},
        {"$set": {"lastUpdated": "2026-01-31T14:05:09.000Z", "summary": "search"}},
    ]  # fmt: skip


def sii() -> Value:
    history: list[Value] = [
        {"role": "user", "parts": [{"text": "Make the search fast."}]},
        {
            "role": "model",
            "parts": [{"text": "I look."}, {"functionCall": {"id": "c1", "name": "ls", "args": {"path": "."}}}],
        },
        {"role": "user", "parts": [{"functionResponse": {"id": "c1", "name": "ls", "response": {"output": "src"}}}]},
        {"role": "model", "parts": [{"text": "Done."}]},
        {"role": "user", "parts": [{"text": "Add a test."}]},
    ]
    schema = {"type": "OBJECT", "properties": {"path": {"type": "STRING"}}}
    tools = [{"functionDeclarations": [{"name": "ls", "description": "List", "parameters": schema}]}]

    def request(number: int) -> Value:
        full = {"messages": history[:number], "tools": tools, "system_instruction": "You are a coding agent."}
        return {"type": "api_request_full", "timestamp": "2026-01-31T14:05:00Z", "data": {"full_request": full}}

    events = [request(1), {"type": "api_response", "data": {"text": "x"}}, request(3), request(5)]
    return {"id": "s-1", "model": "example", "created": "2026-01-31", "events": events}


def sample_names() -> list[str]:
    """Every format that has a sample."""
    return sorted(SAMPLES)


def sample(name: str) -> Any:
    """The sample of a format, new each time."""
    return SAMPLES[name]()


SAMPLES = {
    "claude-code": claude_code,
    "codex": codex,
    "gemini-cli": gemini,
    "limi": limi,
    "mini-swe-agent": mini,
    "openhands": openhands,
    "sii-cli": sii,
}
