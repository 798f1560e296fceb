"""A value has one placeholder wherever it stands in a session, and nothing that should be masked is left."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipeline.masking.planted import TOKENS, letters
from tests.trajectories import made
from tests.trajectories.made import answer, observed, said
from trajectories.archive.file import text_of_session
from trajectories.archive.session import Session, json_of, session_of
from trajectories.checks.masking import mask, unmasked
from trajectories.checks.texts import changed, texts_of

TOKEN = TOKENS["GitHub"]
MAIL = "ada.lovelace@analytical.io"
PASSWORD = 'kT7"' + letters(6) + "/q"


def called(arguments: dict[str, Any], output: Any, **notes: Any) -> made.Step:
    call = {"tool_call_id": "a", "function_name": "bash", "arguments": arguments}
    return said("agent", "", tool_calls=[call], observation=observed(answer("a", output, **notes)))


def asked(message: Any, *steps: made.Step, **provenance: Any) -> Session:
    return made.session({**said("user", "", limi={"kind": "request"}), "message": message}, *steps, **provenance)


def written(session: Session) -> str:
    return text_of_session(mask(session).session)


PLACES = {
    "the request": lambda: asked(f"Use {TOKEN}."),
    "a part": lambda: asked([{"type": "text", "text": "Use "}, {"type": "text", "text": TOKEN}]),
    "two parts": lambda: asked([{"type": "text", "text": TOKEN[:20]}, {"type": "text", "text": TOKEN[20:]}]),
    "reasoning": lambda: asked("Go.", said("agent", "Yes.", reasoning_content=f"It is {TOKEN}")),
    "an argument": lambda: asked("Go.", called({"command": f"curl -H {TOKEN}"}, "")),
    "an argument within": lambda: asked("Go.", called({"a": [{"b": TOKEN}]}, "")),
    "an argument's name": lambda: asked("Go.", called({TOKEN: 1}, "")),
    "an output": lambda: asked("Go.", called({}, f"token {TOKEN}\n")),
    "the raw output": lambda: asked("Go.", called({}, "", raw_output=TOKEN)),
    "a rejection": lambda: asked(
        "Go.", called({}, ""), said("user", "", limi={"kind": "rejection", "rejects": ["a"], "comment": TOKEN})
    ),
    "a command": lambda: asked("Go.", said("user", "", limi={"kind": "command", "command": f"echo {TOKEN}"})),
    "what was kept aside": lambda: asked("Go.", said("agent", "x", extra={"limi": {"kept_aside": {"k": [TOKEN]}}})),
    "another's key": lambda: asked("Go.", said("agent", "x", extra={"other": {"k": TOKEN}})),
    "a check": lambda: asked("Go.", outcome={"checks": [{"name": "t", "passed": True, "round": 1, "output": TOKEN}]}),
    "the submission": lambda: asked("Go.", outcome={"submission": TOKEN}),
    "the command of a check": lambda: asked(
        "Go.", outcome={"checks": [{"name": "t", "passed": True, "round": 1, "command": f"x {TOKEN}"}]}
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_is_masked_wherever_it_stands(place: str) -> None:
    session = PLACES[place]()
    assert len(list(unmasked(session))) == 1
    text = written(session)
    assert TOKEN[:20] not in text
    assert TOKEN[20:] not in text
    assert text.count("[SECRET_1]") == 1


def escaped(text: str, levels: int) -> str:
    for _ in range(levels):
        text = json.dumps(text)[1:-1]
    return text


@pytest.mark.parametrize("levels", [0, 1, 2, 3])
@pytest.mark.parametrize("first", [False, True], ids=["plain first", "escaped first"])
def test_a_value_has_one_name_however_it_is_escaped(levels: int, first: bool) -> None:
    plain, other = f"password = '{PASSWORD}'", f"see {escaped(PASSWORD, levels)} there"
    texts = [other, plain] if first else [plain, other]
    assert mask(asked(texts[0], said("agent", texts[1]))).counts["secret"] == 1
    text = written(asked(texts[0], said("agent", texts[1])))
    assert text.count("[SECRET_1]") == 2
    assert letters(6) not in text


@pytest.mark.parametrize(
    "spelling",
    [
        MAIL.replace("@", r"\u0040"),
        MAIL.replace(".", r"\u002e"),
        rf"\n{MAIL}",
        rf"\"{MAIL}\"",
        rf"\\n{MAIL}",
        rf"\/{MAIL}",
    ],
)
def test_an_address_in_escapes_is_the_address(spelling: str) -> None:
    session = asked(f"Write to {MAIL}", called({}, f'{{"to": "{spelling}"}}'))
    masked = mask(session)
    assert masked.counts["email"] == 1
    content = masked.session.steps[1].results[0].text
    assert content == f'{{"to": "{spelling}"}}'.replace(spelling, spelling_masked(spelling))


def spelling_masked(spelling: str) -> str:
    """What stands around the address stays: the escapes before and after it."""
    for prefix in ("\\n", "\\\\n", "\\/"):
        if spelling.startswith(prefix):
            return prefix + "[EMAIL_1]"
    return '\\"[EMAIL_1]\\"' if spelling.startswith('\\"') else "[EMAIL_1]"


def test_a_password_that_is_found_in_both_spellings_is_one() -> None:
    plain, as_json = f"password = '{PASSWORD}'", json.dumps({"password": PASSWORD})
    assert mask(asked(plain, called({}, as_json))).counts["secret"] == 1
    assert mask(asked(as_json, called({}, plain))).counts["secret"] == 1


def test_a_password_that_only_its_escaped_spelling_tells_is_masked_where_it_stands_plain() -> None:
    masked = mask(asked(f"Try {PASSWORD} please", called({}, json.dumps({"password": PASSWORD}))))
    assert masked.session.steps[0].text == "Try [SECRET_1] please"
    assert masked.session.steps[1].results[0].text == '{"password": "[SECRET_1]"}'


def test_a_value_of_a_few_characters_is_masked_only_where_it_was_found() -> None:
    masked = mask(asked("fetch abc1", called({}, r"https://me:\u0061\u0062c1@git.corp-mail.net/x"))).session
    assert masked.steps[1].results[0].text == "https://me:[SECRET_1]@git.corp-mail.net/x"
    assert masked.steps[0].text == "fetch abc1"


def test_what_is_seen_as_a_value_only_beside_a_placeholder_is_masked_too() -> None:
    assert mask(asked(f"{MAIL}+1 650 253 0000")).session.steps[0].text == "[EMAIL_1][PHONE_1]"


def test_what_one_text_names_as_a_version_is_none_of_a_machine_in_another() -> None:
    assert mask(asked("It runs on jruby-9.1.15.0", called({}, "found 9.1.15.0"))).counts["ip"] == 0
    assert mask(asked("Go.", called({}, "found 9.1.15.0"))).counts["ip"] == 1


def test_a_line_may_end_as_on_windows() -> None:
    masked = mask(asked("Go.\r\n\r\nSigned-off-by: Ada Lovelace\r\n"))
    assert masked.session.steps[0].text == "Go.\r\n\r\nSigned-off-by: @[HANDLE_1]\r\n"


def test_values_are_numbered_as_they_appear_and_each_kind_by_itself() -> None:
    session = asked(f"{MAIL} and {TOKEN}", said("agent", f"{TOKENS['npm']} and b{MAIL} and {MAIL.upper()}"))
    masked = mask(session)
    assert [step.text for step in masked.session.steps] == [
        "[EMAIL_1] and [SECRET_1]",
        "[SECRET_2] and [EMAIL_2] and [EMAIL_1]",
    ]
    assert masked.counts == {"secret": 2, "email": 2, "ip": 0, "phone": 0, "handle": 0}


def test_only_the_wanted_kinds_are_masked() -> None:
    masked = mask(asked(f"{MAIL} and {TOKEN}"), ["email"])
    assert masked.session.steps[0].text == f"[EMAIL_1] and {TOKEN}"
    assert masked.counts == {"email": 1}


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="weather"):
        mask(asked("Go."), ["weather"])  # type: ignore[list-item]


def test_authors_of_commits_and_owners_of_home_folders_are_people() -> None:
    log = "commit 1\nAuthor: Ada Lovelace <ada@analytical.io>\n"
    session = asked("Go.", called({"command": "ls /home/lovelace/x /home/runner/work /Users/lovelace"}, log))
    masked = mask(session).session.steps[1]
    assert masked.calls[0].arguments == {"command": "ls /home/@[HANDLE_1]/x /home/runner/work /Users/@[HANDLE_1]"}
    assert masked.results[0].text == "commit 1\nAuthor: @[HANDLE_2] <[EMAIL_1]>\n"


def test_a_name_after_an_at_sign_is_a_person_in_prose_and_code_in_an_output() -> None:
    masked = mask(asked("Thanks @lovelace-ada!", called({}, "@lovelace-ada\ndef f(): ..."))).session
    assert masked.steps[0].text == "Thanks @[HANDLE_1]!"
    assert masked.steps[1].results[0].text == "@lovelace-ada\ndef f(): ..."


def test_names_of_arguments_that_become_one_stay_apart() -> None:
    masked = mask(asked("Go.", called({MAIL: 1, MAIL.upper(): 2}, ""))).session
    assert masked.steps[1].calls[0].arguments == {"[EMAIL_1]": 1, "[EMAIL_1] (2)": 2}


def test_ids_hashes_and_times_stay_as_they_are() -> None:
    session = session_of(made.worked(), "made")
    assert mask(session).session == session
    assert list(unmasked(session)) == []


def test_parts_that_share_no_value_stay_parts() -> None:
    parts = [{"type": "text", "text": "a "}, {"type": "text", "text": MAIL}]
    assert json_of(mask(asked(parts)).session)["steps"][0]["message"] == (
        {"type": "text", "text": "a "},
        {"type": "text", "text": "[EMAIL_1]"},
    )


SPOILS = st.sampled_from(
    [TOKEN, MAIL, TOKENS["AWS id"], "+1 650 253 0000", "8.8.4.4", "@lovelace-ada", escaped(PASSWORD, 1)]
)


@st.composite
def planted(draw: st.DrawFn) -> Session:
    """Generated sessions in which values were planted: between any other texts, plain or in escapes."""
    session = draw(made.sessions)
    texts = sorted({text for path, text in texts_of(json_of(session)) if path[-1] in ("message", "content")})
    if not texts:
        return session
    chosen = draw(st.sampled_from(texts))
    spoil = f" {escaped(draw(SPOILS), draw(st.integers(0, 2)))} "
    return changed(session, lambda path, text: text + spoil if text == chosen else text)


@given(planted())
def test_to_mask_what_is_masked_changes_nothing_and_nothing_is_left_to_find(session: Session) -> None:
    masked = mask(session)
    again = mask(masked.session)
    assert again.session == masked.session
    assert set(again.counts.values()) == {0}
    assert list(unmasked(masked.session)) == []
    assert (masked.session == session) == (list(unmasked(session)) == [])


@pytest.mark.parametrize(
    "text",
    [
        "\\" * 200_000,
        "\\n" * 100_000,
        f"\\n{MAIL} " * 3_000,
        " ".join(f"u{at}@corp{at}.io" for at in range(4_000)),
        "/home/" * 30_000,
        "Author: " + "a " * 100_000,
    ],
    ids=["backslashes", "escapes", "cut addresses", "addresses", "homes", "author"],
)
def test_a_hostile_text_takes_time_that_grows_with_its_length(text: str) -> None:
    begin = time.process_time()
    mask(asked("Go.", called({}, text)))
    assert time.process_time() - begin < 8
