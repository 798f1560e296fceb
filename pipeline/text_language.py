"""Say which language a pull request's title and description are written in.

Most are English and hold English words, which is cheap to see; the others go to py3langid, which knows 97 languages and more. Too
little text says nothing: "Fix typo" is Latin to any classifier.
"""

import re
import unicodedata
from functools import cache

import polars as pl
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from pipeline.prose import clean_title, plain

ENGLISH = "en"
# Words that hardly a text of some length in English lacks, and that are not words of its neighbours.
_ENGLISH_WORD = (
    r"(?i)\b(the|and|with|this|that|these|which|when|where|should|would|could|from|into|have|has|was|were|are|not|it|its|"
    r"add|adds|added|fix|fixes|fixed|use|uses|using|used|remove|removes|removed|update|updates|updated|make|makes|allow|support)\b"
)
_SEEN = re.compile(_ENGLISH_WORD)
_WORD = re.compile(r"[^\W\d_]{2,}")
_ENGLISH_SHARE = (
    1 / 15
)  # of a text's words; real English has one in five or more, a foreign text that quotes code far fewer
_LEAST_WORDS = 6
_LEAST_OTHER_LETTERS = 6  # of a script without blanks between words, such as Chinese
_SURE = 0.95
_READ = 2_000  # characters: enough to tell, and a bound for hostile text


def could_be_non_english(title: pl.Expr, body: pl.Expr) -> pl.Expr:
    """False where `text_language` sees English at the first look, so that few rows need the second."""
    text = pl.concat_str([title, body.str.slice(0, _READ)], separator="\n")
    seen = text.str.count_matches(_ENGLISH_WORD)
    words = text.str.count_matches(r"\p{L}{2,}")
    # Rust and Python know slightly other letters, hence the margins.
    others = text.str.count_matches(r"[\p{L}--\p{Latin}]")
    few = (seen < words * _ENGLISH_SHARE * 1.25) & (words >= _LEAST_WORDS)
    return few | (others >= _LEAST_OTHER_LETTERS - 1)


def is_non_english(title: str, body: str) -> bool:
    """Whether title and body are written in another language than English, for certain."""
    return text_language(title, body) not in ("", ENGLISH)


def text_language(title: str, body: str) -> str:
    """The ISO 639-1 code of the language of a title and a body together; empty where there is too little text to tell.

    A text with enough English words and no other script is English at the first look, its markup included.
    """
    raw = f"{title}\n{body[:_READ]}"
    if _other_letters(raw) < _LEAST_OTHER_LETTERS and 0 < len(_WORD.findall(raw)) * _ENGLISH_SHARE <= len(
        _SEEN.findall(raw)
    ):
        return ENGLISH
    _, cleaned = clean_title(title)
    text = f"{cleaned}\n{plain(body[:_READ])}"
    words = _WORD.findall(text)
    others = _other_letters(text)
    if others >= _LEAST_OTHER_LETTERS and others * 2 > sum(map(len, words)):
        return str(_identifier().classify(text)[0])
    if len(words) < _LEAST_WORDS:
        return ""
    language, sure = _identifier().classify(" ".join(words))
    return str(language) if sure >= _SURE and language != "la" else ""  # identifiers look like Latin


def _other_letters(text: str) -> int:
    """How many letters are not Latin ones."""
    return sum(
        letter.isalpha() and not unicodedata.name(letter, "LATIN").startswith("LATIN")
        for letter in text
        if letter > "\u024f"
    )


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
