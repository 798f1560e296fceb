"""A text is passed over only where no match of a rule can be: every match holds one of what the rule says that it needs."""

import re
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.masking.secrets import TABLE, secrets

RULES = {rule["name"]: rule for rule in tomllib.loads(TABLE.read_text(encoding="utf-8"))["rule"]}
NOTE = "aws_" + "\u017fecret = '" + "aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA3bC5dE7f'"


@pytest.mark.parametrize("name", RULES)
def test_every_match_of_a_rule_holds_one_of_its_needs(name: str) -> None:
    rule = RULES[name]
    assert rule["needs"] and all(need == need.lower() and need.isascii() for need in rule["needs"])

    @settings(max_examples=40, derandomize=True, database=None)
    @given(st.from_regex(re.compile(rule["pattern"], re.MULTILINE)))
    def holds(text: str) -> None:
        for match in re.finditer(rule["pattern"], text, re.MULTILINE):
            folded = match[0].lower()
            odd = any(sign in match[0] for sign in "\u0130\u0131\u017f\u212a")
            assert odd or any(need in folded for need in rule["needs"])

    holds()


def test_a_name_in_odd_letters_is_not_passed_over() -> None:
    assert list(secrets(NOTE))
    assert list(secrets(NOTE.replace("\u017f", "s")))
