"""Small recordings by hand of the formats of events: Claude Code, Codex and OpenHands."""

import json
from typing import Any

Value = dict[str, Any]
REJECTED = (
    "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file edit, the new_string was NOT "
    "written to the file). To tell you how to proceed, the user said:\nnot that folder\n\nNote: The user's next message may contain a "
    "correction or preference."
)


# --- Claude Code ---
def line(kind: str, uuid: str, parent: str | None, content: Any = None, **more: Any) -> Value:
    message = {"role": kind, "content": content, **more.pop("message", {})}
    return {
        "parentUuid": parent, "isSidechain": False, "userType": "external", "cwd": "/work", "sessionId": "s-1", "version": "2.1.12",
        "type": kind, "message": message, "uuid": uuid, "timestamp": "2026-01-31T14:05:00.000Z", **more,
    }  # fmt: skip


def reply(uuid: str, parent: str, name: str, block: Value, stop: str | None = None) -> Value:
    usage = {
        "input_tokens": 10,
        "cache_read_input_tokens": 80,
        "cache_creation_input_tokens": 10,
        "output_tokens": 9 if stop else 1,
    }
    message = {"id": name, "type": "message", "model": "claude-example", "stop_reason": stop, "usage": usage}
    return line("assistant", uuid, parent, [block], message=message, requestId="req")


def use(name: str, command: str) -> Value:
    return {"type": "tool_use", "id": name, "name": "Bash", "input": {"command": command}}


def result(uuid: str, parent: str, name: str, content: Any, **more: Any) -> Value:
    return line("user", uuid, parent, [{"tool_use_id": name, "type": "tool_result", "content": content, **more}])


def claude_code() -> list[Value]:
    """Parallel calls, a rejection, a command by hand, an interruption, a sub-agent, a way that was left, a repeated line."""
    first = line("user", "u1", None, "Make the search fast.")
    return [
        {"type": "summary", "summary": "Search", "leafUuid": "x"},
        {"type": "file-history-snapshot", "messageId": "u1", "snapshot": {}},
        first,
        line("user", "n1", "u1", "Be kind.", isMeta=True),
        reply("a1", "n1", "msg1", {"type": "thinking", "thinking": "Where is it?", "signature": "sig"}),
        reply("a2", "a1", "msg1", {"type": "text", "text": "I look."}),
        reply("a3", "a2", "msg1", use("t1", "ls")),
        result("r1", "a3", "t1", "src"),
        reply("a4", "a3", "msg1", use("t2", "rm -rf src"), "tool_use"),
        result("r2", "a4", "t2", REJECTED, is_error=True),
        {**line("assistant", "k1", None, [{"type": "text", "text": "sub"}]), "isSidechain": True},
        line("user", "i1", "r2", [{"type": "text", "text": "[Request interrupted by user for tool use]"}]),
        line("user", "b1", "i1", "<bash-input>git status</bash-input>"),
        line("user", "b2", "b1", "<bash-stdout>clean</bash-stdout><bash-stderr></bash-stderr>"),
        line("user", "w1", "b2", "A wrong turn"),
        reply("w2", "w1", "msgw", {"type": "text", "text": "Wrong."}, "end_turn"),
        first,
        reply("a5", "b2", "msg2", {"type": "text", "text": "Done."}, "end_turn"),
        line("user", "u2", "a5", "Add a test."),
        {"type": "system", "subtype": "turn_duration", "uuid": "y1", "parentUuid": "u2", "durationMs": 5, "sessionId": "s-1"},
        reply("a6", "y1", "msg3", {"type": "text", "text": "Added."}),
    ]  # fmt: skip


# --- Codex ---
def said(kind: str, payload: Value, at: int = 0) -> Value:
    return {"timestamp": f"2026-01-31T14:05:{at:02d}.000Z", "type": kind, "payload": payload}


def item(kind: str, at: int = 0, **fields: Any) -> Value:
    return said("response_item", {"type": kind, **fields}, at)


def message(role: str, text: str, at: int = 0) -> Value:
    kind = "output_text" if role == "assistant" else "input_text"
    return item("message", at, role=role, content=[{"type": kind, "text": text}])


def counted(prompt: int, cached: int, completion: int, last: tuple[int, int, int] | None = None) -> Value:
    def usage(*counts: int) -> Value:
        names = ("input_tokens", "cached_input_tokens", "output_tokens")
        return dict(zip(names, counts, strict=True)) | {"total_tokens": counts[0] + counts[2]}

    info = {"total_token_usage": usage(prompt, cached, completion), "last_token_usage": usage(*last) if last else None}
    return said("event_msg", {"type": "token_count", "info": info})


def codex() -> list[Value]:
    """Two rounds: reasoning as a summary, two calls, a patch that the human rejected, a command by hand, an interruption."""
    came = "Exit code: 0\nDuration: 0.1 seconds\nOutput:\nclean"
    ran = f"<user_shell_command>\n<command>\ngit status\n</command>\n<result>\n{came}\n</result>\n</user_shell_command>"
    aborted = "<turn_aborted>\nThe user interrupted the previous turn on purpose.\n</turn_aborted>"
    return [
        said("session_meta", {"id": "s-1", "cwd": "/work", "cli_version": "0.98.0", "base_instructions": {"text": "You are Codex."}}),
        message("developer", "<permissions instructions>ask</permissions instructions>"),
        message("user", "<environment_context>\n<cwd>/work</cwd>\n</environment_context>"),
        message("user", "Make the search fast.", 1),
        said("event_msg", {"type": "user_message", "message": "Make the search fast."}),
        said("turn_context", {"model": "gpt-example", "effort": "high", "cwd": "/work"}),
        item("reasoning", 2, summary=[{"type": "summary_text", "text": "Where is it?"}], content=None, encrypted_content="xyz"),
        message("assistant", "I look.", 3),
        item("function_call", 3, name="exec_command", arguments=json.dumps({"cmd": "ls"}), call_id="c1"),
        item("function_call", 3, name="exec_command", arguments='{"cmd": "cut', call_id="c2"),
        counted(100, 64, 7, (100, 64, 7)),
        item("function_call_output", 4, call_id="c1", output="Exit code: 0\nWall time: 0.1 seconds\nOutput:\nsrc"),
        item("function_call_output", 4, call_id="c2", output="failed to parse function arguments"),
        counted(100, 64, 7, (100, 64, 7)),
        item("custom_tool_call", 5, status="completed", call_id="c3", name="apply_patch", input="*** Begin Patch"),
        counted(250, 164, 17, (150, 100, 10)),
        item("custom_tool_call_output", 6, call_id="c3", output="patch rejected by user"),
        message("user", aborted, 7),
        said("event_msg", {"type": "turn_aborted", "reason": "interrupted"}),
        message("user", ran, 8),
        message("assistant", "Done.", 9),
        counted(400, 300, 20, (999, 0, 3)),
        message("user", "Add a test.", 10),
        said("turn_context", {"model": "gpt-other", "effort": "high"}),
        message("assistant", "Added.", 11),
        said("event_msg", {"type": "task_complete", "last_agent_message": "Added."}),
    ]  # fmt: skip


# --- OpenHands ---
def event(kind: str, name: str, source: str, **fields: Any) -> Value:
    return {"id": name, "timestamp": "2026-01-31T14:05:00.123456", "source": source, "kind": kind, **fields}


def text(said: str) -> Value:
    return {"type": "text", "text": said, "cache_prompt": False}


def action(name: str, response: str, call: str, command: str, thought: str = "", reasoning: str | None = None) -> Value:
    return event(
        "ActionEvent", name, "agent", thought=[text(thought)] if thought else [], reasoning_content=reasoning, thinking_blocks=[],
        action={"command": command, "kind": "TerminalAction"}, tool_name="terminal", tool_call_id=call, llm_response_id=response,
        tool_call={"id": call, "name": "terminal", "arguments": json.dumps({"command": command}), "origin": "completion"},
        security_risk="LOW", summary="look",
    )  # fmt: skip


def observed(name: str, call: str, said: str, code: int | None) -> Value:
    observation = {"content": [text(said)], "is_error": False, "exit_code": code, "kind": "TerminalObservation"}
    return event(
        "ObservationEvent",
        name,
        "environment",
        tool_name="terminal",
        tool_call_id=call,
        action_id="x",
        observation=observation,
    )


def spoken(name: str, source: str, said: str) -> Value:
    role = "assistant" if source == "agent" else "user"
    return event(
        "MessageEvent",
        name,
        source,
        llm_message={"role": role, "content": [text(said)], "reasoning_content": None},
        activated_skills=[],
    )


def openhands() -> list[Value]:
    """Two calls in one reply, a rejection with a reason, state beside it, a further request."""
    rejected = event(
        "UserRejectObservation", "e7", "environment", tool_name="terminal", tool_call_id="t3", action_id="e6",
        rejection_reason="not that folder", rejection_source="user",
    )  # fmt: skip
    return [
        event(
            "SystemPromptEvent", "e1", "agent", system_prompt=text("You are OpenHands."), dynamic_context=None,
            tools=[{"kind": "TerminalTool"}],
        ),
        spoken("e2", "user", "Make the search fast."),
        event("ConversationStateUpdateEvent", "e3", "environment", key="execution_status", value="running"),
        action("e4", "r1", "t1", "ls", "I look.", "Where is it?"),
        action("e4b", "r1", "t2", "cat a"),
        observed("e5", "t1", "src", 0),
        observed("e5b", "t2", "no such file", 1),
        action("e6", "r2", "t3", "rm -rf src"),
        rejected,
        action("e8", "r3", "t4", "ls x"),
        event("AgentErrorEvent", "e9", "agent", tool_name="terminal", tool_call_id="t4", error="the tool broke"),
        event("PauseEvent", "e10", "user"),
        spoken("e11", "agent", "Done."),
        spoken("e12", "user", "Add a test."),
        spoken("e13", "agent", "Added."),
    ]  # fmt: skip
