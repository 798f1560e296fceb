"""A dataset pushed to a Hub and read back by a stranger, by LFS and by Xet; and what a reader sees after every fault of a push.

    python -m benchmarks.hub_push [FOLDER] [--rows N]

Needs: the installed project with its test and hub extras, and `datasets`; no account, no network but loopback. Publishes FOLDER (a
dataset with its manifest; without one, a made-up dataset of N rows) to a stand-in for the Hub on loopback, each way in a process of its
own with an empty cache, and reads it back with load_dataset in another. Then pushes a second version under each fault, looks whether every
revision and tag is one whole version, and pushes again without the fault, which must end well. Prints a line for each, and one JSON object
on its last line: rows_equal, hashes_equal, faults (how many), half_published (revisions or tags that are no whole version), outcomes (how
many faults ended in a push, how many in a sentence), unmended (faults after which the same command did not end well), did_not_happen
(faults that no request met), seconds.
"""

import argparse
import json
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.errors import LimiError
from tests.curated.hub.datasets import dataset, rows
from tests.curated.hub.pushing import NAME, Publisher, half_published, hashes, start_load, start_push
from tests.servers.hub import Fault, HubServer
from tests.servers.hub.configured import by_lfs

WAYS = {"lfs": False, "xet": True}
COMMIT, TAG, STORE, BATCH, CREATE = "POST .*/commit/", "POST .*/tag/", "PUT /storage", "/objects/batch", "/repos/create"


def faults() -> list[Fault]:
    """Each in turn strikes the push of a second version by LFS."""
    refused = [
        Fault("status", on, status=status)
        for on in ("GET /api/datasets", "preupload", BATCH, COMMIT, TAG)
        for status in (401, 403)
    ]
    conflicts = [Fault("status", COMMIT, status=status) for status in (409, 412, 413)] + [
        Fault("status", TAG, status=409),
        Fault("overtake", COMMIT),
        Fault("overtake", "preupload"),
    ]
    passing = [Fault("status", on, status=status) for on in ("/refs", COMMIT, TAG) for status in (429, 500, 503)]
    broken = [Fault("break", STORE, at_byte=at) for at in (0, 1, 1_000)]
    broken += [Fault(kind, on) for kind in ("reset", "lost", "done_500", "late") for on in (COMMIT, TAG)]
    lasting = [
        Fault("reset", COMMIT, times=9),
        Fault("status", COMMIT, status=503, times=9),
        Fault("lost", TAG, times=9),
    ]
    return [*refused, *conflicts, *passing, *broken, *lasting, Fault("status", STORE, status=403)]


def under(fault: Fault, scratch: Path, first: Path, second: Path) -> dict[str, Any]:
    """Push the second version under a fault, and then without: what was said, what a reader saw, whether it ended well."""
    with HubServer(scratch / "hub") as server, by_lfs(server.url, scratch / "home"):
        publisher = Publisher(server, first)
        publisher.push()
        publisher.folder = second
        wholes = [hashes(first), hashes(second)]
        server.script.faults.append(fault)
        said = _pushed(publisher)
        happened, fault.times = fault.used, 0
        # What somebody else committed in between is whole in its own way.
        half = [found for found in half_published(publisher.state, wholes) if not _by_another(publisher, found)]
        again = _pushed(publisher)
        half += [found for found in half_published(publisher.state, wholes) if not _by_another(publisher, found)]
        return {"said": said, "half": sorted(set(half)), "mended": not again, "happened": happened}


def _by_another(publisher: Publisher, revision: str) -> bool:
    path = publisher.state.folder / "commits" / f"{revision}.json"
    return path.is_file() and publisher.state.commit(revision).author == "another"


def _pushed(publisher: Publisher) -> str:
    """Push; the sentence it ended with, empty if it ended well."""
    try:
        publisher.push("v1.1")
    except LimiError as error:
        return str(error)
    return ""


def killed(scratch: Path, folder: Path, xet: bool) -> dict[str, Any]:
    """Kill a push between its upload and its commit, and push again."""
    held = Fault("hold", COMMIT)
    with HubServer(scratch / "hub", [held]) as server:
        process = start_push(server, folder, scratch / "home", xet)
        happened = held.arrived.wait(60)
        process.kill()
        process.communicate()
        held.release.set()
        half = half_published(server.dataset(NAME), [hashes(folder)])
        process = start_push(server, folder, scratch / "home", xet)
        process.communicate(timeout=120)
        half += half_published(server.dataset(NAME), [hashes(folder)])
        return {"said": "killed", "half": half, "mended": process.returncode == 0, "happened": happened}


def round_trip(scratch: Path, folder: Path, xet: bool) -> dict[str, Any]:
    """Push and load in two processes with empty caches."""
    with HubServer(scratch / "hub") as server:
        began = time.perf_counter()
        process = start_push(server, folder, scratch / "publisher", xet)
        _, error = process.communicate(timeout=300)
        pushed = time.perf_counter() - began
        if process.returncode:
            raise LimiError(f"the push ended with {process.returncode}: {error}")
        began = time.perf_counter()
        process = start_load(server, scratch / "stranger", xet)
        out, error = process.communicate(timeout=300)
        if process.returncode:
            raise LimiError(f"the load ended with {process.returncode}: {error}")
        found = json.loads(out.splitlines()[-1])
        wanted = {name: pl.read_parquet(folder / name / f"{name}.parquet").to_dicts() for name in found["rows"]}
        return {
            "rows": json.loads(json.dumps(wanted, default=str)) == found["rows"],
            "hashes": found["hashes"] == hashes(folder),
            "seconds": {"push": round(pushed, 2), "load": round(time.perf_counter() - began, 2)},
        }


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.hub_push", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, help="a dataset with its manifest.json")
    parser.add_argument("--rows", type=int, default=78, help="of the made-up dataset")
    arguments = parser.parse_args()
    # huggingface_hub 2.4 sends large files in a way that its own HTTP library has deprecated.
    warnings.filterwarnings("ignore", message="Use 'content=", category=DeprecationWarning)
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        whole = arguments.folder or dataset(scratch / "whole", rows(arguments.rows))
        trips = {way: round_trip(scratch / way, whole, xet) for way, xet in WAYS.items()}
        first, second = dataset(scratch / "first", rows(40)), dataset(scratch / "second", rows(41))
        results = {}
        for at, fault in enumerate(faults()):
            name = f"{fault.kind} {fault.status if fault.kind == 'status' else fault.at_byte} of {fault.on}, {fault.times} times"
            results[name] = under(fault, scratch / str(at), first, second)
        results |= {
            f"kill before the commit, by {way}": killed(scratch / f"kill-{way}", first, xet)
            for way, xet in WAYS.items()
        }
    for name, result in results.items():
        print(
            f"{name:56} half {len(result['half'])} mended {result['mended']!s:5} {result['said'][:200]}",
            file=sys.stderr,
        )
    print(
        json.dumps(
            {
                "rows_equal": all(trip["rows"] for trip in trips.values()),
                "hashes_equal": all(trip["hashes"] for trip in trips.values()),
                "faults": len(results),
                "half_published": sum(len(result["half"]) for result in results.values()),
                "outcomes": {
                    "pushed": sum(not result["said"] for result in results.values()),
                    "refused": sum(bool(result["said"]) for result in results.values()),
                },
                "unmended": [name for name, result in results.items() if not result["mended"]],
                "did_not_happen": [name for name, result in results.items() if not result["happened"]],
                "seconds": {way: trip["seconds"] for way, trip in trips.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
