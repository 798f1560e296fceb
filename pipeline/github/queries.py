"""The GraphQL queries. Names and cursors travel as variables, never inside a query's text.

A query asks for several repositories at once (aliases r0, r1, ...), so that many small ones cost no more calls than one large one. Its
price in points is GitHub's: the connections it may have to open, over 100.
"""

from typing import Any

_RATE = "rateLimit { cost limit remaining resetAt }"

# Counting is enough to see whether anything has changed since a reading: no merged pull request without an update.
_STATE = """  r{i}: repository(owner: $o{i}, name: $n{i}) {{
    id nameWithOwner
    defaultBranchRef {{ target {{ oid }} }}
    pullRequests(states: MERGED, baseRefName: $b{i}, first: 1, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
      totalCount nodes {{ updatedAt }}
    }}
  }}"""

_PAGE = """  r{i}: repository(owner: $o{i}, name: $n{i}) {{
    pullRequests(states: MERGED, baseRefName: $b{i}, first: $f{i}, after: $a{i}, orderBy: {{field: CREATED_AT, direction: DESC}}) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ ...facts }}
    }}
  }}"""

_FACTS = """fragment facts on PullRequest {
  number title body mergedAt
  author { __typename login }
  baseRefOid headRefOid
  mergeCommit { oid }
  additions deletions changedFiles
  commits { totalCount }
  labels(first: 10) { nodes { name } }
  closingIssuesReferences(first: 3) { nodes { number title body repository { nameWithOwner } } }
  %s
}"""
FILES = "files(first: 100) { nodes { path additions deletions changeType } }"
CONNECTIONS = 4  # of each pull request of a page: files, labels, issues, commits


def state_query(repositories: list[tuple[str, str]]) -> tuple[str, dict[str, Any], int]:
    """`(query, variables, points)` for the state of `(owner/name, branch)` repositories, fifty at most."""
    declared: list[str] = []
    variables: dict[str, Any] = {}
    parts: list[str] = []
    for i, (repo, branch) in enumerate(repositories):
        owner, name = repo.split("/")
        declared.append(f"$o{i}: String!, $n{i}: String!, $b{i}: String!")
        variables |= {f"o{i}": owner, f"n{i}": name, f"b{i}": branch}
        parts.append(_STATE.format(i=i))
    return _query(declared, parts), variables, points(len(repositories), 0)


def page_query(
    pages: list[tuple[str, str, int, str | None]], with_files: bool = True
) -> tuple[str, dict[str, Any], int]:
    """`(query, variables, points)` for pages of `(owner/name, branch, how many, after which cursor)`."""
    declared: list[str] = []
    variables: dict[str, Any] = {}
    parts: list[str] = []
    for i, (repo, branch, most, after) in enumerate(pages):
        owner, name = repo.split("/")
        declared.append(f"$o{i}: String!, $n{i}: String!, $b{i}: String!, $f{i}: Int!, $a{i}: String")
        variables |= {f"o{i}": owner, f"n{i}": name, f"b{i}": branch, f"f{i}": most, f"a{i}": after}
        parts.append(_PAGE.format(i=i))
    query = _query(declared, parts) + "\n" + _FACTS % (FILES if with_files else "")
    return query, variables, points(len(pages), sum(most for _, _, most, _ in pages))


def points(pages: int, pulls: int) -> int:
    """What a query costs: one request for each page, and one for each connection of each pull request, over 100, rounded."""
    return max(1, round((pages + CONNECTIONS * pulls) / 100))


def _query(declared: list[str], parts: list[str]) -> str:
    return "query(" + ", ".join(declared) + ") {\n  " + _RATE + "\n" + "\n".join(parts) + "\n}"
