"""Links from the page to the tasks in Label Studio: each judgement stands in the project of who gave it."""

from collections.abc import Callable, Iterable

from annotation.judgements import Judgement
from pipeline.html import Markup, element, text

Link = Callable[[str, str, str], Markup]


def task_links(judgements: Iterable[Judgement], server: str) -> Link:
    """A function from query_id, name and the words to show to a link, or to plain words where the task is not known.

    `server` is `review.server`, which is known to be an address.
    """
    places = {
        (judgement.query_id, judgement.annotator): (judgement.project, judgement.task)
        for judgement in judgements
        if judgement.project and judgement.task
    }

    def link(query_id: str, name: str, words: str) -> Markup:
        if (query_id, name) not in places:
            return text(words)
        project, task = places[query_id, name]
        address = f"{server.rstrip('/')}/projects/{project}/data?task={task}"
        return element("a", words, href=address, rel="noopener noreferrer")

    return link
