"""The rules of paths.toml speak as they are written, in both their forms, and a table that is wrong is refused."""

import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import paths
from pipeline.paths import KINDS, TABLE, UNWRITTEN, PathFacts, describe, is_test, kind_of, language_of, unwritten
from tests.pipeline.rule_tables import EditedTable, edited_table

KIND = {
    "lock": ["Cargo.lock", "web/ui/package-lock.json", "go.sum", "a/POETRY.LOCK", "vendor/x/go.sum", "pylock.dev.toml"],
    "generated": [
        *[
            "api/x_pb2.py",
            "a.pb.go",
            "dist/app.js",
            "packages/core/dist/index.js",
            "js/a.min.js",
            "zz_generated.deepcopy.go",
            "x/__snapshots__/a.ts.snap",
        ],
        *["a.js.map", ".idea/x.xml", "gradlew", "gradle/wrapper/gradle-wrapper.properties", "src/types.generated.ts"],
    ],
    "vendored": [
        *["vendor/github.com/x/y.go", "web/node_modules/a/index.js", "third_party/zlib/a.c", "deps/lua/src/ldo.c"],
        *["a/vendor/tests/test_a.py", "Godeps/x.go", "static/jquery-3.1.js", "app/assets/vendors/x.js"],
    ],
    "test": [
        *["tests/test_a.py", "a/b_test.go", "src/AppTest.java", "spec/a_spec.rb", "x.test.tsx", "a/__tests__/b.js"],
        *[
            "AppTests.cs",
            "TestApp.java",
            "conftest.py",
            "src/Symfony/Component/Yaml/Tests/ATest.php",
            "a_test.exs",
            "testdata/x",
        ],
        *["Sources/AppTests/x.swift", "okhttp/src/jvmTest/kotlin/a.kt", "phpunit.xml.dist", "tests/README.md"],
    ],
    "docs": ["README.md", "docs/conf.py", "LICENSE", "a/b.rst", "CHANGELOG", "doc/x.txt", "changelogs/fragments/1.yml"],
    "": [
        *[
            "src/app.py",
            "ansible_collections/python/dist/plugins/modules/boo.py",
            "src/vendors/views.py",
            "cmd/docs_gen.go",
            "src/d3.js",
            "src/ckeditor.js",
            "lib/latest.java",
            "src/Illuminate/Testing/Fake.php",
            "contest.py",
            "a/deps/x.py",
            "vendors.py",
            "test",
        ],
        *["requirements.txt", "CMakeLists.txt", "todo.py", "src/License.java", "distribute/x.py", "protest/a.py", ""],
    ],
}


@pytest.mark.parametrize(("path", "kind"), [(path, kind) for kind, all_of in KIND.items() for path in all_of])
def test_a_path_is_of_its_kind(path: str, kind: str) -> None:
    assert describe(path).kind == kind


@pytest.mark.parametrize(
    ("path", "language"),
    [
        *[
            ("a.py", "Python"),
            ("a/b.PY", "Python"),
            ("x.h", "C"),
            ("x.hpp", "C++"),
            ("a.tsx", "TypeScript"),
            ("a.vue", "Vue"),
        ],
        *[
            ("Dockerfile", "Dockerfile"),
            ("Dockerfile.dev", "Dockerfile"),
            ("Makefile", "Makefile"),
            ("Gemfile", "Ruby"),
        ],
        *[
            ("go.mod", "Go Module"),
            ("x.blade.php", "Blade"),
            ("x.php", "PHP"),
            ("a.html.erb", "HTML+ERB"),
            ("x.kts", "Kotlin"),
        ],
        *[(".gitignore", "Ignore List"), ("Cargo.lock", "TOML"), ("CMakeLists.txt", "CMake"), ("notes.txt", "Text")],
        *[
            ("a.py/b", ""),
            ("noending", ""),
            ("a.unknown", ""),
            ("", ""),
            ("py", ""),
            ("a.", ""),
            ("Dockerfile.md", "Markdown"),
        ],
    ],
)
def test_a_path_has_its_language(path: str, language: str) -> None:
    assert describe(path).language == language


def both(names: list[str]) -> None:
    column = pl.col("path")
    frame = pl.DataFrame({"path": names}, schema={"path": pl.String()}).select(
        language=language_of(column), kind=kind_of(column), unwritten=unwritten(column), test=is_test(column)
    )
    for name, row in zip(names, frame.iter_rows(), strict=True):
        facts = describe(name)
        assert row == (facts.language, facts.kind, facts.kind in UNWRITTEN, facts.kind == "test"), name


def test_the_columnar_form_says_the_same_of_every_example() -> None:
    both([path for all_of in KIND.values() for path in all_of])


PARTS = st.text(max_size=8) | st.sampled_from(
    [
        "vendor",
        "Vendor",
        "test",
        "\u017fpec",
        "docs",
        "a.min.js",
        "x.py",
        "\n",
        "README.md\n",
        "İ.py",
        "\u212a.kt",
        "dist",
        "/",
        "_test.go",
    ]
)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.lists(st.lists(PARTS, max_size=4).map("/".join), max_size=5))
def test_both_forms_agree_on_whatever_path(names: list[str]) -> None:
    both(names)


def test_a_null_path_is_nothing() -> None:
    column = pl.col("path")
    frame = pl.DataFrame({"path": [None]}, schema={"path": pl.String()}).select(
        a=kind_of(column), b=language_of(column), c=unwritten(column), d=is_test(column)
    )
    assert frame.row(0) == (None, None, None, None)


def test_kinds_go_by_the_order_of_the_table() -> None:
    assert describe("vendor/x/go.sum").kind == "lock"
    assert describe("vendor/a.min.js").kind == "generated"
    assert describe("vendor/tests/a.py").kind == "vendored"
    assert describe("tests/docs/a.md").kind == "test"
    assert sorted(KINDS) == sorted({kind for kind in KIND if kind})


@pytest.mark.parametrize(
    "unit", ["a", "/", "vendor", "test-", ".generated.", ".", "x.test.", "a/", "Test", "_test", "*"]
)
def test_no_repeated_unit_is_slow(unit: str) -> None:
    long = (unit * 200_000)[:200_000]
    started = time.process_time()
    both([long, f"{long}/", f"{long}/x"])
    assert time.process_time() - started < 5.0


@pytest.fixture
def other_table(tmp_path: Path) -> Iterator[EditedTable]:
    with edited_table(paths, tmp_path, paths._table.cache_clear, describe.cache_clear) as table:
        yield table


def test_the_same_table_elsewhere_says_the_same(other_table: EditedTable) -> None:
    assert other_table.path != TABLE
    assert describe("vendor/a.py") == PathFacts("Python", "vendored")


def test_a_glob_that_goes_takes_its_verdict_with_it(other_table: EditedTable) -> None:
    other_table.change('"vendor/", ', "")
    assert describe("vendor/a.py") == PathFacts("Python", "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('order = ["lock", ', "order = [", "order must be lock, generated"),
        ("[languages]", "[tongues]", "its parts must be"),
        ('"vendor/"', '"*a*b"', "a star too many"),
        ('"vendor/"', '"**a"', "a star too many"),
        ('"vendor/"', '"vendor/a"', "so it must end with one"),
        ('"vendor/"', '"*"', "not a glob"),
        ('"vendor/"', '"vendör/"', "not a glob"),
        ('Python = [".py"', 'Python = [".py", ".rs"', "belongs to"),
        ('Python = [".py"', 'Python = [".PY"', "must be a small ASCII"),
    ],
)
def test_a_wrong_table_is_refused(other_table: EditedTable, old: str, new: str, message: str) -> None:
    other_table.change(old, new)
    with pytest.raises(ValueError, match=rf"paths\.toml: .*{message}"):
        describe("a")
