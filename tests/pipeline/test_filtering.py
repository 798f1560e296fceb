"""Every collected pull request gets one verdict, with the value that decided, and the engine counts what each rule did."""

from typing import Any

import polars as pl
import pytest

from pipeline.filtering import COLUMNS, TOKENS, judge
from pipeline.tables import PULLS, VERDICTS
from pipeline.tokens import count
from tests.pipeline.pulls import CHANGED, PATCH, chosen, image, pull, text


def judged(*pulls: dict[str, Any], **changed: Any) -> list[dict[str, Any]]:
    verdicts = judge(PULLS.frame(list(pulls)), chosen(**changed)).verdicts
    assert list(verdicts.schema.items()) == list(VERDICTS.schema.items())
    return verdicts.to_dicts()


def test_a_kept_pull_request_has_a_verdict() -> None:
    (row,) = judged(pull())
    assert row == {
        "pr_id": "tide/pool#1",
        "repo": "tide/pool",
        "stage": "filter_prs",
        "fate": "kept",
        "reason": "",
        "value": None,
        "limit": None,
        "evidence": "",
        "tokens": None,
    }


def test_only_a_patch_that_could_have_too_many_tokens_is_counted() -> None:
    size = len(PATCH.encode())
    assert judged(pull(), max_tokens=size)[0]["tokens"] == count(PATCH)
    assert judged(pull(), max_tokens=size + 1)[0]["tokens"] is None


def test_a_dropped_one_says_what_was_measured_and_what_was_allowed() -> None:
    (row,) = judged(pull(), max_tokens=40)
    assert (row["fate"], row["reason"], row["value"], row["limit"]) == ("dropped", "patch_too_large", count(PATCH), 40)
    assert row["tokens"] == count(PATCH)


def test_the_licence_that_is_not_allowed_is_named() -> None:
    judgement = judge(PULLS.frame([pull()]), chosen(licences=["MIT"]), "GPL-3.0").verdicts.row(0, named=True)
    assert (judgement["reason"], judgement["evidence"]) == ("licence_not_allowed", "GPL-3.0")


def test_a_revert_of_a_backport_is_a_revert_and_no_backport() -> None:
    title = 'Revert "[Backport 2.x] Add an endpoint"'
    assert judged(pull(title=title), backports="drop")[0]["fate"] == "kept"
    assert judged(pull(title=title), backports="drop", reverts="drop")[0]["reason"] == "revert"


@pytest.mark.parametrize("changed", [{"files": [], "patch": ""}, {"patch_utf8": False}, {"files": [image()]}])
def test_what_a_cheaper_rule_drops_is_not_counted(changed: dict[str, Any]) -> None:
    (row,) = judged(pull(**changed))
    assert (row["fate"], row["tokens"]) == ("dropped", None)


@pytest.mark.parametrize("files", [[CHANGED | {"additions": 3}], [CHANGED | {"deletions": 0}], [CHANGED, text("b.py")]])
def test_a_patch_with_other_lines_than_git_counted_is_a_failure(files: list[dict[str, Any]]) -> None:
    (row,) = judged(pull(files=files))
    assert (row["fate"], row["reason"]) == ("failed", "unidiff_disagrees_with_git")


@pytest.mark.parametrize("patch", [PATCH.removesuffix("+y = 3\n"), PATCH.replace("-x = 1\n", ""), "no patch at all"])
def test_a_patch_that_is_cut_off_is_a_failure(patch: str) -> None:
    (row,) = judged(pull(patch=patch))
    assert (row["fate"], row["reason"]) == ("failed", "unidiff_disagrees_with_git")


def test_a_path_that_unidiff_cannot_read_is_no_failure() -> None:
    patch = PATCH.replace("src/api/server.py", "src b/x.py")
    (row,) = judged(pull(files=[text("src b/x.py", additions=2, deletions=1)], patch=patch))
    assert row["fate"] == "kept"


def test_lines_that_look_like_headers_are_lines() -> None:
    patch = PATCH.replace("-x = 1", "--- a/x").replace("+x = 2", "+++ b/x")
    (row,) = judged(pull(patch=patch))
    assert row["fate"] == "kept"


def test_a_change_of_type_has_two_headers() -> None:
    was = "deleted file mode 100644\nindex 1234567..0000000\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-y = 1\n"
    now = "new file mode 120000\nindex 0000000..89abcde\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+y\n\\ No newline at end of file\n"
    was, now = (f"diff --git a/x b/x\n{half}" for half in (was, now))
    (row,) = judged(pull(files=[text("x", additions=1, deletions=1, status="T")], patch=was + now))
    assert row["fate"] == "kept"


def test_what_is_dropped_is_not_read() -> None:
    (row,) = judged(pull(patch="no patch at all " * 2000))
    assert (row["fate"], row["reason"]) == ("dropped", "patch_too_large")


def test_what_could_not_be_collected_is_not_judged() -> None:
    rows = judged(pull(1), pull(2, failure="missing object", patch=None), pull(3))
    assert [row["pr_id"] for row in rows] == ["tide/pool#1", "tide/pool#3"]


def test_verdicts_come_in_the_order_of_the_rows() -> None:
    pulls = [pull(5), pull(2, patch_utf8=False), pull(9, files=[]), pull(1), pull(3, author_is_bot=True)]
    rows = judged(*pulls, bots="drop")
    assert [row["pr_id"] for row in rows] == [one["pr_id"] for one in pulls]
    assert [row["reason"] for row in rows] == ["", "not_utf8", "empty", "", "bot"]


def test_a_verdict_does_not_depend_on_the_others() -> None:
    pulls = [pull(1), pull(2, patch_utf8=False), pull(3, files=[]), pull(4, title="Fix crash"), pull(5, patch="x")]
    together = judged(*pulls)
    assert together == [row for one in pulls for row in judged(one)]
    assert {row["fate"] for row in together} == {"kept", "dropped", "failed"}


def test_no_pull_requests_have_no_verdicts() -> None:
    assert judged() == []
    assert judged(pull(failure="missing object")) == []


def test_a_binary_file_beside_text_can_stay() -> None:
    binary = "diff --git a/x.png b/x.png\nindex 1234567..89abcde 100644\nBinary files a/x.png and b/x.png differ\n"
    (row,) = judged(pull(files=[CHANGED, image("x.png")], patch=PATCH + binary), binary="only")
    assert row["fate"] == "kept"


def test_only_the_columns_that_are_named_are_read() -> None:
    frame = PULLS.frame([pull()])
    assert judge(frame.select(COLUMNS), chosen()).verdicts.equals(judge(frame, chosen()).verdicts)


def test_the_engine_counts_what_each_rule_saw_and_dropped() -> None:
    frame = PULLS.frame([pull(1), pull(2, files=[]), pull(3, author_is_bot=True), pull(4, patch_utf8=False)])
    costs = judge(frame, chosen(bots="drop")).costs
    assert {name: (cost.seen, cost.dropped) for name, cost in costs.items()} == {
        "patch_too_large by lines": (4, 0),
        "patch_too_large by bytes": (2, 0),
        "patch_too_large by tokens": (1, 0),
        "empty": (4, 1),
        "bot": (3, 1),
        "markdown_only": (2, 0),
        "binary": (2, 0),
        "no_text_change": (2, 0),
        "not_utf8": (2, 1),
        "patch_not_collected": (1, 0),
        TOKENS: (1, 0),
        "unidiff_disagrees_with_git": (1, 0),
    }
    assert all(cost.seconds > 0 for cost in costs.values())


def test_a_rule_that_is_off_costs_nothing() -> None:
    frame = PULLS.frame([pull()])
    assert "comments_only by patch" not in judge(frame, chosen()).costs
    assert judge(frame, chosen(comments="drop")).costs["comments_only by patch"].seen == 1


def test_frames_of_other_sizes_are_judged_alike() -> None:
    pulls = [pull(at, title=f"Fix {at}", author_is_bot=at % 3 == 0, patch_utf8=at % 5 != 0) for at in range(1, 40)]
    whole = judge(PULLS.frame(pulls), chosen(bots="drop")).verdicts
    pieces = [judge(PULLS.frame(pulls[at : at + 7]), chosen(bots="drop")).verdicts for at in range(0, 39, 7)]
    assert pl.concat(pieces).equals(whole)
