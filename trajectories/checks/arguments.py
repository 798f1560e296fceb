"""Hold a call's arguments against the tool's JSON schema, with jsonschema (MIT, the reference in Python), made safe for hostile schemas.

A schema comes out of a recorded file. So nothing is fetched: a `$ref` that leads out of the schema makes it unusable. Patterns are not
tried, as Python's regular expressions can be made to run for ever; nor are formats and `uniqueItems`. Each keyword that is evaluated
costs one of MOST_WORK, since references can double the work at each level. What the validator says of values is not used: it quotes them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jsonschema import validators
from jsonschema.exceptions import UnknownType, ValidationError
from jsonschema_specifications import REGISTRY as SPECIFICATIONS
from referencing import Registry
from referencing.exceptions import Unresolvable

MOST_WORK = 20_000  # evaluated keywords; a call of a usual tool takes some ten, its schema itself some hundred
MOST_SCHEMA = 50_000  # characters; the largest of known tools has ten thousand
_UNREAD = ("pattern", "patternProperties", "format", "uniqueItems")  # the last takes quadratic time


@dataclass(frozen=True)
class Unusable:
    """Why a schema can't be used."""

    reason: str


class _TooMuchError(Exception):
    pass


@lru_cache(maxsize=256)
def schema_of(written: str) -> "Schema | Unusable":
    """The schema that a JSON text holds, or why it can't be used. Tools come again in each session, hence the cache."""
    if len(written) > MOST_SCHEMA:
        return Unusable(f"it is longer than {MOST_SCHEMA} characters")
    parameters = json.loads(written)
    try:
        kind = validators.validator_for(parameters, default=validators.Draft202012Validator)
    except (TypeError, ValueError, AttributeError):  # its `$schema` is no text
        return Unusable("it is no JSON schema")
    # The dialect's own schema, which has references to files that jsonschema brings.
    found = Schema(kind.META_SCHEMA, kind, SPECIFICATIONS).problems(parameters)
    if found:
        return found if isinstance(found, Unusable) else Unusable("it is no JSON schema")
    return Schema(parameters, kind, Registry())


class Schema:
    """A tool's JSON schema that arguments can be held against."""

    def __init__(self, parameters: Any, kind: Any, registry: Any) -> None:
        self._left = 0
        known = {name: self._counted(rule) for name, rule in kind.VALIDATORS.items() if name not in _UNREAD}
        safe = validators.create(
            meta_schema=kind.META_SCHEMA, validators=known, type_checker=kind.TYPE_CHECKER, id_of=kind.ID_OF
        )
        self._validator = safe(parameters, registry=registry)

    def problems(self, arguments: dict[str, Any]) -> "list[str] | Unusable":
        """What is wrong with arguments, in sentences without their values; why it can't be told if it can't."""
        self._left = MOST_WORK
        try:
            return list(dict.fromkeys(map(_sentence, self._validator.iter_errors(arguments))))
        except _TooMuchError:
            return Unusable("it takes too much work to evaluate")
        except Unresolvable:
            return Unusable("it refers to what is not in it")
        except RecursionError:
            return Unusable("it refers to itself without end")
        except (UnknownType, TypeError, ValueError, AttributeError, KeyError):
            return Unusable("it can't be read as JSON schema")

    def _counted(self, rule: Any) -> Any:
        """A keyword's rule that pays for its work: one, and one more for each value that it may look at."""

        def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
            self._left -= 1 + (len(value) if isinstance(value, list | dict) else 0)
            if self._left < 0:
                raise _TooMuchError
            yield from rule(validator, value, instance, schema) or ()

        return counted


def _sentence(error: ValidationError) -> str:
    """One problem: where, and which keyword of the schema is broken."""
    # Names that the schema gives are told; those that the model made up might be anything.
    where = "arguments" + "".join(f"[{step}]" if isinstance(step, int) else ".…" for step in error.absolute_path)
    if error.validator == "required" and isinstance(error.validator_value, list):
        missing = sum(isinstance(error.instance, dict) and name not in error.instance for name in error.validator_value)
        return f"{where}: it lacks {missing} of the arguments that the tool requires"
    if error.validator == "additionalProperties":
        return f"{where}: it has arguments that the tool does not have"
    if error.validator == "type":
        return f"{where}: it is of another type than the tool takes"
    return f"{where}: it breaks the schema's `{error.validator}`"
