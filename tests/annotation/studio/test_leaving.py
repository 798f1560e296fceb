"""Who is taken out of the review: it is said, nothing of theirs is deleted, and their judgements count again once the name is back."""

from pathlib import Path

from tests.annotation.server.running import Running
from tests.annotation.studio.desk import Desk, made_tasks

TASKS = made_tasks(4)


def test_who_leaves_is_told_of_and_can_come_back(label_studio: Running, tmp_path: Path) -> None:
    with Desk(label_studio, tmp_path, calibration=0, people=3) as desk:
        assert desk.push(TASKS).warnings == []
        chidi = desk.places()["chidi"].project
        query = desk.tasks_of("chidi")[0]["meta"]["query_id"]
        desk.submit("chidi", query)
        before = desk.review
        without = {name: address for name, address in before.annotators.items() if name != "chidi"}
        desk.review = before.model_copy(update={"annotators": without})

        (warning,) = desk.push(TASKS).warnings
        result = desk.pull(TASKS)

        assert warning.startswith(
            f"project {chidi} is chidi's, who is not in review.annotators: nothing is asked there any more"
        )
        assert [(entry["kind"], entry["annotator"]) for entry in result.quarantine] == [("stale", "chidi")]
        assert "put the name back and the judgement counts again" in result.quarantine[0]["reason"]
        assert [(one.counted, one.refused, one.stale) for one in result.summary.people][2] == (0, 0, 1)
        desk.review = before
        assert desk.push(TASKS).warnings == []
        assert [one.counted for one in desk.pull(TASKS).summary.people] == [0, 0, 1]
