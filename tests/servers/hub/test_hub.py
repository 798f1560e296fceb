"""The stand-in against what huggingface_hub itself expects of a Hub: every call here is the library's, every check on what it returns."""

import hashlib
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, HfFileSystem, RepoFile, hf_hub_download
from huggingface_hub.errors import (
    BadRequestError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.servers.hub import TOKEN, Account, Fault, HubServer
from tests.servers.hub.configured import by_lfs

# huggingface_hub 2.4 sends large files in a way that its own HTTP library has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
NAME = "amara/queries"
LARGE = bytes(range(256)) * 40
FILES = {"README.md": b"---\nlicense: mit\n---\n# Card\n", "pool/pool.parquet": LARGE, "pool/a b.jsonl": b'{"a": 1}\n'}


def push(api: HfApi, files: dict[str, bytes] = FILES, **options: object) -> str:
    operations = [CommitOperationAdd(name, content) for name, content in files.items()]
    made = api.create_commit(NAME, operations, commit_message="Files", repo_type="dataset", **options)  # type: ignore[call-overload]
    return str(made.oid)


@pytest.fixture
def pushed(api: HfApi) -> str:
    api.create_repo(NAME, repo_type="dataset", private=True)
    return push(api)


def status(error: pytest.ExceptionInfo[HfHubHTTPError]) -> int:
    return int(error.value.response.status_code)


def test_a_new_repository_is_private_if_asked_and_holds_one_file_of_the_hub(api: HfApi) -> None:
    url = api.create_repo(NAME, repo_type="dataset", private=True)
    assert (url.repo_id, url.repo_type) == (NAME, "dataset")
    assert api.dataset_info(NAME).private is True
    assert api.list_repo_files(NAME, repo_type="dataset") == [".gitattributes"]
    assert [commit.title for commit in api.list_repo_commits(NAME, repo_type="dataset")] == ["initial commit"]


def test_a_repository_is_made_once(api: HfApi) -> None:
    api.create_repo(NAME, repo_type="dataset")
    assert api.dataset_info(NAME).private is False
    api.create_repo(NAME, repo_type="dataset", exist_ok=True)
    with pytest.raises(HfHubHTTPError) as refused:
        api.create_repo(NAME, repo_type="dataset")
    assert status(refused) == 409


def test_what_was_committed_is_listed_with_sizes_and_names(api: HfApi, pushed: str) -> None:
    found = {entry.path: entry for entry in api.list_repo_tree(NAME, recursive=True, repo_type="dataset")}
    assert sorted(found) == [".gitattributes", "README.md", "pool", "pool/a b.jsonl", "pool/pool.parquet"]
    large, small = found["pool/pool.parquet"], found["README.md"]
    assert isinstance(large, RepoFile) and isinstance(small, RepoFile) and large.lfs
    assert (large.size, large.lfs.sha256) == (len(LARGE), hashlib.sha256(LARGE).hexdigest())
    content = FILES["README.md"]
    assert small.blob_id == hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    assert small.lfs is None
    named = api.get_paths_info(NAME, ["pool/a b.jsonl", "pool", "none"], repo_type="dataset")
    assert [(entry.path, type(entry).__name__) for entry in named] == [
        ("pool/a b.jsonl", "RepoFile"),
        ("pool", "RepoFolder"),
    ]
    siblings = api.dataset_info(NAME, files_metadata=True).siblings or []
    assert {sibling.rfilename: sibling.size for sibling in siblings}["pool/pool.parquet"] == len(LARGE)
    assert api.file_exists(NAME, "README.md", repo_type="dataset")
    assert not api.file_exists(NAME, "none.md", repo_type="dataset")


def test_a_long_listing_comes_in_pages(tmp_path: Path) -> None:
    with HubServer(tmp_path / "hub", page=2) as hub, by_lfs(hub.url, tmp_path / "home"):
        api = HfApi(endpoint=hub.url, token=TOKEN)
        api.create_repo(NAME, repo_type="dataset")
        push(api, {f"part {at}.txt": b"%d" % at for at in range(5)})
        assert len(api.list_repo_files(NAME, repo_type="dataset")) == 6
        assert sum("/tree/" in record.path for record in hub.log) == 3


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_downloaded_as_it_was(hub: HubServer, pushed: str, tmp_path: Path, name: str) -> None:
    path = hf_hub_download(
        NAME, name, repo_type="dataset", cache_dir=tmp_path / "cache", endpoint=hub.url, token=TOKEN, revision=pushed
    )
    assert Path(path).read_bytes() == FILES[name]
    assert pushed in path


def test_the_file_system_reads_parts_of_a_large_file(hub: HubServer, pushed: str) -> None:
    system = HfFileSystem(endpoint=hub.url, token=TOKEN, skip_instance_cache=True)
    assert system.glob(f"datasets/{NAME}/**/*.parquet") == [f"datasets/{NAME}/pool/pool.parquet"]
    with system.open(f"datasets/{NAME}/pool/pool.parquet", block_size=1000) as file:
        file.seek(5000)
        assert file.read(300) == LARGE[5000:5300]


def test_a_deleted_file_is_gone_and_the_old_revision_keeps_it(api: HfApi, pushed: str) -> None:
    api.create_commit(
        NAME, [CommitOperationDelete("pool/", is_folder=True)], commit_message="Less", repo_type="dataset"
    )
    assert api.list_repo_files(NAME, repo_type="dataset") == [".gitattributes", "README.md"]
    assert "pool/pool.parquet" in api.list_repo_files(NAME, repo_type="dataset", revision=pushed)
    with pytest.raises(RemoteEntryNotFoundError):
        api.create_commit(NAME, [CommitOperationDelete("none.txt")], commit_message="None", repo_type="dataset")


def test_a_commit_upon_an_old_parent_is_refused(api: HfApi, hub: HubServer, pushed: str) -> None:
    hub.commit_by_another(NAME)
    with pytest.raises(HfHubHTTPError) as refused:
        push(api, {"new.txt": b"new"}, parent_commit=pushed)
    assert status(refused) == 412
    assert "new.txt" not in api.list_repo_files(NAME, repo_type="dataset")


def test_what_is_there_already_makes_no_commit(api: HfApi, pushed: str) -> None:
    assert push(api) == pushed


def test_a_tag_names_a_revision_once(api: HfApi, hub: HubServer, pushed: str) -> None:
    api.create_tag(NAME, tag="v1", repo_type="dataset", revision=pushed)
    later = hub.commit_by_another(NAME)
    with pytest.raises(HfHubHTTPError) as refused:
        api.create_tag(NAME, tag="v1", repo_type="dataset", revision=later)
    assert status(refused) == 409
    api.create_tag(NAME, tag="v1", repo_type="dataset", revision=later, exist_ok=True)
    refs = api.list_repo_refs(NAME, repo_type="dataset")
    assert [(tag.name, tag.target_commit) for tag in refs.tags] == [("v1", pushed)]
    assert [branch.target_commit for branch in refs.branches] == [later]
    assert api.dataset_info(NAME, revision="v1").sha == pushed
    api.delete_tag(NAME, tag="v1", repo_type="dataset")
    with pytest.raises(RevisionNotFoundError):
        api.dataset_info(NAME, revision="v1")


def test_what_is_not_there_is_named_by_kind(api: HfApi, hub: HubServer, pushed: str, tmp_path: Path) -> None:
    with pytest.raises(RepositoryNotFoundError):
        api.dataset_info("amara/none")
    with pytest.raises(RevisionNotFoundError):
        api.list_repo_commits(NAME, repo_type="dataset", revision="v9")
    with pytest.raises(RevisionNotFoundError):
        api.create_tag(NAME, tag="v1", repo_type="dataset", revision="v9")
    with pytest.raises(RemoteEntryNotFoundError) as missing:
        hf_hub_download(NAME, "none", repo_type="dataset", cache_dir=tmp_path, endpoint=hub.url, token=TOKEN)
    assert missing.value.response.headers["X-Repo-Commit"] == pushed


def test_strangers_and_readers_are_refused(api: HfApi, hub: HubServer, pushed: str) -> None:
    hub.accounts = {TOKEN: Account(), "hf_other": Account("bo", {}), "hf_reader": Account(role="read")}
    with pytest.raises(RepositoryNotFoundError) as nobody:
        HfApi(endpoint=hub.url, token=False).dataset_info(NAME)
    assert status(nobody) == 401
    with pytest.raises(HfHubHTTPError, match="Invalid credentials") as false:
        HfApi(endpoint=hub.url, token="hf_false").dataset_info(NAME)  # noqa: S106
    assert status(false) == 401
    with pytest.raises(RepositoryNotFoundError) as other:
        HfApi(endpoint=hub.url, token="hf_other").dataset_info(NAME)  # noqa: S106
    assert status(other) == 404
    with pytest.raises(HfHubHTTPError) as reader:
        push(HfApi(endpoint=hub.url, token="hf_reader"), {"x.txt": b"x"})  # noqa: S106
    assert status(reader) == 403
    with pytest.raises(HfHubHTTPError) as elsewhere:
        api.create_repo("bo/queries", repo_type="dataset")
    assert status(elsewhere) == 403
    assert api.whoami()["name"] == "amara"


def test_large_files_go_to_storage_without_the_token_and_are_held_to_their_names(
    api: HfApi, hub: HubServer, pushed: str
) -> None:
    to_storage = [record for record in hub.log if record.path.startswith("/storage/")]
    assert [(record.method, record.status, record.authorized) for record in to_storage] == [("PUT", 200, False)]
    assert any(record.path.endswith("/objects/verify") for record in hub.log)
    assert list((hub.dataset(NAME).folder / "lfs").iterdir()) == [
        hub.dataset(NAME).large(hashlib.sha256(LARGE).hexdigest())
    ]


def test_a_large_file_whose_content_never_came_is_refused(api: HfApi, pushed: str) -> None:
    false = CommitOperationAdd("false.parquet", LARGE + b"never sent")
    api.preupload_lfs_files(NAME, [false], repo_type="dataset")
    false.upload_info.sha256 = hashlib.sha256(b"something else").digest()
    with pytest.raises(BadRequestError, match="does not exist"):
        api.create_commit(NAME, [false], commit_message="False", repo_type="dataset")


def test_half_an_object_is_no_object(api: HfApi, hub: HubServer, pushed: str) -> None:
    hub.script.faults.append(Fault("break", "PUT /storage", at_byte=1000))
    other = LARGE[::-1]
    push(api, {"other.parquet": other})  # the client tries again after a second
    cut = [record for record in hub.log if record.path.startswith("/storage/")][-2:]
    assert [(record.status, record.received) for record in cut] == [(0, 1000), (200, len(other))]


def test_ignored_files_are_told_and_left_out(api: HfApi, pushed: str) -> None:
    push(api, {".gitignore": b"*.tmp\n", "a.tmp": b"left out", "b.txt": b"kept"})
    assert {"a.tmp", "b.txt"} & set(api.list_repo_files(NAME, repo_type="dataset")) == {"b.txt"}


def test_a_card_with_broken_metadata_is_refused(api: HfApi, pushed: str) -> None:
    with pytest.raises(ValueError, match="Invalid metadata"):
        push(api, {"README.md": b"---\nlicense: [mit\n---\n"})


def test_a_server_on_the_same_folder_goes_on(api: HfApi, hub: HubServer, pushed: str, tmp_path: Path) -> None:
    with HubServer(tmp_path / "hub") as again:
        told = HfApi(endpoint=again.url, token=TOKEN).dataset_info(NAME)
    assert (told.sha, told.private) == (pushed, True)


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="no fault is called"):
        Fault("explode", "")
