"""A Hugging Face Hub on loopback: datasets and models with commits and tags, kept on disk, by LFS and by Xet, with faults on demand."""

from tests.servers.hub.accounts import TOKEN, Account
from tests.servers.hub.faults import Fault
from tests.servers.hub.server import HubServer

__all__ = ["TOKEN", "Account", "Fault", "HubServer"]
