"""A push is what its preview said: one commit and a tag, once, and only what was looked at."""

from pathlib import Path

import pytest

from curated.hub.preview import Change, HubFile, Preview, differences
from curated.hub.publish import preview, publish
from pipeline.errors import LimiError, UserError
from tests.curated.hub.datasets import dataset, rows, write_manifest
from tests.curated.hub.pushing import Publisher, half_published, hashes, on_hub
from tests.servers.hub import Account

# huggingface_hub 2.4 sends large files in a way that its own HTTP library has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


def head(publisher: Publisher) -> dict[str, str]:
    state = publisher.state
    return on_hub(state, state.commit(state.head))


def test_a_first_push_makes_a_private_repository_with_one_commit_and_the_tag(publisher: Publisher) -> None:
    published = publisher.push()
    state = publisher.state
    assert state.private
    assert [commit.title for commit in state.history(state.commit(state.head))] == ["Publish v1.0", "initial commit"]
    assert head(publisher) == hashes(publisher.folder)
    assert (published.changed, published.revision, state.tags) == (True, state.head, {"v1.0": state.head})
    assert published.done == f"5 paths were published in one commit, {state.head}; tag v1.0 was set"


def test_a_public_one_is_made_on_request(publisher: Publisher) -> None:
    publisher.push(public=True)
    assert not publisher.state.private


def test_a_second_push_does_nothing_and_says_so(publisher: Publisher) -> None:
    first = publisher.push()
    before = len(publisher.server.log)
    again = publisher.push()
    assert (again.changed, again.revision) == (False, first.revision)
    assert again.done.startswith("nothing to do")
    assert {record.method for record in publisher.server.log[before:]} == {"GET"}


def test_a_name_on_the_hub_writes_no_line_of_its_own() -> None:
    theirs = {"x\nnothing to do": HubFile("x\nnothing to do", 1, "0" * 40, None)}
    seen = Preview(Path("d"), "a/b", "v1", "u", "r", True, differences((), theirs), (), False, ())
    assert "  delete x\ufffdnothing to do (1 bytes go)" in seen.lines()


def test_a_preview_changes_nothing_and_says_everything(publisher: Publisher) -> None:
    publisher.push()
    dataset(publisher.folder, rows(21))
    (publisher.folder / "pool/pool.jsonl").unlink()
    (publisher.folder / "more.txt").write_bytes(b"more")
    write_manifest(publisher.folder)
    before = len(publisher.server.log)
    seen = preview(publisher.folder, publisher.hub("v1.1"))
    assert {record.method for record in publisher.server.log[before:]} == {"GET"}
    assert [(change.kind, change.path) for change in seen.changes] == [
        ("change", "candidates/candidates.parquet"),
        ("change", "manifest.json"),
        ("add", "more.txt"),
        ("delete", "pool/pool.jsonl"),
        ("change", "pool/pool.parquet"),
    ]
    assert seen.changes[2] == Change("add", "more.txt", 4, None)
    lines = seen.lines()
    assert lines[0].endswith("(private: only its owner sees it)")
    assert lines[1] == f"against revision {publisher.state.head}"
    assert "  add    more.txt (4 bytes)" in lines
    assert f"5 paths change, 1 stay as they are, {seen.bytes_to_send} bytes to send" in lines
    assert lines[-1] == "tag v1.1 would be set"


def test_a_later_version_is_one_commit_that_also_deletes(publisher: Publisher) -> None:
    publisher.push()
    first = hashes(publisher.folder)
    dataset(publisher.folder, rows(21))
    (publisher.folder / "pool/pool.jsonl").unlink()
    write_manifest(publisher.folder)
    published = publisher.push("v1.1")
    state = publisher.state
    assert head(publisher) == hashes(publisher.folder)
    assert len(state.history(state.commit(state.head))) == 3
    assert state.tags["v1.1"] == published.revision
    assert half_published(state, [first, hashes(publisher.folder)]) == []


def test_large_files_that_stay_are_not_sent_again(publisher: Publisher) -> None:
    publisher.push()
    (publisher.folder / "README.md").write_bytes((publisher.folder / "README.md").read_bytes() + b"More.\n")
    write_manifest(publisher.folder)
    before = len(publisher.server.log)
    publisher.push("v1.1")
    assert not [record for record in publisher.server.log[before:] if record.path.startswith("/storage/")]


def test_a_tag_at_another_revision_is_never_moved(publisher: Publisher) -> None:
    publisher.push()
    tagged = publisher.state.tags
    dataset(publisher.folder, rows(21))
    with pytest.raises(UserError, match=r"tag v1.0 is there already.*choose a new tag"):
        publisher.push()
    assert publisher.state.tags == tagged
    assert publisher.state.head == tagged["v1.0"]


def test_a_tag_that_is_missing_is_set_without_a_commit(publisher: Publisher) -> None:
    first = publisher.push()
    published = publisher.push("v1.0-again")
    assert published.done == f"the files were there already, as revision {first.revision}; tag v1.0-again was set"
    assert publisher.state.head == first.revision


def test_a_public_repository_gets_nothing_that_was_meant_to_be_private(publisher: Publisher) -> None:
    publisher.push(public=True)
    dataset(publisher.folder, rows(21))
    seen = preview(publisher.folder, publisher.hub("v1.1"))
    assert "PUBLIC" in seen.lines()[0]
    with pytest.raises(UserError, match="is public, and a push is private unless you ask"):
        publish(seen, publisher.hub("v1.1"))
    publisher.push("v1.1", public=True)


def test_a_private_repository_is_not_made_public_by_a_push(publisher: Publisher) -> None:
    publisher.push()
    with pytest.raises(UserError, match="a public push was asked for, and the repository on the Hub is private"):
        publisher.push(public=True)


def test_a_preview_with_refusals_sends_nothing(publisher: Publisher) -> None:
    (publisher.folder / "stray.txt").write_text("x")
    hub = publisher.hub()
    seen = preview(publisher.folder, hub, reasons=["the working tree is dirty"])
    assert next(line for line in seen.lines() if line.startswith("refused: ")) == "refused: the working tree is dirty"
    with pytest.raises(UserError, match=r"nothing was sent: the working tree is dirty; stray\.txt"):
        publish(seen, hub)
    assert publisher.server.store.repository(publisher.repository) is None


def test_a_folder_that_changed_since_the_preview_is_not_sent(publisher: Publisher) -> None:
    hub = publisher.hub()
    seen = preview(publisher.folder, hub)
    dataset(publisher.folder, rows(21))
    with pytest.raises(UserError, match="has changed since the preview"):
        publish(seen, hub)
    assert publisher.server.store.repository(publisher.repository) is None


def test_a_preview_is_of_one_place_and_one_tag(publisher: Publisher) -> None:
    seen = preview(publisher.folder, publisher.hub("v1.0"))
    with pytest.raises(UserError, match="not of this push"):
        publish(seen, publisher.hub("v2.0"))


def test_a_demo_goes_only_if_asked_for(publisher: Publisher) -> None:
    dataset(publisher.folder, demo=True)
    with pytest.raises(UserError, match="demo dataset"):
        publisher.push()
    publisher.push(allow_demo=True)


def test_files_that_the_hub_would_ignore_are_published_all_the_same(publisher: Publisher) -> None:
    publisher.push()
    state = publisher.state
    entries = {**state.commit(state.head).entries, ".gitignore": state.put(".gitignore", b"*.jsonl\n*.parquet\n")}
    state.add("Ignore", "", "another", entries, "2026-01-01T00:00:00.000Z")
    dataset(publisher.folder, rows(21))
    publisher.push("v1.1")
    assert head(publisher) == hashes(publisher.folder)


def test_an_owner_who_is_not_ours_is_refused_before_anything_is_sent(publisher: Publisher) -> None:
    publisher.repository = "onlookers/queries"
    with pytest.raises(UserError, match="choose an owner among amara, limi-lab"):
        publisher.push()
    publisher.repository = "limi-lab/queries"
    publisher.push()
    publisher.server.accounts = {publisher.token: Account(role="read")}
    publisher.repository = "amara/more"
    with pytest.raises(UserError, match="can only read"):
        publisher.push()


def test_a_card_that_the_hub_refuses_is_said_with_its_reason(publisher: Publisher) -> None:
    (publisher.folder / "README.md").write_text("---\nlicense: [mit\n---\n")
    write_manifest(publisher.folder)
    with pytest.raises(
        LimiError, match=r"refused \(400\)\. The Hub says: YAML metadata is not valid.*Nothing of this push is visible"
    ):
        publisher.push()


def test_without_the_library_the_command_that_brings_it_is_named(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(UserError, match=r"pip install -e '\.\[hub\]'"):
        publisher.hub()


def test_offline_mode_is_named(publisher: Publisher, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match="HF_HUB_OFFLINE"):
        publisher.hub()
