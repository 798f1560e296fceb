"""What is wrong with a draft, as far as can be seen without a model: it gives the solution away, or nobody would ask like that.

Each check is one small function that looks for one thing; `findings` runs them all. A finding says what was measured, what it was held
against, and quotes the place, so that a writer can mend it and a reader can judge it. Texts are hostile: what is longer than
MOST_READ characters is too long whatever its words, and every check but the leakage reads no further.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.masking.placeholders import PLACEHOLDER
from pipeline.prose import steers
from pipeline.sections import Checks
from pipeline.synthesis.leakage import Solution, leakage, leakage_in_any_spelling, respelled, shared_runs
from pipeline.synthesis.likeness import similarity
from pipeline.text_language import ENGLISH, text_language

MOST_READ = 20_000  # characters; a query of a thousand words has a third of them
MOST_EVIDENCE = 200  # characters
_MOST_CRITERIA = 30  # that are compared with one another
_SENTENCE = 1_000  # characters of one sentence
FOREIGN = 0.2  # share of a text's letters in another language; a quoted message stays below


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: the check's name, the measured value, its limit, and the place in one line of 200 characters."""

    check: str
    value: float
    limit: float
    evidence: str


def findings(draft_text: str, criteria: list[str], solution: Solution, limits: Checks) -> list[Finding]:
    """Everything that is wrong with a draft, in a fixed order; an empty list if nothing is."""
    told = [draft_text, *criteria]
    found = [
        gives_away(LEAKS[0], [draft_text], solution, limits),
        gives_away(LEAKS[1], criteria, solution, limits),
        answer(draft_text, solution),
        too_short(draft_text, limits),
        too_long(draft_text, limits),
        not_english(draft_text, limits),
        *(check("\n".join(told)) for check in OF_TEXT),
        vague_criteria(criteria),
        repeated_criteria(criteria, limits),
    ]
    return [finding for finding in found if finding]


def gives_away(check: str, texts: list[str], solution: Solution, limits: Checks) -> Finding | None:
    """The measure of pipeline/synthesis/leakage.py over some texts together, and 0.25 for each name in another spelling."""
    text = "\n".join(texts)
    value = leakage_in_any_spelling(text, solution)
    if value <= limits.leakage:
        return None
    given = leakage(text, solution)
    said = (
        ("names", [*given.identifiers, *respelled(text, solution)]),
        ("paths", given.paths),
        ("words of the patch", shared_runs(text, solution)),
    )
    return _finding(
        check, value, limits.leakage, "; ".join(f"{what}: {', '.join(those[:8])}" for what, those in said if those)
    )


def answer(text: str, solution: Solution) -> Finding | None:
    """A diff, or a block of code with lines that the patch adds: that is the answer and no question."""
    lines = [line for line, fenced in _lines(text) if _DIFF.match(line) or (fenced and _is_added(line, solution))]
    return _finding("answer", len(lines), 0, lines[0].strip()) if lines else None


def too_short(text: str, limits: Checks) -> Finding | None:
    """Fewer words than `min_words`."""
    words = _count(text)
    return _finding("too_short", words, limits.min_words, text) if words < limits.min_words else None


def too_long(text: str, limits: Checks) -> Finding | None:
    """More words than `max_words`, or more characters than are read."""
    if len(text) > MOST_READ:
        return _finding("too_long", len(text), MOST_READ, text)
    words = _count(text)
    return _finding("too_long", words, limits.max_words, text) if words > limits.max_words else None


def not_english(text: str, limits: Checks) -> Finding | None:
    """More than a fifth of the letters stand in paragraphs of another language. Code does not count, whatever it looks like."""
    if limits.language == "any":
        return None
    of_all, of_foreign, evidence = 0, 0, ""
    for paragraph in _prose(text).split("\n"):
        words = " ".join(word for word in paragraph.split() if _PLAIN_WORD.fullmatch(word))
        letters = sum(map(str.isalpha, words))
        others = len(_OTHER_LETTER.findall(words))
        of_all += letters
        if others > FOREIGN * letters or text_language("", words) not in ("", ENGLISH):
            of_foreign += letters
            evidence = evidence or words
    share = round(of_foreign / of_all, 6) if of_all else 0.0
    return _finding("not_english", share, FOREIGN, evidence) if share > FOREIGN else None


def placeholder(text: str) -> Finding | None:
    """A place that somebody was to fill in, or one that masking left: nobody asks in the name of [EMAIL_1]."""
    prose = _prose(text)
    return _matches("placeholder", [*_TO_FILL.finditer(prose), *PLACEHOLDER.finditer(text[:MOST_READ])])


def pr_speak(text: str) -> Finding | None:
    """Talk of work that is done already, or of the pull request: nobody says that before the work is done.

    Narrower than `prose.PR_SPEAK`, which costs a sentence where it errs and not a query: who asks may well say "no longer",
    "I tried" or "the release".
    """
    return _matches("pr_speak", [match for sentence in _sentences(text) if (match := _WORK_TOLD.search(sentence))])


def steering(text: str) -> Finding | None:
    """Words meant for a machine that reads the text (`prose.steers`)."""
    told = [sentence for sentence in _sentences(text) if steers(sentence)]
    return _finding("steering", len(told), 0, told[0]) if told else None


def markup(text: str) -> Finding | None:
    """What a page is made of and no message: tags, comments, headings, tables, links with targets, and characters without a sign.

    Tags as such may be talked of (`<table>`); an end tag, an attribute or a tag for layout is markup.
    """
    hidden = [letter for letter in text[:MOST_READ] if letter not in _INVISIBLE_BUT_FINE and not letter.isprintable()]
    if hidden:
        return _finding("markup", len(hidden), 0, f"character U+{ord(hidden[0]):04X}")
    return _matches("markup", [*_MARKUP.finditer(_prose(text))])


def vague_criteria(criteria: list[str]) -> Finding | None:
    """No criteria at all, or some that nobody could check: they hold empty words only, such as "It works as expected"."""
    if not criteria:
        return _finding("vague_criteria", 0, 1, "there are no criteria")
    vague = [text for text in criteria if not {word.lower() for word in _WORD.findall(text[:MOST_READ])} - _EMPTY]
    return _finding("vague_criteria", len(vague), 0, vague[0] or "an empty criterion") if vague else None


def repeated_criteria(criteria: list[str], limits: Checks) -> Finding | None:
    """Criteria that say the same as one before."""
    read = [text[:MOST_READ] for text in criteria[:_MOST_CRITERIA]]
    alike = [(similarity(one, other), other) for at, other in enumerate(read) for one in read[:at]]
    repeated = [(value, text) for value, text in alike if value >= limits.similarity]
    return _finding("repeated_criteria", max(repeated)[0], limits.similarity, max(repeated)[1]) if repeated else None


# The names of the findings that something is given away.
LEAKS = ("leakage", "criteria_leakage")
# Those that look at nothing but the words, of the query and of the criteria alike.
OF_TEXT = (placeholder, pr_speak, steering, markup)

_WORD = re.compile(r"\w+")
_FENCE = re.compile(r"\s{0,12}(?:```|~~~)")
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_DIFF = re.compile(r"diff --git |@@ -\d+(?:,\d+)? \+\d+|\s{0,12}(?:```|~~~)\s{0,12}(?:diff|patch)\b")
# A word of a language and of no program: letters, perhaps with signs around it, and no capital inside.
_PLAIN_WORD = re.compile(r"[^\w]*[^\W\d_](?:[^\W\d_A-Z]|['\u2019-](?=\w))*[^\w]*|[^\w]*[A-Z]+[^\w]*")
_OTHER_LETTER = re.compile(r"[\u0370-\u1dff\u2c00-\u2dff\u3005-\ud7ff\uf900-\ufdff\ufe70-\ufeff\uff66-\uffdc]")
_WITHOUT_BLANKS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")  # scripts that put no blank between words
_INVISIBLE_BUT_FINE = "\n\t\r\u00a0\u202f\u200d"  # the last joins emoji
_SLOT = "body|criteria|description|domain|files|name|patch|path|query|repo|repository|sub_domain|title|what"
_TO_FILL = re.compile(
    "|".join(
        (
            r"\b(?-i:TODO|TBD|FIXME|XXX)\b(?=\s{0,3}(?:[:>.\])]|$))|^\s{0,12}(?-i:TODO|TBD|FIXME|XXX)\b",
            r"<(?:your|insert|enter|fill in|name of)\b[^<>\n]{0,60}>|\[(?:insert|your|enter|fill in|placeholder)\b",
            r"\blorem ipsum\b",
            # Not "/users/{name}" or "${path}": code has such places as well, and they touch something.
            rf"(?<![\w/$=\"'.:{{-])\{{{{?\s?(?:{_SLOT})\s?\}}?\}}(?![\w/=\"'}}-])",
        )
    ),
    re.IGNORECASE | re.MULTILINE,
)
_DONE = "added|deprecated|extracted|fixed|implemented|introduced|refactored|removed|renamed|replaced|rewrote"
_DOES = "adds?|fix(?:es)?|implements?|introduces?|removes?|renames?|replaces?|updates?|refactors?"
_THING = r"(?=\s+(?:a|an|all|support|some|the|tests?|unused|`))"
_WORK_TOLD = re.compile(
    "|".join(
        (
            r"\b(?:this|my|our) (?:pull|merge) requests?\b|\b(?:this|my|our|the) (?:PR|MR)\b",
            r"\bthis (?:patch|commit|change ?set|diff)\b",
            rf"\bthis (?:change|fix)(?: also| will)? (?:{_DOES}|makes?|allows?|ensures?)\b",
            rf"\bthis (?:also )?(?:{_DOES}|{_DONE}|ensures) ",
            rf"\b(?:i|we)(?:'ve| have)?(?: also| just)? (?:{_DONE})\b",
            r"\b(?:lgtm|ptal|wip|automerge|signed-off-by|co-authored-by)\b|\bfollow.?up (?:pr|commit)\b",
            r"\[(?:ci skip|skip ci)\]|\bnot only d(?:id|oes) (?:it|this)\b",
            r"\bmerg(?:e|ing) this\b|\bmerged back\b|\btests? (?:added|included)\b|\badded (?:a )?tests?\b",
            r"(?<![\w&/])#\d{1,5}\b",  # who asks names no number of an issue; six digits are a colour
            rf"^(?:adds|fixes|implements|introduces|removes|renames|replaces|updates|refactors|{_DONE}){_THING}",
            rf"^also (?:{_DONE}|changed|improved|moved|updated)\b|\bcan now\b|\bnow (?:accepts|allows|supports)\b",
        )
    ),
    re.IGNORECASE,
)
_LAYOUT = "a|b|blockquote|br|center|details|em|font|h[1-6]|hr|i|img|kbd|li|ol|p|picture|pre|strong|sub|summary|sup|table|td|th|tr|ul"
_MARKUP = re.compile(
    "|".join(
        (
            rf"<!--|</(?:{_LAYOUT})>|<(?:{_LAYOUT})\s[^<>\n]{{0,300}}>|<(?:br|hr|img|details|summary)\s?/?>",
            r"^#{1,6} \S|^\s{0,12}\|[^\n]{0,300}\|",
            r"\[[^\[\]\n]{1,300}\]\([^()\s]{1,300}\)|(?<![\w\]])\[[^\[\]\n]{1,300}\]\[\d{1,3}\]",
        )
    ),
    re.IGNORECASE | re.MULTILINE,
)
_EMPTY = frozenset(
    """
    a acceptance according all an and any appropriate are as be been best bug change changes clean code complete completed
    correct correctly criteria described done error errors everything expected feature fine fixed for good has have high
    implementation implemented in intended is issue it met must no nothing of ok okay on perfectly practices problem proper
    properly quality request requested requirements resolved robust should so solution solved successfully task that the there
    this to was well when will with without work working works
    """.split()
)


def _finding(check: str, value: float, limit: float, evidence: str) -> Finding:
    """A finding whose evidence is one printable line."""
    printable = "".join(letter if letter.isprintable() else " " for letter in evidence[:MOST_READ])
    line = " ".join(printable.split())
    return Finding(
        check, value, limit, line if len(line) <= MOST_EVIDENCE else line[: MOST_EVIDENCE - 1].rstrip() + "…"
    )


def _matches(check: str, matches: list[re.Match[str]]) -> Finding | None:
    """A finding that quotes the first match with what stands around it."""
    if not matches:
        return None
    first = matches[0]
    before, behind = (
        first.string[max(0, first.start() - 40) : first.start()],
        first.string[first.end() : first.end() + 60],
    )
    before = before if first.start() <= 40 else before.partition(" ")[2]  # whole words only
    behind = behind if first.end() + 60 >= len(first.string) else behind.rpartition(" ")[0]
    return _finding(check, len(matches), 0, before + first[0] + behind)


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it stands in a fence of code."""
    fenced = False
    for line in text[:MOST_READ].split("\n"):
        yield line, fenced
        fenced ^= _FENCE.match(line) is not None


def _is_added(line: str, solution: Solution) -> bool:
    """Whether a line of code is marked as added, or has nothing but words in the order of an added line."""
    runs = len(_WORD.findall(line)) - 3
    return re.match(r"\+(?![+\d])\s*\S", line) is not None or 0 < runs <= len(shared_runs(line, solution))


def _prose(text: str) -> str:
    """A text's first MOST_READ characters without its code."""
    return _CODE.sub(" ", text[:MOST_READ])


def _sentences(text: str) -> Iterator[str]:
    """The sentences of a text's prose, cut where they are endless."""
    for line in _prose(text).split("\n"):
        for sentence in re.split(r"(?<=[.!?])\s+", line.lstrip(" \t-*>")):
            yield from (sentence[at : at + _SENTENCE] for at in range(0, len(sentence), _SENTENCE))


def _count(text: str) -> int:
    """How many words a text has; in a script without blanks, two characters are one."""
    joined = len(_WITHOUT_BLANKS.findall(text))
    return len(_WITHOUT_BLANKS.sub("", text).split()) + (joined + 1) // 2
