"""Each filter's rule, one line per case: what it drops, what it measured, and the same pull request a little otherwise, which stays."""

from typing import Any

import pytest

from pipeline.filtering import judge
from pipeline.tables import PULLS
from pipeline.tokens import at_least, count
from tests.pipeline.pulls import CHANGED, PATCH, File, chosen, image, patch_of, pull, text

Verdict = tuple[str, float | None, float | None]


def verdict(row: dict[str, Any], licence: str = "MIT", **parameters: Any) -> Verdict | None:
    """`(reason, value, limit)` of the rule that drops a row, None if it stays."""
    (judged,) = judge(PULLS.frame([row]), chosen(**parameters), licence).verdicts.to_dicts()
    assert judged["fate"] in ("kept", "dropped"), judged
    return None if judged["fate"] == "kept" else (judged["reason"], judged["value"], judged["limit"])


def of_files(*files: File, **changed: Any) -> dict[str, Any]:
    return pull(files=list(files), patch=patch_of(*files), **changed)


def test_what_no_rule_drops_stays() -> None:
    assert verdict(pull()) is None
    everything = {name: "drop" for name, value in chosen().model_dump().items() if value == "keep"}
    assert len(everything) == 11
    assert verdict(pull(), **everything) is None


@pytest.mark.parametrize(
    ("files", "dropped"), [([], True), ([text("a.py")], False), ([text("a", "b", 0), text("c.py")], False)]
)
def test_a_change_of_no_file_is_empty(files: list[File], dropped: bool) -> None:
    assert verdict(of_files(*files)) == (("empty", None, None) if dropped else None)


@pytest.mark.parametrize(
    ("mode", "files", "dropped"),
    [
        ("any", [image()], 1),
        ("any", [image(), text("a.py")], 1),
        ("any", [image("a"), image("b"), text("a.py")], 2),
        ("any", [text("a.py")], None),
        ("any", [text("empty.py", additions=0), text("a.py")], None),
        ("only", [image()], 1),
        ("only", [image("a"), image("b")], 2),
        ("only", [image(), text("a.py")], None),
        ("only", [text("a.py")], None),
        ("off", [image(), text("a.py")], None),
    ],
)
def test_binary_files(mode: str, files: list[File], dropped: int | None) -> None:
    assert verdict(of_files(*files), binary=mode) == (("binary", dropped, 0) if dropped else None)


MARKDOWN = [
    ([text("README.md")], True, 1),
    ([text("README.MD")], True, 1),
    ([text("docs/Guide.Mdx"), text("a.md")], True, 2),
    ([text("docs/a.md"), text("a.py")], False, 1),
    ([text("a.py")], False, 0),
    ([text("new.md", "old.md")], True, 1),
    ([text("new.md", "old.txt")], False, 1),
    ([text("new.txt", "old.md")], False, 1),
    ([text("new.md", "old.md"), text("b.md", "b.rst")], False, 2),
    ([text("gone.md", status="D", additions=0, deletions=9)], True, 1),
    ([text('quo"ted é\t.md')], True, 1),
    ([text("new\nline.md")], True, 1),
    ([text("a.md\n")], False, 0),
    ([text("a b.md")], True, 1),
    ([text("a.md.py")], False, 0),
    ([text("docs.md/a.py")], False, 0),
    ([text("md")], False, 0),
    ([text("readme_md")], False, 0),
    ([text("amd")], False, 0),
    ([text(".md")], False, 0),
    ([text("a/.md")], False, 0),
    ([text("a.rst")], False, 0),
    ([text("a.markdown")], False, 0),
]


@pytest.mark.parametrize(("files", "only", "touched"), MARKDOWN)
def test_markdown_files(files: list[File], only: bool, touched: int) -> None:
    row = pull(files=files, additions=2, deletions=1)  # the patch is of another file, which no rule here reads
    assert verdict(row) == (("markdown_only", len(files), len(files)) if only else None)
    assert verdict(row, markdown="any") == (("markdown_touched", touched, 0) if touched else None)
    assert verdict(row, markdown="off") is None
    assert verdict(row, markdown_suffixes=[]) is None


@pytest.mark.parametrize("suffix", [".md", ".MD", ".Md"])
@pytest.mark.parametrize("path", ["A.md", "a.MD", "a.mD"])
def test_a_markdown_suffix_is_compared_without_case(suffix: str, path: str) -> None:
    assert verdict(of_files(text(path)), markdown_suffixes=[suffix]) == ("markdown_only", 1, 1)
    assert verdict(of_files(text(path)), markdown_suffixes=[".rst"]) is None


@pytest.mark.parametrize(
    ("files", "dropped"),
    [
        ([text("new.py", "old.py", additions=0)], True),
        ([text("run.sh", additions=0)], True),  # a changed mode
        ([text("a", "b", additions=0), text("run.sh", additions=0)], True),
        ([text("empty.py", additions=0, status="A")], True),
        ([image()], True),
        ([text("new.py", "old.py", additions=0, deletions=1)], False),
        ([text("new.py", "old.py", additions=1)], False),
        ([text("a", "b", additions=0), text("a.py")], False),
        ([image(), text("a.py")], False),
    ],
)
def test_a_change_of_no_line(files: list[File], dropped: bool) -> None:
    assert verdict(of_files(*files), binary="off") == (("no_text_change", 0, 1) if dropped else None)


@pytest.mark.parametrize(
    ("number", "most", "dropped"), [(1, 1, False), (2, 1, True), (3, 3, False), (4, 3, True), (40, 0, False)]
)
def test_more_files_than_allowed(number: int, most: int, dropped: bool) -> None:
    row = pull(files=[text(f"{at}.py") for at in range(number)], additions=2, deletions=1)
    assert verdict(row, max_files=most) == (("too_many_files", number, most) if dropped else None)


@pytest.mark.parametrize("utf8", [True, False])
def test_bytes_that_are_not_utf8(utf8: bool) -> None:
    assert verdict(pull(patch_utf8=utf8)) == (None if utf8 else ("not_utf8", None, None))


@pytest.mark.parametrize(
    ("licence", "allowed", "dropped"),
    [
        ("MIT", [], False),
        ("", [], False),
        ("MIT", ["MIT", "Apache-2.0"], False),
        ("GPL-3.0", ["MIT"], True),
        ("", ["MIT"], True),
        ("mit", ["MIT"], True),
    ],
)
def test_licences(licence: str, allowed: list[str], dropped: bool) -> None:
    assert verdict(pull(), licence, licences=allowed) == (("licence_not_allowed", None, None) if dropped else None)


def one_line(path: str, old: str, new: str) -> dict[str, Any]:
    """What differs in a pull request that replaces one line of one file."""
    file = text(path, additions=1, deletions=1)
    return {"files": [file], "patch": patch_of(file).replace("old_0 = 0", old).replace("new_0 = 0", new)}


SWITCHED = [
    ("bots", "bot", {"author_is_bot": True}, {"author_is_bot": False}),
    ("bots", "bot", {"author": "Pyup.io bot"}, {"author": "Sylvain Rabot"}),
    ("empty_titles", "no_title", {"title": " ✨ … "}, {"title": "✨ 4"}),
    ("empty_bodies", "no_body", {"body": "\r\n---\n"}, {"body": "see #4"}),
    ("reverts", "revert", {"title": 'Revert "Add an endpoint"'}, {"title": "Add a button to revert a change"}),
    ("backports", "backport", {"title": "[Backport 5.x] Fix the queue"}, {"title": "Fix the queue"}),
    ("branch_merges", "branch_merge", {"title": "Merge branch 'main' into develop"}, {"title": "Merge two lists"}),
    ("version_bumps", "version_bump", {"title": "Bump lodash from 4.17.20 to 4.17.21"}, {"title": "Bump the limit"}),
    ("unwritten", "unwritten_only", {"files": [text("web/yarn.lock")]}, {"files": [text("yarn.py")]}),
    ("unwritten", "unwritten_only", {"files": [text("vendor/a/b.go"), text("go.sum")]}, {"files": [text("go.mod"), text("go.sum")]}),
    ("unwritten", "unwritten_only", {"files": [text("api_pb2.py")]}, {"files": [text("api_pb2.py", "api.py")]}),
    ("whitespace", "whitespace_only", one_line("a.c", "x = 1;", "  x = 1;"), one_line("a.c", "x = 1;", "  x = 2;")),
    ("comments", "comments_only", one_line("a.c", "// one", "// two"), one_line("a.c", "x = 1; // one", "x = 2; // one")),
    (
        "version_bumps",
        "version_bump",
        one_line("setup.py", 'version = "1.2.3"', 'version = "1.2.4"'),
        one_line("setup.py", 'version = "1.2.3"', 'release = "1.2.4"'),
    ),
    (
        "non_english",
        "non_english",
        {"title": "修复登录页面的错误", "body": "并添加测试"},
        {"title": "Fix the login page 登录", "body": "It did not open when the session was over."},
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("parameter", "reason", "dropped", "kept"), SWITCHED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_rule_drops_its_kind_when_it_is_on(
    parameter: str, reason: str, dropped: dict[str, Any], kept: dict[str, Any]
) -> None:
    rows = [
        pull(**({"additions": 2, "deletions": 1} | changed if "patch" not in changed else changed))
        for changed in (dropped, kept)
    ]
    found = verdict(rows[0], **{parameter: "drop"})
    assert found is not None
    assert found[0] == reason
    assert verdict(rows[1], **{parameter: "drop"}) is None
    assert verdict(rows[0]) is None  # off: the same one stays


@pytest.mark.parametrize(
    ("files", "changed", "reason"),
    [
        ([], {}, "empty"),
        ([], {"markdown": "any", "max_files": 1}, "empty"),
        ([image("a.md")], {}, "markdown_only"),
        ([image("a.md")], {"markdown": "off"}, "binary"),
        ([image()], {"binary": "off"}, "no_text_change"),
        ([text("b.md", "a.md", additions=0)], {}, "markdown_only"),
        ([text("b.md", "a.md", additions=0)], {"markdown": "off"}, "no_text_change"),
        ([text("b", "a", additions=0), text("c", "d", additions=0)], {"max_files": 1}, "too_many_files"),
        ([text("a.py"), text("a.md")], {"markdown": "any", "max_files": 2}, "markdown_touched"),
        ([text("a.md", additions=1200)], {}, "patch_too_large"),
        ([text("a.py"), text("b.py")], {"max_files": 1}, "too_many_files"),
    ],
)
def test_the_first_rule_to_drop_decides(files: list[File], changed: dict[str, Any], reason: str) -> None:
    found = verdict(of_files(*files), **changed)
    assert found is not None
    assert found[0] == reason


# --- the paper's size rule

UNIT = "+def f(x):\n+    return x\n"


@pytest.mark.parametrize(("more", "dropped"), [(-1, True), (0, True), (1, False)])
def test_a_patch_stays_with_fewer_tokens_than_the_limit(more: int, dropped: bool) -> None:
    tokens = count(PATCH)
    assert verdict(pull(), max_tokens=tokens + more) == (
        ("patch_too_large", tokens, tokens + more) if dropped else None
    )


def test_a_patch_over_the_limit_is_counted_as_far_as_asked() -> None:
    row = pull(patch=UNIT * 200)
    tokens = count(UNIT * 200)
    assert verdict(row, max_tokens=100, count_up_to=7500) == ("patch_too_large", tokens, 100)
    found = verdict(row, max_tokens=100, count_up_to=tokens // 3)
    assert found is not None
    assert tokens // 3 <= (found[1] or 0) < tokens


@pytest.mark.parametrize("size_in_bytes", [1199 * 128 + 1, 262_145, 10_000_000_000])
def test_a_patch_of_too_many_bytes_is_not_counted(size_in_bytes: int) -> None:
    row = pull(patch=None, patch_bytes=size_in_bytes)
    assert verdict(row) == ("patch_too_large", at_least(size_in_bytes), 1200)


def test_a_patch_of_many_bytes_and_few_tokens_stays() -> None:
    padded = PATCH + " " * 128_000
    assert at_least(len(padded)) < count(padded) < 1200
    assert verdict(pull(patch=padded)) is None


@pytest.mark.parametrize(("lines", "dropped"), [(1199, False), (1200, True)])
def test_as_many_changed_lines_as_the_limit_are_too_many_tokens(lines: int, dropped: bool) -> None:
    file = CHANGED | {"additions": lines, "deletions": 0}
    row = pull(files=[file], patch="+\n" * lines)
    found = judge(PULLS.frame([row]), chosen(max_tokens=1200)).verdicts.to_dicts()[0]
    assert (found["reason"] == "patch_too_large" and found["tokens"] is None) == dropped
    assert found["value"] == (lines if dropped else found["value"])
