"""What somebody skips goes to somebody else, stays with who skipped it, and counts if they judge it after all."""

from collections import Counter
from pathlib import Path

from tests.annotation.server.running import Running
from tests.annotation.studio.desk import Desk, made_task, made_tasks, next_task

TASKS = made_tasks(6)


def given(desk: Desk) -> Counter[str]:
    """In how many projects each query stands."""
    return Counter(task["meta"]["query_id"] for name in desk.review.annotators for task in desk.tasks_of(name))


def test_a_skipped_query_gets_its_overlap_from_somebody_else(any_label_studio: Running, tmp_path: Path) -> None:
    with Desk(any_label_studio, tmp_path, overlap=1, calibration=0, people=2) as desk:
        desk.push(TASKS)
        task = desk.tasks_of("amara")[0]
        query = task["meta"]["query_id"]
        skip = desk.submit("amara", query, [], was_cancelled=True)
        assert desk.pull(TASKS).summary.skipped == [("amara", query)]

        assert [(one.created, one.deleted, one.superseded) for one in desk.push(TASKS).people] == [(0, 0, 0), (1, 0, 0)]
        assert [(one.created, one.kept) for one in desk.push(TASKS).people] == [(0, 3), (0, 4)]

        # It is in the project of who skipped it as it was, and is not handed out there again.
        after = desk.task_of("amara", query)
        assert (after["id"], after["meta"]) == (task["id"], task["meta"])
        assert query not in {handed["meta"]["query_id"] for handed in desk.work_through("amara")}
        assert query in {handed["meta"]["query_id"] for handed in desk.work_through("bo")}
        exported = {
            one.query_id: [given.annotator for given in one.annotations] for one in desk.pull(TASKS).export.tasks
        }
        assert exported[query] == ["bo"]
        assert [len(names) for names in exported.values()] == [1] * 6
        desk.line("amara").write("DELETE", f"/api/annotations/{skip}", {})
        assert desk.pull(TASKS).summary.skipped == []


def test_who_judges_it_after_all_holds_it_again(label_studio: Running, tmp_path: Path) -> None:
    with Desk(label_studio, tmp_path, overlap=1, calibration=0, people=2) as desk:
        desk.push(TASKS)
        query = desk.tasks_of("amara")[0]["meta"]["query_id"]
        skip = desk.submit("amara", query, [], was_cancelled=True)
        desk.line("amara").write("POST", f"/api/annotations/{skip}/convert-to-draft", {})
        assert [one.created for one in desk.push(TASKS).people] == [0, 0]
        desk.submit("amara", query, [], was_cancelled=True)
        desk.submit("amara", query)
        assert [one.created for one in desk.push(TASKS).people] == [0, 0]
        result = desk.pull(TASKS)
        assert (result.summary.skipped, result.summary.people[0].counted) == ([], 1)


def test_nobody_can_skip_for_another(label_studio: Running, tmp_path: Path) -> None:
    with Desk(label_studio, tmp_path, overlap=1, calibration=0, people=2) as desk:
        desk.push(TASKS)
        first, second = (task["meta"]["query_id"] for task in desk.tasks_of("amara")[:2])
        amara = desk.line("amara").read("/api/current-user/whoami")["id"]
        desk.submit("amara", first, [], by="bo", was_cancelled=True)
        desk.submit("amara", second, [], by="bo", was_cancelled=True, completed_by=amara)
        assert [one.created for one in desk.push(TASKS).people] == [0, 0]
        assert desk.pull(TASKS).summary.skipped == []


def test_who_skipped_an_earlier_text_is_asked_about_the_new_one(label_studio: Running, tmp_path: Path) -> None:
    with Desk(label_studio, tmp_path, overlap=1, calibration=0, people=2) as desk:
        desk.push(TASKS)
        query = desk.tasks_of("amara")[0]["meta"]["query_id"]
        desk.submit("amara", query, [], was_cancelled=True)
        changed = [made_task(query, 1) if task["meta"]["query_id"] == query else task for task in TASKS]
        assert [one.created for one in desk.push(changed).people] == [1, 0]


def test_what_everybody_skips_is_left(label_studio: Running, tmp_path: Path) -> None:
    with Desk(label_studio, tmp_path, overlap=2, calibration=1, people=2) as desk:
        desk.push(TASKS)
        for name in ("amara", "bo"):
            desk.submit(name, "q002", [], was_cancelled=True)
        assert [(one.created, one.kept) for one in desk.push(TASKS).people] == [(0, 6), (0, 6)]
        assert desk.pull(TASKS).summary.skipped == [("amara", "q002"), ("bo", "q002")]
        assert given(desk) == dict.fromkeys(given(desk), 2)
        desk.work_through("amara")
        assert next_task(desk.line("amara"), desk.places()["amara"].project) is None
