"""How long the checks and the export of a thousand sessions of 40,000 tokens take, and how much memory each needs.

    python -m benchmarks.trajectories [--sessions 1000] [--tokens 40000]

Needs: the installed project; no account, no network; some 300 MB of disk. The sessions are made: a request, then turns of an agent with
reasoning and one command each, whose outputs are pieces of this project's own files as `cat -n`, `grep -n` and test runs would show
them; each has a rejection, a human's own command and a second round. Checks (all rules, held against a query and a patch) and export run
one after the other, each in a process of its own over the archive's files, as `limi trajectories check` and `dvc repro export_sft` read
them; the peaks are what the operating system says of these processes.

Prints one JSON object on its last line: sessions, tokens (of all, as the export counts them), tokens_per_session, check_seconds,
export_seconds, check_cpu_seconds, export_cpu_seconds, peak_mb (the larger of the next two), check_peak_mb, export_peak_mb,
findings{rule: n}, parquet_mb.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.files import sha256_text
from pipeline.tokens import count_up_to
from trajectories.archive.file import sessions, write_session
from trajectories.archive.session import Session, session_of
from trajectories.checks.check import check
from trajectories.checks.limits import Known, Limits
from trajectories.export.policy import Policy
from trajectories.export.rows import rows_of, write_rows

ROOT = Path(__file__).resolve().parent.parent
QUERY = "Reading a large file is slow and nobody knows why. Please find out, make it fast, and add a test that would have caught it."
_TOOL = {
    "type": "function",
    "function": {
        "name": "bash",
        "description": "Execute a bash command",
        "parameters": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
    },
}
_PATCH = "diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1 +1,40 @@\n" + "".join(
    f"+    self.reader_{at} = open_lazily(self.paths[{at}], buffering=1 << {at})\n" for at in range(40)
)


def corpus() -> list[tuple[str, list[str]]]:
    """Names and lines of this project's own files."""
    paths = sorted(
        path
        for room in ("pipeline", "annotation", "docs")
        for path in (ROOT / room).rglob("*.*")
        if path.suffix in (".py", ".md")
    )
    return [(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8").splitlines()) for path in paths]


def outputs(draw: random.Random, files: list[tuple[str, list[str]]]) -> Iterator[tuple[str, str, str]]:
    """Without end: what the agent thinks, runs and sees."""
    prose = [line for name, lines in files if name.endswith(".md") for line in lines if len(line) > 80]
    while True:
        name, lines = draw.choice(files)
        first = draw.randrange(max(1, len(lines) - 60))
        piece = lines[first : first + draw.randrange(20, 90)]
        thought = " ".join(draw.sample(prose, draw.randrange(1, 4)))
        kind = draw.random()
        if kind < 0.5:
            last = first + len(piece)
            shown = "".join(f"{number:6}\t{line}\n" for number, line in enumerate(piece, first + 1))
            yield thought, f"sed -n '{first + 1},{last}p' {name} | cat -n", shown
        elif kind < 0.8:
            shown = "".join(f"{name}:{number}:{line}\n" for number, line in enumerate(piece, first + 1) if line.strip())
            yield thought, f"grep -n '' {name} | head -{len(piece)}", shown
        else:
            passed = "".join(f"tests/test_{draw.randrange(10**6)}.py {'.' * draw.randrange(1, 60)}\n" for _ in piece)
            yield thought, "python -m pytest -q", f"{passed}{draw.randrange(900)} passed in {draw.random() * 60:.2f}s\n"


def made(number: int, tokens: int, files: list[tuple[str, list[str]]], query_sha256: str) -> Session:
    """A session of about so many tokens; the same number always gives the same one."""
    draw = random.Random(number)  # noqa: S311 - made data, no secret
    steps: list[dict[str, Any]] = [_said("system", "You are a helpful assistant that can run commands.", "prompt")]
    steps.append(_said("user", QUERY, "request"))
    counted, calls, told = 0, 0, outputs(draw, files)
    marks = {0.3: "rejection", 0.5: "command", 0.7: "request"}
    while counted < tokens:
        thought, command, shown = next(told)
        counted += sum(count_up_to(text, 10**9) for text in (thought, command, shown)) + 40
        calls += 1
        steps.append(_turn(f"call-{calls}", thought, command, shown, calls))
        for share in [share for share in marks if counted > share * tokens]:
            steps += _human(marks.pop(share), calls)
            calls += 1
    steps.append(
        {
            "source": "agent",
            "message": "Done: reading is lazy now, and a test holds it.",
            "reasoning_content": "All is done.",
        }
    )
    return session_of(_value(number, steps, query_sha256), f"made {number}")


def _said(source: str, message: str, kind: str, **notes: Any) -> dict[str, Any]:
    return {"source": source, "message": message, "extra": {"limi": {"kind": kind, **notes}}}


def _turn(call: str, thought: str, command: str, shown: str, number: int) -> dict[str, Any]:
    return {
        "source": "agent",
        "message": "Let me look at this.",
        "reasoning_content": thought,
        "tool_calls": [{"tool_call_id": call, "function_name": "bash", "arguments": {"command": command}}],
        "observation": {
            "results": [
                {"source_call_id": call, "content": shown, "extra": {"limi": {"exit_code": 0, "raw_output": shown}}}
            ]
        },
        "timestamp": f"2026-01-31T{number // 60 % 24:02}:{number % 60:02}:00Z",
        "metrics": {"prompt_tokens": 500 * number, "completion_tokens": 120, "cost_usd": 0.001},
    }


def _human(kind: str, calls: int) -> list[dict[str, Any]]:
    if kind == "request":
        return [_said("user", "That works. Please also write down in the README how it is used.", "request")]
    if kind == "command":
        shown = {"observation": {"results": [{"content": "On branch main"}]}}
        return [_said("user", "User command: git status", "command", command="git status") | shown]
    call = f"call-{calls}-again"
    turn = {
        "source": "agent",
        "message": "",
        "tool_calls": [{"tool_call_id": call, "function_name": "bash", "arguments": {"command": "rm -rf build"}}],
    }
    return [
        turn,
        _said("user", "Not executed: leave that folder", "rejection", rejects=[call], comment="leave that folder"),
    ]


def _value(number: int, steps: list[dict[str, Any]], query_sha256: str) -> dict[str, Any]:
    run = {"name": "tests", "passed": True, "round": 2, "command": "make test", "exit_code": 0}
    return {
        "schema_version": "ATIF-v1.8",
        "trajectory_id": f"made-{number:06}",
        "agent": {"name": "made", "version": "1", "model_name": "made", "tool_definitions": [_TOOL]},
        "steps": [{"step_id": at, **step} for at, step in enumerate(steps, 1)],
        "extra": {
            "limi": {
                "format": "limi-session 1",
                "query_id": "gh-0123456789ab",
                "query_sha256": query_sha256,
                "collector": {"name": "benchmark", "version": "1"},
                "outcome": {"success": True, "checks": [run]},
            }
        },
    }


def make(folder: Path, number: int, tokens: int) -> None:
    """Write so many sessions into an archive."""
    files, query_sha256 = corpus(), sha256_text(QUERY)
    for at in range(number):
        write_session(made(at, tokens, files, query_sha256), folder)


def check_all(folder: Path) -> dict[str, Any]:
    """Hold every session of the archive against every rule."""
    known = Known(query=QUERY, query_sha256=sha256_text(QUERY), patch=_PATCH)
    found = Counter(one.rule for session in sessions(folder) for one in check(session, Limits(), known))
    return {"findings": dict(sorted(found.items()))}


def export_all(folder: Path) -> dict[str, Any]:
    """Write every session of the archive as a row."""
    out = folder.parent / "train.parquet"
    tokens = write_rows(rows_of(sessions(folder), Policy()), out)
    return {"tokens": sum(tokens), "rows": len(tokens), "parquet_mb": round(out.stat().st_size / 2**20, 1)}


def alone(work: str, folder: Path) -> dict[str, Any]:
    """Do the work in a process of its own: what it found, seconds and peak in MB."""
    command = [sys.executable, "-m", "benchmarks.trajectories", "--alone", work, "--archive", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measured(work: str, folder: Path) -> dict[str, Any]:
    """What the process of `alone` does and says."""
    started = time.monotonic()
    found = {"check": check_all, "export": export_all}[work](folder)
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = {"seconds": round(time.monotonic() - started, 1), "cpu_seconds": round(used.ru_utime + used.ru_stime, 1)}
    return found | seconds | {"peak_mb": round(used.ru_maxrss / 2**10)}


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.trajectories",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--sessions", type=int, default=1_000)
    parser.add_argument("--tokens", type=int, default=40_000, help="of each session, about")
    parser.add_argument("--alone", choices=["check", "export"], help=argparse.SUPPRESS)
    parser.add_argument("--archive", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        print(json.dumps(measured(arguments.alone, arguments.archive)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch) / "archive"
        make(archive, arguments.sessions, arguments.tokens)
        print(f"{arguments.sessions:,} sessions made", file=sys.stderr)
        checked, exported = alone("check", archive), alone("export", archive)
    if exported["rows"] != arguments.sessions:
        raise SystemExit(f"{exported['rows']} rows came of {arguments.sessions} sessions")
    print(
        json.dumps(
            {
                "sessions": arguments.sessions,
                "tokens": exported["tokens"],
                "tokens_per_session": round(exported["tokens"] / arguments.sessions),
                "check_seconds": checked["seconds"],
                "export_seconds": exported["seconds"],
                "check_cpu_seconds": checked["cpu_seconds"],
                "export_cpu_seconds": exported["cpu_seconds"],
                "peak_mb": max(checked["peak_mb"], exported["peak_mb"]),
                "check_peak_mb": checked["peak_mb"],
                "export_peak_mb": exported["peak_mb"],
                "findings": checked["findings"],
                "parquet_mb": exported["parquet_mb"],
            }
        )
    )


if __name__ == "__main__":
    main()
