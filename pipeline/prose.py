"""Read prose out of a pull request's title and body: no markup, no checklists, no talk about the pull request itself."""

import re

MOST_TITLE = 500  # characters; GitHub allows 256
MOST_READ = 8000  # characters of a body
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FENCE = re.compile(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_BARE_URL = re.compile(r"<?https?://\S+>?")
_TRAILER = re.compile(
    r"^(?:co-authored-by|signed-off-by|reviewed-by|reviewed by|cc|pr-url|change-id|refs?)\s*:.*$",
    re.IGNORECASE | re.MULTILINE,
)
# The look-behind lets a run of spaces be tried from its first one only; without it the pattern is cubic.
_CLOSING = re.compile(
    r"(?<!\s)\s*(?:[,;(]\s*)?\b(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?|refs?|see|part of|follow.?up (?:to|of)|reverts?|"
    r"backport of|issue)\b:?\s*"
    r"(?:[\w.-]+/[\w.-]+)?#\d+(?:\s*(?:,|and)\s*#\d+)*\)?[.]?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<!\s)\s*\((?:[\w.-]+/[\w.-]+)?#\d+\)")
_HEADING = re.compile(r"^#{1,6}\s.*$|^.*\n[=-]{3,}\s*$", re.MULTILINE)
_BULLET = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+(?:\[[ xX]\]\s*)?")
_CHECKBOX = re.compile(r"^\s*[-*+]\s+\[[ xX]\]")
_TABLE_ROW = re.compile(r"^\s*\|.*$", re.MULTILINE)
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'`(\[]?[A-Z0-9`])")
_TAG_PREFIX = re.compile(r"^(?:\[[^\]]{1,30}\]\s*)?(?:backport:?\s+)?", re.IGNORECASE)
_KIND_PREFIX = re.compile(
    r"^(?:build|chore|ci|docs?|feat|feature|fix(?: bug)?|bug|bug ?fix|hotfix|perf|"
    r"refactor|revert|style|tests?|types?)(?:\(([^)]*)\))?!?:\s+",
    re.IGNORECASE,
)
_AREA_PREFIX = re.compile(r"^([^:`\"]{2,40}):\s+(?=\S+ \S)")
# What stands above bullets that are not asked for.
_NOT_ASKED = re.compile(
    r"\b(?:not|out of scope|later|next|ideas?|todo|future|follow.?ups?|alternatives?|considered|open questions?|besides)\b",
    re.IGNORECASE,
)
_EMPHASIS = re.compile(r"(?<!\w)(\*\*|__|\*)(?=\S)(.+?)(?<=\S)\1(?!\w)")

# Talk about the pull request, its review or its commits, which nobody writes before the work is done.
# Verbs of what somebody did, as commit messages use them.
_DONE = """
    added bumped changed chose decided fixed implemented introduced kept left moved refactored removed renamed
    replaced split switched tried updated used went
""".split()
_TRIED = ["benchmarked", "checked", "compared", "measured", "ran", "tested", "timed", "verified"]
PR_SPEAK = re.compile(
    "|".join(
        (
            r"\b(?:this|the|my|that) (?:pr|pull request|patch|commit|change ?set|changes?|diff|branch|mr|fix|release|backport|revert)\b",
            r"\bthis (?:adds?|fix\w*|change[sd]?|make[sd]?|remove[sd]?|replace[sd]?|introduce[sd]?|implement\w*|update[sd]?|turns?) ",
            rf"\b(?:i|we)(?:'ve| have)?(?: also)? (?:{'|'.join(_DONE + _TRIED)}|now)\b",
            r"\b(?:lgtm|ptal|wip|review(?:er|ers|ed)?|rebased?|squash(?:ed)?|changelog|cherry.?pick\w*|automerge)\b|\bschedule:",
            r"\bmerg(?:e|ed|ing) (?:this|back)\b|\bfollow.?up (?:pr|commit)\b|#\d+",
            r"\b(?:unit )?tests? (?:added|included|pass\w*)\b|\badded (?:a )?tests?\b|\bno functional\b",
            # What a thing does since the change, not what is wanted of it.
            r"\bnow\b.*\binstead\b|\b(?:is|are|does|do|has|have) now\b|\bno longer\b|\bbefore,.*\bafter\b",
            # Sentences and fragments that begin like a commit message or a template's heading.
            rf"^(?:{'|'.join(_DONE + _TRIED)}|now|covered by|(?:new )?tests?)\b",
            r"^(?:adds?|fixes|changes|moves|removes|replaces|refactors?|renames|introduces|implements|updates|bumps|uses|switches|makes)\b",
            r"^(?:summary|motivation|description|checklist|screenshots?)\b",
        )
    ),
    re.IGNORECASE,
)
# Words meant for a machine that reads the text. They are not a developer's request, whoever reads them.
_STEERING = re.compile(
    "|".join(
        (
            r"\b(?:ignore|disregard|forget)\b.{0,40}\b(?:instructions?|prompts?|rules)\b|\bsystem prompt\b|<\|[^|]*\|>",
            r"\byou are (?:now )?an? \w*\s*(?:ai|assistant|language model)\b|\b(?:reply|respond) (?:only )?with\b",
            r"\b(?:ai|llm|language model|assistant)s?\b.{0,30}\b(?:must|should|reply|respond|output|read this)\b",
        )
    ),
    re.IGNORECASE,
)


def clean_title(title: str) -> tuple[str, str]:
    """`(area, title)`: the title without tags, kinds ("fix(parser): ", "[1.4] Backport: "), areas and issue numbers.

    The area is what a prefix such as "Media library: " or the scope of a kind names; empty if there is none.
    """
    title = title[:MOST_TITLE]
    text = _TAG_PREFIX.sub("", _NUMBER.sub("", _CLOSING.sub("", title)).strip(), count=1)
    area = ""
    if kind := _KIND_PREFIX.match(text):
        area, text = kind[1] or "", text[kind.end() :]
    if named := _AREA_PREFIX.match(text):
        area, text = named[1], text[named.end() :]
    return _flat(area), _flat(text).rstrip(" .:;,")


def sentences(body: str) -> list[str]:
    """The prose sentences of a body, in order: no code, headings, tables, links, trailers or checklists."""
    return [
        sentence
        for paragraph in _paragraphs(body)
        for sentence in _SENTENCE_END.split(paragraph)
        if _is_prose(sentence)
    ]


def bullets(body: str) -> list[str]:
    """The bullet points of a body that ask for something, as one-line texts: no checklists, nothing put off or left out."""
    found, above = [], ""
    for line in _COMMENT.sub("", _read(body)).split("\n"):
        if not _BULLET.match(line):
            above = line if line.strip() else above
        elif not _CHECKBOX.match(line) and not _NOT_ASKED.search(above):
            found.append(_flat(plain(_BULLET.sub("", line))))
    return [text for text in found if 3 <= len(text.split()) <= 30]


def is_request(sentence: str) -> bool:
    """Whether a sentence could stand in a request: no talk about the pull request, and nothing addressed to a machine."""
    return not PR_SPEAK.search(sentence) and not steers(sentence)


def steers(text: str) -> bool:
    """Whether a text is meant for a machine that reads it: an attempt at prompt injection, or a model's special tokens."""
    return _STEERING.search(text) is not None


def _paragraphs(body: str) -> list[str]:
    paragraphs = []
    for block in re.split(r"\n\s*\n", plain(body)):
        lines = [line.strip() for line in block.split("\n") if line.strip()]
        prose = [line.lstrip("> ") for line in lines if not _BULLET.match(line)]
        if prose and not lines[0].startswith("    "):
            paragraphs.append(_flat(" ".join(prose)))
    return paragraphs


def plain(body: str) -> str:
    """The prose of a body's first screens, without comments, code, images, tables, headings, trailers, links' targets and tags."""
    text = _read(body)
    for pattern in (_COMMENT, _FENCE, _IMAGE, _TABLE_ROW, _HEADING, _TRAILER):
        text = pattern.sub("", text)
    text = _BARE_URL.sub("", _LINK.sub(r"\1", text))
    return _NUMBER.sub("", _CLOSING.sub("", _TAG.sub("", text)))


def _read(body: str) -> str:
    """What is read of a body: its first screens. The bound also keeps the patterns fast on hostile text."""
    return body[:MOST_READ].replace("\r\n", "\n")


def _is_prose(sentence: str) -> bool:
    words = sentence.split()
    letters = sum(character.isalpha() or character.isspace() for character in sentence)
    return (
        4 <= len(words) <= 45 and not words[0][0].islower() and letters / len(sentence) > 0.75 and sentence[-1] in ".!?"
    )


def _flat(text: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in text)
    return re.sub(r"\s+", " ", _EMPHASIS.sub(r"\2", printable)).strip()
