"""Settings of one ledgerline process."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    database: str = "ledger.sqlite3"
    read_only: bool = False

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        return cls(
            database=env.get("LEDGERLINE_DATABASE", cls.database),
            read_only=env.get("LEDGERLINE_READ_ONLY", "0") == "1",
        )
