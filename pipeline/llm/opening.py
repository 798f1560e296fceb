"""Open the way to the model of params.yaml: the store of this project, and the key from the environment alone."""

import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from pipeline.errors import UserError
from pipeline.llm.client import ModelDoor
from pipeline.llm.prices import is_this_machine
from pipeline.llm.store import Store
from pipeline.sections import Model

FOLDER = Path(".limi/model")
VARIABLE = "OPENAI_API_KEY"


@asynccontextmanager
async def open_door(chosen: Model, folder: Path = FOLDER) -> AsyncIterator[ModelDoor]:
    """A door that keeps what it is answered in `folder`. Raises UserError for a key that is missing, and for a store in use."""
    key = read_key(chosen.endpoint)
    store = Store(folder)
    try:
        async with ModelDoor(chosen, store, key) as door:
            yield door
    finally:
        store.close()


def read_key(endpoint: str, environment: Mapping[str, str] = os.environ) -> str:
    """The key for an endpoint; a server on this machine needs none. Raises UserError where it is missing or malformed."""
    key = environment.get(VARIABLE, "").strip()
    if not key and is_this_machine(endpoint):
        return "none"  # the openai package wants one
    if not key:
        raise UserError(
            f"{VARIABLE} is not set, and {endpoint} wants a key. Set it in the environment (never in a file of this project), or choose "
            "another model.endpoint, or `synthesize.writer: template` with `synthesize.judgements: 0`"
        )
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise UserError(f"{VARIABLE} holds characters that no key has; copy it anew")
    return key
