"""Read a piece of a source file as its lines of code, without comments, docstrings and blanks, or say that it cannot be told.

A piece begins in the middle of a file, perhaps in the middle of a comment or a text. Whatever speaks for that makes it unsure.
"""

import re
from dataclasses import dataclass, field
from functools import cache

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Error, Name, Number, String, _TokenType

# GitHub's name of a language -> the name of Pygments' lexer. Only languages whose comments are of `#`, `//`, `/* */`, `--`, `<!-- -->` and
# `=begin` are here, for the screen in pipeline/comments.py knows no others; without one, every changed line is content.
LEXERS = {
    **{
        "C": "c",
        "C#": "csharp",
        "C++": "cpp",
        "CSS": "css",
        "Dart": "dart",
        "Dockerfile": "docker",
        "Elixir": "elixir",
    },
    **{"Go": "go", "Gradle": "groovy", "GraphQL": "graphql", "Groovy": "groovy", "HCL": "terraform", "HTML": "html"},
    **{
        "Java": "java",
        "JavaScript": "javascript",
        "Kotlin": "kotlin",
        "Less": "less",
        "Makefile": "make",
        "Nix": "nix",
    },
    **{"Objective-C": "objective-c", "PHP": "php", "Protocol Buffer": "protobuf", "Python": "python", "R": "r"},
    **{"Ruby": "ruby", "Rust": "rust", "SCSS": "scss", "SQL": "sql", "SVG": "xml", "Scala": "scala", "Shell": "bash"},
    **{
        "Swift": "swift",
        "TOML": "toml",
        "TypeScript": "typescript",
        "Vue": "html",
        "XML": "xml",
        "YAML": "yaml",
        "Zig": "zig",
    },
}
MARKS = {
    **dict.fromkeys(("Dockerfile", "Elixir", "GraphQL", "Makefile", "R", "Shell", "TOML", "YAML"), ("#",)),
    **dict.fromkeys(("HCL", "Nix", "PHP"), ("#", "//", "/*", "*/")),
    **dict.fromkeys(("HTML", "SVG", "Vue", "XML"), ("<!--", "-->")),
    **{
        "Python": ("#", '"""', "'''"),
        "Ruby": ("#", "=begin", "=end"),
        "SQL": ("--", "#", "/*", "*/"),
        "CSS": ("/*", "*/"),
    },
}
OPENERS = {
    **dict.fromkeys(("Dockerfile", "Elixir", "GraphQL", "Makefile", "R", "Shell", "TOML", "YAML"), ()),
    **dict.fromkeys(("HTML", "SVG", "Vue", "XML"), ("<!--",)),
    **{"Python": ('"""', "'''"), "Ruby": ("=begin",)},
}

_BLOCK: tuple[str, ...] = ("/*",)
_INDENTED = frozenset(("Python", "YAML", "Makefile"))  # where the blanks before a line are part of what it means
_DOC_IS_COMMENT = frozenset(("PHP", "Rust"))  # elsewhere what Pygments calls a documentation text is code
_DEAD_CODE = frozenset(("C", "C++", "Objective-C"))  # what stands within `#if 0` is a bare Comment to Pygments
# Comments that a compiler or an interpreter obeys.
_OBEYED = re.compile(
    r"//[ \t]{0,4}#cgo\b|//(?:go:|export |line |extern | ?\+build)|///[ \t]{0,4}<(?:reference|amd)|/\*[!+]"
    r"|#[ \t]{0,4}(?:(?:frozen_string_literal|shareable_constant_value|warn_indent|typed|syntax|escape)\b|check[ \t]{0,4}=)"
    r"|#[ \t]{0,4}(?:-\*-.{0,40}coding[:=](?! ?utf-?8)|/// )"
    r"|/[/*]\*{0,2}[ \t\n*]{0,20}(?:@ts-|@jsx|webpack[A-Z]|@vite-ignore|(?:Unordered )?[Oo]utput:)"
)
# Where a comment does not end with its line, or before it.
_ENDED = {"Makefile": re.compile(r"\\\n?\Z"), "PHP": re.compile(r"\A(?:#|//).*\?>")}
_TEMPLATES = frozenset(("JavaScript", "TypeScript", "Go"))  # where a text between backticks runs over lines
_STARRED = re.compile(r"[ \t]*\*(?:[ \t/]|$)")
# Pygments takes time quadratic in the length of some hostile texts; no person reviews a longer hunk of comments.
LONGEST = 16_000

CodeLine = tuple[str, ...]


@dataclass
class _Reading:
    """The lines of code read so far, and the tokens of the line that is being read."""

    indented: bool
    lines: list[CodeLine] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    blanks: str = ""

    def code(self, value: str) -> None:
        if not self.line and self.indented:
            self.line.append(self.blanks)
        self.line.append(value)

    def blank(self, value: str) -> None:
        if "\n" in value:
            if self.line:
                self.lines.append(tuple(self.line))
                self.line = []
            self.blanks = value[value.rfind("\n") + 1 :]
        elif not self.line:
            self.blanks += value

    def end(self) -> list[CodeLine]:
        self.blank("\n")
        return self.lines


def code_lines(language: str, text: str, at_start: bool) -> list[CodeLine] | None:
    """The lines of code of a piece of a file, each as its tokens; `at_start` if it begins the file. None where it cannot be told."""
    if len(text) > LONGEST or "\r" in text.replace("\r\n", "") or "\f" in text:
        return None
    text = text.replace("\r\n", "\n")
    if language in _TEMPLATES and text.count("`") % 2:
        return None
    if language == "Go" and 'import "C"' in text:
        return None  # the comment before it is C code
    if language == "SQL" and ("/*+" in text or "/*!" in text):
        return None  # a database obeys these
    if "/*" in OPENERS.get(language, _BLOCK):
        text = _closed(text)
    if language == "Python":
        return _python_lines(text, at_start)
    reading = _Reading(language in _INDENTED)
    for _, kind, value in _lexer(language).get_tokens_unprocessed(text):
        if kind in Error:
            return None
        if value.isspace():
            reading.blank(value)
        elif _is_comment(language, kind) and not _OBEYED.match(value):
            if language in _ENDED and _ENDED[language].search(value):
                return None
            # A comment of several lines parts the code before it from the code after it as its line ends do.
            reading.blank("\n" if "\n" in value else " ")
        else:
            reading.code(value.rstrip("\n") if value.rstrip("\n") else value)
            if value.endswith("\n"):
                reading.blank("\n")
    return reading.end()


def _is_comment(language: str, kind: _TokenType) -> bool:
    if kind in String.Doc:
        return language in _DOC_IS_COMMENT
    if kind in Comment.Preproc or kind in Comment.PreprocFile:
        return False
    return kind in Comment and not (kind is Comment and language in _DEAD_CODE)


def _closed(text: str) -> str:
    """A piece with the ends of a starred comment that it is cut from: every line up to the end begins with a star, or after the start."""
    lines = text.split("\n")[:-1]
    first_end = next((at for at, line in enumerate(lines) if "*/" in line), len(lines))
    first_start = next((at for at, line in enumerate(lines) if "/*" in line), len(lines))
    if first_end < first_start and all(_STARRED.match(line) for line in lines[: first_end + 1]):
        text = "/*\n" + text
    last_start = text.rfind("/*")
    if last_start > text.rfind("*/"):
        after = text[last_start:].split("\n")[1:-1]
        if all(_STARRED.match(line) for line in after):
            text += "*/\n"
    return text


def _python_lines(text: str, at_start: bool) -> list[CodeLine] | None:
    for quotes in ('"""', "'''"):
        if text.count(quotes) % 2:
            # Cut within a text. Where it is not the docstring of a visible head, what changed in it is code.
            text += f"{quotes}\n"
    tokens = [(kind, value) for _, kind, value in _lexer("Python").get_tokens_unprocessed(text)]
    reading = _Reading(indented=True)
    depth = 0
    wanted = at_start  # whether a docstring may come: after the head of a class or a function, or first of a file
    head: list[tuple[_TokenType, str]] = []  # the code of the logical line that is being read
    for at, (kind, value) in enumerate(tokens):
        if kind in Error:
            return None
        if value.isspace() or (kind in Comment and not _OBEYED.match(value)):
            reading.blank("\n" if "\n" in value and not value.isspace() else value if value.isspace() else " ")
            if "\n" in value and depth == 0 and head:
                wanted = head[0][1] in ("def", "class", "async") and head[-1][1] == ":"
                head = []
            continue
        if wanted and not head and kind in String.Doc and _ends_line(tokens, at + 1):
            wanted = False
            continue
        if head and _side_by_side(head[-1][0], kind, tokens[at - 1][1]):
            return None  # prose, not code: the piece begins within a text
        if not (kind in String or kind in Number or kind in Name):
            depth += sum(value.count(mark) for mark in "([{") - sum(value.count(mark) for mark in ")]}")
        head.append((kind, value))
        reading.code(value)
    return reading.end()


def _ends_line(tokens: list[tuple[_TokenType, str]], at: int) -> bool:
    rest = next(
        ((kind, value) for kind, value in tokens[at : at + 2] if not (value.isspace() and "\n" not in value)), None
    )
    return rest is None or "\n" in rest[1] or rest[0] in Comment


def _side_by_side(before: _TokenType, now: _TokenType, between: str) -> bool:
    return between.isspace() and "\n" not in between and all(kind in Name or kind in Number for kind in (before, now))


@cache
def _lexer(language: str) -> Lexer:
    options = {"startinline": True} if language == "PHP" else {}
    return get_lexer_by_name(LEXERS[language], **options)
