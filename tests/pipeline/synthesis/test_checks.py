"""Each check finds what it is for, and leaves alone what only looks like it."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.sections import Checks
from pipeline.synthesis.checks import MOST_EVIDENCE, MOST_READ, Finding, findings
from pipeline.synthesis.leakage import Solution, leakage
from tests.pipeline.synthesis.rows import LIMITS, solution

GOOD = (
    "Our nightly import stops at the first empty file, and everything behind it is left out. "
    "Please let the reader skip empty files and go on with the next one."
)
CRITERIA = ["An import of three files, the second of them empty, loads the other two.", "A test covers an empty file."]


NOTHING = solution()


def found(
    text: str = GOOD, criteria: list[str] | None = None, of: Solution = NOTHING, limits: Checks = LIMITS
) -> dict[str, Finding]:
    """`check -> finding`; a check gives one finding at most."""
    those = findings(text, CRITERIA if criteria is None else criteria, of, limits)
    assert len({finding.check for finding in those}) == len(those)
    return {finding.check: finding for finding in those}


def test_a_good_query_has_no_finding() -> None:
    assert found(of=solution("def skip_empty(files):", paths=("src/reader.py",))) == {}


def test_a_query_that_gives_away_more_than_the_limit_is_found() -> None:
    text = f"{GOOD} Add skip_empty and EmptyFile to reader.py."
    leak = found(text, of=solution("skip_empty EmptyFile", paths=("src/reader.py",)))["leakage"]
    assert (leak.value, leak.limit) == (0.75, 0.25)
    assert leak.evidence == "names: EmptyFile, skip_empty; paths: src/reader.py"


def test_what_a_query_gives_away_up_to_the_limit_is_no_finding() -> None:
    assert "leakage" not in found(f"{GOOD} Call it skip_empty.", of=solution("skip_empty"))
    strict = LIMITS.model_copy(update={"leakage": 0.2})
    assert "leakage" in found(f"{GOOD} Call it skip_empty.", of=solution("skip_empty"), limits=strict)


def test_words_in_the_order_of_the_patch_are_quoted() -> None:
    text = "empty files are skipped without a word and the next one is read instead of stopping"
    leak = found(text, of=solution(f"# {text}"))["leakage"]
    assert leak.value == 1.0
    assert leak.evidence.startswith("words of the patch: empty files are skipped, files are skipped without")


def test_criteria_that_give_away_are_found_by_themselves() -> None:
    those = found(criteria=["skip_empty and EmptyFile are in place."], of=solution("skip_empty EmptyFile"))
    assert list(those) == ["criteria_leakage"]
    assert those["criteria_leakage"].value == 0.5


def test_a_name_in_another_spelling_is_given_away_and_its_plain_words_are_not() -> None:
    of = solution("class RetryPolicy:", "class BackoffTable:")
    assert "leakage" in found(f"{GOOD} Add retry_policy and backoffTable.", of=of)
    assert "leakage" not in found(f"{GOOD} Add a retry policy and a backoff table.", of=of)


def test_the_value_for_plain_cases_is_the_measure_itself() -> None:
    of = solution("skip_empty EmptyFile", paths=("src/reader.py",))
    text = f"{GOOD} Add skip_empty and EmptyFile to reader.py."
    assert found(text, of=of)["leakage"].value == leakage(text, of).measure


@pytest.mark.parametrize(
    "block",
    [
        "```diff\n-x = 1\n```",
        "diff --git a/x b/x",
        "@@ -1,2 +1,3 @@",
        "```\n+ return None\n```",
        "```python\nfor file in files_of(folder):\n```",
    ],
)
def test_a_block_with_the_answer_is_found(block: str) -> None:
    assert "answer" in found(f"{GOOD}\n{block}", of=solution("for file in files_of(folder):"))


@pytest.mark.parametrize(
    "block",
    ["```\nTraceback: empty file\n```", "```python\nread(folder, 'a.csv')\n```", "+ one more wish", "```\n+1\n```"],
)
def test_a_block_of_something_else_is_no_answer(block: str) -> None:
    assert "answer" not in found(f"{GOOD}\n{block}", of=solution("for file in files_of(folder):"))


def test_too_few_words_and_too_many_are_found() -> None:
    assert found(" ".join(["please"] * 11))["too_short"].value == 11
    assert found(" ".join(["please"] * 12)) == {}
    assert found(" ".join(["please"] * 400)) == {}
    assert found(" ".join(["please"] * 401))["too_long"].value == 401


def test_a_text_of_endless_words_is_too_long() -> None:
    long = found("please skip empty files " * 3 + "x" * MOST_READ)["too_long"]
    assert (long.limit, len(long.evidence)) == (MOST_READ, MOST_EVIDENCE)


def test_a_script_without_blanks_is_counted_by_its_characters() -> None:
    anything = LIMITS.model_copy(update={"language": "any"})
    assert found("空のファイルを読み飛ばして次のファイルに進むようにしてください。", limits=anything) == {}
    assert list(found("空のファイルを飛ばす。", limits=anything)) == ["too_short"]


@pytest.mark.parametrize(
    "text",
    [
        "Bitte überspringe leere Dateien beim Einlesen und mache mit der nächsten Datei weiter, statt den Import abzubrechen.",
        "In parser, please обработать пустой ввод и продолжить со следующего файла. Existing callers must not break.",  # noqa: RUF001 - Russian
        "空のファイルを読み飛ばして次のファイルに進むようにしてください。",
        "Please mend the page: ошибка входа.",
        f"{GOOD}\n\nВход не работает после обновления, и никто не может войти в систему, пока её не перезапустят вручную.",  # noqa: RUF001 - Russian
    ],
)
def test_another_language_is_found_unless_any_may_be(text: str) -> None:
    assert "not_english" in found(text)
    assert "not_english" not in found(text, limits=LIMITS.model_copy(update={"language": "any"}))


@pytest.mark.parametrize(
    "text",
    [
        "Please rename `zeilenLeser.leseAlle(datei, ohneLeere)` and `dateien_ohne_inhalt` to names in English, in every module of it.",
        "The message \u00abДанные отсутствуют\u00bb is shown twice on every page where the list of files is empty. Please show it once.",  # noqa: RUF001 - Russian
        "Make kwargs.get(arg), numpy.ndarray.astype(dtype) and os.path.join(src, dst) raise the same error in reader, writer and index.",
        "pyproject: setuptools, tox, mypy, ruff, pytest: pin them all; CI: matrix of 3.11, 3.12 and 3.13 please, cached by lock file.",
    ],
)
def test_code_and_a_foreign_word_are_english_enough(text: str) -> None:
    assert "not_english" not in found(text)


@pytest.mark.parametrize(
    "criteria",
    [[], [""], ["It works as expected."], [*CRITERIA, "The code is clean and of high quality."], ["Done!", "OK."]],
)
def test_criteria_that_nobody_could_check_are_found(criteria: list[str]) -> None:
    assert "vague_criteria" in found(criteria=criteria)


@pytest.mark.parametrize("criterion", ["Tests pass.", "It returns 404.", "No row is lost.", "Пустой файл пропущен."])
def test_a_short_criterion_can_be_checked(criterion: str) -> None:
    assert "vague_criteria" not in found(criteria=[criterion])


def test_criteria_that_say_the_same_are_found() -> None:
    twice = found(criteria=["An empty file is skipped.", "a file without rows too", "An  empty file is skipped"])
    assert twice["repeated_criteria"].value == 1.0
    assert "repeated_criteria" not in found(criteria=["GET of it returns 404.", "HEAD of it returns 404."])


def test_evidence_is_one_short_printable_line() -> None:
    text = "Add <your name here> " + "and\u202e\n\tso on\x00 " * 500
    those = findings(text, [], NOTHING, LIMITS)
    assert len(those) > 3
    for finding in those:
        assert finding.evidence.isprintable()
        assert 0 < len(finding.evidence) <= MOST_EVIDENCE


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.text(max_size=300), st.lists(st.text(max_size=60), max_size=4))
def test_whatever_a_draft_holds_findings_are_small_and_the_same_every_time(text: str, criteria: list[str]) -> None:
    of = solution("read_all RetryPolicy", paths=("a.txt",))
    those = findings(text, criteria, of, LIMITS)
    assert those == findings(text, criteria, of, LIMITS)
    assert all(finding.evidence.isprintable() and len(finding.evidence) <= MOST_EVIDENCE for finding in those)


@pytest.mark.parametrize("unit", ["{ name", "{name", "<a ", "this ", "we've also ", "now i", "[a](", "`", "| ", "ai "])
def test_no_repeated_unit_of_a_megabyte_is_slow(unit: str) -> None:
    text = (unit * 1_000_000)[:1_000_000]
    started = time.process_time()
    assert "too_long" in found(text, [text], solution("read_all RetryPolicy", paths=("a.txt",)))
    assert time.process_time() - started < 8.0
