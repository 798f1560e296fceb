"""What the items of a Codex rollout say: outputs in their several forms, reasoning, and the texts that are not the human's own."""

import json
import re
from typing import Any

from trajectories.importing.fields import Fields, content_of, kind_of

# A fragment that the program writes into a message of the user is one element as a whole (codex-rs/core/src/context), or AGENTS.md.
_OPENED = re.compile(r"<([A-Za-z_][\w-]{0,60})[^<>]{0,200}>")
_BEFORE = "<user_shell_command>\n<command>\n"
_BETWEEN = "\n</command>\n<result>\n"
_AFTER = "\n</result>\n</user_shell_command>"
_EXIT = re.compile(r"Exit code: (-?\d{1,9})\n")
_EXITED = re.compile(r"Process exited with code (-?\d{1,9})\n")
_HEAD = 400  # characters of an output in which its exit code stands
_REJECTED = re.compile(r"(?:exec command |patch |command )?rejected by user[.:]?.{0,200}", re.IGNORECASE | re.DOTALL)


def output_of(item: Fields, name: str) -> tuple[str | list[dict[str, str]], dict[str, Any]]:
    """What the model was shown of an output, and what is kept aside. It may be a text, parts, or an object with `content` or `output`.

    Older shell tools gave the model a text that is itself JSON, {"output", "metadata"}; it stays as the model saw it.
    """
    value = item.take(name)
    if isinstance(value, dict):
        inner = Fields(value, item.at(name))
        content, kept = content_of(inner.take("content"), inner.at("content"))
        aside = inner.left if kept is None else inner.left | {"content_parts": kept}
        return content, {"output": aside} if aside else {}
    if isinstance(value, list) and name == "tools":
        return json.dumps(value, ensure_ascii=False), {name: value}
    if value is not None and not isinstance(value, str | list):
        raise item.fault(name, f"it must be a text, a list or an object, not {kind_of(value)}")
    content, kept = content_of(value, item.at(name))
    return content, {} if kept is None else {"output": kept}


def exit_of(aside: dict[str, Any], text: str) -> int | None:
    """The exit code that an output names at its head."""
    found = _EXIT.match(text) or _EXITED.search(text, 0, _HEAD)
    if found:
        return int(found[1]) if -(2**31) <= int(found[1]) < 2**32 else None
    if text.startswith("{"):
        try:
            metadata = json.loads(text).get("metadata")
        except (ValueError, RecursionError):
            return None
        code = metadata.get("exit_code") if isinstance(metadata, dict) else None
        return code if type(code) is int and -(2**31) <= code < 2**32 else None
    return None


def rejection_of(text: str) -> bool:
    """Whether an output says, as a whole, that the human said no to the call."""
    return _REJECTED.fullmatch(text.strip()) is not None


def reasoning_of(item: Fields) -> list[str]:
    """The model's reasoning where it is recorded, else its summaries. What is encrypted is left over."""
    texts: list[str] = []
    for name in ("content", "summary"):
        held = item.left.get(name)
        if not isinstance(held, list) or texts:
            continue
        found = [
            part if isinstance(part, str) else part.get("text") if isinstance(part, dict) else None for part in held
        ]
        if all(isinstance(text, str) for text in found):
            if all(isinstance(part, str) or _is_bare(part) for part in held):
                item.take(name)
            texts = [str(text) for text in found]
    return texts


def _is_bare(part: dict[str, Any]) -> bool:
    """Whether a part says nothing but its text."""
    return not part.keys() - {"type", "text"} and part.get("type") in (None, "summary_text", "reasoning_text", "text")


def own_command(text: str) -> tuple[str, str, int | None] | None:
    """Command, result and exit code of what the human ran with `!`."""
    whole = text.strip()
    if not whole.startswith(_BEFORE) or not whole.endswith(_AFTER):
        return None
    command, between, result = whole.removeprefix(_BEFORE).removesuffix(_AFTER).partition(_BETWEEN)
    if not between:
        return None
    code = _EXIT.match(result)
    return command, result, int(code[1]) if code else None


def written_by_the_program(content: str | list[dict[str, str]]) -> bool:
    """Whether a message of the user is the program's own: each part one element as a whole, or the repository's AGENTS.md."""
    texts = [content] if isinstance(content, str) else [part["text"] for part in content]
    return bool(texts) and all(map(_is_fragment, texts))


def _is_fragment(text: str) -> bool:
    whole = text.strip()
    if whole.startswith("# AGENTS.md instructions"):
        return whole.endswith(">")
    opened = _OPENED.match(whole)
    return opened is not None and (whole.endswith(f"</{opened[1]}>") or opened.end() == len(whole))
