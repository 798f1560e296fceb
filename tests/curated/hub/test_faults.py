"""Whatever goes wrong, the outcome is a sentence, and the Hub has the old revision or the whole new one."""

import traceback
from dataclasses import replace
from typing import Any

import pytest

from curated.hub.publish import preview, publish
from pipeline.errors import LimiError, UserError
from tests.curated.hub.datasets import dataset, rows
from tests.curated.hub.pushing import Publisher, half_published, hashes
from tests.servers.hub import TOKEN, Account, Fault

# huggingface_hub 2.4 sends large files in a way that its own HTTP library has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
COMMIT, TAG, STORE, BATCH = "POST .*/commit/", "POST .*/tag/", "PUT /storage", "/objects/batch"


@pytest.fixture
def second(publisher: Publisher) -> Publisher:
    """A publisher whose first version is on the Hub, and who is about to push the second."""
    publisher.push()
    publisher.first = hashes(publisher.folder)
    dataset(publisher.folder, rows(21))
    return publisher


def commits(publisher: Publisher) -> int:
    state = publisher.state
    return len(state.history(state.commit(state.head)))


def check_whole(publisher: Publisher) -> None:
    assert half_published(publisher.state, [publisher.first, hashes(publisher.folder)]) == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            Fault("status", "GET /api/datasets", status=403, message="Forbidden"),
            r"may not write there \(403\).*Forbidden",
        ),
        (Fault("status", "preupload", status=403), r"may not write there \(403\)"),
        (
            Fault("status", BATCH, status=401, message="Invalid credentials in Authorization header"),
            r"not valid \(401\)",
        ),
        (Fault("status", BATCH, status=404, code="RepoNotFound"), r"no such dataset.*\(404\)"),
        (
            Fault("status", STORE, status=403, message="Request has expired"),
            r"the storage behind the Hub refused it \(403\).*Request has expired",
        ),
        (Fault("status", "preupload", status=503, seconds=900), "asks to wait 900 seconds"),
        (Fault("status", COMMIT, status=409, message="Conflict"), r"conflict.*\(409\).*Preview again"),
        (Fault("status", COMMIT, status=412, message="A commit has happened since"), r"somebody has changed.*\(412\)"),
        (Fault("status", COMMIT, status=413, message="Too large"), r"too large for the Hub \(413\)"),
        (Fault("status", COMMIT, status=418, message="A teapot\x1b[31m"), r"refused \(418\).*A teapot \[31m"),
        (Fault("status", COMMIT, status=429, seconds=900), "asks to wait 900 seconds"),
        (Fault("overtake", COMMIT), r"somebody has changed.*preview again, and push"),
        (Fault("status", COMMIT, status=503, times=4), r"the Hub is in trouble \(503\)"),
        (Fault("status", COMMIT, status=429, times=4), r"too many requests \(429\)"),
        (Fault("reset", COMMIT, times=4), "no complete answer came"),
        (Fault("break", COMMIT, at_byte=100, times=4), "no complete answer came"),
    ],
    ids=lambda value: f"{value.kind} {value.status} {value.on}" if isinstance(value, Fault) else "",
)
def test_a_refused_push_leaves_the_old_version(second: Publisher, fault: Fault, said: str) -> None:
    old = second.state.head
    second.server.script.faults.append(fault)
    with pytest.raises(LimiError, match=said) as refused:
        second.push("v1.1")
    assert "visible on the Hub" in str(refused.value) or "Nothing was changed" in str(refused.value)
    assert "\x1b" not in str(refused.value)
    state = second.state
    others = [commit.title for commit in state.history(state.commit(state.head)) if commit.oid != old]
    assert "Publish v1.1" not in others
    assert state.tags == {"v1.0": old}


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", "GET /api/datasets/amara/queries$", status=502, times=3),
        Fault("status", "/refs", status=429, seconds=5),
        Fault("reset", "/tree/"),
        Fault("status", COMMIT, status=500),
        Fault("status", COMMIT, status=429, seconds=30),
        Fault("reset", COMMIT),
        Fault("break", COMMIT, at_byte=100),
        Fault("lost", COMMIT),
        Fault("done_500", COMMIT),
        Fault("late", COMMIT),
        Fault("status", TAG, status=503),
        Fault("lost", TAG),
        Fault("done_500", TAG),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status} {fault.on}",
)
def test_passing_trouble_ends_in_one_whole_commit(second: Publisher, fault: Fault) -> None:
    second.server.script.faults.append(fault)
    published = second.push("v1.1")
    assert commits(second) == 3
    assert second.state.tags["v1.1"] == published.revision == second.state.head
    check_whole(second)
    assert sum(second.waits) <= 31


def test_waits_are_bounded_and_follow_the_hub(second: Publisher) -> None:
    second.server.script.faults += [
        Fault("status", COMMIT, status=429, seconds=30),
        Fault("status", COMMIT, status=503, times=2),
    ]
    second.push("v1.1")
    assert second.waits == [30, 2, 4]


def test_a_connection_that_breaks_in_an_upload_is_taken_up_again(second: Publisher) -> None:
    second.server.script.faults.append(Fault("break", STORE, at_byte=700))
    second.push("v1.1")
    assert [record.received for record in second.server.log if record.status == 0] == [700]
    check_whole(second)


def test_what_was_uploaded_before_the_trouble_is_not_sent_again(second: Publisher) -> None:
    second.server.script.faults.append(Fault("status", COMMIT, status=403))
    with pytest.raises(UserError):
        second.push("v1.1")
    before = len(second.server.log)
    second.push("v1.1")
    assert not [record for record in second.server.log[before:] if record.path.startswith("/storage/")]


def test_a_push_whose_tag_failed_is_finished_by_the_same_command(second: Publisher) -> None:
    second.server.script.faults.append(Fault("status", TAG, status=403))
    with pytest.raises(UserError, match="without the tag; run the same command again"):
        second.push("v1.1")
    revision = second.state.head
    published = second.push("v1.1")
    assert (published.revision, second.state.tags["v1.1"]) == (revision, revision)
    assert commits(second) == 3


def test_a_tag_that_somebody_else_sets_first_is_left_where_it_is(second: Publisher) -> None:
    hub = second.hub("v1.1")
    seen = preview(second.folder, hub)
    first = second.state.head
    second.state.change_refs(tags={"v1.0": first, "v1.1": first})
    with pytest.raises(UserError, match=f"tag v1.1 is there already, at revision {first}"):
        publish(seen, hub)
    assert second.state.tags["v1.1"] == first


def test_a_commit_after_the_preview_is_not_overwritten(second: Publisher) -> None:
    hub = second.hub("v1.1")
    seen = preview(second.folder, hub)
    theirs = second.server.commit_by_another(second.repository)
    with pytest.raises(UserError, match="preview again, and push"):
        publish(seen, hub)
    assert second.state.head == theirs


def test_a_lost_answer_and_a_change_by_another_are_not_guessed_at(second: Publisher) -> None:
    second.server.script.faults.append(Fault("lost", COMMIT))
    hub = second.hub("v1.1")
    seen = preview(second.folder, hub)
    parent = second.state.head
    original = second.server.answer

    def answer_and_overtake(request: Any) -> Any:
        reply = original(request)
        if "/commit/" in request.path:
            second.server.commit_by_another(second.repository)
        return reply

    second.server.answer = answer_and_overtake  # type: ignore[method-assign]
    with pytest.raises(UserError, match=r"the answer to the commit .* was lost, and the dataset has changed"):
        publish(seen, hub)
    assert second.state.history(second.state.commit(second.state.head))[2].oid == parent


def test_a_repository_that_appears_in_between_is_not_written_to(publisher: Publisher) -> None:
    hub = publisher.hub()
    seen = preview(publisher.folder, hub)
    publisher.server.store.create(publisher.repository, True, "another", "2026-01-01T00:00:00.000Z")
    with pytest.raises(UserError, match=r"\(409\).*Preview again"):
        publish(seen, hub)
    assert commits(publisher) == 1


@pytest.mark.parametrize("kind", ["lost", "done_500"])
def test_a_repository_whose_making_was_not_answered_is_used(publisher: Publisher, kind: str) -> None:
    publisher.server.script.faults.append(Fault(kind, "/repos/create"))
    publisher.push()
    assert commits(publisher) == 2


def test_a_new_repository_that_is_not_as_asked_gets_nothing(publisher: Publisher) -> None:
    hub = publisher.hub()
    seen = preview(publisher.folder, hub)
    create = publisher.server.store.create
    publisher.server.store.create = lambda name, private, *rest: create(name, False, *rest)  # type: ignore[method-assign]
    with pytest.raises(UserError, match="not as private as asked; nothing was sent"):
        publish(seen, hub)
    assert commits(publisher) == 1


def test_a_hub_that_does_not_answer_after_a_commit_leaves_the_question_open(second: Publisher) -> None:
    hub = second.hub("v1.1")
    seen = preview(second.folder, hub)
    second.server.script.faults += [Fault("lost", COMMIT), Fault("reset", "GET", times=4)]
    with pytest.raises(LimiError, match=r"Whether it was done is not known.*preview again, which shows it"):
        publish(seen, hub)
    assert preview(second.folder, second.hub("v1.1")).changes == ()


def test_a_false_token_is_named_as_such(publisher: Publisher) -> None:
    publisher.token = "hf_false"  # noqa: S105
    with pytest.raises(UserError, match=r"HF_TOKEN is not valid \(401\)"):
        publisher.push()


def test_a_dataset_that_is_hidden_from_the_token_looks_missing_and_is_not_made(second: Publisher) -> None:
    second.server.accounts = {TOKEN: Account("bo", {})}
    with pytest.raises(UserError, match="no dataset amara/queries that HF_TOKEN can see"):
        second.push("v1.1")


@pytest.mark.parametrize("on", ["GET /api/datasets", "preupload", STORE, COMMIT, TAG])
def test_the_token_is_in_no_message_even_if_the_hub_repeats_it(second: Publisher, on: str) -> None:
    second.token = "hf_loop[.*]back+secret"  # noqa: S105
    second.server.accounts = {second.token: Account()}
    second.server.script.faults.append(Fault("echo", on))
    with pytest.raises(LimiError) as refused:
        second.push("v1.1")
    whole = "".join(traceback.format_exception(refused.value, chain=True))
    assert second.token not in str(refused.value)
    assert second.token not in whole


def test_a_file_that_changes_during_the_push_is_not_published(publisher: Publisher) -> None:
    hub = publisher.hub()
    seen = preview(publisher.folder, hub)
    original = publisher.server.answer

    def answer_and_change(request: Any) -> Any:
        if request.path.endswith("/repos/create"):
            dataset(publisher.folder, rows(21))
        return original(request)

    publisher.server.answer = answer_and_change  # type: ignore[method-assign]
    with pytest.raises(UserError, match=r"changed while it was uploaded\. Nothing of this push is visible"):
        publish(seen, hub)
    assert commits(publisher) == 1


def test_a_file_that_the_hub_would_leave_out_stops_the_push(second: Publisher) -> None:
    original = second.server.answer

    def answer_and_ignore(request: Any) -> Any:
        reply = original(request)
        if "/preupload/" in request.path:
            reply.body = reply.body.replace(b'"shouldIgnore": false', b'"shouldIgnore": true', 1)
        return reply

    second.server.answer = answer_and_ignore  # type: ignore[method-assign]
    with pytest.raises(LimiError, match=r"would leave candidates/candidates\.parquet out of the commit"):
        second.push("v1.1")
    assert commits(second) == 2


def test_a_commit_that_the_hub_kept_only_in_part_gets_no_tag(second: Publisher) -> None:
    original = second.server.answer

    def answer_in_part(request: Any) -> Any:
        if "/commit/" in request.path:
            request = replace(request, body=b"\n".join(request.body.splitlines()[:-1]))
        return original(request)

    second.server.answer = answer_in_part  # type: ignore[method-assign]
    with pytest.raises(LimiError, match=r"is not what was sent \(pool/pool\.parquet\); tag v1\.1 was not set"):
        second.push("v1.1")
    assert "v1.1" not in second.state.tags


def test_the_tag_names_our_commit_even_if_somebody_commits_before_it(second: Publisher) -> None:
    second.server.script.faults.append(Fault("overtake", TAG))
    published = second.push("v1.1")
    assert second.state.tags["v1.1"] == published.revision != second.state.head
