"""Push a dataset or a model: all of it as one commit upon the revision that was looked at, then its tag. Or nothing, with the reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from curated.hub.connection import Hub
from curated.hub.folder import Folder, read_folder
from curated.hub.model_refusals import model_refusals
from curated.hub.preview import KEPT_BY_THE_HUB, Preview, differences, standing
from curated.hub.refusals import refusals
from pipeline.errors import LimiError, UserError


@dataclass(frozen=True)
class Published:
    """What is on the Hub now. `done` says in a sentence what was done; `changed` is false if there was nothing to do."""

    url: str
    revision: str
    tag: str
    changed: bool
    done: str


def preview(
    path: Path, hub: Hub, public: bool = False, allow_demo: bool = False, reasons: Iterable[str] = ()
) -> Preview:
    """What a push of the folder would do now. Reads the Hub, changes nothing.

    `reasons` are the caller's own against it (a dirty or stale pipeline), in sentences. Raises UserError where there is nothing to preview.
    """
    folder = read_folder(path, hub.target.kind)
    refused = (model_refusals if hub.target.kind == "model" else refusals)(folder, allow_demo, reasons)
    state = hub.state()
    planned = differences(folder.files, state.files)
    tagged, forbidden = standing(hub.target.tag, public, bool(planned), state)
    return Preview(
        folder=path,
        repository=hub.target.repository,
        tag=hub.target.tag,
        url=hub.target.url,
        revision=state.revision,
        private=state.private if state.revision is not None else not public,
        changes=planned,
        files=folder.files,
        tagged=tagged,
        refusals=(*refused, *forbidden),
    )


def publish(seen: Preview, hub: Hub) -> Published:
    """Do what a preview says, and nothing else.

    Raises UserError if the preview holds refusals, or the folder or the Hub has changed since, and UserError or LimiError if the Hub or the
    network fails. Whatever happens, a reader of the Hub sees the old revision or the whole new one.
    """
    if seen.refusals:
        raise UserError(f"not published, and nothing was sent: {'; '.join(seen.refusals)}")
    if (seen.repository, seen.tag, seen.url) != (hub.target.repository, hub.target.tag, hub.target.url):
        raise UserError(f"the preview is of {seen.url} with tag {seen.tag}, and not of this push; preview again")
    _check_unchanged(read_folder(seen.folder, hub.target.kind), seen)
    if seen.nothing_to_do and seen.revision is not None:
        return Published(
            seen.url, seen.revision, seen.tag, False, "nothing to do: the Hub has exactly these files under this tag"
        )
    parent = seen.revision if seen.revision is not None else _made(hub, seen)
    revision, done = parent, f"the files were there already, as revision {parent}"
    if seen.changes:
        operations = hub.upload(seen.folder, seen.changes, seen.files)
        revision = hub.commit(operations, parent, f"Publish {seen.tag}", seen.files)
        done = f"{len(seen.changes)} paths were published in one commit, {revision}"
        _check_arrived(hub, revision, seen)
    if not seen.tagged:
        hub.tag(revision)
        done += f"; tag {seen.tag} was set"
    return Published(seen.url, revision, seen.tag, True, done)


def _check_unchanged(folder: Folder, seen: Preview) -> None:
    if folder.files != seen.files:
        raise UserError(f"{seen.folder} has changed since the preview; nothing was sent. Preview again, and push")


def _made(hub: Hub, seen: Preview) -> str:
    """Make the repository; its first revision, which holds nothing of anybody."""
    hub.create(seen.private)
    state = hub.state()
    if state.revision is None or set(state.files) - {KEPT_BY_THE_HUB} or state.private != seen.private:
        raise UserError(
            f"{seen.url} was made, and is not empty or not as {'private' if seen.private else 'public'} as asked; nothing was sent. "
            "Preview again, and push"
        )
    return state.revision


def _check_arrived(hub: Hub, revision: str, seen: Preview) -> None:
    """Read back what the commit holds: the Hub, not this program, says that it is whole."""
    if wrong := differences(seen.files, hub.files(revision)):
        raise LimiError(
            f"revision {revision} of {seen.url} is not what was sent ({', '.join(change.path for change in wrong[:5])}); tag {seen.tag} "
            "was not set. Preview again, which shows the difference"
        )
