"""Links from the page to the tasks in Label Studio, where its address is known."""

import re
from collections.abc import Callable, Mapping

from annotation.report.element import Markup, element, text
from annotation.report.submissions import Place
from pipeline.errors import UserError

Link = Callable[[str], Markup]
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?")


def task_links(places: Mapping[str, Place], server: str = "") -> Link:
    """A function from query_id to its link, or to plain text where the server or the task is not known.

    Raises UserError on a server that is not an http or https address.
    """
    if server and not _ADDRESS.fullmatch(server):
        raise UserError(f"{server!r} is not the address of a Label Studio, such as http://127.0.0.1:8080")

    def link(query_id: str) -> Markup:
        place = places.get(query_id)
        if place is None or place.task is None:
            return text(query_id)
        words = f"{query_id} (task {place.task})"
        if not server or place.project is None:
            return text(words)
        address = f"{server.rstrip('/')}/projects/{place.project}/data?task={place.task}"
        return element("a", words, href=address, rel="noopener noreferrer")

    return link
