"""Push 10,000 tasks to a real Label Studio and pull the reviews of all, this project's way and the plain SDK's way, on the same server.

    python -m benchmarks.review_sync [--tasks N] [--database sqlite|postgresql] [--sdk-first]

Needs: the installed project with its extras test and annotation, and Label Studio's environment, which `make test` makes (for PostgreSQL
also its programs); no account, no network but loopback. Four annotators, two for each query, so half as many queries as tasks; each shows a
rendered diff of this project's own source. Each way has projects of its own and runs in processes of its own. The plain way is the
SDK's documentation's: `projects.import_tasks` once for each project, and `tasks.list(fields="all")`. The reviews are made in bulk on the
server. Prints progress, and one JSON object on its last line: tasks, database, mb (of JSON pushed), push_seconds, pull_seconds,
incremental_pull_seconds (100 reviews after a full pull), second_push_seconds (nothing to do), sdk_push_seconds, sdk_pull_seconds,
sdk_pull_large_pages_seconds (pages of 1,000 in place of the SDK's own size), peak_mb and sdk_peak_mb (of the larger of the processes).
"""

import argparse
import difflib
import itertools
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from annotation.interface import PROJECT_SETTINGS, interface
from annotation.render.diff import render_diff
from annotation.studio.connection import KEY, Connection, connect
from annotation.studio.projects import Appearance, find_places
from annotation.studio.pull import MARGIN, pull, write_pulled
from annotation.studio.push import push
from annotation.studio.reading import annotated_tasks, held_tasks
from pipeline.files import sha256_text
from pipeline.sections import Review
from tests.annotation.server.running import Running, label_studio_server
from tests.annotation.submitted import answers

ROOT = Path(__file__).resolve().parent.parent
ANNOTATORS = ("amara", "bo", "chidi", "dana")
OVERLAP = 2
CHANGED = 100  # reviews between a full pull and the next
DIFFS = 200  # different ones


def made_tasks(count: int) -> list[dict[str, Any]]:
    """Tasks as data/tasks.json holds them, with diffs of 20 to 150 lines of real code."""
    draw = random.Random(5)  # noqa: S311 - repeatable, not secret
    lines = [line for path in sorted((ROOT / "pipeline").rglob("*.py")) for line in path.read_text().splitlines()]
    diffs = []
    for _ in range(min(DIFFS, count)):
        start, size = draw.randrange(len(lines) - 200), draw.randrange(20, 150)
        old = lines[start : start + size]
        new = [line for line in old if draw.random() > 0.3] + lines[start + size : start + size + 20]
        patch = "\n".join(difflib.unified_diff(old, new, "a/pipeline/some.py", "b/pipeline/some.py", lineterm=""))
        diffs.append(render_diff("diff --git a/pipeline/some.py b/pipeline/some.py\n" + patch + "\n"))
    return [_task(f"gh-{number:06}", diffs[number % len(diffs)]) for number in range(count)]


def _task(name: str, diff: str) -> dict[str, Any]:
    query = f"Reading {name} fails when the file ends early. " * 8
    data = {
        "pr_ref": "acme/parser#1",
        "title_html": "<b>Mend the end of files</b>",
        "body_html": "<p>As told.</p>" * 20,
    }
    data |= {"diff_html": diff, "query": query, "criteria_html": "<ul><li>It reads on.</li></ul>", "judge_html": ""}
    return {
        "data": data,
        "meta": {"query_id": name, "query_sha256": sha256_text(query), "task_sha256": sha256_text(query + diff)},
    }


def review_of(url: str, accounts: dict[str, str]) -> Review:
    """The benchmark's review on a server."""
    return Review(
        annotators=accounts,
        adjudicators={},
        overlap=OVERLAP,
        calibration=0,
        show_judge=False,
        server=url,
        project="Benchmark",
        export="reviews.json",
    )


def our_push(url: str, accounts: dict[str, str], count: int, folder: Path) -> None:
    """Push as `limi annotate push` does."""
    with connect(url) as line:
        appearance = Appearance(interface(), "<p>Judge each.</p>", PROJECT_SETTINGS)
        made = push(line, _TASKS, review_of(url, accounts), 7, appearance, folder)
    _check(sum(one.created + one.kept for one in made.people), count)


def our_pull(url: str, accounts: dict[str, str], count: int, folder: Path) -> None:
    """Pull as `limi annotate pull` does."""
    with connect(url) as line:
        result = pull(line, _TASKS, review_of(url, accounts), folder)
    write_pulled(result, folder / "reviews.json")
    _check(len(result.quarantine), 0)
    _check(sum(len(task.annotations) for task in result.export.tasks), count)


def sdk_push(url: str, accounts: dict[str, str], count: int, folder: Path) -> None:
    """The same copies into as many projects with the SDK's own calls."""
    from label_studio_sdk import LabelStudio

    client: Any = LabelStudio(base_url=url, api_key=os.environ[KEY], timeout=600)
    projects = []
    for at, name in enumerate(accounts):
        made = client.projects.create(title=f"SDK {name}", label_config=interface(), maximum_annotations=1)
        own = [task for number, task in enumerate(_TASKS) if at in (number % 4, (number + 1 + number // 4 % 3) % 4)]
        client.projects.import_tasks(id=made.id, request=own)
        projects.append((made.id, len(own)))
    _check(sum(size for _, size in projects), count)
    (folder / "sdk.json").write_text(json.dumps([project for project, _ in projects]))


def sdk_pull(url: str, accounts: dict[str, str], count: int, folder: Path, **more: int) -> None:
    """All tasks with their annotations with the SDK's own call."""
    from label_studio_sdk import LabelStudio

    client: Any = LabelStudio(base_url=url, api_key=os.environ[KEY], timeout=600)
    rows = []
    for project in json.loads((folder / "sdk.json").read_text()):
        for task in client.tasks.list(project=project, fields="all", **more):
            rows += [(task.meta["query_id"], one) for one in task.annotations]
    _check(len(rows), count)


def _check(found: int, expected: int) -> None:
    if found != expected:
        raise SystemExit(f"{found} of {expected}")


def sdk_pull_large_pages(url: str, accounts: dict[str, str], count: int, folder: Path) -> None:
    """The same with pages of 1,000."""
    sdk_pull(url, accounts, count, folder, page_size=1000)


WORK = {work.__name__: work for work in (our_push, our_pull, sdk_push, sdk_pull, sdk_pull_large_pages)}
_TASKS: list[dict[str, Any]] = []


def measured(running: Running, work: str, count: int, folder: Path) -> tuple[float, float]:
    """`(seconds, peak MB)` of a piece of work in a process of its own; making the tasks and importing modules is not counted."""
    accounts = {name: running.accounts[name].email for name in ANNOTATORS}
    command = [
        sys.executable,
        "-m",
        "benchmarks.review_sync",
        "--run",
        work,
        running.url,
        json.dumps(accounts),
        str(folder),
    ]
    environment = os.environ | {KEY: running.owner_token}
    done = subprocess.run([*command, "--tasks", str(count)], stdout=subprocess.PIPE, env=environment, text=True)
    if done.returncode:
        raise SystemExit(f"{work} failed")
    found = json.loads(done.stdout.splitlines()[-1])
    print(work, found, file=sys.stderr, flush=True)
    return found["seconds"], found["peak_mb"]


def review_all(running: Running, projects: list[int]) -> None:
    """Answer every task of four projects on the server, as predictions that each annotator takes over."""
    with Connection(running.url, running.owner_token) as owner:
        for name, project in zip(ANNOTATORS, projects, strict=True):
            ids = [one.task for one in held_tasks(owner, project)]
            predictions = [{"task": number, "result": answers(), "model_version": "v1"} for number in ids]
            owner.write("POST", f"/api/projects/{project}/import/predictions", predictions, again=False)
            action, chosen = "predictions_to_annotations", {"selectedItems": {"all": True}}
            with Connection(running.url, running.accounts[name].token) as line:
                line.write("POST", "/api/dm/actions", chosen, again=False, id=action, project=project)


def change_some(running: Running, projects: dict[str, int]) -> None:
    """Change CHANGED reviews through the API, each person their own: what another changes does not count."""
    for name, project in projects.items():
        with Connection(running.url, running.accounts[name].token) as own:
            some = itertools.islice(annotated_tasks(own, project, None), CHANGED // len(projects))
            for task in some:
                own.write("PATCH", f"/api/annotations/{task['annotations'][0]['id']}", {"lead_time": 5.0})


def warm_up(running: Running) -> None:
    """Let the server do each thing once: the first import of a fresh process takes a second more than the next."""
    with Connection(running.url, running.owner_token) as owner:
        project = owner.write("POST", "/api/projects", {"title": "Warm", "label_config": interface()})["id"]
        owner.write("POST", f"/api/projects/{project}/import", made_tasks(10), again=False)
        held_tasks(owner, project)


def compared(running: Running, count: int, sdk_first: bool) -> dict[str, Any]:
    """All figures for one server."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        warm_up(running)
        pushes = ["our_push", "sdk_push"]
        pulls = ["our_pull", "sdk_pull", "sdk_pull_large_pages"]
        found = {work: measured(running, work, count, folder) for work in (pushes[::-1] if sdk_first else pushes)}
        found["second_push"] = measured(running, "our_push", count, folder)
        with Connection(running.url, running.owner_token) as owner:
            ours = {place.name: place.project for place in find_places(owner, "Benchmark")}
        started = time.monotonic()
        for projects in ([ours[name] for name in ANNOTATORS], json.loads((folder / "sdk.json").read_text())):
            review_all(running, projects)
        made = time.monotonic()
        print(f"reviews made in {made - started:.0f} s", file=sys.stderr, flush=True)
        found |= {work: measured(running, work, count, folder) for work in (pulls[::-1] if sdk_first else pulls)}
        # A pull reads what is younger than its margin once more; that would be all reviews here, which were made at once.
        time.sleep(max(0.0, MARGIN + 5 - (time.monotonic() - made)))
        measured(running, "our_pull", count, folder)
        change_some(running, {name: ours[name] for name in ANNOTATORS})
        found["incremental_pull"] = measured(running, "our_pull", count, folder)
    return {
        "push_seconds": found["our_push"][0],
        "pull_seconds": found["our_pull"][0],
        "second_push_seconds": found["second_push"][0],
        "incremental_pull_seconds": found["incremental_pull"][0],
        "sdk_push_seconds": found["sdk_push"][0],
        "sdk_pull_seconds": found["sdk_pull"][0],
        "sdk_pull_large_pages_seconds": found["sdk_pull_large_pages"][0],
        "peak_mb": max(found[work][1] for work in ("our_push", "our_pull", "second_push", "incremental_pull")),
        "sdk_peak_mb": max(found[work][1] for work in ("sdk_push", "sdk_pull", "sdk_pull_large_pages")),
    }


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.review_sync", description=__doc__)
    parser.add_argument("--tasks", type=int, default=10_000, help="copies of tasks in all projects together")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--sdk-first", action="store_true", help="let the SDK's way go first")
    parser.add_argument(
        "--run", nargs=4, metavar=("WORK", "URL", "ACCOUNTS", "FOLDER"), help="one piece, in this process"
    )
    given = parser.parse_args()
    if given.run:
        work, url, accounts, folder = given.run
        import label_studio_sdk.client  # noqa: F401 - two seconds that are nobody's work

        _TASKS.extend(made_tasks(given.tasks // OVERLAP))
        started = time.monotonic()
        WORK[work](url, json.loads(accounts), given.tasks, Path(folder))
        seconds = round(time.monotonic() - started, 2)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peak_mb": round(peak)}))
        return
    size = sum(len(json.dumps(task)) for task in made_tasks(given.tasks // OVERLAP)) * OVERLAP
    with label_studio_server(given.database) as running:
        found = compared(running, given.tasks, given.sdk_first)
    print(json.dumps({"tasks": given.tasks, "database": given.database, "mb": round(size / 1e6), **found}))


if __name__ == "__main__":
    main()
