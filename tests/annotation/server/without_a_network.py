"""Starts a Label Studio where there is no network but the loopback, uses it, and says what the kernel saw: a program for a test.

    unshare --net python -m tests.annotation.server.without_a_network FOLDER

Prints one JSON object. A packet for the outside has no route here, which the kernel counts; a question to a name server on the
loopback finds nobody, which it counts as well.
"""

import fcntl
import json
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from annotation.server.process import Server
from tests.annotation.server.asking import Asking
from tests.annotation.server.template import PEOPLE, accounts_of, copy_sqlite_template, template

OUTSIDE = "192.0.2.1"  # RFC 5737: kept for documentation, nobody's
CONFIG = '<View><Text name="t" value="$t"/><Choices name="c" toName="t"><Choice value="a"/></Choices></View>'
RESULT = [{"from_name": "c", "to_name": "t", "type": "choices", "value": {"choices": ["a"]}}]


def raise_loopback() -> None:
    """Switch the loopback on, as `ip link set lo up` does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING


def lost_packets() -> int:
    """How many packets the kernel could not send anywhere, or nobody took, since this network began."""
    lines = Path("/proc/net/snmp").read_text().splitlines()
    counted: dict[str, dict[str, str]] = {}
    for names, values in zip(lines[::2], lines[1::2], strict=True):
        counted[names.split(":")[0]] = dict(zip(names.split()[1:], values.split()[1:], strict=True))
    return int(counted["Ip"]["OutNoRoutes"]) + int(counted["Udp"]["NoPorts"])


def use(server: Server) -> None:
    """What owner and annotator do on a day, and the pages by which Label Studio is known to call home."""
    amara = accounts_of(template("sqlite"))["amara"]
    owner, browser = Asking(server.url, server.accounts[0].token), Asking(server.url)
    made = {"title": "a day", "description": "limi-review amara annotator a day", "label_config": CONFIG}
    project = owner.post("/api/projects", made).json["id"]
    owner.post(f"/api/projects/{project}/import", [{"data": {"t": "one"}}])
    assert browser.log_in(amara.email, amara.password)
    for page in (
        "/",
        "/projects/",
        f"/projects/{project}/data",
        "/user/account",
        "/heidi-tips",
        "/api/version",
        "/version",
    ):
        browser.get(page)
    annotator = Asking(server.url, amara.token)
    task = annotator.get(f"/api/projects/{project}/next").json["id"]
    assert annotator.post(f"/api/tasks/{task}/annotations/", {"result": RESULT}).status == 201
    assert len(owner.get(f"/api/projects/{project}/export?exportType=JSON").json) == 1


def main(folder: Path) -> dict[str, Any]:
    """Counts after each of three parts: the day, a call that Label Studio is asked to make, calls of our own."""
    raise_loopback()
    said: dict[str, Any] = {"before": lost_packets()}
    with Server(copy_sqlite_template(folder), PEOPLE, port=0) as server:
        use(server)
        said["day"], said["refused_by_day"] = lost_packets(), server.log.read_text().count("refused a call")
        owner = Asking(server.url, server.accounts[0].token)
        project = owner.post("/api/projects", {"title": "asked for"}).json["id"]
        owner.post("/api/webhooks/", {"project": project, "url": "https://labelstud.io/told"})
        said["asked"], said["refused_when_asked"] = lost_packets(), server.log.read_text().count("refused a call")
    with suppress(OSError), socket.socket() as trying:
        trying.connect((OUTSIDE, 80))
    said["ours"] = lost_packets()
    with suppress(OSError):
        socket.getaddrinfo("labelstud.io", 443)
    said["our_question"] = lost_packets()
    return said


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))  # noqa: T201
