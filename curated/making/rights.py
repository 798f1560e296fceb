"""Under which licence each row may be used, and who is to be named: no row leaves without both."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import polars as pl

from curated.making.hub_names import OTHER, hub_licence
from pipeline.clones.facts import FULL_NAME
from pipeline.errors import UserError
from pipeline.masking.found import Kind
from pipeline.masking.mask import mask
from pipeline.spdx import is_licence

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MOST_NAMED = 5  # rows in one sentence; of more the rest is counted
# Which kinds an author's name is masked of: a login is public attribution, an address that somebody put in its place is not.
_COULD_LEAD = re.compile(r"[@+]")  # no address and no international number is without one of these
_IN_A_NAME: tuple[Kind, ...] = ("email", "phone")


class Licence(NamedTuple):
    """A pull request's licence, and where that is known from, as the column `licence_as_of` has it."""

    spdx: str
    as_of: str


def licences_of(told: pl.DataFrame, sampled: pl.DataFrame) -> dict[str, Licence]:
    """`pr_id -> Licence` of the rows of SAMPLED, by what their base commits tell (a LICENCES frame).

    A repository may have had another licence then. A text does not tell `only` from `or later`, so the known id stays where it names the
    same licence. Where the files at the base commit name none that is known, the repository's stands, and the row says so.
    """
    at_base = dict(told.select("pr_id", "licence").iter_rows())
    found = {}
    for pr_id, known in sampled.select("pr_id", "licence").iter_rows():
        read = at_base.get(pr_id, "")
        if is_licence(read):
            found[pr_id] = Licence(known if _same(read, known) else read, "base_commit")
        else:
            found[pr_id] = Licence(known, "repository_unconfirmed" if read else "repository")
    return found


def _same(told: str, known: str) -> bool:
    return told == known or (is_licence(known) and hub_licence(told) == hub_licence(known) != OTHER)


def refuse_without_licence(rows: Iterable[tuple[str, str]], where: str) -> None:
    """Raises UserError if an `(id, licence)` has none, naming the first five."""
    bad = [f"{name} ({licence!r:.80})" for name, licence in rows if not is_licence(licence)]
    if bad:
        more = f" and {len(bad) - _MOST_NAMED} more" if len(bad) > _MOST_NAMED else ""
        raise UserError(
            f"{where}: {', '.join(bad[:_MOST_NAMED])}{more} without a licence that SPDX could name; a row without one is not published. "
            "Mend the licence where it comes from (the repositories' facts, the line of the real-world query), or allow only known "
            "ones by filter.licences, and run `dvc repro`"
        )


def pull_request(pull: dict[str, Any], server: str, kinds: Iterable[Kind]) -> dict[str, Any]:
    """The struct `pull_request` of a SAMPLED row. `server` is the address repositories lie at, empty where there is none.

    Raises UserError for a repository or a commit that is none: nothing could be attributed to it.
    """
    if not FULL_NAME.fullmatch(pull["repo"]) or not _COMMIT.fullmatch(pull["base_sha"]):
        raise UserError(
            f"data/sampled.parquet: {pull['pr_id']!r:.140} has no base commit that could be named ({pull['repo']!r:.140}, "
            f"{pull['base_sha']!r:.80}); `dvc repro --force sample_prs` writes it anew"
        )
    at = f"{server.rstrip('/')}/{pull['repo']}" if server else ""
    named = [kind for kind in _IN_A_NAME if kind in set(kinds)]
    return {
        "repo": pull["repo"],
        "number": pull["number"],
        "link": at and f"{at}/pull/{pull['number']}",
        "title": pull["title"],
        "author": mask(pull["author"], "", "", named).title if _COULD_LEAD.search(pull["author"]) else pull["author"],
        "base_sha": pull["base_sha"],
        "base_link": at and f"{at}/tree/{pull['base_sha']}",
        "merge_sha": pull["merge_sha"],
        "language": pull["language"],
        "tokens": pull["tokens"],
    }


def attribution_of_pull(struct: dict[str, Any], licence: str) -> str:
    """One line with title, author, source and licence, as CC's recommended practice has them."""
    words = " ".join(struct["title"].split())
    title = f'"{words}"' if words else "a pull request without a title"
    author = " ".join(struct["author"].split()) or "an unknown author"
    return f"{title} by {author}, {struct['repo']}#{struct['number']} at {struct['base_sha']}, {licence}"


def attribution_of_contributor(role: str, source: str, licence: str) -> str:
    """Likewise for a real-world query: nobody is named that did not ask to be."""
    return f"a query by {' '.join(role.split())}, {' '.join(source.split())}, {licence}"
