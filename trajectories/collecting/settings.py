"""What a recording is made with: the model, the limits, the sandbox, the checks. Kept in its plan, so that a resumed one goes on alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pipeline.errors import UserError
from pipeline.llm.prices import price_of
from trajectories.collecting.assignment import DATA
from trajectories.collecting.installation import FOLDER
from trajectories.collecting.sandbox import Wanted
from trajectories.queries import POOL

Mode = Literal["confirm", "human", "yolo"]
MODES: tuple[Mode, ...] = ("confirm", "human", "yolo")


@dataclass(frozen=True)
class Settings:
    """`confirm` asks before each command, `human` begins with commands of the human's own, `yolo` asks for none."""

    model: str
    endpoint: str
    mode: Mode = "confirm"
    model_settings: Mapping[str, Any] = field(default_factory=dict)  # sent with every request, such as temperature
    timeout: float = 600.0  # seconds for one reply of the model
    step_limit: int = 0  # replies of the model; 0: none
    max_usd: float = 3.0  # 0: none; without effect where the price is not known
    command_seconds: int = 300  # for one command of the agent
    checks: tuple[str, ...] = ()  # commands, run after each round; a check passes if it exits with 0
    check_seconds: int = 900  # for one of them
    sandbox: Wanted = field(default_factory=Wanted)

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise UserError(f"{self.mode} is no mode; it must be one of {', '.join(MODES)}")
        if not _is_address(self.endpoint):
            raise UserError(
                f"{self.endpoint!a} is no address of a server; --endpoint takes one such as https://api.openai.com/v1, without a name, "
                "a password or a query in it"
            )
        for name in ("timeout", "command_seconds", "check_seconds"):
            if getattr(self, name) <= 0:
                raise UserError(f"{name} must be more than 0 seconds, not {getattr(self, name)}")
        for check in self.checks:
            if not check.strip() or not check.isprintable():
                raise UserError("a check must be a command on one line; --check names one, and may stand several times")

    def prices(self) -> dict[str, float] | None:
        """Dollars per million tokens by pipeline/llm/prices.toml; None where it does not know the model or nobody charges for it."""
        try:
            price = price_of(self.model, self.endpoint, datetime.now(UTC).date())
        except UserError:
            return None
        told = {"input": price.input, "cached_input": price.cached_input, "output": price.output}
        return {name: billionths / 1e9 for name, billionths in told.items()} if any(told.values()) else None


def _is_address(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # its port is no number below 65536
        return False
    # It is kept in the plan, where no password should stand.
    return named and endpoint.isprintable() and not any(sign in endpoint for sign in "@?# ")


@dataclass(frozen=True)
class Places:
    """Where things lie."""

    archive: Path = Path("curated/trajectories")  # of finished sessions
    work: Path = Path(".limi/collecting")  # of sessions under way, each with its workspace
    pool: Path = POOL
    data: Path = DATA
    sources: Path = Path("clones")  # source.folder of params.yaml
    environment: Path = FOLDER  # of mini-swe-agent
    repository: Path | None = None  # a clone to take the base commit from, in place of the run's own
    folder: Path | None = None  # what a session on a real-world query begins with; None: nothing


@dataclass(frozen=True)
class Human:
    """Who is beside the agent. Without `ask` nobody is: then the checks alone say whether the query is solved."""

    tell: Callable[[str], None]
    ask: Callable[[str], str] | None = None
