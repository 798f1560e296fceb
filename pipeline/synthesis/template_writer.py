"""The `template` writer: deterministic and extractive, no model, no network; an honest baseline.

It takes the title as the request and those sentences of the body that tell of the problem, and leaves out talk about the pull
request, what was done, and everything that names what the patch introduces. It invents nothing but the sentences around.
"""

import re
from typing import Any

from pipeline.prose import bullets, clean_title, is_request, sentences, steers
from pipeline.sampling import draw_key
from pipeline.synthesis.leakage import Solution, leakage
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


class TemplateWriter:
    """See the module's docstring."""

    name = "template/1"

    def write(self, pull: dict[str, Any], solution: Solution) -> Draft | None:
        """A draft from one SAMPLED row; None if its title holds no words to ask with."""
        area, title = clean_title(pull["title"])
        if steers(pull["title"]) or steers(area) or len(re.findall(r"[^\W\d_]{2,}", title)) < 2:
            return None
        background = self._background(pull["body"], title, solution)
        opening = self._opening(pull, area, title)
        closing = _variant(_CLOSINGS[pull["sub_domain"]], pull["pr_id"], "closing")
        query = "\n\n".join(
            part
            for part in (
                f"{opening} {closing}" if not background else opening,
                background,
                closing if background else "",
            )
            if part
        )
        return Draft(query, "vibe-coding", self._criteria(pull, title, solution))

    def _opening(self, pull: dict[str, Any], area: str, title: str) -> str:
        name = pull["repo"].split("/")[1]
        where = f"{name} ({area})" if area and area.lower() not in (*_EMPTY_AREAS, title.lower()) else name
        fixed = _FIX.sub("", title, count=1)
        if fixed != title and fixed:
            return _variant(_OPENINGS["debugging"], pull["pr_id"], "opening").format(
                name=where, what=_lower_first(fixed)
            )
        first, _, rest = title.partition(" ")
        if first.lower() in _VERBS and rest:
            what = f"{_VERBS[first.lower()]} {rest}"
            return _variant(_OPENINGS["asked"], pull["pr_id"], "opening").format(name=where, what=what)
        return _variant(_OPENINGS["named"], pull["pr_id"], "opening").format(name=where, what=_lower_first(title))

    def _background(self, body: str, title: str, solution: Solution) -> str:
        chosen: list[str] = []
        words = 0
        for sentence in sentences(body):
            gives_away = leakage(sentence, solution).measure > 0
            if gives_away or not is_request(sentence) or sentence.rstrip(".").lower() == title.lower():
                continue
            words += len(sentence.split())
            if words > MOST_WORDS:
                break
            chosen.append(sentence)
        return " ".join(chosen)

    def _criteria(self, pull: dict[str, Any], title: str, solution: Solution) -> list[str]:
        criteria = [f"Done when this holds: {_lower_first(title)}."]
        criteria += [
            f"{text[0].upper()}{text[1:].rstrip('.;')}."
            for text in bullets(pull["body"])
            if is_request(text) and not leakage(text, solution).measure
        ][:2]
        if any("test" in file["path"].lower() or "spec" in file["path"].lower() for file in pull["files"]):
            criteria.append("A test covers the behaviour asked for.")
        return [*criteria, "The tests that pass today still pass."]


def _variant(choices: tuple[str, ...], pr_id: str, what: str) -> str:
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
