"""Rules on what a reader should look at: loops, failures in a row, other languages, signs that belong to chat templates."""

import json
import re
from collections.abc import Iterator

from pipeline.text_language import text_language
from trajectories.archive.session import json_of
from trajectories.archive.steps import Step
from trajectories.checks.finding import Case, Place
from trajectories.checks.texts import place_of_text, texts_of

_LONGEST_CYCLE = 4  # turns
# Control tokens of Qwen, GLM, DeepSeek, Llama, gpt-oss, Kimi, Gemma and Mistral, and the marks of reasoning and calls in their templates.
_TEMPLATE_SIGN = re.compile(
    r"<[|\uff5c][A-Za-z0-9_\u2581-]{1,40}[|\uff5c]>"
    r"|</?(?:think|tool_call|tool_response|tools|arg_key|arg_value|function|parameter)>"
    r"|<(?:function|parameter)=[\w.-]{1,64}>"
    r"|\[gMASK\]|<sop>|</?s>|<(?:bos|eos|unk|pad|start_of_turn|end_of_turn)>|<</?SYS>>"
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS|TOOL_CALLS|TOOL_CONTENT|THINK|ARGS|CALL_ID)\]"
)
# Of what stands aside of a step the export can take these two.
_EXPORTED_NOTES = ("extra.limi.command", "extra.limi.raw_arguments")


def loop(case: Case) -> Iterator[Place]:
    """The same calls again and again, or the same few turns one after the other."""
    turns = [(step.step_id, _signature(step)) for step in case.session.steps if step.source == "agent" and step.calls]
    told_until = [-1] * len(turns)  # the last turn of what was told and holds this one
    for length in range(1, _LONGEST_CYCLE + 1):
        run = 0
        for at in range(length, len(turns) + 1):
            if at < len(turns) and turns[at][1] == turns[at - length][1]:
                run += 1
                continue
            times = run // length + 1
            begin, last = at - run - length, at - 1
            # Three times the same turn are also cycles of two and more turns: told once, by the shortest.
            if run and times >= case.limits.repeats and told_until[begin] < last:
                said = "the same calls" if length == 1 else f"the same {length} turns"
                yield Place(
                    turns[begin][0], "tool_calls", f"{said} are made {times} times in a row", times, case.limits.repeats
                )
                told_until[begin:at] = [last] * (at - begin)
            run = 0


def failures(case: Case) -> Iterator[Place]:
    """Failed commands in a row; a result without an exit code says nothing."""
    run: list[tuple[int, int]] = []
    codes = [
        (step.step_id, at, result.notes.exit_code)
        for step in case.session.steps
        if step.source == "agent"
        for at, result in enumerate(step.results)
        if result.notes.exit_code is not None and result.notes.executed is not False
    ]
    for step_id, at, code in [*codes, (0, 0, 0)]:
        if code != 0:
            run.append((step_id, at))
            continue
        if len(run) >= case.limits.failures:
            first, result = run[0]
            said = f"this and the next {len(run) - 1} commands fail"
            yield Place(first, f"observation.results[{result}].exit_code", said, len(run), case.limits.failures)
        run = []


def other_language(case: Case) -> Iterator[Place]:
    """A message or reasoning in a language that is not allowed; too little text says nothing."""
    for step in case.session.steps if case.limits.languages else ():
        if step.source == "system" or step.notes.kind == "command":
            continue
        # Where a rejection has a comment, its message is the program's sentence around these words of the human.
        comment = step.notes.comment
        said = ("message", step.text) if comment is None else ("extra.limi.comment", comment)
        for field, text in (said, ("reasoning_content", step.reasoning_content or "")):
            language = text_language("", text)
            if language and language not in case.limits.languages:
                yield Place(
                    step.step_id, field, f"it is written in {language}, not in {' or '.join(case.limits.languages)}"
                )


def template_sign(case: Case) -> Iterator[Place]:
    """Text that a chat template or tokenizer may take for a control token, so that a tool's output could speak as the assistant."""
    said = "it holds what chat templates use as control tokens"
    for path, text in texts_of(json_of(case.session)):
        found = (
            len(_TEMPLATE_SIGN.findall(text)) if path[:2] == ("agent", "tool_definitions") or path[0] == "steps" else 0
        )
        step, field = place_of_text(path) if found else (None, "extra")
        if "extra" not in field or field.endswith(_EXPORTED_NOTES):  # the rest of it is not exported
            yield Place(step, field, said, found, 0)
    for one in case.session.steps:
        for at, call in enumerate(one.calls):
            if found := len(_TEMPLATE_SIGN.findall(call.tool_call_id)):
                yield Place(one.step_id, f"tool_calls[{at}].tool_call_id", said, found, 0)


def _signature(step: Step) -> str:
    return json.dumps(
        [[call.function_name, call.arguments, call.notes.raw_arguments] for call in step.calls], sort_keys=True
    )
