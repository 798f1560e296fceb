"""A login names a person; this finds mentions in prose, and in code only where a comment names who did or will do the work."""

import re
from collections.abc import Iterator

from pipeline.masking.found import Found

# GitHub's rule: letters, digits and single hyphens, 39 at most.
_LOGIN = r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}"
_MENTION = re.compile(rf"(?<![\w.`@/+\-\\])@({_LOGIN})(?![\w/@(:=`]|-\w|\.\w)")
_MERGED_FROM = re.compile(rf"Merge (?:pull request #\d{{1,9}}|branch) from ({_LOGIN})[/:]")
_TASK = re.compile(rf"\b(?:TODO|FIXME|XXX|HACK|NOTE)\((@?{_LOGIN})\)")
_COMMENT_MENTION = re.compile(
    rf"(?:^|\s)(?:#|//|/?\*|--|<!--)[ \t][^\n@]{{0,200}}?\b(?:by|cc|thanks|ask|from|TODO|FIXME):?[ \t]@({_LOGIN})(?![\w/@(:=.-])",
    re.MULTILINE,
)
# A bot, whose name ends in `[bot]`, is no person.
_TRAILER = re.compile(
    r"\b(?:Signed-off|Co-authored|Co-developed|Reviewed|Acked|Tested|Reported|Suggested|Helped)-by:[ \t]{1,4}"
    r"(@?[^\s<\[][^<\n\[]{0,80}?)[ \t]{0,4}(?=<|$)",
    re.IGNORECASE | re.MULTILINE,
)
_FENCE = re.compile(r"[ \t]{0,3}(`{3,}|~{3,})")
_INLINE_CODE = re.compile(r"(`{1,3})(?!`)[^`\n]{1,500}\1")
# Tags of doc comments, annotations and at-rules that writers of bodies leave without code marks.
_NO_LOGIN = frozenset(
    """
    author autowired before beforeclass after bean charset class component data dataclass dataprovider default define
    deprecated depends doc example extends final font-face group ignore implements import include inject inherit inheritdoc
    internal jsonproperty keyframes media method mixin moduledoc mock namespace nonnull notnull null nullable override
    package param parametrize private property protected provides public readonly requires return returns see since
    staticmethod classmethod supports suppress suppresswarnings test throws todo transactional type typedef use
    validated value var version visiblefortesting latest next beta alpha canary singleton jvmstatic jvmfield dependabot greenkeeper
    """.split()
)


def mentions(text: str) -> Iterator[Found]:
    """The people named in a title or a body, outside code: `@login`, trailers, and whose branch a merge took."""
    prose = _without_code(text)
    for pattern in (_MENTION, _MERGED_FROM):
        for match in pattern.finditer(prose):
            if match[1].lower() not in _NO_LOGIN:
                begin = match.start(1) - (pattern is _MENTION)
                yield Found("handle", begin, match.end(1), match[1].lower(), everywhere=False)
    yield from _trailers(text)


def mentions_in_code(text: str) -> Iterator[Found]:
    """The people named in comments of a patch: `TODO(login)`, `by @login` after a comment's sign, and trailers."""
    for match in _TASK.finditer(text):
        yield Found("handle", match.start(1), match.end(1), match[1].lstrip("@").lower(), everywhere=False)
    for match in _COMMENT_MENTION.finditer(text):
        if match[1].lower() not in _NO_LOGIN:
            yield Found("handle", match.start(1) - 1, match.end(1), match[1].lower(), everywhere=False)
    yield from _trailers(text)


def _trailers(text: str) -> Iterator[Found]:
    """Names in lines such as `Signed-off-by: Name <mail>`; the mail is found as such."""
    for match in _TRAILER.finditer(text):
        yield Found("handle", match.start(1), match.end(1), match[1].lstrip("@").lower(), everywhere=False)


def _without_code(text: str) -> str:
    """The text with dots in place of Markdown's code, so that every other character keeps its place."""
    lines, fence = [], ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if fence or mark:
            lines.append("." * len(line))
            if mark and not fence:
                fence = mark[1]
            elif mark and mark[1].startswith(fence):
                fence = ""
        else:
            lines.append(_INLINE_CODE.sub(lambda code: "." * len(code[0]), line))
    return "\n".join(lines)
