"""The manifest: every file of the dataset with its size and sha256. It is written last, so that a folder with one is complete."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import UserError

NAME = "manifest.json"
FORMAT = "limi-dataset 1"
_CHUNK = 1 << 20  # bytes


class Entry(BaseModel):
    """One file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)


class Manifest(BaseModel):
    """The whole of manifest.json; `rows` is config -> rows, `files` path -> entry, without the manifest itself."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    format: str = Field(pattern=f"^{FORMAT}$")
    demo: bool
    origin_note: str
    rows: dict[str, int]
    project: str
    commit: str
    lock_sha256: str
    files: dict[str, Entry]


def manifest_bytes(files: Mapping[str, bytes], facts: Mapping[str, Any]) -> bytes:
    """The manifest of some files, by path. `facts` are its other keys but format and files."""
    entries = {
        path: Entry(sha256=hashlib.sha256(files[path]).hexdigest(), bytes=len(files[path])) for path in sorted(files)
    }
    whole = Manifest(format=FORMAT, files=entries, **facts)
    return (json.dumps(whole.model_dump(), indent=2, ensure_ascii=False) + "\n").encode()


def read_manifest(folder: Path) -> Manifest:
    """Raises UserError if there is none (the dataset is not complete) or if it is of another shape."""
    path = folder / NAME
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise UserError(
            f"{path} is missing, so that the dataset is not complete; `dvc repro build_dataset` writes it"
        ) from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, problem["loc"])) or "the file"
        raise UserError(
            f"{path}, {place}: {problem['msg']}; `dvc repro --force build_dataset` writes it anew"
        ) from None
    for name in manifest.files:
        if not is_inside(name):
            raise UserError(f"{path} names {name!r:.120}, which is no path inside the dataset")
    return manifest


def is_inside(name: str) -> bool:
    """Whether a path stays in the folder that it is relative to, and is written the one way there is."""
    path = PurePosixPath(name)
    return (
        bool(name)
        and not path.is_absolute()
        and ".." not in path.parts
        and path.as_posix() == name
        and "\\" not in name
    )


def differences(folder: Path) -> list[str]:
    """A sentence for each file that is missing, changed or not in the manifest; an empty list for a whole dataset."""
    manifest = read_manifest(folder)
    found = files_of(folder) - {NAME}
    wrong = [f"{name} is in the manifest and not in {folder}" for name in sorted(manifest.files.keys() - found)]
    wrong += [f"{name} is in {folder} and not in the manifest" for name in sorted(found - manifest.files.keys())]
    for name in sorted(found & manifest.files.keys()):
        path, entry = folder / name, manifest.files[name]
        if path.is_symlink() or not path.is_file():
            wrong.append(f"{name} is no plain file")
        elif (size := path.stat().st_size) != entry.bytes:
            wrong.append(f"{name} has {size:,} bytes, the manifest says {entry.bytes:,}")
        elif _sha256(path) != entry.sha256:
            wrong.append(f"{name} is not what was written: its sha256 differs from the manifest's")
    return wrong


def files_of(folder: Path) -> set[str]:
    """Everything in a folder that is no folder, as paths relative to it."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()
