"""Why a model must not leave this machine: weights that could run code, a secret in what people read, a demo that nobody asked for."""

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from curated.hub.folder import AGAIN, Folder
from pipeline.masking.secrets import secrets

_WEIGHTS = ".safetensors"
# What a model is made of beside its weights. Whatever else lies there (a pickle, a program) would be run by who loads it.
_TEXTS = (".json", ".jinja", ".md", ".txt")
# Vocabularies are full of what looks like a key.
_VOCABULARIES = ("tokenizer.json", "vocab.json", "merges.txt")
_SHOWN = 5


def model_refusals(folder: Folder, allow_demo: bool = False, others: Iterable[str] = ()) -> list[str]:
    """A sentence for each reason not to publish the folder; an empty list if there is none. No sentence shows a secret.

    `others` are the caller's own reasons, such as a model that is not of the present plan.
    """
    found = [*others, *folder.problems, *_of_files(folder)]
    if not allow_demo and folder.manifest.get("demo"):
        found.append(
            "this is the demo's model, which began with random weights and is of no use; publish it only if you mean to (allow the demo "
            "explicitly)"
        )
    return found


def _of_files(folder: Folder) -> Iterator[str]:
    suffixes = {file.path: PurePosixPath(file.path).suffix for file in folder.files}
    if _WEIGHTS not in suffixes.values():
        yield f"it has no weights, which are files that end in {_WEIGHTS}; {AGAIN['model']}"
    for name, suffix in suffixes.items():
        if suffix not in (_WEIGHTS, *_TEXTS):
            known = ", ".join((_WEIGHTS, *_TEXTS))
            yield f"{name} is none of the files that a model is loaded from ({known}); take it out"
        elif suffix in _TEXTS and name not in _VOCABULARIES:
            text = (folder.path / name).read_text(encoding="utf-8", errors="replace")
            lines = dict.fromkeys(str(text.count("\n", 0, place.start) + 1) for place in secrets(text))
            if lines:
                shown = ", ".join([*lines][:_SHOWN])
                yield f"{name} holds what looks like a secret (line {shown}); take it out where it comes from, and {AGAIN['model']}"
