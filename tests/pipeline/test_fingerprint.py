"""A result's fingerprint changes with the code, parameters and inputs that it came from, and with nothing else."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline import fingerprint as module
from pipeline.fingerprint import WITHOUT_EFFECT, code_fingerprint, fingerprint, import_closure

ROOT = Path(__file__).resolve().parent.parent.parent
Write = Callable[..., None]


def forget() -> None:
    code_fingerprint.cache_clear()
    import_closure.cache_clear()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write source files (`a__b` is a/b) into a little project that stands in for this one."""
    monkeypatch.setattr(module, "ROOT", tmp_path)

    def sources(**files: str) -> None:
        for name, text in files.items():
            path = tmp_path / "pipeline" / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        forget()

    forget()
    yield sources
    forget()


def test_a_fingerprint_is_a_sha256() -> None:
    assert len(fingerprint("a")) == 64
    assert set(fingerprint("a")) <= set("0123456789abcdef")


def test_equal_parts_give_an_equal_fingerprint() -> None:
    assert fingerprint("a", {"x": 1, "y": [2]}) == fingerprint("a", {"y": [2], "x": 1})


def test_parts_do_not_run_into_each_other() -> None:
    groups = [("a", "b"), ("ab",), ("a,b",), (["a", "b"],), ("b", "a"), ("a", "b", ""), ("a", ["b"]), ()]
    assert len({fingerprint(*parts) for parts in groups}) == len(groups)


def test_values_of_different_types_differ() -> None:
    assert len({fingerprint(value) for value in (1, 1.0, "1", True, None, [1])}) == 6


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        fingerprint({1, 2})


def test_a_fingerprint_is_the_same_in_another_process() -> None:
    program = "from pipeline.fingerprint import *; print(fingerprint('a', 1), code_fingerprint('pipeline.filtering'))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout.split()[1]
        for seed in ("1", "2")
    }
    assert printed == {code_fingerprint("pipeline.filtering")}


@pytest.mark.parametrize(
    "statement",
    [
        "import pipeline.b",
        "import pipeline.b as name",
        "from pipeline import b",
        "from pipeline.b import thing",
        "def later():\n    from pipeline.b import thing",
        "if True:\n    import pipeline.b",
        "import os, pipeline.b",
        "from pipeline.b import *",
    ],
)
def test_every_way_to_import_is_seen(write: Write, statement: str) -> None:
    write(a=statement, b="thing = 1")
    assert import_closure("pipeline.a") == ("pipeline/a.py", "pipeline/b.py")


def test_imports_of_imports_are_seen_and_a_circle_ends(write: Write) -> None:
    write(a="import pipeline.b", b="import pipeline.c", c="import pipeline.a", d="")
    assert import_closure("pipeline.a") == ("pipeline/a.py", "pipeline/b.py", "pipeline/c.py")


def test_a_module_of_a_package_is_seen(write: Write) -> None:
    write(a="from pipeline.inner import b", inner__b="", inner____init__="")
    assert "pipeline/inner/b.py" in import_closure("pipeline.a")


def test_other_peoples_modules_are_not_followed(write: Write) -> None:
    write(a="import os, yaml\nfrom limi.screen import line")
    assert import_closure("pipeline.a") == ("pipeline/a.py",)


def test_text_that_looks_like_an_import_is_none(write: Write) -> None:
    write(a='"""import pipeline.b"""\n# import pipeline.b', b="")
    assert import_closure("pipeline.a") == ("pipeline/a.py",)


def test_an_unknown_module_has_an_empty_closure(write: Write) -> None:
    write(a="")
    assert import_closure("pipeline.nothing") == ()


def test_code_changes_the_fingerprint_and_only_of_those_that_import_it(write: Write) -> None:
    write(a="import pipeline.b", b="x = 1", c="y = 1")
    a, c = code_fingerprint("pipeline.a"), code_fingerprint("pipeline.c")
    write(b="x = 2")
    assert code_fingerprint("pipeline.a") != a
    assert code_fingerprint("pipeline.c") == c


def test_a_changed_date_changes_nothing(write: Write, tmp_path: Path) -> None:
    write(a="x = 1")
    before = code_fingerprint("pipeline.a")
    os.utime(tmp_path / "pipeline/a.py", (1, 1))
    forget()
    assert code_fingerprint("pipeline.a") == before


def test_content_that_moves_to_another_file_is_another_fingerprint(write: Write) -> None:
    write(a="import pipeline.b, pipeline.c", b="x = 1", c="y = 2")
    before = code_fingerprint("pipeline.a")
    write(b="y = 2", c="x = 1")
    assert code_fingerprint("pipeline.a") != before


@pytest.mark.parametrize("path", WITHOUT_EFFECT)
def test_how_a_run_looks_does_not_count(write: Write, path: str) -> None:
    name = Path(path).stem
    write(a=f"import pipeline.{name}", **{name: "x = 1"})
    before = code_fingerprint("pipeline.a")
    write(**{name: "x = 2"})
    assert code_fingerprint("pipeline.a") == before


def test_the_rules_beside_a_module_count_as_its_code(write: Write, tmp_path: Path) -> None:
    write(a="import pipeline.subdomains", subdomains="")
    (tmp_path / "pipeline/subdomains.toml").write_text("x = 1")
    before = code_fingerprint("pipeline.a")
    (tmp_path / "pipeline/subdomains.toml").write_text("x = 2")
    forget()
    assert code_fingerprint("pipeline.a") != before


@pytest.mark.parametrize(
    "name", ["pipeline.filtering", "pipeline.clones.collect", "pipeline.pool", "annotation.agreement", "stages.source"]
)
def test_python_itself_loads_no_file_that_the_closure_lacks(name: str) -> None:
    program = (
        f"import {name}, json, sys\n"
        "print(json.dumps([m.__file__ for m in list(sys.modules.values()) if getattr(m, '__file__', None)]))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    rooms = tuple(f"{ROOT / room}{os.sep}" for room in ("pipeline", "annotation", "stages", "demo", "limi"))
    loaded = {
        Path(path).relative_to(ROOT).as_posix()
        for path in json.loads(done.stdout)
        if path.startswith(rooms) and not path.endswith("__init__.py")
    }
    assert len(loaded) > 3
    assert loaded <= set(import_closure(name))


def test_files_that_run_on_import_and_are_not_in_any_closure_hold_no_code() -> None:
    # `pipeline/__init__.py` runs with every module of the package; the closure leaves it out because it is a docstring.
    packages = [ROOT / room / "__init__.py" for room in ("pipeline", "pipeline/clones", "annotation", "stages", "demo")]
    for path in packages:
        code = compile(path.read_text(encoding="utf-8"), str(path), "exec")
        assert set(code.co_names) <= {"__doc__"}, path
