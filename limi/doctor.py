"""`limi doctor`: what is configured, what is missing, how to get it. Reads only; values of secrets are never shown."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from finetune.start import NEEDED, check_installed
from limi.screen import line
from pipeline.clones.facts import find_clone, read_facts
from pipeline.errors import LimiError, UserError
from pipeline.github.credentials import read_credentials
from pipeline.llm.opening import read_key
from pipeline.llm.prices import price_of
from pipeline.params import Params, read_params
from pipeline.real_world import read_real_world
from pipeline.synthesis.plan import judging
from pipeline.synthesis.queries import needs_model
from pipeline.tokens import count

SECRETS = {
    "GITHUB_TOKEN": "reads pull requests through GitHub's API",
    "GITHUB_TOKENS": "several of them, commas between, for more at once",
    "GITHUB_APP_ID": "a GitHub App, with GITHUB_APP_PRIVATE_KEY and GITHUB_APP_INSTALLATIONS",
    "OPENAI_API_KEY": "writes queries with a model",
    "LABEL_STUDIO_API_KEY": "pushes tasks to and pulls reviews from Label Studio",
    "HF_TOKEN": "publishes to the Hub",
}
LEAST_FREE = 2**30  # bytes


def examine() -> bool:
    """Print one line per finding; whether everything that the present parameters need is there."""
    checks: list[tuple[str, Callable[[], str]]] = [
        ("Python", _python),
        ("git", _git),
        ("DVC", _dvc),
        ("tokens", _tokens),
        ("disk", _disk),
    ]
    try:
        params = read_params()
    except LimiError as error:
        params, broken = None, error
        checks.append(("params.yaml", lambda: _raise(broken)))
    if params is not None:
        known = params
        checks += [
            ("params.yaml", lambda: f"profile {known.profile}"),
            ("source", lambda: _source(known)),
            ("model", lambda: _model(known)),
            ("real-world", lambda: _real_world(known)),
            ("reviews", lambda: _reviews(known)),
            ("training", lambda: _training(known)),
        ]
    good = True
    for name, check in checks:
        try:
            line(f"ok       {name:12} {check()}")
        except LimiError as error:
            good = False
            for text in str(error).splitlines():
                line(f"missing  {name:12} {text}", "red")
    for name, use in SECRETS.items():
        line(f"{'set' if os.environ.get(name) else 'not set':8} {name}: {use} (not needed for the demo and for clones)")
    return good


def _raise(error: LimiError) -> str:
    raise error


def _python() -> str:
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        raise UserError(f"{sys.version.split()[0]}; this project runs on 3.11 to 3.13")
    return sys.version.split()[0]


def _git() -> str:
    if shutil.which("git") is None:
        raise UserError("git is not on the PATH; install it with the system's package manager")
    said = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    if tuple(int(part) for part in said.split(".")[:2]) < (2, 34):
        raise UserError(f"git {said} is too old; 2.34 or newer is needed")
    return said


def _dvc() -> str:
    lock = Path(".dvc/tmp/rwlock")
    try:
        if lock.exists():
            json.loads(lock.read_text(encoding="utf-8"))
    except ValueError:
        raise UserError(
            f"{lock} was left half-written when DVC was killed, and DVC refuses to run; rm {lock}"
        ) from None
    try:
        return version("dvc")
    except PackageNotFoundError:
        raise UserError("DVC is not installed here; `make install` makes .venv with everything") from None


def _tokens() -> str:
    if count("hello world") != 2:
        raise UserError("o200k_base counts wrongly; remove .limi/tiktoken and run again")
    return "o200k_base counts offline"


def _disk() -> str:
    free = shutil.disk_usage(Path()).free
    if free < LEAST_FREE:
        raise UserError(f"only {free / 2**30:.1f} GiB are free here; a run wants at least {LEAST_FREE / 2**30:.0f}")
    return f"{free / 2**30:.0f} GiB free"


def _source(params: Params) -> str:
    source = params.source
    if source.kind == "demo":
        return "the demo world, built at the first run"
    if source.kind == "github":
        held = read_credentials()
        if all(one.name == "nobody" for one in held):
            raise UserError(
                "GitHub lists pull requests only to somebody: set GITHUB_TOKEN to a token without any permission (GitHub, Settings, "
                "Developer settings, Personal access tokens), or use `limi clones add URL` and `limi profile clones`"
            )
        return f"{source.api} with {', '.join(one.name for one in held)}; `limi plan` says what a run will ask"
    facts = read_facts(Path(source.input))
    for row in facts:
        find_clone(Path(source.folder), row)
    return f"{len(facts)} clones in {source.folder}"


def _model(params: Params) -> str:
    if not needs_model(params.synthesize):
        return "none is asked: the template writer writes"
    model = params.model
    read_key(model.endpoint)
    for name in dict.fromkeys((model.name, judging(params.synthesize, model).name)):
        price_of(name, model.endpoint, datetime.now(UTC).date())
    return (
        f"{model.name} at {model.endpoint}, {model.max_usd:.2f} dollars at most; `limi plan` says what a run will cost"
    )


def _real_world(params: Params) -> str:
    return f"{len(read_real_world(Path(params.pool.real_world)))} queries in {params.pool.real_world}"


def _reviews(params: Params) -> str:
    if not Path(params.review.export).exists():
        raise UserError(
            f"{params.review.export} is not there yet: `dvc repro route_reviews` makes data/tasks.json, `limi annotate push` brings it to "
            "the annotators, `limi annotate pull` writes what they submit"
        )
    return params.review.export


def _training(params: Params) -> str:
    try:
        check_installed()
    except UserError as error:
        return f"not ready, which only `dvc repro train` minds: {error}"
    train = params.train
    versions = ", ".join(f"{name} {version(name)}" for name in NEEDED[:3])
    return f"{train.base.name} on {train.hardware.launch} with {versions}; `limi train --preflight` says what it takes"
