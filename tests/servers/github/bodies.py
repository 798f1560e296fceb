"""REST's JSON objects, with every field that GitHub's official description requires of them."""

from typing import Any
from urllib.parse import quote

from tests.servers.github.facts import Actor, FileFacts, PullFacts, RepositoryFacts, iso, stable_number
from tests.servers.github.ids import node_id

Json = dict[str, Any]
GHOST = Actor("ghost")

_USER_LINKS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REPOSITORY_LINKS = {
    "forks_url": "/forks",
    "keys_url": "/keys{/key_id}",
    "collaborators_url": "/collaborators{/collaborator}",
    "teams_url": "/teams",
    "hooks_url": "/hooks",
    "issue_events_url": "/issues/events{/number}",
    "events_url": "/events",
    "assignees_url": "/assignees{/user}",
    "branches_url": "/branches{/branch}",
    "tags_url": "/tags",
    "blobs_url": "/git/blobs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "trees_url": "/git/trees{/sha}",
    "statuses_url": "/statuses/{sha}",
    "languages_url": "/languages",
    "stargazers_url": "/stargazers",
    "contributors_url": "/contributors",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "commits_url": "/commits{/sha}",
    "git_commits_url": "/git/commits{/sha}",
    "comments_url": "/comments{/number}",
    "issue_comment_url": "/issues/comments{/number}",
    "contents_url": "/contents/{+path}",
    "compare_url": "/compare/{base}...{head}",
    "merges_url": "/merges",
    "archive_url": "/{archive_format}{/ref}",
    "downloads_url": "/downloads",
    "issues_url": "/issues{/number}",
    "pulls_url": "/pulls{/number}",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "labels_url": "/labels{/name}",
    "releases_url": "/releases{/id}",
    "deployments_url": "/deployments",
}


def user(actor: Actor, base: str, kind: str = "User") -> Json:
    login = f"{actor.login}[bot]" if actor.bot else actor.login
    number = 10_137 if actor == GHOST else stable_number(f"user {login}")
    url = f"{base}/users/{login}".replace("[", "%5B").replace("]", "%5D")
    return {
        "login": login,
        "id": number,
        "node_id": node_id("BOT" if actor.bot else "U", number),
        "avatar_url": f"{base}/avatars/u/{number}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{base}/{'apps/' if actor.bot else ''}{actor.login}",
        **{key: url + path for key, path in _USER_LINKS.items()},
        "type": "Bot" if actor.bot else kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def repository(facts: RepositoryFacts, base: str) -> Json:
    """What search, a pull request's base and the repository's own endpoint have in common."""
    url, page, host = f"{base}/repos/{facts.full_name}", f"{base}/{facts.full_name}", base.removeprefix("http://")
    forks, issues = facts.stars // 12, facts.stars // 90
    return {
        "id": facts.number,
        "node_id": node_id("R", facts.number),
        "name": facts.name,
        "full_name": facts.full_name,
        "private": False,
        "owner": user(Actor(facts.owner), base, "Organization"),
        "html_url": page,
        "description": facts.description,
        "fork": facts.fork,
        "url": url,
        **{key: url + path for key, path in _REPOSITORY_LINKS.items()},
        "created_at": iso(facts.created),
        "updated_at": iso(facts.pushed),
        "pushed_at": iso(facts.pushed),
        "git_url": f"git://{host}/{facts.full_name}.git",
        "ssh_url": f"git@{host}:{facts.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "homepage": None,
        "size": facts.stars // 7,
        "stargazers_count": facts.stars,
        "watchers_count": facts.stars,
        "language": facts.language,
        "has_issues": True,
        "has_projects": True,
        "has_downloads": True,
        "has_wiki": True,
        "has_pages": False,
        "has_discussions": False,
        "forks_count": forks,
        "mirror_url": None,
        "archived": facts.archived,
        "disabled": False,
        "open_issues_count": issues,
        "license": licence(facts.licence, base),
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": list(facts.topics),
        "visibility": "public",
        "forks": forks,
        "open_issues": issues,
        "watchers": facts.stars,
        "default_branch": "main",
    }


def full_repository(facts: RepositoryFacts, base: str) -> Json:
    return {
        **repository(facts, base),
        "temp_clone_token": None,
        "network_count": facts.stars // 12,
        "subscribers_count": facts.stars // 60,
    }


def licence(spdx: str, base: str) -> Json:
    key = spdx.lower().removesuffix("-only").removesuffix("-or-later")
    return {
        "key": key,
        "name": f"{spdx} License",
        "spdx_id": spdx,
        "url": f"{base}/licenses/{key}",
        "node_id": node_id("L", stable_number(spdx, 10_000)),
    }


def fork(full_name: str, facts: RepositoryFacts, base: str) -> Json:
    """The repository that a pull request came from: a fork, or the repository itself."""
    if full_name == facts.full_name:
        return repository(facts, base)
    made = RepositoryFacts(
        stable_number(full_name), full_name, 0, facts.language, facts.licence, facts.description,
        (), facts.created, facts.pushed, facts.head, fork=True,
    )  # fmt: skip
    return {**repository(made, base), "owner": user(Actor(made.owner), base)}


def pull_request(
    facts: RepositoryFacts, pull: PullFacts, base: str, *, ghost: bool = False, lost_fork: bool = False
) -> Json:
    number = pull.number
    url, issue = f"{base}/repos/{facts.full_name}/pulls/{number}", f"{base}/repos/{facts.full_name}/issues/{number}"
    page = f"{base}/{facts.full_name}/pull/{number}"
    author = user(GHOST if ghost else pull.author, base)
    identity = stable_number(f"{facts.full_name}#{number}", 2**40)
    closed = iso(pull.closed)
    links = {
        "self": url,
        "html": page,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{base}/repos/{facts.full_name}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{base}/repos/{facts.full_name}/statuses/{pull.head_oid}",
    }
    head_owner = pull.head_repository.split("/")[0]
    owner = user(Actor(facts.owner), base, "Organization")
    return {
        "id": identity,
        "node_id": node_id("PR", facts.number, number),
        "url": url,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue,
        "number": number,
        "state": "closed",
        "locked": False,
        "title": pull.title,
        "user": author,
        "body": pull.body or None,
        "created_at": iso(pull.created),
        "updated_at": closed,
        "closed_at": closed,
        "merged_at": iso(pull.merged) if pull.merged else None,
        "merge_commit_sha": pull.merge_commit,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": [_label(name, facts, base) for name in pull.labels],
        "milestone": None,
        "draft": False,
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": links["statuses"],
        "head": {
            "label": f"{head_owner}:{pull.branch}",
            "ref": pull.branch,
            "sha": pull.head_oid,
            "user": author if head_owner == pull.author.login else owner,
            "repo": None if lost_fork else fork(pull.head_repository, facts, base),
        },
        "base": {
            "label": f"{facts.owner}:main",
            "ref": "main",
            "sha": pull.base_oid,
            "user": owner,
            "repo": repository(facts, base),
        },
        "_links": {key: {"href": value} for key, value in links.items()},
        "author_association": "CONTRIBUTOR",
        "auto_merge": None,
        "active_lock_reason": None,
        "merged": pull.merged is not None,
        "mergeable": None,
        "rebaseable": None,
        "mergeable_state": "unknown",
        "merged_by": user(Actor(pull.merger), base) if pull.merged else None,
        "comments": 0,
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": pull.commits,
        "additions": pull.additions,
        "deletions": pull.deletions,
        "changed_files": len(pull.files),
    }


def _label(name: str, facts: RepositoryFacts, base: str) -> Json:
    number = stable_number(f"{facts.full_name} label {name}")
    return {
        "id": number,
        "node_id": node_id("LA", number),
        "url": f"{base}/repos/{facts.full_name}/labels/{name}",
        "name": name,
        "color": f"{number % 2**24:06x}",
        "default": name in ("bug", "documentation", "enhancement"),
        "description": None,
    }


def diff_entry(facts: RepositoryFacts, pull: PullFacts, file: FileFacts, base: str) -> Json:
    status = {"ADDED": "added", "MODIFIED": "modified", "DELETED": "removed", "RENAMED": "renamed"}[file.change]
    path = quote(file.path, safe="")
    entry: Json = {
        "sha": file.blob or None,
        "filename": file.path,
        "status": status,
        "additions": file.additions,
        "deletions": file.deletions,
        "changes": file.additions + file.deletions,
        "blob_url": f"{base}/{facts.full_name}/blob/{pull.head_oid}/{path}",
        "raw_url": f"{base}/{facts.full_name}/raw/{pull.head_oid}/{path}",
        "contents_url": f"{base}/repos/{facts.full_name}/contents/{path}?ref={pull.head_oid}",
    }
    if file.patch is not None:
        entry["patch"] = file.patch
    if file.previous is not None:
        entry["previous_filename"] = file.previous
    return entry
