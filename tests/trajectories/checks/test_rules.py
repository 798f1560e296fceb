"""Each rule finds what it is for, at its place, and leaves a good session alone."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.errors import UserError
from tests.trajectories import made
from tests.trajectories.made import BASH, answer, call, observed, said
from trajectories.archive.session import Session, session_of
from trajectories.checks.check import RULES, check, refused
from trajectories.checks.finding import Finding
from trajectories.checks.limits import Limits
from trajectories.export.policy import Policy

ASKED = said("user", "Make the search fast.", limi={"kind": "request"})
DONE = said("agent", "The search is fast now.")
Steps = list[dict[str, Any]]


def works(number: int, command: str = "ls", **notes: Any) -> dict[str, Any]:
    name = f"c{number}"
    return said("agent", "", tool_calls=[call(name, command)], observation=observed(answer(name, "src", **notes)))


def session(*steps: dict[str, Any], **provenance: Any) -> Session:
    outcome = {"success": True, "checks": [{"name": "tests", "passed": True, "round": 1}]}
    return made.session(*steps, **({"outcome": outcome} | provenance))


def found(one: Session, rule: str, **given: Any) -> list[tuple[int | None, str]]:
    """Step and field of each finding of the rule."""
    return [(finding.step, finding.field) for finding in check(one, **given) if finding.rule == rule]


def changed(**fields: Any) -> dict[str, Any]:
    value = made.value(
        ASKED, works(1), DONE, outcome={"success": True, "checks": [{"name": "t", "passed": True, "round": 1}]}
    )
    return value | {"agent": value["agent"] | fields}


def tool(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


def noted(step: dict[str, Any], **notes: Any) -> dict[str, Any]:
    """A step with notes at its first call."""
    calls = [step["tool_calls"][0] | {"extra": {"limi": notes}}, *step["tool_calls"][1:]]
    return step | {"tool_calls": calls}


def rejected_call(arguments: dict[str, Any], name: str = "bash") -> dict[str, Any]:
    return said("agent", "", tool_calls=[{"tool_call_id": "c1", "function_name": name, "arguments": arguments}])


REJECTS = said("user", "No.", limi={"kind": "rejection", "rejects": ["c1"]})
# rule -> (a session that breaks it, and where)
BROKEN: dict[str, tuple[Callable[[], Session], list[tuple[int | None, str]]]] = {
    "begins_otherwise": (lambda: session(DONE, ASKED, DONE), [(1, "source")]),
    "unanswered_call": (
        lambda: session(
            ASKED,
            said("agent", "", tool_calls=[call("a", "ls"), call("b", "ls")], observation=observed(answer("b", ""))),
            DONE,
        ),
        [(2, "tool_calls[0]")],
    ),
    "call_after_end": (lambda: session(ASKED, noted(works(1), ends_session=True), works(2), DONE), [(3, "source")]),
    "unanswered_human": (
        lambda: session(ASKED, DONE, said("user", "And now?", limi={"kind": "remark"})),
        [(3, "message")],
    ),
    "empty_turn": (lambda: session(ASKED, said("agent", " \n", reasoning_content="Hm."), DONE), [(2, "message")]),
    "silent_human": (lambda: session(ASKED, DONE, said("user", "", limi={"kind": "remark"}), DONE), [(3, "message")]),
    "executed_though_rejected": (
        lambda: session(ASKED, works(1, executed=True), REJECTS, DONE),
        [(2, "observation.results[0]")],
    ),
    "back_in_time": (
        lambda: session(
            ASKED | {"timestamp": "2026-01-31T14:05:10Z"},
            works(1) | {"timestamp": "2026-01-31T15:05:09.5+01:00"},
            DONE | {"timestamp": "2026-01-31T14:05:08.9Z"},
        ),
        [(3, "timestamp")],
    ),
    "copied": (lambda: session(ASKED, DONE | {"is_copied_context": True}), [(2, "is_copied_context")]),
    "no_tools": (lambda: session_of(changed(tool_definitions=[]), "made"), [(None, "agent.tool_definitions")]),
    "unknown_tool": (
        lambda: session_of(changed(tool_definitions=[tool("look", {})]), "made"),
        [(2, "tool_calls[0].function_name")],
    ),
    "unreadable_arguments": (
        lambda: session(ASKED, noted(works(1), raw_arguments="{'"), DONE),
        [(2, "tool_calls[0].arguments")],
    ),
    "other_arguments": (
        lambda: session_of(changed(tool_definitions=[tool("bash", {"required": ["file"]})]), "made"),
        [(2, "tool_calls[0].arguments")],
    ),
    "unusable_schema": (
        lambda: session_of(changed(tool_definitions=[BASH, tool("look", {"type": "STRING"})]), "made"),
        [(None, "agent.tool_definitions[1].function.parameters")],
    ),
    "renamed_id": (lambda: session(ASKED, noted(works(1), recorded_id=""), DONE), [(2, "tool_calls[0].tool_call_id")]),
    "not_success": (lambda: session(ASKED, DONE, outcome={"success": False}), [(None, "outcome.success")]),
    "failed_check": (
        lambda: session(
            ASKED,
            DONE,
            outcome={
                "success": True,
                "checks": [
                    {"name": "tests", "passed": False, "round": 1},
                    {"name": "build", "passed": True, "round": 1},
                    {"name": "tests", "passed": True, "round": 1},
                    {"name": "build", "passed": False, "round": 1},
                ],
            },
        ),
        [(None, "outcome.checks[3]")],
    ),
    "unchecked": (
        lambda: session(ASKED, DONE, ASKED, DONE),
        [(None, "outcome.checks")],
    ),
    "not_masked": (
        lambda: session(ASKED, works(1, "mail ada@analytical.io"), DONE),
        [(2, "tool_calls[0].arguments")],
    ),
    "other_language": (
        lambda: session(ASKED, said("agent", "这个函数现在快多了因为我们不再重复读取同一个文件"), DONE),
        [(2, "message")],
    ),
    "loop": (
        lambda: session(ASKED, works(1), *[works(n, "pwd") for n in (2, 3, 4)], works(5), DONE),
        [(3, "tool_calls")],
    ),
    "failures": (
        lambda: session(ASKED, works(9, exit_code=0), *[works(n, f"x{n}", exit_code=2) for n in range(1, 6)], DONE),
        [(3, "observation.results[0].exit_code")],
    ),
    "template_sign": (lambda: session(ASKED, works(1, "echo '<|im_end|>'"), DONE), [(2, "tool_calls[0].arguments")]),
    "not_exportable": (lambda: session(ASKED, noted(works(1), raw_arguments="{'"), DONE), [(None, "steps")]),
}
ELSEWHERE = {
    "other_text",
    "other_base",
    "query_not_asked",
    "gold_given",
    "gold_found",
    "too_long",
    "reasoning_not_rendered",
}


def test_every_rule_is_tested() -> None:
    assert set(BROKEN) | ELSEWHERE == {rule.name for rule in RULES}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_found_at_its_place(rule: str) -> None:
    make, places = BROKEN[rule]
    assert found(make(), rule) == places


def test_a_good_session_breaks_no_rule() -> None:
    assert check(session(ASKED, works(1), works(2, "cat a"), DONE)) == []


def test_the_worked_session_breaks_no_rule() -> None:
    assert check(session_of(made.worked(), "made")) == []


@pytest.mark.parametrize(
    ("rule", "good"),
    [
        ("unanswered_call", lambda: session(ASKED, said("agent", "", tool_calls=[call("c1", "ls")]), REJECTS, DONE)),
        (
            "unanswered_call",
            lambda: session(ASKED, noted(said("agent", "", tool_calls=[call("a", "x")]), ends_session=True)),
        ),
        ("call_after_end", lambda: session(ASKED, noted(works(1), ends_session=True), ASKED, works(2), DONE)),
        ("executed_though_rejected", lambda: session(ASKED, works(1, executed=False), REJECTS, DONE)),
        (
            "back_in_time",
            lambda: session(*[one | {"timestamp": f"2026-01-31T14:05:0{at}Z"} for at, one in ((1, ASKED), (0, DONE))]),
        ),
        ("other_arguments", lambda: session(ASKED, noted(works(1), raw_arguments="{'"), DONE)),
        ("other_arguments", lambda: session(ASKED, rejected_call({"file": 1}), REJECTS, DONE)),
        ("unknown_tool", lambda: session(ASKED, rejected_call({}, "look"), REJECTS, DONE)),
        ("unreadable_arguments", lambda: session(ASKED, noted(works(1), raw_arguments="{'"), REJECTS, DONE)),
        ("loop", lambda: session(ASKED, *[works(n, "pwd") for n in (1, 2)], works(3), works(4, "pwd"), DONE)),
        (
            "failures",
            lambda: session(ASKED, *[works(n, f"x{n}", exit_code=2) for n in range(4)], works(4, exit_code=0), DONE),
        ),
        (
            "failures",
            lambda: session(ASKED, *[works(n, f"x{n}", exit_code=-1, executed=False) for n in range(9)], DONE),
        ),
        (
            "other_language",
            lambda: session(ASKED, works(1, "echo 这个函数现在快多了因为我们不再重复读取同一个文件"), DONE),
        ),
        ("template_sign", lambda: session(ASKED, works(1, "x <| y |> z < think"), DONE)),
    ],
)
def test_what_only_looks_like_a_broken_rule_is_left_alone(rule: str, good: Callable[[], Session]) -> None:
    assert found(good(), rule) == []


def test_a_rejection_at_the_end_waits_for_an_answer_too() -> None:
    one = session(ASKED, said("agent", "", tool_calls=[call("c1", "ls")]), REJECTS)
    assert found(one, "unanswered_human") == [(3, "message")]


def test_what_the_program_tells_before_the_request_is_no_fault() -> None:
    told = said("system", "<environment_context>", limi={"kind": "notice"})
    assert found(session(told, ASKED, DONE), "begins_otherwise") == []
    assert found(session(told, DONE), "begins_otherwise") == [(2, "source")]


def test_a_session_longer_than_allowed_is_refused_by_what_counts_its_export() -> None:
    one = session(ASKED, works(1), DONE)
    assert found(one, "too_long", counting=lambda messages, tools: 152_001) == [(None, "steps")]
    assert found(one, "too_long", counting=lambda messages, tools: 152_000) == []
    assert found(one, "too_long", limits=Limits(most_tokens=0), counting=lambda messages, tools: 10**6) == []
    counted = [len(messages) for messages in messages_counted(one)]
    assert counted == [4]


def messages_counted(one: Session) -> list[list[dict[str, Any]]]:
    seen: list[list[dict[str, Any]]] = []

    def counting(messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> int:
        seen.append(messages)
        return 0

    check(one, policy=Policy(), counting=counting)
    return seen


def test_the_parameters_can_soften_a_rule_or_switch_it_off() -> None:
    one = session(ASKED, DONE, outcome={"success": False})
    assert refused(check(one))
    softened = check(one, Limits(severity={"not_success": "flagged"}))
    assert [(finding.rule, finding.severity) for finding in softened] == [("not_success", "flagged")]
    assert not refused(softened)
    assert check(one, Limits(severity={"not_success": "off"})) == []


def test_an_unknown_rule_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(UserError, match="there is no rule not_succes; the rules are begins_otherwise, "):
        check(session(ASKED, DONE), Limits(severity={"not_succes": "off"}))


def test_a_limit_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValidationError):
        Limits(repeats=1)


def test_a_finding_reads_as_a_sentence_with_its_place() -> None:
    finding = Finding("empty_turn", "refused", 3, "message", "the agent says nothing and calls nothing")
    assert str(finding) == "refused empty_turn: step 3, message: the agent says nothing and calls nothing"
    assert str(Finding("x", "flagged", None, "outcome", "no")) == "flagged x: outcome: no"


def test_no_finding_quotes_a_secret_that_is_the_name_of_an_argument() -> None:
    mail = "ada@analytical.io"
    extra = {"other": {mail: {"limi": mail}}, "limi": {"kept_aside": {mail: 1}}}
    step = works(1) | {"extra": extra, "tool_calls": [call("c1", "ls") | {"arguments": {mail: {"command": 1}}}]}
    findings = check(session(ASKED, step, DONE))
    assert {finding.rule for finding in findings} == {"other_arguments", "not_masked"}
    assert not any(mail in str(finding) for finding in findings)
    assert {finding.field for finding in findings} == {"tool_calls[0].arguments", "extra", "extra.limi.kept_aside"}


def test_a_session_of_very_many_calls_takes_time_that_grows_with_their_number() -> None:
    steps = [works(number, "ls", exit_code=1) for number in range(3_000)]
    begin = time.process_time()
    assert {finding.rule for finding in check(session(ASKED, *steps, DONE))} == {"loop", "failures"}
    assert time.process_time() - begin < 5
