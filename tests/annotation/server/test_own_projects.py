"""Where `limi annotate up` serves, everybody sees and changes what is in their own project, and the owner everything."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.annotation.server.asking import Asking
from tests.annotation.server.running import Running, label_studio_server

CONFIG = '<View><Text name="t" value="$t"/><Choices name="c" toName="t"><Choice value="a"/></Choices></View>'
ANSWER = {"result": [{"from_name": "c", "to_name": "t", "type": "choices", "value": {"choices": ["a"]}}]}


@dataclass
class Review:
    """Two annotators' projects with two tasks each, and one annotation of bo's."""

    running: Running
    projects: dict[str, int]
    tasks: dict[str, list[int]]
    annotation: int

    def asking(self, name: str) -> Asking:
        return Asking(self.running.url, self.running.accounts[name].token)


@pytest.fixture(scope="module")
def review() -> Iterator[Review]:
    with label_studio_server(own_projects=True) as running:
        owner = Asking(running.url, running.owner_token)
        projects, tasks = {}, {}
        for name in ("amara", "bo"):
            description = f"Reviews by {name}.\nlimi-review {name} annotator LIMI demo"
            made = owner.post(
                "/api/projects", {"title": f"of {name}", "description": description, "label_config": CONFIG}
            ).json["id"]
            owner.post(f"/api/projects/{made}/import", [{"data": {"t": f"{name} {number}"}} for number in range(2)])
            projects[name] = made
            tasks[name] = [task["id"] for task in owner.get(f"/api/tasks?project={made}").json["tasks"]]
        bo = Asking(running.url, running.accounts["bo"].token)
        annotation = bo.post(f"/api/tasks/{tasks['bo'][0]}/annotations/", ANSWER).json["id"]
        yield Review(running, projects, tasks, annotation)


def test_an_annotator_works_in_their_own_project(review: Review) -> None:
    amara, project = review.asking("amara"), review.projects["amara"]
    assert [row["id"] for row in amara.get("/api/projects").json["results"]] == [project]
    task = amara.get(f"/api/projects/{project}/next").json["id"]
    assert task in review.tasks["amara"]
    assert amara.post(f"/api/tasks/{task}/drafts", ANSWER).status == 201
    made = amara.post(f"/api/tasks/{task}/annotations/", ANSWER)
    assert made.status == 201
    assert (
        amara.ask("PATCH", f"/api/annotations/{made.json['id']}", "{}", Content_Type="application/json").status == 200
    )
    assert len(amara.get(f"/api/tasks?project={project}&fields=all").json["tasks"]) == 2


@pytest.mark.parametrize(
    "path",
    [
        "/api/projects/{project}",
        "/api/projects/{project}/next",
        "/api/projects/{project}/summary",
        "/api/projects/{project}/tasks",
        "/api/dm/project?project={project}",
        "/api/dm/columns?project={project}",
        "/api/tasks?project={project}",
        "/api/tasks?project={project}&fields=all",
        "/api/tasks/{task}",
        "/api/tasks/{task}/annotations",
        "/api/tasks/{task}/drafts",
        "/api/annotations/{annotation}",
    ],
)
def test_an_annotator_reads_nothing_of_anothers(review: Review, path: str) -> None:
    amara, bo = review.running.accounts["amara"], review.running.accounts["bo"]
    path = path.format(project=review.projects["bo"], task=review.tasks["bo"][0], annotation=review.annotation)
    answers = {}
    for account in (amara, bo):
        browser = Asking(review.running.url)
        assert browser.log_in(account.email, account.password)
        answers[account.name] = browser.get(path)
    assert answers["bo"].status == 200, "the address is one at which there is something to see"
    assert answers["amara"].status in (403, 404)
    assert b"bo 0" not in answers["amara"].body


@pytest.mark.parametrize("whose", ["amara", "bo"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/api/projects/{project}", ""),
        ("PATCH", "/api/projects/{project}", '{"description": "limi-review amara annotator LIMI demo"}'),
        ("POST", "/api/projects/{project}/import", '[{"data": {"t": "mine"}}]'),
        ("DELETE", "/api/projects/{project}/tasks", ""),
        ("PATCH", "/api/tasks/{task}", '{"data": {"t": "mine"}}'),
        ("DELETE", "/api/tasks/{task}", ""),
        (
            "POST",
            "/api/dm/actions?id=delete_tasks&project={project}",
            '{"selectedItems": {"all": true, "excluded": []}}',
        ),
        ("POST", "/api/webhooks/", '{"project": {project}, "url": "http://127.0.0.1:9"}'),
        ("POST", "/api/projects", '{"title": "mine"}'),
        ("GET", "/api/projects/{project}/export?exportType=JSON", ""),
        ("GET", "/api/invite", ""),
        ("GET", "/api/organizations/1/memberships", ""),
        ("PATCH", "/api/session-policy/", '{"max_session_age": 1, "max_time_between_activity": 1}'),
    ],
)
def test_an_annotator_changes_no_project_or_task(review: Review, whose: str, method: str, path: str, body: str) -> None:
    names = {"{project}": str(review.projects[whose]), "{task}": str(review.tasks[whose][1])}
    for name, value in names.items():
        path, body = path.replace(name, value), body.replace(name, value)
    assert review.asking("amara").ask(method, path, body, Content_Type="application/json").status in (403, 404)
    owner = Asking(review.running.url, review.running.owner_token)
    assert [
        task["id"] for task in owner.get(f"/api/tasks?project={review.projects[whose]}").json["tasks"]
    ] == review.tasks[whose]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/tasks/{task}/annotations/"),
        ("POST", "/api/tasks/{task}/drafts"),
        ("PATCH", "/api/annotations/{annotation}"),
        ("DELETE", "/api/annotations/{annotation}"),
    ],
)
def test_an_annotator_answers_for_nobody_else(review: Review, method: str, path: str) -> None:
    path = path.format(task=review.tasks["bo"][0], annotation=review.annotation)
    asked = review.asking("amara").ask(method, path, '{"result": []}', Content_Type="application/json")
    assert asked.status in (403, 404)
    owner = Asking(review.running.url, review.running.owner_token)
    (annotation,) = owner.get(f"/api/tasks/{review.tasks['bo'][0]}/annotations").json
    assert (annotation["id"], len(annotation["result"])) == (review.annotation, 1)


def test_the_owner_sees_everything(review: Review) -> None:
    owner = Asking(review.running.url, review.running.owner_token)
    assert {row["id"] for row in owner.get("/api/projects").json["results"]} == set(review.projects.values())
    assert len(owner.get(f"/api/projects/{review.projects['bo']}/export?exportType=JSON").json) == 1
    assert owner.get(f"/api/annotations/{review.annotation}").status == 200


def test_an_annotator_sees_no_address_but_their_own(review: Review) -> None:
    amara, bo = review.running.accounts["amara"], review.asking("bo").get("/api/current-user/whoami").json["id"]
    assert [user["email"] for user in review.asking("amara").get("/api/users").json] == [amara.email]
    change = '{"email": "elsewhere@limi.example"}'
    asked = review.asking("amara").ask("PATCH", f"/api/users/{bo}", change, Content_Type="application/json")
    assert asked.status in (403, 404, 405)
    owner = Asking(review.running.url, review.running.owner_token)
    assert len(owner.get("/api/users").json) == len(review.running.accounts)


def test_who_has_no_project_sees_none(review: Review) -> None:
    assert review.asking("chidi").get("/api/projects").json["results"] == []


def test_who_is_not_logged_in_sees_none(review: Review) -> None:
    assert Asking(review.running.url).get("/api/projects").status == 401
