"""The writer that asks a model: one pull request in fences, one `WrittenQuery` out.

Nothing but the fenced texts comes from the pull request: the messages' roles and number, the schema, the model and all
parameters are ours, and so are the ids, of which a reply holds none. A rewrite goes on from the first question, with the earlier
draft as the model's own turn, so that a server reads the pull request a second time for less.
"""

import json
from collections.abc import Sequence
from typing import Any

from pipeline.llm.reply import Reply
from pipeline.llm.request import Message, Request
from pipeline.llm.structured import Door, Unusable, ask_for, request_of
from pipeline.llm.visible import visible
from pipeline.sections import Model
from pipeline.synthesis.checks import Finding
from pipeline.synthesis.fence import fenced
from pipeline.synthesis.leakage import Solution
from pipeline.synthesis.prompting import render, version
from pipeline.synthesis.records import WrittenQuery
from pipeline.synthesis.shown import LIMITS, shown
from pipeline.synthesis.writers import Draft

_MOST_FINDINGS = 6_000  # characters


class ModelWriter:
    """See the module's docstring."""

    def __init__(self, door: Door, chosen: Model) -> None:
        self._door = door
        self._chosen = chosen
        self.name = f"{chosen.name} {version('writer')}"

    async def write(
        self, pull: dict[str, Any], solution: Solution, reasons: Sequence[Finding] = (), earlier: Draft | None = None
    ) -> Draft | Unusable:
        """A draft for one SAMPLED row, or why the model gave none. `solution` is for the checks; the model sees the diff itself."""
        found = await ask_for(WrittenQuery, self._door, messages(pull, reasons, earlier), self._chosen)
        if isinstance(found, Unusable):
            return found
        return draft_of(found.value, found.replies)


def draft_of(written: WrittenQuery, replies: Sequence[Reply] = ()) -> Draft:
    """What a model wrote, as a draft."""
    return Draft(
        query=written.query,
        domain=written.domain,
        success_criteria=written.acceptance_criteria,
        sub_domain=written.sub_domain,
        needed_context=written.needed_context,
        difficulty=written.difficulty,
        rationale=written.rationale,
        replies=tuple(replies),
    )


def first_request(pull: dict[str, Any], chosen: Model) -> Request:
    """The first request for a SAMPLED row, for an estimate of what it will cost."""
    return request_of(WrittenQuery, messages(pull), chosen)


def messages(pull: dict[str, Any], reasons: Sequence[Finding] = (), earlier: Draft | None = None) -> list[Message]:
    """What the model is sent: two messages, or four where there are reasons to write anew."""
    mark, texts = fenced(shown(pull), LIMITS)
    asked = [
        {"role": "system", "content": render("writer", "system")},
        {"role": "user", "content": render("writer", "user", texts | {"mark": mark, "sub_domain": pull["sub_domain"]})},
    ]
    if not reasons:
        return asked
    mark, found = fenced({"findings": "\n".join(map(_line, reasons))}, {"findings": _MOST_FINDINGS})
    return [
        *asked,
        {"role": "assistant", "content": _said(earlier)},
        {"role": "user", "content": render("writer", "rewrite", found | {"mark": mark})},
    ]


def _line(finding: Finding) -> str:
    return f"{finding.check}: {finding.value:g}, limit {finding.limit:g}. {finding.evidence}"


def _said(earlier: Draft | None) -> str:
    """The earlier draft as the reply that it came from, in our own spelling."""
    if earlier is None:
        return "(the earlier request is not kept)"
    said = {
        "query": earlier.query,
        "domain": earlier.domain,
        "sub_domain": earlier.sub_domain,
        "acceptance_criteria": earlier.success_criteria,
        "needed_context": earlier.needed_context,
        "difficulty": earlier.difficulty,
        "rationale": earlier.rationale,
    }
    return visible(json.dumps(said, ensure_ascii=False))
