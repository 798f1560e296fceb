"""What a model is shown of a pull request: its texts, by name, and how much of each. The same for the writer and the judge."""

from typing import Any

# Characters of each text. A patch below the paper's 1,200 tokens has some 5,000; the rest keeps a hostile text from costing much.
LIMITS = {
    "facts": 1_000,
    "title": 500,
    "description": 8_000,
    "labels": 500,
    "issues": 12_000,
    "files": 4_000,
    "diff": 40_000,
}
_MOST_FILES = 100
_STATUS = {"A": "new", "D": "deleted", "M": "changed", "R": "renamed", "C": "copied", "T": "changed"}


def shown(pull: dict[str, Any]) -> dict[str, str]:
    """`label -> text` of a SAMPLED row. All of it is other people's text."""
    return {
        "facts": "\n".join(
            (
                f"repository: {pull['repo']}",
                f"description: {pull['description'] or '(none)'}",
                f"main language: {pull['language'] or '(unknown)'}",
            )
        ),
        "title": pull["title"],
        "description": pull["body"].strip() or "(none)",
        "labels": ", ".join(pull["labels"]) or "(none)",
        "issues": "\n\n".join(_issue(issue) for issue in pull["closing_issues"]) or "(none)",
        "files": "\n".join(_file(file) for file in pull["files"][:_MOST_FILES]) + _more(len(pull["files"])),
        "diff": pull["patch"],
    }


def _issue(issue: dict[str, Any]) -> str:
    return f"{issue['title']}\n\n{issue['body']}".strip()


def _file(file: dict[str, Any]) -> str:
    moved = f" (was {file['old_path']})" if file["old_path"] != file["path"] else ""
    return f"{_STATUS.get(file['status'], 'changed')}: {file['path']}{moved}"


def _more(files: int) -> str:
    return f"\nand {files - _MOST_FILES} more" if files > _MOST_FILES else ""
