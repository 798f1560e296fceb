"""The file is changed by one at a time, whole or not at all, and an earlier row is never lost."""

import json
import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from curated.intake import book as module
from curated.intake.book import opened
from curated.intake.check import check
from curated.intake.history import history_path, read_history, withdrawn
from pipeline.errors import UserError
from pipeline.real_world import read_real_world
from tests.curated.intake.brought import TEXT, query, row, rules

A = query(id="rw-a")
B = query(
    "Write a checker for our menus that finds dishes without a price, and tell the cook which ones they are.", id="rw-b"
)
C = query("Draw a map of the county with every bridge that a lorry of forty tonnes must not use, and why.", id="rw-c")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queries.jsonl"


def put(path: Path, *queries: Any, **replaced: str) -> None:
    with opened(path) as book:
        book.put(queries, {f"rw-{name}": why for name, why in replaced.items()})


def entries(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in history_path(path).read_text(encoding="utf-8").splitlines()]


def test_a_file_that_is_not_there_is_begun(path: Path) -> None:
    put(path, A, B)
    assert read_real_world(path) == [A, B]
    assert not history_path(path).exists()


def test_other_lines_keep_every_byte(path: Path) -> None:
    odd = json.dumps(row(id="rw-odd", source="caf\u00e9")).encode() + b" \r"
    path.write_bytes(odd + b"\n" + json.dumps(B.model_dump(), indent=None, separators=(",", ":")).encode())
    before = path.read_bytes()
    put(path, C)
    assert path.read_bytes().startswith(before + b"\n")
    with opened(path) as book:
        book.withdraw("rw-b", "asked for", erase=False)
    assert [one.id for one in read_real_world(path)] == ["rw-odd", "rw-c"]
    assert path.read_bytes().startswith(odd + b"\n{")


def test_a_replaced_row_keeps_its_place_and_the_earlier_one_is_in_the_history(path: Path) -> None:
    put(path, A, B)
    changed = A.model_copy(update={"source": "an interview"})
    put(path, changed, a="its contributor asked")
    assert read_real_world(path) == [changed, B]
    (entry,) = read_history(path)
    assert (entry.change, entry.id, entry.why, entry.row) == ("replaced", "rw-a", "its contributor asked", A)


def test_a_withdrawn_query_is_gone_from_the_file_and_kept_with_the_reason(path: Path) -> None:
    put(path, A, B)
    with opened(path) as book:
        assert book.withdraw("rw-a", "asked for", erase=False)
    assert read_real_world(path) == [B]
    (entry,) = read_history(path)
    assert (entry.change, entry.why, entry.row) == ("withdrawn", "asked for", A)
    assert list(withdrawn(read_history(path))) == ["rw-a"]


def test_erased_means_no_text_of_it_anywhere_beside_the_file(path: Path) -> None:
    put(path, A, B)
    put(path, A.model_copy(update={"source": "an interview"}), a="mended")
    with opened(path) as book:
        book.withdraw("rw-a", "asked for", erase=True)
    assert [(one["change"], one["row"]) for one in entries(path)] == [("replaced", None), ("withdrawn", None)]
    assert not any(TEXT in file.read_text(encoding="utf-8") for file in path.parent.iterdir())


def test_what_was_withdrawn_can_be_erased_later_and_only_once(path: Path) -> None:
    put(path, A)
    with opened(path) as book:
        book.withdraw("rw-a", "asked for", erase=False)
        assert book.withdraw("rw-a", "asked for", erase=True) is False
        with pytest.raises(UserError, match="rw-a was withdrawn before; nothing was changed"):
            book.withdraw("rw-a", "asked for", erase=True)
        with pytest.raises(UserError, match="rw-x is no query of it"):
            book.withdraw("rw-x", "asked for", erase=False)


@pytest.mark.parametrize("erase", [False, True])
def test_a_withdrawal_that_was_killed_between_is_told_and_ends_the_next_time(
    path: Path, monkeypatch: pytest.MonkeyPatch, erase: bool
) -> None:
    put(path, A, B)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt), opened(path) as book:
        patched.setattr(module, "atomic", _killed)
        book.withdraw("rw-a", "asked for", erase)
    assert read_real_world(path) == [A, B]
    found = check(read_real_world(path), rules(withdrawn=withdrawn(read_history(path))))
    assert [one.check for one in found] == ["withdrawn"]
    with opened(path) as book:
        book.withdraw("rw-a", "asked for", erase)
    assert read_real_world(path) == [B]
    assert len(entries(path)) == 1


def test_a_replacement_that_was_killed_between_loses_no_row(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(path, A, B)
    changed = [A.model_copy(update={"source": "x"}), B.model_copy(update={"source": "x"})]
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(module, "atomic", _killed)
        put(path, *changed, a="mended", b="mended")
    assert read_real_world(path) == [A, B]
    put(path, *changed, a="mended", b="mended")
    assert read_real_world(path) == changed
    assert [entry.row for entry in read_history(path)] == [A, B]


def _killed(_: Path) -> None:
    raise KeyboardInterrupt


def _put_one(path: Path, number: int, begin: "multiprocessing.synchronize.Barrier") -> None:
    begin.wait(30)
    for at in range(5):
        put(path, query(f"Wish {number} {at}: {TEXT}", id=f"rw-{number}-{at}"))


def test_two_at_once_lose_nothing(path: Path) -> None:
    context = multiprocessing.get_context("fork")
    begin = context.Barrier(2)
    both = [context.Process(target=_put_one, args=(path, number, begin)) for number in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert sorted(one.id for one in read_real_world(path)) == [
        f"rw-{number}-{at}" for number in range(2) for at in range(5)
    ]
    assert list(path.parent.iterdir()) == [path]


def test_a_file_with_a_fault_is_not_changed(path: Path) -> None:
    path.write_text(json.dumps(row()) + "\n{\n", encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"line 2: it is not JSON .*\n.*nothing was changed; mend"), opened(path):
        pass
    assert path.read_bytes() == before


@pytest.mark.parametrize("line", ["{", "[]", '{"at": "x"}', '{"at": 1, "at": 2}', "\x00", "\udcff"])
def test_a_damaged_history_is_told_and_nothing_is_changed(path: Path, line: str) -> None:
    put(path, A)
    history_path(path).write_bytes(line.encode("utf-8", "surrogateescape") + b"\n")
    with pytest.raises(UserError, match=r"queries\.history\.jsonl .*bring (it|the line) back as it was"), opened(path):
        pass
    assert read_real_world(path) == [A]


def test_a_link_to_the_file_is_the_same_file(path: Path) -> None:
    put(path, A)
    link = path.with_name("link.jsonl")
    link.symlink_to(path)
    put(link, B)
    with opened(link) as book:
        book.withdraw("rw-a", "asked for", erase=False)
    assert link.is_symlink()
    assert read_real_world(path) == [B]
    assert read_history(link) == read_history(path) != []
