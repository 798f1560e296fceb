"""What other people's libraries make of a dataset's folder, in a process without a network and with an empty cache.

Run as `python loading.py FOLDER`; the last line printed is JSON.
"""

import json
import socket
import sys
from pathlib import Path


def _no_network(*_: object, **__: object) -> None:
    raise OSError("there is no network in this test")


socket.socket.connect = _no_network  # type: ignore[method-assign]
socket.create_connection = _no_network  # type: ignore[assignment]
socket.getaddrinfo = _no_network  # type: ignore[assignment]

import mlcroissant  # noqa: E402 - the network goes first
from datasets import load_dataset  # noqa: E402
from huggingface_hub import DatasetCard  # noqa: E402


def _plain(value: object) -> object:
    """A record of mlcroissant with short names and text instead of bytes; it shows a struct that is null as one of nulls."""
    if isinstance(value, dict):
        if all(inner is None for inner in value.values()):
            return None
        return {key.rsplit("/", 1)[-1]: _plain(inner) for key, inner in value.items()}
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.item() if hasattr(value, "item") else value


def main(folder: Path) -> None:
    """Load everything."""
    found: dict[str, object] = {}
    for name in ("pool", "candidates"):
        loaded = load_dataset(str(folder), name, split="train")
        found[name] = loaded.to_list()
        found[f"{name}_types"] = {column: str(kind) for column, kind in loaded.features.items()}
        found[f"{name}_features"] = loaded.features._to_yaml_list()  # what datasets itself would write in a card
        lines = load_dataset("json", data_files=str(folder / f"{name}/{name}.jsonl"), split="train")
        found[f"{name}_lines"] = lines.to_list()
    found["default"] = load_dataset(str(folder), split="train").num_rows
    card = DatasetCard.load(folder / "README.md")
    found["card"] = card.data.to_dict()
    found["text"] = card.text
    described = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    found["croissant_errors"] = sorted(described.metadata.ctx.issues.errors)
    found["croissant_warnings"] = sorted(described.metadata.ctx.issues.warnings)
    for name in ("pool", "candidates"):
        found[f"{name}_records"] = [_plain(record) for record in described.records(name)]
    broken = json.loads((folder / "croissant.json").read_text(encoding="utf-8"))
    found["broken"] = {}
    for what, break_it in BREAKS.items():
        document = json.loads(json.dumps(broken))
        break_it(document)
        try:
            mlcroissant.Dataset(jsonld=document)
        except mlcroissant.ValidationError as error:
            found["broken"][what] = str(error)  # type: ignore[index]
    sys.stdout.write(json.dumps(found) + "\n")


BREAKS = {
    "a field of a file that is not there": lambda document: document["recordSet"][0]["field"][0]["source"].update(
        {"fileObject": {"@id": "nowhere"}}
    ),
    "a file without its hash": lambda document: document["distribution"][0].pop("sha256"),
    "a file without its address": lambda document: document["distribution"][1].pop("contentUrl"),
    "a field without a type": lambda document: document["recordSet"][1]["field"][0].pop("dataType"),
}

if __name__ == "__main__":
    main(Path(sys.argv[1]))
