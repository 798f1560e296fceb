"""Four people review forty tasks at once, on SQLite and on PostgreSQL: each query is judged as often as asked, by whom it was given to."""

from collections import Counter
from pathlib import Path

from tests.annotation.server.running import Running
from tests.annotation.studio.desk import ANNOTATORS, Desk, made_tasks


def test_four_annotators_over_forty_tasks(any_label_studio: Running, tmp_path: Path) -> None:
    tasks = made_tasks(40)
    with Desk(any_label_studio, tmp_path) as desk:
        pushed = desk.push(tasks)
        again = desk.push(tasks)
        seen = desk.all_work_through()
        result = desk.pull(tasks)

    # The second push finds all of it.
    assert sum(one.created for one in pushed.people) == 37 * 2 + 3 * 4
    assert [(one.created, one.kept) for one in again.people] == [(0, one.created) for one in pushed.people]
    # Nobody was handed a task that is not theirs, or any with another's work in it.
    for name, handed in seen.items():
        assert {task["meta"]["annotator"] for task in handed} == {name}
        assert len({task["meta"]["query_id"] for task in handed}) == len(handed)
        assert all(task["annotations"] == [] for task in handed)
        assert [task["meta"]["phase"] for task in handed[:4]] == ["calibration"] * 3 + ["review"]
    # Each query has exactly its overlap, in what was handed out and in the export.
    handed_out = Counter(task["meta"]["query_id"] for handed in seen.values() for task in handed)
    exported = {task.query_id: len(task.annotations) for task in result.export.tasks}
    assert handed_out == exported
    assert Counter(exported.values()) == {2: 37, 4: 3}
    assert result.quarantine == []
    assert [(one.name, one.counted, one.waiting) for one in result.summary.people] == [
        (name, len(seen[name]), 0) for name in ANNOTATORS
    ]
