"""The `template` writer: deterministic and extractive, no model, no network; an honest baseline.

It takes the title as the request and those sentences of the body that tell of the problem, and leaves out talk about the pull
request, what was done, and everything that names what the patch introduces. It invents nothing but the sentences around.

The title itself it takes as it stands. Given the reasons why a first draft did not pass, it writes again with less: the title in
plain words (pipeline/synthesis/plain_title.py), no sentence in which a check finds anything, and as many words as asked for. A
rewrite is /1 as well: the same row, solution and reasons always give the same text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.prose import bullets, clean_title, is_request, sentences, steers
from pipeline.sampling import draw_key
from pipeline.synthesis.checks import LEAKS, OF_TEXT, Finding, vague_criteria
from pipeline.synthesis.leakage import PER_NAME, Solution, leakage, leakage_in_any_spelling
from pipeline.synthesis.likeness import similarity
from pipeline.synthesis.plain_title import clean_of_talk, gives_names, plain_titles
from pipeline.synthesis.writers import Draft

MOST_WORDS = 110  # of background; the paper's queries are a paragraph, not a report
# Title verbs as they stand -> as one asks for them.
_VERBS = {
    form: verb
    for verb in """
    accept add adopt align allow answer ask avoid build cache change check clean collapse compare compress compute
    convert copy count cut detect document decode delete draw drop emit encode escape explain enable ensure expose
    extract give group handle hide fill fit flush fold follow highlight honour honor implement improve include inspect
    introduce keep let limit load log make match merge migrate move normalise normalize open parse pass pin point
    preallocate prefer preserve prevent print protect provide publish quote read rebuild refresh refuse record reduce
    refactor reject release remember remove rename render replace report require respect restore retry return reuse
    rewrite rotate run save send serve set show ship simplify skip sort speed split start stop store stream support
    switch test track treat trim turn underline unify unquote update upgrade use validate verify wait warn wrap write
    """.split()
    for form in (verb, f"{verb}s", f"{verb}es", f"{verb}ed", f"{verb}d", f"{verb}ing")
}
_EMPTY_AREAS = ("deps", "dev-deps", "release", "main", "core")
_FIX = re.compile(
    r"^(?:fix(?:e[sd]|ing)?|bug ?fix)\b[:\s-]*(?:for |an? issue (?:where|with|when) |a bug (?:where|when) )?",
    re.IGNORECASE,
)
_OPENINGS = {
    "debugging": (
        "I keep running into a problem in {name}: {what}.",
        "Something is off in {name}: {what}.",
        "Can you look into a bug in {name}? It is about this: {what}.",
        "We hit this in {name}: {what}. Please find out why and fix it.",
    ),
    "asked": (
        "In {name}, please {what}.",
        "I'd like you to {what} in {name}.",
        "Could you {what}? This is about {name}.",
        "I'm working with {name} and need you to {what}.",
    ),
    "named": (
        "I need the following in {name}: {what}.",
        "Please take care of this in {name}: {what}.",
        "For {name} I would like this: {what}.",
    ),
}
_CLOSINGS = {
    "debugging": (
        "Please add a regression test that fails today.",
        "A test that reproduces it should come with the fix.",
        "Find the cause rather than papering over the symptom.",
    ),
    "optimization": (
        "Results must stay exactly the same.",
        "Show with a measurement that it helped, and keep the behaviour as it is.",
        "Nothing that callers can see may change except the cost.",
    ),
    "deployment": (
        "Existing set-ups have to keep working.",
        "It should work from a clean checkout.",
        "Please keep the current defaults for people who upgrade.",
    ),
    "front-end": (
        "It should look right and be usable with the keyboard too.",
        "Keep the existing look where nothing was asked.",
        "Please check it in narrow layouts as well.",
    ),
    "back-end": ("Keep the public behaviour compatible.", "Existing callers must not break.", "Cover it with a test."),
}


@dataclass(frozen=True)
class _Manner:
    """How a draft is written: as `_FIRST`, or by the reasons why an earlier one did not pass."""

    strict: bool = False  # no sentence in which a check finds anything
    longest: bool = False  # the turns of phrase with the most words
    most_words: int = MOST_WORDS  # of background
    alike: float = 2.0  # a criterion that is so much like one before goes; none is more than 1


_FIRST = _Manner()


class TemplateWriter:
    """See the module's docstring."""

    name = "template/1"

    def write(self, pull: dict[str, Any], solution: Solution, reasons: Sequence[Finding] = ()) -> Draft | None:
        """A draft from one SAMPLED row; None if its title holds no words to ask with.

        `reasons` is what the checks found in an earlier draft of the same row; it is written anew without that, and without
        bringing back what they would find again.
        """
        area, title = clean_title(pull["title"])
        if not reasons:
            return self._draft(pull, area, title, solution, _FIRST) if _asks(pull, area, title) else None
        area, title = clean_of_talk(pull["title"])
        alike = _limit(reasons, "repeated_criteria")
        manner = _Manner(
            strict=True, longest=_limit(reasons, "too_short") is not None, alike=1.0 if alike is None else alike
        )
        limits = [limit for check in LEAKS if (limit := _limit(reasons, check)) is not None]
        # Fewer words only as far as needed: each of these says less than the one before.
        ways = [
            (area, title),
            *(("" if gives_names(area, solution) else area, said) for said in plain_titles(title, solution)),
        ]
        drafts = [
            self._fitting(pull, place, said, solution, manner, reasons)
            for place, said in ways
            if _asks(pull, place, said)
        ]
        fitting = (draft for draft in drafts if not _gives_away(draft, solution, min(limits, default=PER_NAME)))
        return next(fitting, drafts[min(1, len(drafts) - 1)] if drafts else None)

    def _fitting(
        self,
        pull: dict[str, Any],
        area: str,
        title: str,
        solution: Solution,
        manner: _Manner,
        reasons: Sequence[Finding],
    ) -> Draft:
        """A draft with as much background as the limit on words leaves room for, where an earlier draft was too long."""
        most = _limit(reasons, "too_long")
        if most is None:
            return self._draft(pull, area, title, solution, manner)
        bare = self._draft(pull, area, title, solution, replace(manner, most_words=0))
        left = min(MOST_WORDS, max(0, int(most) - len(bare.query.split())))
        return self._draft(pull, area, title, solution, replace(manner, most_words=left))

    def _draft(self, pull: dict[str, Any], area: str, title: str, solution: Solution, manner: _Manner) -> Draft:
        background = self._background(pull["body"], title, solution, manner)
        opening = self._opening(pull, area, title, manner)
        closing = _variant(_CLOSINGS[pull["sub_domain"]], pull["pr_id"], "closing", manner)
        query = "\n\n".join(
            part
            for part in (
                f"{opening} {closing}" if not background else opening,
                background,
                closing if background else "",
            )
            if part
        )
        return Draft(query, "vibe-coding", self._criteria(pull, title, solution, manner))

    def _opening(self, pull: dict[str, Any], area: str, title: str, manner: _Manner) -> str:
        name = pull["repo"].split("/")[1]
        where = f"{name} ({area})" if area and area.lower() not in (*_EMPTY_AREAS, title.lower()) else name
        fixed = _FIX.sub("", title, count=1)
        if fixed != title and fixed:
            kind, what = "debugging", _lower_first(fixed)
        else:
            first, _, rest = title.partition(" ")
            asks = first.lower() in _VERBS and rest
            kind, what = ("asked", f"{_VERBS[first.lower()]} {rest}") if asks else ("named", _lower_first(title))
        return _variant(_OPENINGS[kind], pull["pr_id"], "opening", manner).format(name=where, what=what)

    def _background(self, body: str, title: str, solution: Solution, manner: _Manner) -> str:
        chosen: list[str] = []
        words = 0
        for sentence in sentences(body):
            if not _passes(sentence, solution, manner) or sentence.rstrip(".").lower() == title.lower():
                continue
            words += len(sentence.split())
            if words > manner.most_words:
                break
            chosen.append(sentence)
        return " ".join(chosen)

    def _criteria(self, pull: dict[str, Any], title: str, solution: Solution, manner: _Manner) -> list[str]:
        criteria = [f"Done when this holds: {_lower_first(title)}."]
        for text in bullets(pull["body"]):
            criterion = f"{text[0].upper()}{text[1:].rstrip('.;')}."
            if len(criteria) > 2:
                break
            if not _passes(text, solution, manner) or (manner.strict and vague_criteria([text])):
                continue
            if all(similarity(one, criterion) < manner.alike for one in criteria):
                criteria.append(criterion)
        if any("test" in file["path"].lower() or "spec" in file["path"].lower() for file in pull["files"]):
            criteria.append("A test covers the behaviour asked for.")
        return [*criteria, "The tests that pass today still pass."]


def _asks(pull: dict[str, Any], area: str, title: str) -> bool:
    """Whether a title holds words to ask with, and none for a machine."""
    return not steers(pull["title"]) and not steers(area) and len(re.findall(r"[^\W\d_]{2,}", title)) >= 2


def _limit(reasons: Sequence[Finding], check: str) -> float | None:
    """The limit that a check found passed, if it is among the reasons."""
    return next((finding.limit for finding in reasons if finding.check == check), None)


def _gives_away(draft: Draft, solution: Solution, limit: float) -> bool:
    """Whether the query or its criteria are over the limit."""
    texts = (draft.query, "\n".join(draft.success_criteria))
    return any(leakage_in_any_spelling(text, solution) > limit for text in texts)


def _passes(text: str, solution: Solution, manner: _Manner) -> bool:
    """Whether a sentence can be told: it could stand in a request, and gives nothing away."""
    if leakage(text, solution).measure > 0 or not is_request(text):
        return False
    return not manner.strict or not (gives_names(text, solution) or any(check(text) for check in OF_TEXT))


def _variant(choices: tuple[str, ...], pr_id: str, what: str, manner: _Manner) -> str:
    if manner.longest:
        return max(choices, key=lambda choice: len(choice.split()))
    return choices[int(draw_key(0, f"{what}:{pr_id}")[:8], 16) % len(choices)]


def _lower_first(text: str) -> str:
    """Lower the first letter unless the first word is a name, an acronym or "I"."""
    first = text.split(" ", 1)[0]
    keeps = (
        first == "I"
        or first.startswith("I'")
        or any(character.isupper() or character in "_`" for character in first[1:])
    )
    return text if keeps else text[:1].lower() + text[1:]
