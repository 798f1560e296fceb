"""Load the prompt templates of `prompts/` and fill their slots: every slot once, no value rendered twice.

A template is a text file, `ROLE-VERSION.PART.md`, with slots such as `${title}`. Who changes a prompt so that it means something else
gives it a new version, here in CURRENT; the hash in `version` tells every other change.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template
from typing import Literal

from pydantic import BaseModel

from pipeline.files import canonical_json
from pipeline.llm.structured import schema_of
from pipeline.synthesis.records import Judgement, WrittenQuery

Role = Literal["writer", "judge"]

FOLDER = Path(__file__).with_name("prompts")
CURRENT: dict[Role, int] = {"writer": 1, "judge": 1}
ANSWERS: dict[Role, type[BaseModel]] = {"writer": WrittenQuery, "judge": Judgement}


def render(role: Role, part: str, values: Mapping[str, str] | None = None) -> str:
    """A template with its slots filled. A value stands as it is, whatever slots it seems to hold.

    Raises ValueError for a value without a slot, a slot without a value, or a `$` that is neither a slot nor `$$`.
    """
    template = Template(_text(role, part))
    given = values or {}
    where = f"{_name(role, part)}: "
    if not template.is_valid():
        raise ValueError(f"{where}a $ is neither a slot such as ${{title}} nor doubled")
    slots = set(template.get_identifiers())
    if missing := sorted(slots - given.keys()):
        raise ValueError(f"{where}no value for {', '.join(missing)}")
    if unknown := sorted(given.keys() - slots):
        raise ValueError(f"{where}no slot for {', '.join(unknown)}")
    return template.substitute(given)


@cache
def version(role: Role) -> str:
    """The version of a role's prompts with the first 12 hex digits of sha256 over all that a model reads: `writer/1 (0123456789ab)`.

    That is the templates' texts, and the schema of the answer with its descriptions.
    """
    digest = hashlib.sha256(canonical_json(schema_of(ANSWERS[role])))
    for path in sorted(FOLDER.glob(f"{role}-{CURRENT[role]}.*.md")):
        digest.update(f"{path.name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return f"{role}/{CURRENT[role]} ({digest.hexdigest()[:12]})"


@cache
def _text(role: Role, part: str) -> str:
    return (FOLDER / _name(role, part)).read_text(encoding="utf-8").strip()


def _name(role: Role, part: str) -> str:
    return f"{role}-{CURRENT[role]}.{part}.md"
