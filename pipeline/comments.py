"""Say whether a change is of comments and docstrings only: certain, or not at all. docs/FILTERS.md names the rule.

Three steps, each cheaper than the next and none of them false where the last is true: a Polars expression over a column of patches, a look
at the signs in the changed lines, and Pygments' lexer over both sides of each hunk (pipeline/code_lines.py). Shebang and encoding lines,
`# type:` and `# noqa`, and annotations within doc blocks are comments; preprocessor lines and build tags are code.
"""

import re

import polars as pl

from pipeline.code_lines import LEXERS, LONGEST, MARKS, OPENERS, code_lines
from pipeline.hunks import FileChange, Hunk, plain, plain_changes
from pipeline.paths import describe

_SLASHED = ("//", "/*", "*/")
_BLOCK = ("/*",)
_MOST_HUNKS = 500
# A line opens a text that may go on over the lines after it: a here document, a YAML block, a line that goes on.
_HERE = re.compile(r"<<[-~<]?[ \t]{0,4}[\"'\\]?[A-Za-z_]")
_WITH_HERE = frozenset(("Shell", "PHP", "Ruby", "Dockerfile", "YAML", "HCL", "Elixir"))
_MARKUP_WITHIN = (".jsx", ".tsx")  # what looks like a comment there may be a text on the page
_OPENS_TEXT = re.compile(r"<<[-~]?[\"'\\]?\w|[|>][+-]?$|\\$")

# A line that surely opens no comment or text of several lines (`/*`, `<!--`, three quotes). Rust knows no look-ahead, so a sign that one
# of them begins with must be followed, at most once doubled, by a character that none goes on with.
_OPENS_NOTHING = r"""(?:[/<"']{0,2}[^/<"'*!\n]|[*!])*[/<"']{0,2}"""
# A line with something in it, and no sign of a comment: no `#`, `//`, `--`, `<!`, three quotes, star at a slash or at the start, `=begin`.
_BEFORE = r"""(?:["']{1,2}|["']{0,2}[/<-]|[/<-]["']{1,2})?"""
_CODE = rf"""[ \t\r]*{_BEFORE}[^/<"'*!#=\s-](?:{_BEFORE}[^/<"'*!#\n-]|\*{{1,2}}[^/<"'*!#\n-]|!)*{_BEFORE}"""
# Before anything in its hunk opens a comment comes a run of changed lines without any sign, or one of added or of removed lines only that
# has a line without: a comment put behind a line of code has its sign in the run, and the line itself on the other side.
_SURELY_CODE = (
    rf"(?m)^@@ .*\n(?:(?:[ +-]{_OPENS_NOTHING}\n|\\.*\n)* {_OPENS_NOTHING}\n)?(?:"
    rf"(?:[-+][ \t\r]*\n)*[-+]{_CODE}\n(?:[-+](?:[ \t\r]*|{_CODE})\n|\\.*\n)*"
    rf"|(?:\+{_OPENS_NOTHING}\n)*\+{_CODE}\n(?:[+\\].*\n)*|(?:-{_OPENS_NOTHING}\n)*-{_CODE}\n(?:[-\\].*\n)*)(?:[ @d]|\z)"
)
_RUBY_BLOCK = r"(?m)^[ +-]=begin"


def only_comments(patch: str) -> bool:
    """Whether a change touches comments and docstrings only, in all its files, and surely so.

    False wherever a file comes, goes, moves or changes its mode, is in a language without comments or one that is not known, or a hunk does
    not show whether a line stands in a comment.
    """
    hunks = [(file, hunk) for file in plain_changes(patch) for hunk in file.hunks]
    if not hunks or len(hunks) > _MOST_HUNKS:
        return False
    changed = any(line[0] != " " and line[1:].strip() for _, hunk in hunks for line in hunk.lines)
    return (
        changed
        and all(_may_be(describe(file.path).language, hunk) for file, hunk in hunks)
        and all(_same_code(file, hunk) for file, hunk in hunks)
    )


def could_be_only_comments(patch: pl.Expr) -> pl.Expr:
    """False where `only_comments` is certainly false: before its hunk opens a comment, lines change without the sign of one."""
    code = patch.str.contains(_SURELY_CODE) & ~patch.str.contains(_RUBY_BLOCK)
    return plain(patch) & ~code.fill_null(True)


def _may_be(language: str, hunk: Hunk) -> bool:
    """Whether each changed line has a sign of the language's comments, stands on the other side too, or after the opening of one."""
    if language not in LEXERS or sum(map(len, hunk.lines)) > LONGEST:
        return False
    marks, openers = MARKS.get(language, _SLASHED), OPENERS.get(language, _BLOCK)
    run: list[str] = []
    for line in (*hunk.lines, " "):
        if line[0] != " ":
            run.append(line)
        elif run:
            if not _has_signs(run, marks):
                return False
            run = []
        if any(opener in line for opener in openers):
            return True
    return True


def _has_signs(run: list[str], marks: tuple[str, ...]) -> bool:
    lines = [(line[0], line[1:].strip()) for line in run]
    bare = [(sign, text) for sign, text in lines if not (text.startswith("*") or any(mark in text for mark in marks))]
    if len(bare) == len(lines):
        return not any(text for _, text in bare)
    sides = {sign: "\n".join(text for other, text in lines if other != sign) for sign in "+-"}
    return all(text in sides[sign] for sign, text in bare)


def _same_code(file: FileChange, hunk: Hunk) -> bool:
    if _OPENS_TEXT.search(hunk.heading) or any(hunk.heading.count(quotes) % 2 for quotes in ('"""', "'''", "`")):
        return False
    language = describe(file.path).language
    if file.path.endswith(_MARKUP_WITHIN) or (language in _WITH_HERE and any(map(_HERE.search, hunk.lines))):
        return False
    old = code_lines(language, hunk.old, hunk.old_start <= 1)
    return old is not None and old == code_lines(language, hunk.new, hunk.old_start <= 1)
