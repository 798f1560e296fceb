"""Sessions in which every text, name and key is a payload."""

from typing import Any

from tests.annotation.render.payloads import HTML, MARKDOWN
from tests.trajectories.made import BASH, PROVENANCE, answer, call, observed, said, value
from trajectories.archive.session import Session, session_of
from trajectories.archive.values import storable
from trajectories.checks.finding import Finding

PAYLOADS: list[str] = [
    *map(storable, [*HTML.values(), *MARKDOWN.values()]),
    "</title><script>alert(1)</script>",
    "\u202egnp.exe \x00\x1b[31m\x1b]0;title\x07 \ufffe",
]


def hostile(payload: str) -> tuple[Session, list[Finding]]:
    """A session and findings that hold the payload in every place there is."""
    # Names hold no line breaks and control characters; everything else does.
    name = "".join(one if one.isprintable() else "_" for one in payload) + "n"
    aside = {"kept_aside": {payload: [payload]}}
    tool = BASH | {
        "function": {"name": name, "description": payload, "parameters": {"type": "object", payload: payload}}
    }
    first = call(name, payload, name) | {"arguments": {payload: payload, "other": [payload]}, "extra": {"limi": aside}}
    second = call("c2", payload) | {
        "arguments": {},
        "extra": {"limi": {"raw_arguments": payload, "recorded_id": payload}, payload: payload},
    }
    made: dict[str, Any] = value(
        said("system", payload, limi={"kind": "prompt"} | aside),
        said("user", payload, limi={"kind": "request"}),
        said(
            "agent",
            payload,
            reasoning_content=payload,
            reasoning_effort=name,
            model_name=name,
            tool_calls=[first, second],
            observation=observed(answer(name, payload, raw_output=f"{payload} raw", **aside)),
        ),
        said("user", payload, limi={"kind": "rejection", "rejects": [name, "c2"], "comment": f"{payload} comment"}),
        said(
            "user", payload, limi={"kind": "command", "command": payload}, observation=observed(answer(None, payload))
        ),
        said("agent", payload),
        absent=[{"field": name, "reason": name}],
        kept_aside={payload: payload},
        environment={"sandbox": "container", "image": name},
        source={"format": name, "file": name.replace("/", "_").replace("\\", "_"), "sha256": "0" * 64},
        outcome=PROVENANCE["outcome"]
        | {
            "ended": name,
            "submission": payload,
            "checks": [{"name": name, "passed": False, "round": 1, "command": payload, "output": payload}],
        },
    )
    made["agent"] = {"name": name, "version": name, "model_name": name, "tool_definitions": [tool]}
    made |= {"session_id": name, "notes": payload}
    return session_of(made, "hostile"), [Finding(name, "refused", at, payload, payload) for at in (None, 3)]
