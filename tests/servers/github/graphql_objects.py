"""The world as GraphQL sees it: each object has a type's name and its fields, made when they are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from tests.servers.github.facts import (
    Actor,
    FileFacts,
    IssueFacts,
    PullFacts,
    RepositoryFacts,
    World,
    iso,
    stable_number,
)
from tests.servers.github.graphql_connection import Arguments, Thing, connection
from tests.servers.github.graphql_cost import problem
from tests.servers.github.ids import node_id
from tests.servers.github.rest import Oddities


def resolve(source: Thing, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    """The default resolver. A field that the server does not have is an error, never a silent null."""
    try:
        value = source.fields[info.field_name]
    except KeyError:
        raise GraphQLError(f"this loopback server has no {source.typename}.{info.field_name}") from None
    return value(arguments) if callable(value) else value


def resolve_type(source: Thing, *_: object) -> str:
    """Which type of an interface or a union an object is."""
    return source.typename


@dataclass
class Gallery:
    """Makes the objects of one answer, with the oddities that a fault asked for."""

    world: World
    base: str
    odd: Oddities

    def repository(self, facts: RepositoryFacts) -> Thing:
        def chosen(arguments: Arguments) -> Sequence[PullFacts]:
            states = arguments.get("states")
            if arguments.get("baseRefName") not in (None, "main"):
                return []
            return self.world.pulls(facts, states)

        return Thing(
            "Repository",
            {
                "id": node_id("R", facts.number),
                "databaseId": facts.number,
                "name": facts.name,
                "owner": Thing("Organization", {"login": facts.owner, "id": node_id("O", stable_number(facts.owner))}),
                "nameWithOwner": facts.full_name,
                "url": f"{self.base}/{facts.full_name}",
                "stargazerCount": facts.stars,
                "forkCount": facts.stars // 12,
                "isArchived": facts.archived,
                "isFork": facts.fork,
                "isPrivate": False,
                "isDisabled": False,
                "isEmpty": False,
                "isMirror": False,
                "isTemplate": False,
                "diskUsage": facts.stars // 7,
                "pushedAt": iso(facts.pushed),
                "updatedAt": iso(facts.pushed),
                "createdAt": iso(facts.created),
                "description": facts.description,
                "licenseInfo": Thing(
                    "License", {"spdxId": facts.licence, "key": facts.licence.lower(), "name": facts.licence}
                ),
                "primaryLanguage": Thing("Language", {"name": facts.language}),
                "repositoryTopics": lambda arguments: connection(
                    "RepositoryTopic", facts.topics, arguments, str, self._topic
                ),
                "defaultBranchRef": Thing("Ref", {"name": "main", "target": Thing("Commit", {"oid": facts.head})}),
                "pullRequest": lambda arguments: self._numbered(facts, arguments["number"]),
                "pullRequests": lambda arguments: connection(
                    "PullRequest",
                    _in_order(chosen(arguments), arguments.get("orderBy")),
                    arguments,
                    lambda pull: str(pull.number),
                    lambda pull: self.pull(facts, pull),
                ),
            },
        )

    def _numbered(self, facts: RepositoryFacts, number: int) -> Thing:
        pull = self.world.pull(facts, number)
        if pull is None:
            raise problem("NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}.")
        return self.pull(facts, pull)

    def pull(self, facts: RepositoryFacts, pull: PullFacts) -> Thing:
        struck = self.odd.strike(pull)
        fork = {"nameWithOwner": pull.head_repository, "isFork": pull.head_repository != facts.full_name}
        return Thing(
            "PullRequest",
            {
                "id": node_id("PR", facts.number, pull.number),
                "databaseId": stable_number(f"{facts.full_name}#{pull.number}", 2**31),
                "number": pull.number,
                "title": pull.title,
                "body": pull.body,
                "url": f"{self.base}/{facts.full_name}/pull/{pull.number}",
                "state": pull.state,
                "merged": pull.merged is not None,
                "isDraft": False,
                "closed": True,
                "locked": False,
                "createdAt": iso(pull.created),
                "updatedAt": iso(pull.closed),
                "closedAt": iso(pull.closed),
                "mergedAt": iso(pull.merged) if pull.merged else None,
                "author": None if self.odd.ghost and struck else self.actor(pull.author),
                "authorAssociation": "CONTRIBUTOR",
                "baseRefName": "main",
                "baseRefOid": pull.base_oid,
                "headRefName": pull.branch,
                "headRefOid": pull.head_oid,
                "headRepository": None if self.odd.lost_fork and struck else Thing("Repository", fork),
                "isCrossRepository": pull.head_repository != facts.full_name,
                "repository": lambda _: self.repository(facts),
                "baseRepository": lambda _: self.repository(facts),
                "mergeCommit": _commit(pull) if pull.merge_commit else None,
                "additions": lambda _: pull.additions,
                "deletions": lambda _: pull.deletions,
                "changedFiles": lambda _: len(pull.files),
                "reviewDecision": "APPROVED" if pull.reviews else None,
                "files": lambda arguments: connection(
                    "PullRequestChangedFile", pull.files, arguments, lambda file: file.path, _file
                ),
                "labels": lambda arguments: connection(
                    "Label", pull.labels, arguments, str, lambda name: Thing("Label", {"name": name})
                ),
                "closingIssuesReferences": lambda arguments: connection(
                    "Issue",
                    pull.issues,
                    arguments,
                    lambda issue: str(issue.number),
                    lambda issue: self._issue(facts, issue),
                ),
                "commits": Thing("PullRequestCommitConnection", {"totalCount": pull.commits}),
                "reviews": Thing("PullRequestReviewConnection", {"totalCount": pull.reviews}),
                "comments": Thing("IssueCommentConnection", {"totalCount": 0}),
            },
        )

    def actor(self, actor: Actor) -> Thing:
        url = f"{self.base}/{'apps/' if actor.bot else ''}{actor.login}"
        number = stable_number(f"user {actor.login}")
        fields = {
            "login": actor.login,
            "url": url,
            "id": node_id("U", number),
            "avatarUrl": f"{self.base}/avatars/u/{number}",
        }
        return Thing("Bot" if actor.bot else "User", fields)

    def _issue(self, facts: RepositoryFacts, issue: IssueFacts) -> Thing:
        return Thing(
            "Issue",
            {
                "number": issue.number,
                "title": issue.title,
                "body": issue.body,
                "url": f"{self.base}/{facts.full_name}/issues/{issue.number}",
                "state": "CLOSED",
                "repository": lambda _: self.repository(facts),
            },
        )

    def _topic(self, name: str) -> Thing:
        return Thing("RepositoryTopic", {"topic": Thing("Topic", {"name": name})})


def _commit(pull: PullFacts) -> Thing:
    parents = pull.merge_parents
    return Thing(
        "Commit",
        {
            "oid": pull.merge_commit,
            "committedDate": iso(pull.closed),
            "parents": lambda arguments: connection(
                "Commit", parents, arguments, str, lambda oid: Thing("Commit", {"oid": oid})
            ),
        },
    )


def _file(file: FileFacts) -> Thing:
    return Thing(
        "PullRequestChangedFile",
        {"path": file.path, "additions": file.additions, "deletions": file.deletions, "changeType": file.change},
    )


def _in_order(pulls: Sequence[PullFacts], order: dict[str, str] | None) -> Sequence[PullFacts]:
    """Oldest first unless asked for otherwise. A world that makes its pull requests lazily stays lazy by creation date."""
    if order is None:
        return pulls
    if order["field"] == "UPDATED_AT":
        pulls = sorted(pulls, key=lambda pull: (pull.closed, pull.number))
    elif order["field"] != "CREATED_AT":
        raise GraphQLError(f"this loopback server does not order by {order['field']}")
    return pulls if order["direction"] == "ASC" else _Reversed(pulls)


class _Reversed(Sequence[PullFacts]):
    def __init__(self, inner: Sequence[PullFacts]) -> None:
        self.inner = inner

    def __len__(self) -> int:
        return len(self.inner)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        return self.inner[len(self.inner) - 1 - at]
