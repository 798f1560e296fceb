"""params.yaml is read strictly, and what is wrong with it is said by line and key."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from pipeline.errors import UserError
from pipeline.params import Params, known_keys, read_params
from pipeline.sections import MAX_TOKEN_BYTES

ROOT = Path(__file__).resolve().parent.parent.parent
DEMO = (ROOT / "profiles/demo.yaml").read_text(encoding="utf-8")
OPEN = (
    "pool.sub_domains",
    "review.annotators",
    "review.adjudicators",
    "trajectories.checks.severity",
)  # their keys are the user's
PROFILES = sorted((ROOT / "profiles").glob("*.yaml"))


def edited(old: str, new: str) -> str:
    assert DEMO.count(old) == 1, f"{old!r} stands {DEMO.count(old)} times in the demo profile"
    return DEMO.replace(old, new)


def without(start: str) -> str:
    lines = [line for line in DEMO.splitlines() if not line.strip().startswith(start)]
    assert len(lines) == len(DEMO.splitlines()) - 1
    return "\n".join(lines) + "\n"


def line_of(start: str, text: str = DEMO) -> int:
    return next(at for at, line in enumerate(text.splitlines(), 1) if line.strip().startswith(start))


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read_text(text: str) -> Params:
        (tmp_path / "params.yaml").write_bytes(text.encode())
        return read_params(tmp_path / "params.yaml")

    return read_text


@pytest.fixture
def problems(read: Any) -> Any:
    """The sentences a text is refused with, without the folder."""

    def refused(text: str) -> list[str]:
        with pytest.raises(UserError) as caught:
            read(text)
        return [line.rpartition("/params.yaml ")[2] for line in str(caught.value).splitlines()]

    return refused


def leaves(data: dict[str, Any], prefix: str = "") -> list[str]:
    found = []
    for key, value in data.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and name not in OPEN:
            found += leaves(value, f"{name}.")
        else:
            found.append(name)
    return found


def misspelt(key: str, wrong: str) -> str:
    """The demo profile with the last part of one key renamed."""
    data = copy.deepcopy(yaml.safe_load(DEMO))
    block = data
    *sections, last = key.split(".")
    for section in sections:
        block = block[section]
    block[wrong] = block.pop(last)
    return yaml.safe_dump(data)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.stem)
def test_every_profile_is_valid_and_says_its_name(profile: Path) -> None:
    assert read_params(profile).profile == profile.stem


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.stem)
def test_every_profile_writes_every_known_key_in_the_order_of_the_model(profile: Path) -> None:
    assert leaves(yaml.safe_load(profile.read_text(encoding="utf-8"))) == list(known_keys())


def test_every_known_key_has_a_meaning() -> None:
    assert [key for key, meaning in known_keys().items() if len(meaning) < 10] == []


def test_values_come_out_as_they_were_written(read: Any) -> None:
    assert read(edited("seed: 20250917", "seed: 4294967295")).seed == 2**32 - 1
    params = read(edited("seed: 20250917", "seed: 7"))
    assert (params.seed, params.filter.max_tokens, params.pool.sub_domains["deployment"]) == (7, 1200, 3)


def test_parameters_cannot_be_changed_after_reading(read: Any) -> None:
    params = read(DEMO)
    with pytest.raises(ValidationError, match="frozen"):
        params.seed = 3
    with pytest.raises(ValidationError, match="frozen"):
        params.filter.max_tokens = 3


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(read: Any) -> None:
    assert read("\ufeff" + DEMO.replace("\n", "\r\n")) == read(DEMO)


def test_a_missing_file_names_the_command_that_writes_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.yaml is missing; `limi profile demo`"):
        read_params(tmp_path / "nowhere.yaml")


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        read_params(tmp_path)


@pytest.mark.parametrize("key", list(known_keys()))
def test_a_missing_key_is_named_with_its_meaning(problems: Any, key: str) -> None:
    data = yaml.safe_load(DEMO)
    block = data
    *sections, last = key.split(".")
    for section in sections:
        block = block[section]
    del block[last]
    (sentence,) = problems(yaml.safe_dump(data))
    assert f"{key} is missing ({known_keys()[key]})" in sentence


def test_a_missing_key_points_at_its_block(problems: Any) -> None:
    (sentence,) = problems(without("max_listed:"))
    assert sentence.startswith(f"line {line_of('collect:')}: collect.max_listed is missing")


def test_a_missing_block_is_named(problems: Any) -> None:
    data = yaml.safe_load(DEMO)
    del data["sample"]
    assert problems(yaml.safe_dump(data)) == ["line 1: sample is missing (a block of parameters)"]


@pytest.mark.parametrize("key", list(known_keys()))
def test_a_key_without_its_last_letter_brings_the_right_one_to_mind(problems: Any, key: str) -> None:
    hints = [
        sentence for sentence in problems(misspelt(key, key.rpartition(".")[2][:-1])) if "did you mean" in sentence
    ]
    twins = [other for other in known_keys() if other[:-1] == key[:-1]]  # beta1 and beta2: either is near
    assert len(hints) == 1
    assert hints[0].endswith(tuple(f"did you mean {twin}?" for twin in twins))


@pytest.mark.parametrize("section", ["dask", "source", "select", "collect", "filter", "sample", "review", "pool"])
def test_a_misspelt_block_brings_the_right_one_to_mind(problems: Any, section: str) -> None:
    text = yaml.safe_dump(
        {(f"{key}s" if key == section else key): value for key, value in yaml.safe_load(DEMO).items()}
    )
    (sentence,) = [sentence for sentence in problems(text) if "not a known parameter" in sentence]
    assert sentence.endswith(f"did you mean {section}?")


def test_an_unknown_key_is_named_by_line(problems: Any) -> None:
    text = edited("  max_listed: 1000\n", "  zebra: 5\n  max_listed: 1000\n")
    (sentence,) = problems(text)
    assert sentence.startswith(f"line {line_of('zebra:', text)}: collect.zebra is not a known parameter of collect")


def test_every_problem_is_told_at_once(problems: Any) -> None:
    text = edited("seed: 20250917", "seed: -1").replace("strategy: stratified", "strategy: both")
    seed, strategy = problems(text)
    assert (seed.split(":")[0], strategy.split(":")[0]) == ("line 3", f"line {line_of('strategy:')}")
    assert "seed: Input should be greater than or equal to 0, not -1" in seed
    assert "sample.strategy: Input should be 'stratified' or 'random', not 'both'" in strategy


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("seed: 20250917", "seed: true", "seed"),
        ("seed: 20250917", "seed: 1.0", "seed"),
        ("seed: 20250917", "seed: '7'", "seed"),
        ("seed: 20250917", "seed:", "seed"),
        ("seed: 20250917", "seed: -1", "seed"),
        ("seed: 20250917", "seed: 4294967296", "seed"),
        ("kind: demo", "kind: gitlab", "source.kind"),
        ("min_stars: 10000", "min_stars: -1", "select.min_stars"),
        ("repositories: 100", "repositories: 0", "select.repositories"),
        ("licences: []                  # SPDX ids; empty: all\n", "licences: MIT\n", "select.licences"),
        ("licences: []                  # SPDX ids; empty: all\n", "licences: [3]\n", "select.licences.0"),
        ("max_listed: 1000", "max_listed: 0", "collect.max_listed"),
        ("max_tokens: 1200", "max_tokens: 0", "filter.max_tokens"),
        ("max_tokens: 1200", "max_tokens: 7501", "filter.max_tokens"),
        ("count_up_to: 4800", "count_up_to: 7501", "filter.count_up_to"),
        ("markdown: only", "markdown: all", "filter.markdown"),
        ("binary: any", "binary: none", "filter.binary"),
        ("[.md,", "[md,", "filter.markdown_suffixes.0"),
        ("[.md,", "[.tar.gz,", "filter.markdown_suffixes.0"),
        ("[.md,", '[".md\\n",', "filter.markdown_suffixes.0"),
        ("max_files: 0", "max_files: -1", "filter.max_files"),
        ("per_repository: 6", "per_repository: 0", "sample.per_repository"),
        ("writer: template", "writer: gpt", "synthesize.writer"),
        ("overlap: 2", "overlap: 0", "review.overlap"),
        ("real_world_count: 60", "real_world_count: -1", "pool.real_world_count"),
        ("front-end: 4", "front-end: -4", "pool.sub_domains.front-end"),
        ("front-end: 4", "frontend: 4", "pool.sub_domains.frontend"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(problems: Any, old: str, new: str, key: str) -> None:
    (sentence,) = problems(edited(old, new))
    leaf = key.split(".")[1] if key.count(".") == 2 else key.rpartition(".")[2]
    assert sentence.startswith(f"line {line_of(f'{leaf}:')}: {key}")


@pytest.mark.parametrize("key", ["markdown", "binary"])
def test_off_is_written_as_the_comment_beside_it_says(read: Any, key: str) -> None:
    # YAML 1.1 takes a bare `off` for false; whoever follows the comment writes it bare.
    line = next(line for line in DEMO.splitlines() if line.startswith(f"  {key}: "))
    assert "off" in line.split("#")[1].split()
    assert getattr(read(DEMO.replace(line, f"  {key}: off")).filter, key) == "off"


@pytest.mark.parametrize("key", ["markdown", "binary"])
def test_off_in_quotes_is_read(read: Any, key: str) -> None:
    line = next(line for line in DEMO.splitlines() if line.startswith(f"  {key}: "))
    assert getattr(read(DEMO.replace(line, f"  {key}: 'off'")).filter, key) == "off"


def test_quotas_must_add_up(problems: Any) -> None:
    (sentence,) = problems(edited("front-end: 4", "front-end: 5"))
    assert sentence == f"line {line_of('pool:')}: pool: the quotas of sub_domains add up to 19, github_pr_count is 18"


def test_a_sub_domain_may_be_left_out_if_the_rest_adds_up(read: Any) -> None:
    params = read(edited("front-end: 4, back-end: 4", "back-end: 8"))
    assert "front-end" not in params.pool.sub_domains


def test_a_stored_patch_can_always_be_counted(problems: Any, read: Any) -> None:
    least = 1200 * MAX_TOKEN_BYTES
    assert read(edited("262144", str(least))).collect.max_patch_bytes == least
    (sentence,) = problems(edited("262144", str(least - 1)))
    assert f"collect.max_patch_bytes must be at least {least}" in sentence


def test_counting_goes_at_least_as_far_as_the_limit(problems: Any, read: Any) -> None:
    assert read(edited("count_up_to: 4800", "count_up_to: 1200")).filter.count_up_to == 1200
    (sentence,) = problems(edited("count_up_to: 4800", "count_up_to: 1199"))
    assert "filter.count_up_to must be at least filter.max_tokens (1200)" in sentence


def test_the_greatest_limits_are_accepted(read: Any) -> None:
    text = edited("max_tokens: 1200", "max_tokens: 7500").replace("count_up_to: 4800", "count_up_to: 7500")
    roomy = text.replace("262144", "960000").replace("max_changed_lines: 1200", "max_changed_lines: 7500")
    assert read(roomy).filter.max_tokens == 7500


@pytest.mark.parametrize(
    "text",
    [
        "a:\n\tb: 1\n",
        "a: [1\n",
        DEMO + "---\na: 1\n",
        DEMO + "\0",
        DEMO + "x: !!python/object/apply:os.getcwd []\n",
        "*nothing\n",
    ],
    ids=["tab", "open bracket", "two documents", "nul", "python tag", "unknown alias"],
)
def test_what_is_not_yaml_is_refused(problems: Any, text: str) -> None:
    assert "is not valid YAML" in problems(text)[0]


def test_what_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes(DEMO.encode() + b"# caf\xe9\n")
    with pytest.raises(UserError, match="is not valid YAML"):
        read_params(tmp_path / "params.yaml")


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n", "demo\n", "3\n"])
def test_a_file_that_is_not_a_block_of_keys_is_refused(problems: Any, text: str) -> None:
    (sentence,) = problems(text)
    assert sentence.startswith("line 1: ")


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        (DEMO + "seed: 3\n", "seed", len(DEMO.splitlines()) + 1),
        (DEMO.replace("  max_listed:", "  max_listed: 5\n  max_listed:"), "max_listed", line_of("max_listed:") + 1),
    ],
)
def test_a_key_that_stands_twice_is_refused(read: Any, text: str, key: str, line: int) -> None:
    with pytest.raises(UserError, match=rf"(?s)key '{key}' stands twice.*line {line},"):
        read(text)


def test_keys_that_are_no_strings_are_refused(problems: Any) -> None:
    (sentence,) = problems(DEMO + "1: x\n")
    assert sentence.startswith(f"line {len(DEMO.splitlines()) + 1}: 1: Keys should be strings")


@pytest.mark.parametrize(
    "text",
    [
        edited("seed: 20250917", "seed: 2025-09-31"),
        edited("profile: demo", "profile: 2025-13-01"),
        edited("seed: 20250917", "seed: 0b_"),
        DEMO + "? [a, b]\n: c\n",
        DEMO + "? {a: b}\n: c\n",
    ],
    ids=["no such day", "no such month", "no digits", "a list as key", "a map as key"],
)
def test_yaml_that_breaks_its_own_reader_is_the_users_mistake(problems: Any, text: str) -> None:
    assert problems(text)


def test_a_block_that_holds_itself_is_refused(problems: Any) -> None:
    assert problems(DEMO + "x: &a {b: *a}\n")
