"""A real Label Studio for the tests: one for each database and pytest process, with accounts, which tests share.

A test asks for it by a fixture (they are in tests/annotation/conftest.py):

    def test_a_push_is_seen(label_studio: Running) -> None: ...               # SQLite; started when first asked for, 5 to 10 s
    def test_a_push_is_seen(label_studio_postgresql: Running) -> None: ...    # PostgreSQL
    def test_a_push_is_seen(any_label_studio: Running) -> None: ...           # runs twice: SQLite and PostgreSQL

    label_studio.url, .owner_token          where it is, and the key of the account that publishes
    label_studio.accounts["amara"]          Account(name, email, role, password, token); amara, bo, chidi, dana annotate, erin adjudicates
    label_studio.kill9(); label_studio.restart()     what is in the database stays, and so does the address

Everybody may see and do everything there, as in a Label Studio that somebody else set up, so that what people should not do can be
tried. `limi annotate up` starts one where everybody sees their own project alone: `label_studio_server(own_projects=True)`.

Since it is shared, a test makes projects of its own, with titles of its own, and does not count what others made. A test that kills it
restarts it before it ends. Who needs one alone, or a browser without the policy that keeps scripts out, says so:

    with label_studio_server("sqlite", variables={"LIMI_WITHOUT_POLICY": "1"}) as running: ...

The folders whose tests ask for one stay in one process of pytest-xdist (tests/README.md), so each server is started once.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from annotation.server.accounts import Account
from annotation.server.database import postgresql_database, sqlite_database
from annotation.server.prepare import Installation, copy_data
from annotation.server.process import Server
from tests.annotation.server.postgresql import Cluster
from tests.annotation.server.template import PEOPLE, accounts_of, environment, template


class Running:
    """A Label Studio that is up, and its people."""

    def __init__(self, server: Server, accounts: Mapping[str, Account]) -> None:
        self.server = server
        self.accounts = dict(accounts)

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def owner(self) -> Account:
        return self.accounts[PEOPLE[0].name]

    @property
    def owner_token(self) -> str:
        return self.owner.token

    @property
    def database(self) -> str:
        """sqlite or postgresql."""
        return self.server.installation.database.kind

    @property
    def pid(self) -> int:
        assert self.server.process is not None, "it was killed and not restarted"
        return self.server.process.pid

    def kill9(self) -> None:
        """End the server as a machine would that has no memory left: it can finish nothing."""
        os.kill(self.pid, signal.SIGKILL)
        self.server.stop()

    def restart(self) -> None:
        """Start it again at the same address, on what is in the database. Does nothing when it is up."""
        if self.server.process is None or self.server.process.poll() is not None:
            self.server.stop()
            self.server.start()


@contextmanager
def label_studio_server(
    database: str = "sqlite", variables: Mapping[str, str] | None = None, own_projects: bool = False
) -> Iterator[Running]:
    """A Label Studio of one's own, with the accounts of the template and nothing else."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="limi-label-studio-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        made = template(database)
        if database == "sqlite":
            copy_data(made / "data", folder / "data")
            where = sqlite_database(folder / "data/label_studio.sqlite3", durable=False)
        else:
            shutil.copytree(made / "data", folder / "data", ignore=shutil.ignore_patterns("running", "server.log"))
            cluster = stack.enter_context(Cluster(copy_of=made / "cluster"))
            where = postgresql_database(cluster.url("label_studio"), {"PGPASSWORD": cluster.password})
        server = Server(
            Installation(environment(), folder / "data", where),
            PEOPLE,
            port=0,
            own_projects=own_projects,
            extra=variables,
        )
        yield Running(stack.enter_context(server), accounts_of(made))


@pytest.fixture(scope="session")
def label_studio() -> Iterator[Running]:
    with label_studio_server("sqlite") as running:
        yield running


@pytest.fixture(scope="session")
def label_studio_postgresql() -> Iterator[Running]:
    with label_studio_server("postgresql") as running:
        yield running


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def any_label_studio(request: pytest.FixtureRequest) -> Running:
    name = {"sqlite": "label_studio", "postgresql": "label_studio_postgresql"}[request.param]
    running: Running = request.getfixturevalue(name)
    return running
