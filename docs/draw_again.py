"""Choose the pool again from its record alone, with another solver (CP-SAT: `pip install ortools`), and compare.

    python draw_again.py [choice.json]

It knows nothing of the project that made the record: quotas and marks are in the file. Each level is held at its best before the next
one is looked at; all numbers are whole. docs/CHOOSING.md of the project has the rule in words.
"""

import hashlib
import json
import sys
from collections import defaultdict
from pathlib import Path

from ortools.sat.python import cp_model

choice = json.loads(Path(*sys.argv[1:] or ["choice.json"]).read_bytes())
candidates = choice["candidates"]
model, solver = cp_model.CpModel(), cp_model.CpSolver()
solver.parameters.num_workers = 1
inside = [model.new_bool_var(one["id"]) for one in candidates]
model.add(sum(inside) == choice["size"])


def groups(attribute, of):
    """The variables of the candidates of each value of an attribute."""
    found = defaultdict(list)
    for at, one in of:
        if one["attributes"].get(attribute):
            found[one["attributes"][attribute]].append(inside[at])
    return found.values()


for quota in choice["quotas"]:
    counted = [
        (at, one)
        for at, one in enumerate(candidates)
        if all(one["attributes"].get(name) == value for name, value in quota["where"].items())
    ]
    for members in groups(quota["each"], counted) if quota["each"] else [[inside[at] for at, _ in counted]]:
        model.add(sum(members) >= quota["least"])
        if quota["most"] is not None:
            model.add(sum(members) <= quota["most"])


def best(objective):
    """Solve, and hold the objective at its best from now on."""
    model.maximize(objective)
    assert solver.solve(model) == cp_model.OPTIMAL
    value = round(solver.objective_value)
    model.add(objective == value)
    return value


def only(chosen):
    """Whether no other pool is as good."""
    model.maximize(sum(one for one, value in zip(inside, chosen, strict=True) if not value))
    return solver.solve(model) == cp_model.OPTIMAL and solver.objective_value == 0


def drawn(digits):
    """The sum of some digits of the keys, the smaller the better."""
    keys = [hashlib.sha256(f"{choice['seed']}:{one['id']}".encode()).hexdigest() for one in candidates]
    return -sum(int(key[digits], 16) * one for key, one in zip(keys, inside, strict=True))


for level in choice["levels"]:
    name, objective = level["name"], 0
    if level["kind"] == "mark":
        sign = -1 if name == "leakage" else 1
        objective = sum(sign * one["marks"].get(name, 0) * var for one, var in zip(candidates, inside, strict=True))
    elif level["kind"] == "spread":
        for members in groups(name, enumerate(candidates)):
            # The n-th of a group makes n - 1 pairs; the cheap ones are taken first by themselves.
            steps = [model.new_bool_var("") for _ in members[: choice["size"]]]
            model.add(sum(members) == sum(steps))
            objective -= sum(at * step for at, step in enumerate(steps))
    else:
        objective = drawn(slice(3 * int(name) - 3, 3 * int(name)))
    assert best(objective) == level["worth"], f"another pool is better at {name}"
chosen = [bool(solver.value(one)) for one in inside]
assert only(chosen) and chosen == [one["chosen"] for one in candidates], "another pool is as good"
print(f"the same {sum(chosen)} of {len(candidates)}, with OR-tools")
