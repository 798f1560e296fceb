"""A run of pull requests made for following them: what is planted in each, and what has to become of it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pipeline.compare.normalised import diff_hash
from pipeline.ledger import fate
from pipeline.patch import headers
from pipeline.table import part_name
from pipeline.tables import LEDGER, PULLS, REPOS
from tests.conftest import Project
from tests.pipeline.compare.changes import START, change, diff, lines, reworded
from tests.pipeline.masking.diffs import patch_of as patch_around
from tests.pipeline.masking.planted import IN_LINES, PERSONAL, TOKENS, letters
from tests.pipeline.pulls import image, patch_of, pull, text

STAGES = ("filter_prs", "describe_prs", "compare_prs", "sample_prs", "synthesize", "route_reviews")
LICENCES = {
    "tide/bench": "MIT",
    "tide/closed": "Proprietary",
    "tide/first": "MIT",
    "tide/rules": "MIT",
    "tide/second": "MIT",
    "tide/secrets": "MIT",
}
# A profile's line -> what the planted run has in its place.
PARAMETERS = {
    "licences: []                  # SPDX ids; empty: all. The rules below": "licences: [MIT] #",
    "max_files: 0": "max_files: 3",
    **{
        f"  {rule}: keep": f"  {rule}: drop"
        for rule in (
            *("bots", "empty_titles", "empty_bodies", "reverts", "backports", "branch_merges", "version_bumps"),
            *("unwritten", "whitespace", "comments", "non_english"),
        )
    },
    "lists: curated/contamination": "lists: planted",
    "per_repository: 6": "per_repository: 500",
}


@dataclass(frozen=True)
class Planted:
    """A pull request, and the stage and the reason that have to end its way; no reason if it goes on."""

    row: dict[str, Any]
    stage: str = ""
    reason: str = ""

    @property
    def pr_id(self) -> str:
        return str(self.row["pr_id"])


def planted(repo: str, number: int, patch: str | None, stage: str = "", reason: str = "", **changed: Any) -> Planted:
    """A pull request with this patch, merged on the day of its number; its files are those of the patch."""
    files = changed.pop("files", None)
    if files is None:
        read = headers(patch or "")
        files = [text(path, "", file.additions, file.deletions, file.status) for path, file in read.items()]
    row = pull(
        number,
        **{
            "repo": repo,
            "pr_id": f"{repo}#{number}",
            "patch": patch,
            "files": files,
            "merged_at": START + timedelta(days=number),
            **changed,
        },
    )
    return Planted(row, stage, reason)


_LONG_LINE = diff([], ["a" * 160_000], "src/long.py")
_RENAMED = text("src/new.py", "src/old.py", 0)
_GERMAN = "Der Zähler der Verbindungen zählt jetzt auch solche, die niemand mehr braucht, und wird danach geleert."
_NOT_FETCHED = {"files": [text("src/b.py")], "additions": 1}
_FOUR = [text(f"src/{at}.py") for at in range(4)]
# Reason -> what differs in a pull request that the rule drops, and in one like it that it keeps. A patch without a number of its own
# is made by `change`.
FILTERS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("patch_too_large", {"patch": change(300, 1300)}, {"patch": change(301, 30)}),
    ("patch_too_large", {"patch": change(302, 200)}, {"patch": change(303, 40)}),
    ("patch_too_large", {"patch": _LONG_LINE}, {"patch": diff([], ["a" * 160], "src/short.py")}),
    ("empty", {"patch": ""}, {}),
    ("bot", {"author_is_bot": True}, {"author": "robot-friend"}),
    ("no_title", {"title": "..."}, {"title": "Count open connections"}),
    ("no_body", {"body": " \n"}, {"body": "Why: the users asked for it and this is needed."}),
    ("too_many_files", {"patch": patch_of(*_FOUR)}, {"patch": patch_of(*_FOUR[:3])}),
    ("markdown_only", {"patch": change(304, path="README.md")}, {"patch": change(305, path="README.txt")}),
    ("unwritten_only", {"patch": change(306, path="package-lock.json")}, {"patch": change(307, path="package.py")}),
    ("revert", {"title": 'Revert "Add an endpoint"'}, {"title": "Revert to the older colours of the page"}),
    ("backport", {"title": "[backport] Add an endpoint"}, {"title": "Add a button for backports"}),
    ("branch_merge", {"title": "Merge branch 'main' into stable"}, {"title": "Merge two lookups into one"}),
    ("version_bump", {"title": "Bump vite from 2.6.2 to 2.6.3"}, {"title": "Bump the counter only once"}),
    (
        "version_bump",
        {"patch": diff(["  version: 1.2.3"], ["  version: 1.2.4"], "chart.yaml")},
        {"patch": diff(["  timeout: 5"], ["  timeout: 6"], "chart.yaml")},
    ),
    ("binary", {"files": [image()], "patch": patch_of(image())}, {"patch": change(308, path="logo.py")}),
    (
        "no_text_change",
        {"files": [_RENAMED], "patch": patch_of(_RENAMED)},
        {"files": [_RENAMED | {"additions": 1}], "patch": patch_of(_RENAMED | {"additions": 1})},
    ),
    ("not_utf8", {"patch_utf8": False}, {}),
    (
        "whitespace_only",
        {"patch": diff(["f(a,b);"], ["f(a, b);"], "src/a.c")},
        {"patch": diff(["f(a,b);"], ["f(b, a);"], "src/a.c")},
    ),
    (
        "comments_only",
        {"patch": diff(["x = 1  # one"], ["x = 1  # two"])},
        {"patch": diff(["x = 1  # one"], ["x = 2  # one"])},
    ),
    ("non_english", {"title": "Leere den Zähler der Verbindungen", "body": _GERMAN}, {"title": "Der Zähler"}),
]


def filtered() -> list[Planted]:
    """One pull request for each rule that it drops and one that it keeps, and those that cannot be judged."""
    rows = [planted("tide/closed", 1, change(200), "filter_prs", "licence_not_allowed")]
    for at, (reason, dropped, kept) in enumerate(FILTERS):
        for number, ending, differs in ((2 * at + 1, ("filter_prs", reason), dropped), (2 * at + 2, ("", ""), kept)):
            changed = {"patch": change(400 + number), **differs}
            rows.append(planted("tide/rules", number, changed.pop("patch"), *ending, **changed))
    return [
        *rows,
        planted("tide/rules", 80, change(201), "filter_prs", "unidiff_disagrees_with_git", additions=99),
        planted("tide/rules", 81, None, "filter_prs", "patch_not_collected", skipped="bot", **_NOT_FETCHED),
        planted("tide/rules", 82, change(202), "collect_prs", "http_404", failure="http_404"),
        planted("tide/rules", 83, change(203), "filter_prs", "revert", title=f'Revert "Use {TOKENS["GitHub"]}"'),
    ]


# A repeat -> the older pull request that it repeats, and how.
REPEATS_PLANTED = {
    "tide/second#11": ("tide/first#1", "exact"),
    "tide/second#12": ("tide/first#2", "near"),
    "tide/first#24": ("tide/first#4", "exact"),
    "tide/first#90": ("tide/second#89", "exact"),
    "tide/second#91": ("tide/second#89", "exact"),
    "tide/second#93": ("tide/bench#1", "near"),
}
_OLD, _NEW = [*lines(900, 10), *lines(901, 2)], [*lines(900, 10), *lines(4, 12)]
_DUPLICATE, _NEAR = ("compare_prs", "duplicate"), ("compare_prs", "near_duplicate")
_CONTAMINATED = ("compare_prs", "contaminated")


def compared() -> list[Planted]:
    """Repeats across two repositories, a change that was taken back and landed again, and what benchmarks name."""
    return [
        planted("tide/first", 1, change(1)),
        planted("tide/second", 11, change(1, path="lib/moved.py"), *_DUPLICATE),
        planted("tide/first", 2, change(2)),
        planted("tide/second", 12, reworded(change(2), 12), *_NEAR),
        planted("tide/first", 3, change(3)),
        planted("tide/second", 13, reworded(change(3), 2)),  # too many words are others
        planted("tide/first", 4, diff(_OLD, _NEW)),
        planted("tide/first", 14, diff(_NEW, _OLD), title="Go back to the plain pool"),
        planted("tide/first", 24, diff(_OLD, _NEW), *_DUPLICATE, title="Try the new pool once more"),
        planted("tide/bench", 1, change(5), *_CONTAMINATED),
        planted("tide/second", 93, reworded(change(5), 12), *_CONTAMINATED),
        planted("tide/second", 89, change(6), *_CONTAMINATED),
        planted("tide/first", 90, change(6), *_CONTAMINATED),
        planted("tide/second", 91, change(6), *_CONTAMINATED),
        planted("tide/second", 92, change(7), *_CONTAMINATED),
        planted("tide/second", 94, change(8)),
    ]


LISTED = [
    "benchmark,kind,value,source",
    "Planted Bench,repository,Tide/Bench,https://example.org/a",
    "Planted Tasks,pull,tide/first#90,https://example.org/b",
    f"Planted Diffs,diff,{diff_hash(change(7))},https://example.org/c",
]
KEY_LINES = [letters(64, start) for start in (0, 64, 128)]
_KEY = ["-----BEGIN RSA PRIVATE " + "KEY-----", *KEY_LINES, "-----END RSA PRIVATE " + "KEY-----"]
# (lines, values in them) that a title, a body and each place of a patch carry.
EVERYWHERE = [
    *(([f"Use {token} for the nightly job."], [token]) for token in TOKENS.values()),
    *(([line], [value]) for line, value in IN_LINES),
    *(([f"See {line}"], [value]) for _, line, value in PERSONAL),
]
# Handles are found by other words in a body than in a patch.
IN_BODY = [
    ("Thanks to @octo-planted for the idea.", "octo-planted"),
    ("Merge pull request #3 from janet-planted/fix", "janet-planted"),
    ("Signed-off-by: Jan Plantsen <jan.plantsen@somewhere.io>", "Plantsen"),
]
IN_COMMENTS = [
    ("# TODO(maya-planted): later", "maya-planted"),
    ("x = 1  # written by @noor-planted", "noor-planted"),
    ("# Reviewed-by: Ole Plantrup <ole.plantrup@somewhere.io>", "Plantrup"),
]
VALUES = sorted(
    {value for _, values in EVERYWHERE for value in values}
    | {value for _, value in IN_BODY + IN_COMMENTS}
    | {*KEY_LINES, "jan.plantsen@somewhere.io", "ole.plantrup@somewhere.io"}
)
_ASKED = "The clients need this and the page should show it."


def secret() -> list[Planted]:
    """Pull requests that carry what nobody else may see."""
    rows = []
    for number, (said, _) in enumerate(EVERYWHERE, 1):
        patch = patch_around(said, [*said, *lines(10_000 + number, 6)], said, said[0])
        body = "\n".join([_ASKED, "", *said, "", "```", *said, "```"])
        rows.append(planted("tide/secrets", number, patch, title=said[0], body=body))
    key = patch_around([], [*_KEY, *lines(20_000, 6)])
    rows.append(planted("tide/secrets", 1000, key, title="Read the key", body="\n".join([_ASKED, "", *_KEY])))
    for number, (line, _) in enumerate(IN_BODY, 1010):
        rows.append(planted("tide/secrets", number, change(20_000 + number), body=f"{_ASKED}\n\n{line}"))
    for number, (line, _) in enumerate(IN_COMMENTS, 1020):
        rows.append(planted("tide/secrets", number, patch_around([line], [*lines(20_000 + number, 6), line])))
    return rows


ALL = [*filtered(), *compared(), *secret()]


def plant(project: Project) -> None:
    """Write what collecting would have written, the list of benchmarks and the parameters."""
    data = project.folder / "data"
    for old, new in PARAMETERS.items():
        project.edit(old, new)
    (project.folder / "planted").mkdir()
    (project.folder / "planted/list.csv").write_text("\n".join(LISTED) + "\n", encoding="utf-8")
    REPOS.write(REPOS.frame([_repository(repo, licence) for repo, licence in LICENCES.items()]), data / "repos.parquet")
    for repo in LICENCES:
        rows = [item.row for item in ALL if item.row["repo"] == repo]
        PULLS.write(PULLS.frame(rows), data / "pulls" / part_name(repo), "planted")
    fates = []
    for row in sorted((item.row for item in ALL), key=lambda row: (row["repo"], row["pr_id"])):
        ending = ("failed", row["failure"]) if row["failure"] else ("kept", "")
        fates.append(fate(row["pr_id"], row["repo"], "collect_prs", *ending))
    LEDGER.write(LEDGER.frame(fates), data / "ledger/collect_prs.parquet")


def _repository(repo: str, licence: str) -> dict[str, object]:
    return {
        **dict.fromkeys(REPOS.schema, ""),
        "repo": repo,
        "stars": 20_000,
        "language": "Python",
        "licence": licence,
        "description": "Counts connections",
    }
