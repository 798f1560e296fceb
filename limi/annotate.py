"""`limi annotate`: the review in Label Studio, from the command line. docs/REVIEW.md tells it whole."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from annotation.assignment import assign
from annotation.disputes import disputed_tasks
from annotation.interface import PROJECT_SETTINGS, interface
from annotation.judgements import Judgement
from annotation.render.guide import guide_html
from annotation.report.write import write_report
from annotation.returning import returned
from annotation.reviews import read_reviews
from annotation.studio.connection import connect
from annotation.studio.projects import Appearance
from annotation.studio.pull import PullResult, earlier_path, pull, quarantine_path, write_pulled
from annotation.studio.push import PushSummary, push, push_disputed
from annotation.tasks import judge_verdict
from limi.screen import OUT, cell, line, table
from pipeline.errors import LimiError, UserError
from pipeline.params import Params, read_params
from pipeline.progress import following
from pipeline.query_tables import QUERIES, REVIEWED
from pipeline.sections import Review
from pipeline.synthesis.returned import read_returned, returned_file, write_returned

TASKS = Path("data/tasks.json")
STATE = Path(".limi/annotation")
MOST_NAMED = 20  # skipped queries in one line
META = ("query_id", "query_sha256", "task_sha256")


def appearance(review: Review, adjudication: bool) -> Appearance:
    """What a project of annotators or of adjudicators looks like."""
    return Appearance(interface(reviews=adjudication, judge=review.show_judge), guide_html(), PROJECT_SETTINGS)


def push_tasks(disputed: bool) -> None:
    """Push the tasks to the annotators, or those in dispute to the adjudicators."""
    params = read_params()
    review, tasks = params.review, read_tasks()
    if disputed:
        tasks = disputed_tasks(tasks, _reviews(params, tasks), review.overlap)
    with connect(review.server) as connection, following() as progress:
        give = push_disputed if disputed else push
        done = give(connection, tasks, review, params.seed, appearance(review, disputed), STATE, progress)
    _show(done)


def pull_reviews(full: bool, follow: int) -> None:
    """Pull what was submitted into the export and the quarantine beside it; with `follow`, again after so many seconds."""
    try:
        while True:
            try:
                _pull_once(full)
            except LimiError as error:
                if not follow:
                    raise
                line(str(error), "red")  # a server that is started again is no reason to end
            if not follow:
                return
            time.sleep(follow)
    except KeyboardInterrupt:
        line("stopped; what was pulled is kept")


def _pull_once(full: bool) -> None:
    # Parameters and tasks are read each time: `dvc repro` may have made others since.
    review, tasks = read_params().review, read_tasks()
    with connect(review.server) as connection, following() as progress:
        result = pull(connection, tasks, review, STATE, full, progress)
    export = Path(review.export)
    _show_pulled(result, export, write_pulled(result, export))


def write_page(folder: Path) -> None:
    """Write the report of the reviews."""
    params = read_params()
    tasks = read_tasks()
    judgements = _reviews(params, tasks)
    queries = QUERIES.read(Path("data/queries.parquet")).iter_rows(named=True)
    judge = {query["query_id"]: verdict for query in queries if (verdict := judge_verdict(query))}
    write_report(tasks, judgements, params.review, folder, params.seed, judge, _assigned(params, tasks, judgements))
    line(f"{folder / 'report.html'}: the page; {folder / 'report.json'}: its numbers")


def send_back(query_ids: Sequence[str]) -> None:
    """Send rejected queries back to synthesis: those named, or all."""
    path = returned_file(read_params().review.export)
    found = returned(REVIEWED.read(Path("data/reviewed.parquet")).to_dicts())
    if unknown := sorted(set(query_ids) - {one.query_id for one in found}):
        raise UserError(
            f"{unknown[0]} is no rejected query of data/reviewed.parquet; `limi explain {unknown[0]}` says what it is"
        )
    chosen = [one for one in found if not query_ids or one.query_id in query_ids]
    before = {(one.query_id, one.query_sha256): one for one in read_returned(path)}
    write_returned(path, (before | {(one.query_id, one.query_sha256): one for one in chosen}).values())
    line(f"{len(chosen)} rejected queries are in {path}; `dvc repro route_reviews` writes them anew, then push them")


def read_tasks() -> list[dict[str, Any]]:
    """The tasks of this run. Raises UserError if they are not there or not whole."""
    try:
        tasks: list[dict[str, Any]] = json.loads(TASKS.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{TASKS} is not there yet; `dvc repro route_reviews` makes it") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{TASKS} cannot be read ({error}); `dvc repro route_reviews` makes it anew") from None
    if not _are_tasks(tasks):
        raise UserError(f"{TASKS} is not what `dvc repro route_reviews` writes; run it, and it is made anew")
    return tasks


def _are_tasks(data: Any) -> bool:
    return (
        isinstance(data, list)
        and bool(data)
        and all(
            isinstance(task, dict)
            and isinstance(task.get("data"), dict)
            and isinstance(task.get("meta"), dict)
            and all(isinstance(task["meta"].get(name), str) for name in META)
            for task in data
        )
    )


def _reviews(params: Params, tasks: list[dict[str, Any]]) -> list[Judgement]:
    return read_reviews(Path(params.review.export), tasks, params.review)


def _assigned(params: Params, tasks: list[dict[str, Any]], judgements: list[Judgement]) -> dict[str, int]:
    """How many queries each annotator has: those they judged, and what the assignment gives them besides."""
    review = params.review
    held = {name: {one.query_id for one in judgements if one.annotator == name} for name in review.annotators}
    queries = [task["meta"]["query_id"] for task in tasks]
    found = assign(queries, review.annotators, review.overlap, review.calibration, params.seed, held)
    return {name: len(own) for name, own in found.queries.items()}


def _show(done: PushSummary) -> None:
    shown = table("person", ">project", ">new", ">there", ">superseded", ">removed", ">back")
    for one in done.people:
        counts = (one.project, one.created, one.kept, one.superseded, one.deleted, one.revived)
        shown.add_row(*map(cell, (one.name, *counts)))
    OUT.print(shown)
    for warning in done.warnings:
        line(warning, "yellow")


def _show_pulled(result: PullResult, export: Path, gone: int) -> None:
    shown = table("person", ">project", ">counted", ">refused", ">earlier", ">skipped", ">drafts", ">waiting")
    for one in result.summary.people:
        counts = (one.project, one.counted, one.refused, one.stale, one.skipped, one.drafts, one.waiting)
        shown.add_row(*map(cell, (one.name, *counts)))
    OUT.print(shown)
    for warning in result.summary.warnings:
        line(warning, "yellow")
    if skipped := result.summary.skipped:
        named = ", ".join(f"{query_id} by {name}" for name, query_id in skipped[:MOST_NAMED])
        more = f" and {len(skipped) - MOST_NAMED} more" if len(skipped) > MOST_NAMED else ""
        line(f"skipped: {named}{more}; the next push gives them to others")
    line(
        f"{export}: {sum(one.counted for one in result.summary.people)} judgements; `dvc repro` makes verdicts of them"
    )
    if result.quarantine:
        line(f"{quarantine_path(export)}: {len(result.quarantine)} that cannot count, each with its reason", "yellow")
    if gone:
        line(
            f"{gone} judgements that {export} had are not on the server any more; as it was, it is kept in {earlier_path(export)}",
            "yellow",
        )
