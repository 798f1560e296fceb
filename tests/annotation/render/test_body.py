"""A body reads as it does on GitHub; a title is one line; what could hide is seen."""

import pytest

from annotation.render.body import MOST_NESTING, MOST_PLAIN, render_body
from annotation.render.markup import text
from annotation.render.title import MOST_TITLE, render_title
from tests.annotation.render.page import read


def inner(markdown: str) -> str:
    return render_body(markdown).removeprefix('<div class="limi-body">').removesuffix("</div>")


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("# One\n\ntwo", "<h1>One</h1><p>two</p>"),
        ("one\ntwo", "<p>one<br>two</p>"),
        ("- a\n- b\n  1. c", "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("- a\n\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"),
        (
            "- [x] a\n- [ ] b",
            '<ul><li class="task"><span class="box">☑ </span>a</li><li class="task"><span class="box">☐ </span>b</li></ul>',
        ),
        ("> a\n> > b", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>"),
        ("> [!TIP]\n> a", '<blockquote class="alert"><p><strong>Tip</strong></p><p>a</p></blockquote>'),
        ("```py\nx = 1\n```", "<pre><code>x = 1\n</code></pre>"),
        ("`a` *b* **c** ~~d~~", "<p><code>a</code> <em>b</em> <strong>c</strong> <del>d</del></p>"),
        (
            "|a|b|\n|-|-:|\n|1|2|",
            "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
        ),
        ("a\n\n---\nb", "<p>a</p><hr><p>b</p>"),
        ("<details>a</details>", "<p>&lt;details&gt;a&lt;/details&gt;</p>"),
        ("", '<p><span class="note">(no description)</span></p>'),
    ],
)
def test_markdown_becomes_these_elements(markdown: str, html: str) -> None:
    assert inner(markdown) == html


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("[the issue](https://a.example/b?c)", "the issue (a.example)"),
        ("<https://a.example/b>", "https://a.example/b"),
        ("[https://good.example](https://evil.example)", "https://good.example (evil.example)"),
        ("[a](https://good.example@evil.example/)", "a (https://good.example@evil.example/)"),
        ("[a](https://good.example\\\\@evil.example)", "a (https://good.example\\@evil.example)"),
        ("[a](https://аpple.example/)", "a (https://аpple.example/)"),  # noqa: RUF001 - the first letter is Cyrillic
        ("[a](https://[/)", "a (https://[/)"),
        ("[a](docs/b.md)", "a (docs/b.md)"),
        ("[a](javascript:b)", "[a](javascript:b)"),
        ("![a cat](https://a.example/cat.png)", "picture: a cat · https://a.example/cat.png"),
    ],
)
def test_links_and_pictures_say_where_they_lead(markdown: str, shown: str) -> None:
    assert read(render_body(markdown)).text == shown


def test_the_whole_address_of_a_link_is_at_hand() -> None:
    (link,) = read(render_body("[a](https://a.example/b?c=$d&e)")).of_kind("link")
    assert link.attributes["title"] == "https://a.example/b?c=$d&e"


@pytest.mark.parametrize("mark", ["> ", "- ", "1. ", "  - "])
def test_what_the_parser_would_drop_is_shown_as_it_was_written(mark: str) -> None:
    raw = mark * 5_000 + "kept"
    page = read(render_body(raw))
    assert page.problems == []
    assert raw in page.text


@pytest.mark.parametrize("mark", [">", "- ", "1. "])
@pytest.mark.parametrize("depth", range(MOST_NESTING // 2 - 3, MOST_NESTING + 3))
def test_no_depth_loses_text(mark: str, depth: int) -> None:
    assert "kept" in read(render_body(mark * depth + " kept")).text


def test_a_body_that_makes_much_of_little_is_plain_text() -> None:
    page = read(render_body(f"[a]: https://{'x' * 280}.example/$\n\n" + "[b][a] " * 9_000))
    assert page.of_kind("link") == []
    assert page.text.count("[b][a]") == 9_000


def test_what_is_left_out_of_an_endless_body_is_counted() -> None:
    page = read(render_body("a" * 1_000_000))
    assert "a" * MOST_PLAIN in page.text
    assert page.text.endswith(f"… {1_000_000 - MOST_PLAIN:,} more characters are left out.")


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("a\u202eb", "aU+202Eb"),
        ("a\u2066\u2069b", "aU+2066 U+2069b"),
        ("a\u200bb\ufeff", "aU+200BbU+FEFF"),
        ("a\x00\x1b[31m\x7f", "a␀ ␛[31m␡"),
        ("a\r\nb", "a␍\nb"),
        ("\u3164 \u2800 \u00ad", "U+3164 U+2800 U+00AD"),
        ("a\U000e0041", "aU+E0041"),
        ("a\ue000\ud800", "aU+E000 U+D800"),
        ("\u200b" * 20, "U+200B " * 7 + "U+200B and 12 more"),
        ("a" + "\u0301" * 6, "a" + "\u0301" * 4 + "U+0301 U+0301"),
        ("é ü \u05d0 中 ſ", "é ü \u05d0 中 ſ"),  # noqa: RUF001 - letters that stay
        (
            "\U0001f468\u200d\U0001f469 \u2764\ufe0f 1\ufe0f\u20e3",
            "\U0001f468\u200d\U0001f469 \u2764\ufe0f 1\ufe0f\u20e3",
        ),
        ("a\u200db\ufe0f", "aU+200DbU+FE0F"),
        ("a\u200d\U0001f469", "aU+200D\U0001f469"),
        ("a\u00a0b\u3000", "a\u00a0b\u3000"),
    ],
)
def test_hidden_characters_are_seen(raw: str, seen: str) -> None:
    assert read(text(raw)).text == seen


def test_odd_blanks_are_marked() -> None:
    assert [element.text for element in read(text("a\u00a0b\u2003 c")).of_kind("blank")] == ["\u00a0", "\u2003"]


def test_a_title_is_one_line_with_its_code() -> None:
    assert render_title(" Add `<b>`\nto\tx ") == '<span class="limi-title">Add <code>&lt;b&gt;</code> to x</span>'


def test_a_long_title_says_how_much_is_left_out() -> None:
    assert read(render_title("a" * (MOST_TITLE + 1_234))).text == "a" * MOST_TITLE + " … 1,234 more characters"
