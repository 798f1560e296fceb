"""Every rule that a session is held against, with why it is one; `check` runs them all. docs/TRAJECTORIES.md lists them."""

from collections.abc import Iterator

from pipeline.errors import UserError
from trajectories.archive.problems import printable
from trajectories.archive.session import Session
from trajectories.checks import calls, conduct, gold, outcome, size, turns
from trajectories.checks.finding import Case, Finding, Place, Rule
from trajectories.checks.limits import LANGUAGES, Known, Limits
from trajectories.checks.masking import unmasked
from trajectories.checks.texts import place_of_text
from trajectories.export.counting import Counting, plainly, unrendered
from trajectories.export.messages import messages_of, tools_of
from trajectories.export.policy import Policy


def not_masked(case: Case) -> Iterator[Place]:
    """A secret, or what leads to a person."""
    for path, kinds in unmasked(case.session, case.limits.kinds):
        step, field = place_of_text(path)
        said = " and ".join(
            f"{_NAMES[kind]} ({times} {'place' if times == 1 else 'places'})" for kind, times in kinds.items()
        )
        yield Place(
            step, field, f"it holds {said}; `limi trajectories check --mask` takes it out", sum(kinds.values()), 0
        )


def not_exportable(case: Case) -> Iterator[Place]:
    """The policy or the model's chat template can't tell a step, so the export would stop there."""
    try:
        _ = case.tokens
    except UserError as error:
        yield Place(None, "steps", str(error).removeprefix(f"{case.session.trajectory_id}: "))


_NAMES = {
    "secret": "a secret",
    "email": "an e-mail address",
    "ip": "an IP address",
    "phone": "a phone number",
    "handle": "a person's name",
}
RULES: tuple[Rule, ...] = (
    Rule("begins_otherwise", "refused", "a trajectory begins with the query", turns.begins_otherwise),
    Rule("unanswered_call", "refused", "the model would learn to go on without an observation", turns.unanswered_call),
    Rule("call_after_end", "flagged", "what ended the session did not", turns.call_after_end),
    Rule("unanswered_human", "refused", "the session stops before its work is done", turns.unanswered_human),
    Rule("empty_turn", "refused", "the model would learn to say nothing", turns.empty_turn),
    Rule("silent_human", "flagged", "there is nothing to answer", turns.silent_human),
    Rule("executed_though_rejected", "refused", "the record contradicts itself", turns.executed_though_rejected),
    Rule("back_in_time", "flagged", "the steps may be in another order than they happened", turns.back_in_time),
    Rule("copied", "flagged", "it is no work on this query; it gets no loss", turns.copied),
    Rule("no_tools", "refused", "the model would learn to call what it was not told of", calls.no_tools),
    Rule("unknown_tool", "refused", "the model would learn to call what it does not have", calls.unknown_tool),
    Rule("unreadable_arguments", "refused", "the model would learn to write broken calls", calls.unreadable_arguments),
    Rule(
        "other_arguments",
        "refused",
        "the model would learn to write calls that the tool does not take",
        calls.other_arguments,
    ),
    Rule("unusable_schema", "flagged", "calls of this tool are not checked", calls.unusable_schema),
    Rule("renamed_id", "flagged", "which result answers which call is less than certain", calls.renamed_id),
    Rule("not_success", "refused", "only successes are kept (paper)", outcome.not_success),
    Rule("failed_check", "refused", "success is claimed against a check", outcome.failed_check),
    Rule("unchecked", "flagged", "success is a claim", outcome.unchecked),
    Rule("other_text", "refused", "the session answers another text than the query's", outcome.other_text),
    Rule("other_base", "refused", "what it met is not what the query is about", outcome.other_base),
    Rule("query_not_asked", "flagged", "the session may answer another query", outcome.query_not_asked),
    Rule("not_masked", "refused", "secrets and personal data must not be published or learned", not_masked),
    Rule("gold_given", "refused", "the human solved it, not the agent", gold.gold_given),
    Rule("gold_found", "flagged", "the agent may have found the solution and not made it", gold.gold_found),
    Rule("other_language", "flagged", "the pool is written in one language", conduct.other_language),
    Rule("loop", "flagged", "the model would learn to repeat itself", conduct.loop),
    Rule("failures", "flagged", "the model would learn what does not work", conduct.failures),
    Rule(
        "template_sign", "flagged", "an output could speak as the assistant once it is rendered", conduct.template_sign
    ),
    Rule(
        "reasoning_not_rendered",
        "flagged",
        "the model would not learn to reason there",
        size.reasoning_not_rendered,
    ),
    Rule("too_long", "refused", "a trainer would cut it", size.too_long),
    Rule("not_exportable", "refused", "the export would stop at it", not_exportable),
)


def check(
    session: Session,
    limits: Limits | None = None,
    known: Known | None = None,
    policy: Policy | None = None,
    counting: Counting | None = None,
) -> list[Finding]:
    """Everything that is wrong with a session, in the order of RULES and of its steps; an empty list if nothing is.

    `known` is what the pool and the sampled pull requests say of its query; without it, what needs it is not checked. `policy` and
    `counting` say what the export will be and how its tokens are counted. Raises UserError if the limits name an unknown rule or language.
    """
    limits, counting = limits or Limits(), counting or plainly()
    _refuse_unknown(limits)

    def count() -> int:
        return counting(messages_of(session, policy or Policy()), tools_of(session))

    def count_unrendered() -> int:
        return unrendered(counting, messages_of(session, policy or Policy()), tools_of(session))

    case = Case(session, limits, known or Known(), count, count_unrendered)
    found = []
    for rule in RULES:
        severity = limits.severity.get(rule.name, rule.severity)
        if severity != "off":
            found += [
                Finding(rule.name, severity, place.step, place.field, place.said, place.value, place.limit)
                for place in rule.places(case)
            ]
    return found


def refused(findings: list[Finding]) -> bool:
    """Whether one of the findings refuses the session."""
    return any(finding.severity == "refused" for finding in findings)


def _refuse_unknown(limits: Limits) -> None:
    if unknown := sorted(set(limits.severity) - {rule.name for rule in RULES}):
        names = ", ".join(rule.name for rule in RULES)
        raise UserError(f"trajectories: there is no rule {', '.join(unknown)}; the rules are {names}")
    if unknown := sorted(set(limits.languages) - LANGUAGES):
        raise UserError(
            f"trajectories: languages: {', '.join(map(printable, unknown))} is no language that can be told; write its code of ISO 639-1, "
            "such as en or de"
        )
