"""A model's endpoint on the loopback that gives scripted replies, and keeps what it was asked."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

HAND_IN = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"


def reply(text: str | None, *commands: str, reasoning: str | None = None, number: int = 0) -> dict[str, Any]:
    """A chat completion; each command is a call of bash."""
    calls = [
        {
            "id": f"call-{number}-{place}",
            "type": "function",
            "function": {"name": "bash", "arguments": json.dumps({"command": command})},
        }
        for place, command in enumerate(commands)
    ]
    message: dict[str, Any] = {"role": "assistant", "content": text}
    message |= {"tool_calls": calls} if calls else {}
    message |= {"reasoning_content": reasoning} if reasoning else {}
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}],
        "usage": {
            "prompt_tokens": 100 + number,
            "completion_tokens": 10,
            "total_tokens": 110 + number,
            "prompt_tokens_details": {"cached_tokens": 64},
        },
    }


class Endpoint:
    """Gives `replies` in their order: a completion, or (status, body). Without one left it waits for ever."""

    def __init__(self, *replies: dict[str, Any] | tuple[int, str]) -> None:
        self.replies = list(replies)
        self.pause = 0.0  # seconds between two bytes of a reply
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.over, self.waiting = threading.Event(), threading.Event()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                endpoint.asked.append(json.loads(body))
                endpoint.keys.append(self.headers.get("Authorization"))
                given = endpoint.answer(endpoint.asked[-1])
                if given is None:
                    endpoint.waiting.set()
                    endpoint.over.wait()
                    return
                status, text = given if isinstance(given, tuple) else (200, json.dumps(given))
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # who asked was killed
                    self.send_response(status)
                    if status == 307:
                        self.send_header("Location", self.path)
                    self.end_headers()
                    if not endpoint.pause:
                        self.wfile.write(text.encode())
                    for byte in text.encode() if endpoint.pause else b"":
                        self.wfile.write(bytes([byte]))
                        if endpoint.over.wait(endpoint.pause):
                            return

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def answer(self, asked: dict[str, Any]) -> dict[str, Any] | tuple[int, str] | None:
        """The next reply; None if there is none."""
        return self.replies.pop(0) if self.replies else None

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
