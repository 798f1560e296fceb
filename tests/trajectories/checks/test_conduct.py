"""What a reader should look at is marked where it is: loops, other languages, and what a chat template could take for its own."""

from typing import Any

import pytest
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from pipeline.errors import UserError
from tests.trajectories import made
from tests.trajectories.checks.test_rules import ASKED, DONE, found, session, works
from tests.trajectories.made import call, said
from trajectories.archive.session import Session, session_of
from trajectories.checks.check import check
from trajectories.checks.limits import LANGUAGES, Limits


def loops(one: Session) -> list[tuple[int | None, str]]:
    return [(finding.step, finding.said) for finding in check(one) if finding.rule == "loop"]


def made_of(commands: str) -> Session:
    """A turn for each letter, from step 2 on."""
    return session(ASKED, *[works(n, command) for n, command in enumerate(commands)], DONE)


def test_turns_that_come_again_in_the_same_order_are_a_loop() -> None:
    steps = [works(n, command) for n, command in enumerate(["a", "b", "c", "b", "c", "b", "c", "d"])]
    findings = [one for one in check(session(ASKED, *steps, DONE)) if one.rule == "loop"]
    assert [(one.step, one.value, one.said) for one in findings] == [
        (3, 3, "the same 2 turns are made 3 times in a row")
    ]


@pytest.mark.parametrize(
    ("commands", "told"),
    [
        ("abababab", [(2, "the same 2 turns are made 4 times in a row")]),
        (
            "ababababccc",
            [(10, "the same calls are made 3 times in a row"), (2, "the same 2 turns are made 4 times in a row")],
        ),
        (
            "abababbb",
            [(7, "the same calls are made 3 times in a row"), (2, "the same 2 turns are made 3 times in a row")],
        ),
        ("aaaaaaaaa", [(2, "the same calls are made 9 times in a row")]),
    ],
)
def test_a_cycle_is_told_though_another_repeat_follows_and_once_alone(
    commands: str, told: list[tuple[int, str]]
) -> None:
    assert loops(made_of(commands)) == told


def test_the_humans_own_words_of_a_rejection_are_in_an_allowed_language_too() -> None:
    words = "Bitte nicht so, denn dieser Befehl löscht den ganzen Ordner, und ich brauche die Dateien darin noch heute."
    notice = said("system", words, limi={"kind": "notice"})
    assert found(session(ASKED, notice, DONE), "other_language") == []
    plain = said("user", words, limi={"kind": "rejection", "rejects": ["c1"]})
    assert found(session(ASKED, works(1), plain, DONE), "other_language") == [(3, "message")]
    refusal = said("user", "Rejected.", limi={"kind": "rejection", "rejects": ["c1"], "comment": words})
    one = session(ASKED, works(1), refusal, DONE)
    assert [place for _, place in found(one, "other_language")] == ["extra.limi.comment"]


@pytest.mark.parametrize("code", ["EN", "english", "xx", ""])
def test_a_language_that_nothing_can_tell_is_refused(code: str) -> None:
    with pytest.raises(UserError, match="is no language that can be told"):
        check(session(ASKED, DONE), Limits(languages=["en", code]))


def test_the_languages_are_those_that_can_be_told() -> None:
    assert set(LanguageIdentifier.from_model_file(MODEL_FILE).nb_classes) == LANGUAGES


SIGNS = (
    "<|im_end|> <|reserved_special_token_0|> <\uff5ctool\u2581calls\u2581begin\uff5c> </think> <s> </s> <bos> <start_of_turn> <<SYS>> "
    "[/INST] [TOOL_CALLS] [TOOL_RESULTS] [AVAILABLE_TOOLS] [SYSTEM_PROMPT] [gMASK] <tool_call> <function=bash> </function> "
    "<parameter=command> <arg_key>"
).split()


@pytest.mark.parametrize("sign", SIGNS)
def test_control_tokens_of_many_families_are_marked(sign: str) -> None:
    assert found(session(ASKED, works(1, f"echo {sign}x"), DONE), "template_sign") == [(2, "tool_calls[0].arguments")]


def signed(place: str) -> dict[str, Any]:
    """The JSON value of a session with a control token at this place of it."""
    value = made.value(ASKED, works(1), said("user", "I ran it.", limi={"kind": "command", "command": "ls"}), DONE)
    target: Any = value
    *names, last = [int(name) if name.isdigit() else name for name in place.split(".")]
    for name in names:
        target = target[name]
    target[last] = "<|im_end|>"
    return value


@pytest.mark.parametrize(
    ("place", "where"),
    [
        (
            "agent.tool_definitions.0.function.description",
            (None, "agent.tool_definitions[0].function.description"),
        ),
        ("steps.2.extra.limi.command", (3, "extra.limi.command")),
        ("steps.1.observation.results.0.content", (2, "observation.results[0].content")),
    ],
)
def test_a_control_token_is_found_wherever_the_export_takes_it(place: str, where: tuple[int | None, str]) -> None:
    assert found(session_of(signed(place), "made"), "template_sign") == [where]


def test_the_id_of_a_call_is_exported_too() -> None:
    one = session(ASKED, said("agent", "", tool_calls=[call("<|im_end|>", "ls")]), DONE)
    assert found(one, "template_sign") == [(2, "tool_calls[0].tool_call_id")]


def test_what_the_export_leaves_aside_is_not_marked() -> None:
    aside = works(1, exit_code=0, raw_output="<|im_end|>") | {"extra": {"limi": {"kept_aside": {"x": "<|im_end|>"}}}}
    assert found(session(ASKED, aside, DONE), "template_sign") == []
