"""Say a title again without what it gives away: by fewer words, by plain words, or by a general word, and never by an invented one.

"Replace uniqid() with random_bytes()" becomes "Replace uniqid()", "Add SetDirectory method" becomes "Add set directory method", and
"Fix typo in service_mgr.py" becomes "Fix typo in the service mgr file". A title whose words stand in the patch, as a comment or as the
name of a test, can lose clauses from its end. What cannot be said otherwise stays, and the checks find it again.
"""

import re

from pipeline.masking.placeholders import PLACEHOLDER
from pipeline.prose import MOST_TITLE, clean_title, plain
from pipeline.synthesis.leakage import Solution, leakage, respelled

# What a placeholder of masking stands for, in a word.
_MASKED = {"SECRET": "a secret", "EMAIL": "an address", "IP": "an address", "PHONE": "a number", "HANDLE": "somebody"}
# What a file is, by its ending.
_KINDS = {
    "script": "sh bash ps1 bat",
    "document": "md mdx rst txt adoc html",
    "settings": "toml json yaml yml ini cfg conf lock mod xml gradle kts properties",
}
_KIND = {f".{ending}": kind for kind, endings in _KINDS.items() for ending in endings.split()}
_OTHERWISE = "something"
_MERGE = re.compile(r"^merge (?:pull request|pr|branch|remote|tag)\b", re.IGNORECASE)
_MERGED_AS = re.compile(r"^(?:minor|feature|bug|security|task) #\d{1,9}\s+(?:\[([^\]]{1,30})\]\s*)?", re.IGNORECASE)
_MERGED_BY = re.compile(r"\s*\([\w.\[\]@-]{1,40}(?:, [\w.\[\]@-]{1,40}){0,9}\)$")
_NUMBER = re.compile(
    r"\s*\[(?:ci skip|skip ci)\]|\s*\([^()]{0,60}#\d{1,9}[^()]{0,60}\)|\s*(?:\b(?:issue|pr|bug|see|fix(?:es)?|closes?) )?#\d{1,9}\b",
    re.IGNORECASE,
)
_LEFT_HANGING = re.compile(r"(?: (?:and|as|by|for|from|in|of|on|see|to|with))+[\s.:]*$", re.IGNORECASE)
_CODE = re.compile(r"`+([^`]*)`+")
_SIGNS = "`'\"()[]{}<>,.:;!?"
_WITHOUT = str.maketrans("", "", "`<>[]{}!?")  # signs that are of a name and not of the sentence
_GENERIC = re.compile(r"<[^<>]{0,200}>?")
_LISTED = re.compile(r"([/,|&+]|->|=>)")
_HUMP = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+")
# Where the way it was done begins, and for some verbs what takes the place of something. Then any further clause.
_BY = re.compile(r" (?:by \w+ing|by means of|using|via|in favou?r of|so that|in order to)\b", re.IGNORECASE)
_INSTEAD = re.compile(r" (?:with|to|by|into)\b", re.IGNORECASE)
_REPLACES = re.compile(
    r"^(?:fix:? )?(?:chang|convert|migrat|mov|port|renam|replac|swap|switch|us)(?:e[sd]?|ing|s|ed|ped|ping)?\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r",? (?:when|if|where|while|because|for|on|in|at|with|without|after|before|during)\b", re.IGNORECASE
)
_FEWEST = 3  # words that still say what is wanted; two where the first is a verb that replaces something


def clean_of_talk(title: str) -> tuple[str, str]:
    """`(area, title)` as `prose.clean_title` gives them, also without what only a merge says: kind and number, who did it, markup."""
    title = title[:MOST_TITLE]
    if _MERGE.match(title):  # what a merge says of itself, where nobody gave it a title
        return "", ""
    merged = _MERGED_AS.match(title)
    if merged:
        title = _MERGED_BY.sub("", title[merged.end() :])
    area, title = clean_title(_LEFT_HANGING.sub("", _NUMBER.sub("", title)))
    title = " ".join(PLACEHOLDER.sub(_in_a_word, title).split())
    if "`" not in title:  # in a span of code a tag is no markup
        _, title = clean_title(plain(title))
    return area or (merged[1] or "" if merged else ""), title


def _in_a_word(masked: re.Match[str]) -> str:
    """What a placeholder stands for. A handle that nothing leads to is no person but a part of code, and goes without a word."""
    led_to = masked.string[: masked.start()].rstrip().lower().endswith((" by", " for", " from", " of", " to", " with"))
    return _MASKED[masked[1]] if masked[1] != "HANDLE" or led_to else ""


def plain_titles(title: str, solution: Solution) -> list[str]:
    """The title without the names and paths of the patch, and then the same with one clause less at its end each time."""
    title = _cut_at(_BY, title, solution)
    if _REPLACES.match(title):
        title = _cut_at(_INSTEAD, title, solution)
    title = _in_plain_words(title, solution)
    shorter = [title[: at.start()] for at in _CLAUSE.finditer(title)]
    return [
        said.rstrip(" ,.:;") for said in (title, *reversed(shorter)) if said == title or len(said.split()) > _FEWEST
    ]


def gives_names(text: str, solution: Solution) -> bool:
    """Whether a text holds an identifier that the patch introduces, in any spelling, or a path of it."""
    given = leakage(text, solution)
    return bool(given.identifiers or given.paths or respelled(text, solution))


def plain_words(name: str) -> str:
    """The words of an identifier, "retry policy" for RetryPolicy; "something" where they are no words."""
    words = [word.lower() for word in _HUMP.findall(name)]
    said = any(sum(map(str.isalpha, word)) > 2 for word in words) and all(len(word) > 1 for word in words)
    return " ".join(words) if said else _OTHERWISE


def _cut_at(pattern: re.Pattern[str], title: str, solution: Solution) -> str:
    """The title before the first such words behind which a name of the patch stands, if none stands before."""
    fewest = 2 if _REPLACES.match(title) else _FEWEST
    for at in pattern.finditer(title):
        head, tail = title[: at.start()], title[at.end() :]
        if len(head.split()) >= fewest and gives_names(tail, solution) and not gives_names(head, solution):
            return head
    return title


def _in_plain_words(title: str, solution: Solution) -> str:
    """Every name and path of the patch in plain words, without the backticks around them."""

    def of_code(span: re.Match[str]) -> str:
        return _of_words(span[1], solution) if gives_names(span[1], solution) else span[0]

    return _of_words(_CODE.sub(of_code, title), solution)


def _of_words(text: str, solution: Solution) -> str:
    said: list[str] = []
    for word in text.split():
        if not gives_names(word, solution):
            said.append(word)
            continue
        bare = word.strip(_SIGNS)
        bare = (
            bare if gives_names(bare, solution) else word.strip("`'\"()")
        )  # the dot before a file's name is of the name
        before, _, behind = word.partition(bare)
        kept = behind.removeprefix("()").translate(_WITHOUT)
        replaced = _of_path(bare, said) if leakage(bare, solution).paths else _of_names(bare, solution)
        said.append(before.translate(_WITHOUT) + replaced + kept)
    return " ".join(said)


def _of_path(path: str, before: list[str]) -> str:
    """ "the service mgr file" for service_mgr.py; without an article where one stands before."""
    name = path.rsplit("/", 1)[-1]
    stem, dot, ending = name.rpartition(".")
    words = plain_words(stem) if dot else _OTHERWISE
    kind = _KIND.get(f".{ending.lower()}", "file")
    if words == _OTHERWISE:
        return f"a {kind}" if kind != "settings" else "the settings"
    article = "" if before and before[-1].lower() in ("a", "an", "the", "this", "our") else "the "
    return f"{article}{words} {kind}"


def _of_names(names: str, solution: Solution) -> str:
    """Plain words for each of the names that are parted by a slash or a comma; of `os.WriteFile` only what the patch brings."""
    said = []
    for name in _LISTED.split(names):
        parts = re.findall(r"\w+", _GENERIC.sub("", name)) or re.findall(r"\w+", name)
        given = [at for at, part in enumerate(parts) if gives_names(part, solution)]
        if not given:
            option = name.startswith("--") and gives_names(name, solution)
            said.append(plain_words(name) if option else name)
        else:
            first = len(parts) - 1 if given[-1] == len(parts) - 1 else given[0]
            said.append(plain_words("_".join(parts[first:])))
    return "".join(said)
