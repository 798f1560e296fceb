"""A login names a person; this finds mentions in prose, and in code only where a comment names who did or will do the work."""

import re
from collections.abc import Iterator

from pipeline.masking.found import Found

# GitHub's rule: letters, digits and single hyphens, 39 at most.
_LOGIN = r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}"
# What follows tells a mention from a scoped package, an e-mail address, `@click:go` and code. A `_` belongs to Markdown's emphasis.
_NO_MORE = r"(?!_{0,3}[^\W_]|_{0,3}[/@(=`]|:[\w:\"'\[{$]|-\w|\.\w)"
_CHAIN = rf"@{_LOGIN}(?:[/|]@{_LOGIN}){{0,20}}"  # as in `@alice/@bob`
_MENTION = re.compile(rf"(?<![^\W_])(?<![.`@/+\-\\])(?<![^\W_]_)({_CHAIN}){_NO_MORE}")
_ONE = re.compile(rf"@({_LOGIN})")
_ONE_APART = re.compile(rf"(?<=[\s(/|,&])@({_LOGIN})(?=[\s)/|,&])")
# A page of one person has one segment; a query or the name of a tab may follow. Logins of organisations look the same.
_PROFILE = re.compile(rf"(?<![\w.-])(?:www\.)?github\.com/({_LOGIN})(?![\w-]|/[\w.-]|\.\w)")
_LINK_TEXT = re.compile(
    rf"\[@?({_LOGIN})\](?:\(|:[ \t]{{1,4}})<?https?://(?:www\.)?github\.com/((?i:\1))(?![\w-]|/[\w-]|\.\w)"
)
# Pages of GitHub itself, https://github.com/NAME, which no login can be.
_NO_PROFILE = frozenset(
    """
    about account actions advisories apps blog codespaces collections contact copilot customer-stories dashboard discussions
    enterprise events explore features gist git-guides github home issues join login logout marketplace mobile models new
    notifications nonprofit open-source organizations orgs partners personal premium-support pricing pulls readme repos
    resources search security sessions settings signup site skills solutions sponsors stars status support team teams terms
    topics trending users watching wiki
    """.split()
)
_MERGED_FROM = re.compile(rf"Merge (?:pull request #\d{{1,9}}|branch) from ({_LOGIN})[/:]")
_TASK = re.compile(rf"\b(?:TODO|FIXME|XXX|HACK|NOTE)\((@?{_LOGIN})\)")
_COMMENT_MENTION = re.compile(
    rf"(?:^|\s)(?:#|//|/?\*|--|<!--)[ \t][^\n@]{{0,200}}?"
    rf"\b(?:by|cc|thanks|thanks to|credits? to|ask|from|TODO|FIXME):?[ \t]@({_LOGIN}){_NO_MORE}",
    re.MULTILINE,
)
# `- Mend the door (@alice)` in a list of changes, a list of authors or a comment; `puts (@alice)` is code of Ruby.
_AT_LINE_END = re.compile(
    r"^[ \t]{0,40}(?:[-*+]|\d{1,3}\.|#{1,4}|//|--|;+|<!--|authors?:)[ \t]{1,8}"
    r"(?=[\"'A-Z\[]|\S{1,80}[ \t][^\s(])"
    rf"([^\n]{{1,300}}[ \t]\((?:thanks |by |via )?{_CHAIN}(?:(?:, ?| and | & )@{_LOGIN}){{0,20}}\))"
    r"(?=[\"'.,;]{0,2}[ \t]{0,4}(?:-->)?$)",
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
    abstractmethod apply callback change click container contextmanager covers emit event fixture focus forward hover input
    keydown keypress keyup layer link page pytest select submit tailwind template update wraps
    staticmethod classmethod supports suppress suppresswarnings test throws todo transactional type typedef use
    validated value var version visiblefortesting latest next beta alpha canary singleton jvmstatic jvmfield dependabot greenkeeper
    """.split()
)


def mentions(text: str) -> Iterator[Found]:
    """The people named in a title or a body, outside code: `@login`, profiles, trailers, and whose branch a merge took."""
    prose = _without_code(text)
    for match in _MENTION.finditer(prose):
        yield from _each(match)
    for match in _MERGED_FROM.finditer(prose):
        if match[1].lower() not in _NO_LOGIN:
            yield Found("handle", *match.span(1), match[1].lower(), everywhere=False)
    for match in _PROFILE.finditer(prose):
        if match[1].lower() not in _NO_PROFILE:
            yield Found("handle", *match.span(1), match[1].lower(), everywhere=False)
    yield from _link_texts(prose)
    yield from _trailers(text)


def mentions_in_code(text: str) -> Iterator[Found]:
    """The people named in a patch: `TODO(login)`, `by @login` in a comment, `(@login)` at its end, links to them, trailers."""
    for match in _TASK.finditer(text):
        yield Found("handle", match.start(1), match.end(1), match[1].lstrip("@").lower(), everywhere=False)
    for match in _COMMENT_MENTION.finditer(text):
        if match[1].lower() not in _NO_LOGIN:
            yield Found("handle", match.start(1) - 1, match.end(1), match[1].lower(), everywhere=False)
    for match in _AT_LINE_END.finditer(text):
        yield from _each(match, _ONE_APART)
    yield from _link_texts(text)
    yield from _trailers(text)


def _each(match: re.Match[str], one_mention: re.Pattern[str] = _ONE) -> Iterator[Found]:
    """Each mention of the match's first group."""
    for one in one_mention.finditer(match.string, *match.span(1)):
        if one[1].lower() not in _NO_LOGIN:
            yield Found("handle", *one.span(), one[1].lower(), everywhere=False)


def _link_texts(text: str) -> Iterator[Found]:
    """Links to a profile whose text is the login, with or without `@`: both name the person."""
    for match in _LINK_TEXT.finditer(text):
        if match[1].lower() not in _NO_PROFILE:
            at = match.start(1) - (text[match.start(1) - 1] == "@")
            yield Found("handle", at, match.end(1), match[1].lower(), everywhere=False)
            yield Found("handle", *match.span(2), match[1].lower(), everywhere=False)


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
