"""A GitHub on loopback: REST, GraphQL and git over one world, with the documented limits enforced and faults on demand."""

from tests.servers.github.checks import early_requests, over_limit
from tests.servers.github.faults import Fault, FaultScript
from tests.servers.github.limits import Limits
from tests.servers.github.log import Log, Record
from tests.servers.github.server import GitHubServer
from tests.servers.github.synthetic import SyntheticWorld
from tests.servers.github.world import DemoWorld

__all__ = [
    "DemoWorld",
    "Fault",
    "FaultScript",
    "GitHubServer",
    "Limits",
    "Log",
    "Record",
    "SyntheticWorld",
    "early_requests",
    "over_limit",
]
