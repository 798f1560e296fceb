"""The client: huggingface_hub with time limits, bounded retries, and no guess about what a broken answer has done."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from curated.hub.answers import LONGEST_WAIT, HubBusyError, seconds_to_wait, sentence, status_of
from curated.hub.folder import LocalFile
from curated.hub.preview import ABSENT, STANDS_AT_ANOTHER, Change, HubFile, HubState, differences
from curated.hub.target import Target
from pipeline.errors import LimiError, UserError

BRANCH = "main"
_TRIES = 4
_FIRST_WAIT = 1.0  # seconds; doubles with each try
_CONNECT, _SILENCE = 10.0, 60.0  # seconds; huggingface_hub itself would wait for ever
_IN_MEMORY = 10_000_000  # bytes; a smaller file is read once, so that what is sent is what was hashed
_PASSING = (408, 429, 500, 502, 503, 504)  # answers that may be better the next time
_NOTHING_VISIBLE = (
    "Nothing of this push is visible on the Hub: what was uploaded belongs to no revision before the commit, "
    "and is not sent a second time."
)
_NOTHING_CHANGED = "Nothing was changed on the Hub."
_Answer = TypeVar("_Answer")


class Hub:
    """One repository on one Hub, under one token. Raises UserError or LimiError with a sentence; never shows the token."""

    def __init__(self, target: Target, sleep: Callable[[float], None] = time.sleep) -> None:
        try:
            import huggingface_hub
        except ImportError:
            raise UserError(
                "publishing needs huggingface_hub: `make install` in a clone of this repository, or `pip install -e '.[hub]'`"
            ) from None
        if huggingface_hub.is_offline_mode():
            raise UserError("HF_HUB_OFFLINE is set, so the Hub cannot be reached: unset it to publish")
        huggingface_hub.set_client_factory(_client)
        self.target = target
        self._kind = target.kind
        self._hub = huggingface_hub
        self._api = huggingface_hub.HfApi(endpoint=target.endpoint, token=target.token, library_name="limi-curation")
        self._sleep = sleep

    def state(self) -> HubState:
        """The repository's present revision with its files, visibility and tags; ABSENT if there is none and it can be made."""
        name = self.target.repository
        try:
            info = self._asked("read", lambda: self._api.repo_info(name, repo_type=self._kind), may_hide=True)
        except _HiddenError:
            self._check_owner()
            return ABSENT
        if info.sha is None or info.private is None:
            raise LimiError(
                f"{self.target.endpoint} does not say which revision {name} has, so it is no Hub that we know"
            )
        refs = self._asked("read the tags of", lambda: self._api.list_repo_refs(name, repo_type=self._kind))
        return HubState(
            info.sha, info.private, self.files(info.sha), {tag.name: tag.target_commit for tag in refs.tags}
        )

    def files(self, revision: str) -> dict[str, HubFile]:
        """Every file of a revision, by path."""

        def listed() -> dict[str, HubFile]:
            entries = self._api.list_repo_tree(
                self.target.repository, recursive=True, revision=revision, repo_type=self._kind
            )
            return {
                entry.path: HubFile(entry.path, entry.size, entry.blob_id, entry.lfs.sha256 if entry.lfs else None)
                for entry in entries
                if isinstance(entry, self._hub.hf_api.RepoFile)
            }

        return self._asked("list the files of", listed)

    def _check_owner(self) -> None:
        """A repository that is hidden and one that is not there look the same. Raises UserError if this token could not make it."""
        owner = self.target.repository.split("/")[0]
        try:
            account = self._asked("ask who is the owner of HF_TOKEN for", self._api.whoami, may_hide=True)
        except _HiddenError as error:
            raise sentence(error.cause, "read", _NOTHING_CHANGED, self.target) from None
        writable = {
            account.get("name"),
            *(place.get("name") for place in account.get("orgs", []) if place.get("roleInOrg") != "read"),
        }
        if owner not in writable:
            raise UserError(
                f"there is no {self._kind} {self.target.repository} that HF_TOKEN can see, and its account {account.get('name')!r} cannot "
                f"make one for {owner!r}: choose an owner among {', '.join(sorted(str(name) for name in writable))}, or another token"
            )
        if account.get("auth", {}).get("accessToken", {}).get("role") == "read":
            raise UserError(
                "HF_TOKEN can only read: make a token with write access at https://huggingface.co/settings/tokens"
            )

    def create(self, private: bool) -> None:
        """Make the repository, empty. Raises UserError if it is there by now."""
        try:
            self._api.create_repo(self.target.repository, repo_type=self._kind, private=private)
        except Exception as error:
            if _may_pass(error) and self._after(error, "make").revision is not None:
                return  # it was made; only the answer did not arrive
            raise sentence(error, "make", _NOTHING_VISIBLE, self.target) from None

    def upload(self, folder: Path, planned: Sequence[Change], files: Sequence[LocalFile]) -> list[Any]:
        """Send the content of what is new or changed; gives the operations for `commit`, before which nothing is visible."""
        known = {file.path: file for file in files}
        additions = [self._addition(folder, known[change.path]) for change in planned if change.kind != "delete"]
        try:
            # Otherwise what a .gitignore on the Hub names would be left out.
            self._api.preupload_lfs_files(
                *(self.target.repository, additions),
                repo_type=self._kind,
                revision=BRANCH,
                free_memory=False,
                gitignore_content="# Nothing is ignored: the manifest says what belongs here.\n",
            )
        except Exception as error:
            raise sentence(error, "upload to", _NOTHING_VISIBLE, self.target) from None
        for addition in additions:
            if addition._should_ignore:  # the library would leave it out of the commit without a word
                raise LimiError(f"the Hub would leave {addition.path_in_repo} out of the commit. {_NOTHING_VISIBLE}")
            if addition.upload_info.sha256.hex() != known[addition.path_in_repo].sha256:
                raise UserError(
                    f"{addition.path_in_repo} changed while it was uploaded. {_NOTHING_VISIBLE} Preview again, and push"
                )
        return [
            *additions,
            *(
                self._hub.CommitOperationDelete(change.path, is_folder=False)
                for change in planned
                if change.kind == "delete"
            ),
        ]

    def _addition(self, folder: Path, file: LocalFile) -> Any:
        path = folder / file.path
        try:
            return self._hub.CommitOperationAdd(file.path, path.read_bytes() if file.bytes <= _IN_MEMORY else str(path))
        except (OSError, ValueError) as error:
            raise UserError(f"{path} cannot be read ({error}). {_NOTHING_VISIBLE} Preview again, and push") from None

    def commit(self, operations: list[Any], parent: str, message: str, wanted: Sequence[LocalFile]) -> str:
        """Commit everything at once upon `parent`; gives the new revision. Raises UserError if the branch has moved on.

        After an answer that broke off or speaks of the Hub's own trouble, the commit may have been made, so the Hub is asked what it
        has; it is sent again only upon the same parent, which makes a second commit impossible.
        """
        for attempt in range(_TRIES):
            try:
                made = self._api.create_commit(
                    *(self.target.repository, operations),
                    commit_message=message,
                    repo_type=self._kind,
                    revision=BRANCH,
                    parent_commit=parent,
                )
                return str(made.oid)
            except Exception as error:
                # After an answer that was lost, a refusal of the parent may mean that the first attempt was done after all.
                if not _may_pass(error) and not (attempt and status_of(error) == 412):
                    raise sentence(error, "commit to", _NOTHING_VISIBLE, self.target) from None
                state = self._after(error, "commit to")
                if state.revision is not None and state.revision != parent:
                    if differences(wanted, state.files):
                        raise UserError(
                            f"the answer to the commit to {self.target.repository} was lost, and the "
                            f"{self._kind} has changed on the Hub since: preview again, which shows how"
                        ) from None
                    return state.revision
                self._wait(error, attempt, "commit to", _NOTHING_VISIBLE)
        raise AssertionError("the last attempt ends by return or raise")

    def tag(self, revision: str) -> None:
        """Set the tag at a revision; fine if it is there already. Raises UserError if it stands at another."""
        outcome = (
            f"The files are on the Hub as revision {revision}, without the tag; run the same command again to set it."
        )
        for attempt in range(_TRIES):
            try:
                self._api.create_tag(
                    self.target.repository, tag=self.target.tag, revision=revision, repo_type=self._kind
                )
                return
            except Exception as error:
                if not _may_pass(error) and status_of(error) != 409:
                    raise sentence(error, "tag", outcome, self.target) from None
                there = self._after(error, "tag").tags.get(self.target.tag)
                if there == revision:
                    return
                if there is not None:
                    raise UserError(
                        f"{STANDS_AT_ANOTHER.format(tag=self.target.tag, there=there)}. {outcome}"
                    ) from None
                self._wait(error, attempt, "tag", outcome)

    def _asked(self, doing: str, question: Callable[[], _Answer], may_hide: bool = False) -> _Answer:
        """The answer to a question that changes nothing. Raises _HiddenError on 401 and 404 if the question `may_hide` its object."""
        for attempt in range(_TRIES):
            try:
                return question()
            except Exception as error:
                if may_hide and status_of(error) in (401, 404):
                    raise _HiddenError(error) from None
                if not _may_pass(error):
                    raise sentence(error, doing, _NOTHING_CHANGED, self.target) from None
                self._wait(error, attempt, doing, _NOTHING_CHANGED)
        raise AssertionError("the last attempt ends by return or raise")

    def _after(self, error: Exception, doing: str) -> HubState:
        """What the Hub has after an answer that may have hidden a success."""
        try:
            return self.state()
        except LimiError as second:
            raise LimiError(
                f"{sentence(error, doing, '', self.target)}. Whether it was done is not known, for the Hub does not answer ({second}). A "
                "commit is done as a whole or not at all: preview again, which shows it"
            ) from None

    def _wait(self, error: Exception, attempt: int, doing: str, outcome: str) -> None:
        """Wait before the next attempt; raises the sentence if there is none."""
        wait = max(seconds_to_wait(error), _FIRST_WAIT * 2**attempt)
        if attempt == _TRIES - 1 or wait > LONGEST_WAIT:
            raise sentence(error, doing, outcome, self.target) from None
        self._sleep(wait)


class _HiddenError(Exception):
    """The Hub shows no such repository to this token: there is none, or the token may not see it, or is no token."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _may_pass(error: Exception) -> bool:
    """Whether an error is the network's or the Hub's passing trouble, after which it is not known what was done."""
    import httpx2

    return isinstance(error, httpx2.TransportError | HubBusyError) or status_of(error) in _PASSING


def _client() -> Any:
    """A client that ends: huggingface_hub's own has no time limit, and sleeps as long as a Hub tells it to."""
    import httpx2

    def refuse_long_waits(response: Any) -> None:
        if response.status_code in _PASSING and (seconds := seconds_to_wait(response)) > LONGEST_WAIT:
            raise HubBusyError(seconds)

    return httpx2.Client(
        event_hooks={"response": [refuse_long_waits]},
        follow_redirects=True,
        timeout=httpx2.Timeout(_SILENCE, connect=_CONNECT),
    )
