"""What is said of a kept pull request: its difficulty, its language, and which benchmarks name it."""

from typing import Any

import polars as pl
import pytest

from pipeline.compare.contamination import Contamination
from pipeline.description import MOST_SYMBOLS, describe, symbols
from pipeline.tables import FACTS, PULLS
from pipeline.tokens import count
from tests.pipeline.pulls import PATCH, pull, text

NOBODY = Contamination({})


def described(row: dict[str, Any], named: Contamination = NOBODY) -> dict[str, Any]:
    facts = describe(PULLS.frame([row]), pl.Series([65]), pl.Series(["ab" * 32]), named)
    assert list(facts.schema.items()) == list(FACTS.schema.items())
    return facts.to_dicts()[0]


def test_the_difficulty_is_counted() -> None:
    hunks = PATCH + "@@ -9,2 +10,2 @@ def serve(port):\n a\n-b\n+c\n@@ -20,2 +21,2 @@ class Pool:\n a\n-b\n+c\n"
    files = [text("src/api/server.py"), text("tests/test_server.py"), text("web/app.ts"), text("go.sum")]
    facts = described(pull(files=files, patch=hunks))
    assert (facts["n_files"], facts["n_hunks"], facts["test_files"], facts["tokens"]) == (4, 3, 1, 65)
    assert facts["languages"][0] == "Python"
    assert "TypeScript" in facts["languages"]
    assert symbols(hunks) == ["class Pool:", "def serve(port):"]


def test_tokens_that_the_filter_did_not_count_are_counted() -> None:
    facts = describe(PULLS.frame([pull()]), pl.Series([None], dtype=pl.Int64), pl.Series(["ab" * 32]), NOBODY)
    assert facts["tokens"].to_list() == [count(PATCH)]


def test_lines_of_a_file_are_not_taken_for_hunks() -> None:
    patch = PATCH.replace(" import os", " @@ -1 +1 @@ def fake():").replace("+y = 3", "+@@ -1 +1 @@ def fake():")
    facts = described(pull(patch=patch))
    assert (facts["n_hunks"], symbols(patch)) == (1, [])


def test_symbols_have_an_end() -> None:
    hunks = "".join(f"@@ -{at},1 +{at},1 @@ def f{at}():\n-a\n+b\n" for at in range(1, 200))
    assert len(symbols(PATCH + hunks)) == MOST_SYMBOLS


def test_languages_come_with_the_most_frequent_first() -> None:
    files = [text("a.go"), text("b.rs"), text("c.rs"), text("d.ts"), text("e.ts"), text("x.unknown-thing")]
    assert described(pull(files=files))["languages"] == ["Rust", "TypeScript", "Go"]


@pytest.mark.parametrize(
    ("title", "body", "language"),
    [
        ("Add an endpoint", "Clients need the number of open connections, and there is no way to ask.", "en"),
        ("修复登录页面的错误", "并添加测试", "zh"),
        ("ログイン画面のバグを修正", "", "ja"),
        ("Behebt den Fehler", "beim Anmelden auf der Startseite und fügt Tests hinzu, damit das nicht wieder passiert", "de"),
        ("Corrige l'erreur de connexion", "sur la page d'accueil, et ajoute des tests pour le serveur", "fr"),
        ("x", "", ""),
        ("", "", ""),
    ],
)  # fmt: skip
def test_the_language_of_the_text_is_marked(title: str, body: str, language: str) -> None:
    assert described(pull(title=title, body=body))["text_language"] == language


def test_benchmarks_that_name_it_are_named() -> None:
    named = Contamination(
        {
            ("repository", "tide/pool"): ("Bench A",),
            ("pull", "tide/pool#1"): ("Bench B",),
            ("diff", "ab" * 32): ("Bench C",),
            ("diff", "cd" * 32): ("Bench D",),
        }
    )
    assert described(pull(1), named)["contamination"] == [
        "Bench A: repository tide/pool",
        "Bench B: pull tide/pool#1",
        f"Bench C: diff {'ab' * 32}",
    ]
    assert described(pull(2), named)["contamination"][1:] == [f"Bench C: diff {'ab' * 32}"]
    assert described(pull(1))["contamination"] == []


def test_no_rows_have_no_facts() -> None:
    nothing = describe(PULLS.frame([]), pl.Series([], dtype=pl.Int64), pl.Series([], dtype=pl.String), NOBODY)
    assert (nothing.height, dict(nothing.schema)) == (0, FACTS.schema)
