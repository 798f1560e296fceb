"""Node ids: opaque to a client, readable here. `R_` is a repository, `PR_` one of its pull requests."""

import base64
import binascii


def node_id(prefix: str, *numbers: int) -> str:
    text = ":".join(map(str, numbers))
    return f"{prefix}_{base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')}"


def read_node_id(text: str) -> tuple[str, list[int]] | None:
    """The prefix and the numbers, or None for what is no id of ours."""
    prefix, _, rest = text.partition("_")
    try:
        numbers = [int(part) for part in base64.urlsafe_b64decode(rest + "=" * (-len(rest) % 4)).decode().split(":")]
    except (binascii.Error, ValueError):
        return None
    return (prefix, numbers) if (prefix, len(numbers)) in (("R", 1), ("PR", 2)) else None
