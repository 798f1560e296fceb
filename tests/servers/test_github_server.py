"""The loopback GitHub's worlds and REST endpoints, held against tools that know nothing of it: git and PyGithub."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import github
import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pipeline.github.clock import VirtualClock
from tests.servers.contract.sdl import SDL
from tests.servers.github.asking import PAGE, ask, get, git
from tests.servers.github.facts import PullFacts, RepositoryFacts
from tests.servers.github.limits import Limits
from tests.servers.github.server import TOKEN, GitHubServer
from tests.servers.github.synthetic import SyntheticWorld
from tests.servers.github.world import DemoWorld


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> DemoWorld:
    return DemoWorld(tmp_path_factory.mktemp("world"))


@pytest.fixture
def server(world: DemoWorld) -> Iterator[GitHubServer]:
    with GitHubServer(world, VirtualClock(), sdl_path=SDL) as running:
        yield running


def client(server: GitHubServer) -> github.Github:
    return github.Github(
        base_url=server.api_url,
        auth=github.Auth.Token(TOKEN),
        per_page=100,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )


def merged(world: DemoWorld) -> list[tuple[RepositoryFacts, PullFacts]]:
    return [(facts, pull) for facts in world.repositories() for pull in world.pulls(facts, ["MERGED"])]


def counts(numstat: str) -> tuple[int, int]:
    rows = [line.split("\t") for line in numstat.splitlines()]
    return sum(int(row[0]) for row in rows if row[0] != "-"), sum(int(row[1]) for row in rows if row[1] != "-")


def test_every_pull_request_is_joined_with_the_commit_that_names_it(world: DemoWorld) -> None:
    named = 0
    for facts, pull in merged(world):
        folder = world.folder / f"{facts.full_name}.git"
        subject = git("log", "-1", "--format=%s", str(pull.merge_commit), cwd=folder)
        if "#" in subject:  # a merge or a squash; a rebase's commits do not tell
            named += 1
            assert f"#{pull.number}" in subject.replace(")", " ").split() or f"(#{pull.number})" in subject
        # What came to main is what the pull request says of itself, whichever way it came.
        brought = counts(git("diff", "--numstat", "-M", pull.base_oid, str(pull.merge_commit), cwd=folder))
        assert brought == (pull.additions, pull.deletions), (facts.full_name, pull.number)
    assert named > 100


def test_pull_requests_are_opened_one_after_the_other_and_merged_later(world: DemoWorld) -> None:
    for facts in world.repositories():
        pulls = world.pulls(facts, None)
        assert [pull.created for pull in pulls] == sorted(pull.created for pull in pulls)
        assert all(pull.created < pull.closed for pull in pulls)
        assert {pull.state for pull in pulls} == {"MERGED", "CLOSED"}


def test_pygithub_finds_repositories_by_their_stars(server: GitHubServer, world: DemoWorld) -> None:
    stars = sorted((facts.stars for facts in world.repositories()), reverse=True)
    found = list(
        client(server).search_repositories("stars:>=10001 fork:true archived:false", sort="stars", order="desc")
    )
    assert [repository.stargazers_count for repository in found] == stars
    middle = stars[5]
    above = client(server).search_repositories(f"stars:{middle}..{stars[0]}", sort="stars")
    assert above.totalCount == sum(value >= middle for value in stars) < len(stars)
    assert client(server).search_repositories("stars:1..2").totalCount == 0


def test_a_search_it_does_not_know_is_refused(server: GitHubServer) -> None:
    assert get(server, "/search/repositories?q=starz:5").status_code == 422
    assert get(server, "/search/repositories").json()["errors"][0]["code"] == "missing"


def test_a_date_in_a_search_is_the_whole_day(server: GitHubServer, world: DemoWorld) -> None:
    day = world.repositories()[0].created.date().isoformat()
    found = get(server, f"/search/repositories?q=created:{day}..{day}").json()
    assert world.repositories()[0].full_name in [item["full_name"] for item in found["items"]]
    assert get(server, f"/search/repositories?q=created:>{day}+created:<{day}").json()["total_count"] == 0


def test_pygithub_gets_a_diff_that_git_can_apply(server: GitHubServer, world: DemoWorld, tmp_path: Path) -> None:
    facts = world.repositories()[0]
    pulls = world.pulls(facts, ["MERGED"])
    folder = world.folder / f"{facts.full_name}.git"
    git("clone", "--quiet", str(folder), "work", cwd=tmp_path)
    for pull in pulls[:4]:
        shown = client(server).get_repo(facts.full_name).get_pull(pull.number)
        _, data = shown.requester.requestJsonAndCheck(
            "GET", shown.url, headers={"Accept": "application/vnd.github.diff"}
        )
        git("checkout", "--quiet", pull.base_oid, cwd=tmp_path / "work")
        (tmp_path / "one.diff").write_bytes(data["data"].encode())
        git("apply", "--index", "../one.diff", cwd=tmp_path / "work")
        tree = git("write-tree", cwd=tmp_path / "work")
        assert tree == git("rev-parse", f"{pull.merge_commit}^{{tree}}", cwd=folder)
        git("reset", "--quiet", "--hard", cwd=tmp_path / "work")
        assert (shown.merged, shown.merge_commit_sha) == (True, pull.merge_commit)


def test_files_come_in_pages_and_a_binary_file_has_no_patch(server: GitHubServer, world: DemoWorld) -> None:
    facts, pull = next((f, p) for f, p in merged(world) if any(file.binary for file in p.files) and len(p.files) > 1)
    address, found = f"/repos/{facts.full_name}/pulls/{pull.number}/files?per_page=1", []
    while address:
        answer = get(server, address)
        found += answer.json()
        address = answer.links.get("next", {}).get("url", "").removeprefix(server.api_url)
    assert [file["filename"] for file in found] == [file.path for file in pull.files]
    binary = {file.path for file in pull.files if file.binary}
    assert {file["filename"] for file in found if "patch" not in file} >= binary
    assert any("patch" in file for file in found)
    assert all((file["additions"], file["deletions"]) == (0, 0) for file in found if file["filename"] in binary)


def test_rest_and_graphql_tell_the_same_of_a_pull_request(server: GitHubServer, world: DemoWorld) -> None:
    for facts in world.repositories()[:4]:
        page = ask(server, PAGE, owner=facts.owner, name=facts.name, first=50).json()["data"]["repository"][
            "pullRequests"
        ]
        for node in page["nodes"][:5]:
            rest = get(server, f"/repos/{facts.full_name}/pulls/{node['number']}").json()
            assert rest["merge_commit_sha"] == node["mergeCommit"]["oid"]
            assert (rest["additions"], rest["changed_files"]) == (node["additions"], node["files"]["totalCount"])
            bot = node["author"]["__typename"] == "Bot"
            assert rest["user"]["login"] == node["author"]["login"] + ("[bot]" if bot else "")
            assert (rest["user"]["type"] == "Bot") == bot


def test_some_authors_are_bots(world: DemoWorld) -> None:
    authors = {pull.author for _, pull in merged(world)}
    assert {author.bot for author in authors} == {True, False}
    assert not any("[bot]" in author.login for author in authors)


def test_a_known_answer_costs_nothing(server: GitHubServer, world: DemoWorld) -> None:
    path = f"/repos/{world.repositories()[0].full_name}"
    first = get(server, path)
    again = get(server, path, If_None_Match=first.headers["etag"])
    other = get(server, path, If_None_Match='W/"other"')
    assert (again.status_code, again.content, other.status_code) == (304, b"", 200)
    assert [first.headers["x-ratelimit-used"], again.headers["x-ratelimit-used"]] == ["1", "1"]
    assert other.headers["x-ratelimit-used"] == "2"


def test_who_asks_has_to_be_known(server: GitHubServer, world: DemoWorld) -> None:
    path = f"/repos/{world.repositories()[0].full_name}"
    assert get(server, path, token="wrong").json()["message"] == "Bad credentials"  # noqa: S106
    assert get(server, path, token=None).headers["x-ratelimit-limit"] == "60"
    assert ask(server, "{ rateLimit { cost } }", token=None).status_code == 401
    nameless = requests.get(
        server.api_url + path, headers={"User-Agent": "", "Authorization": f"Bearer {TOKEN}"}, timeout=30
    )
    assert nameless.status_code == 403


def test_an_installation_token_ends_after_an_hour(world: DemoWorld) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    clock = VirtualClock()
    with GitHubServer(world, clock, sdl_path=SDL, apps={"77": public.decode()}) as server:

        def buy(
            issued: float, expires: float, issuer: str = "77", signed: rsa.RSAPrivateKey = key
        ) -> requests.Response:
            text = jwt.encode({"iat": int(issued), "exp": int(expires), "iss": issuer}, signed, algorithm="RS256")
            headers = {"Authorization": f"Bearer {text}", "User-Agent": "tests"}
            return requests.post(
                f"{server.api_url}/app/installations/5/access_tokens", headers=headers, json={}, timeout=30
            )

        now = clock.now()
        answer = buy(now - 30, now + 500)
        assert answer.status_code == 201
        token = answer.json()["token"]
        assert get(server, "/rate_limit", token=token).status_code == 200
        assert buy(now - 30, now - 1).status_code == 401
        assert buy(now - 30, now + 5_000).status_code == 401
        assert buy(now, now + 500, issuer="78").status_code == 401
        stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        assert buy(now, now + 500, signed=stranger).status_code == 401
        clock.sleep_until(now + 3_599)
        assert get(server, "/rate_limit", token=token).status_code == 200
        clock.sleep_until(now + 3_601)
        assert get(server, "/rate_limit", token=token).status_code == 401


def test_a_renamed_repository_is_answered_under_its_number(server: GitHubServer, world: DemoWorld) -> None:
    facts = world.repositories()[0]
    assert get(server, f"/repositories/{facts.number}").json()["full_name"] == facts.full_name
    assert get(server, "/repositories/1").status_code == 404


def test_only_the_first_thousand_of_a_tie_can_be_reached() -> None:
    world = SyntheticWorld([(90_000, 20), (12_345, 1_300)], years=(2012, 2024))
    with GitHubServer(world, VirtualClock(), Limits(search=1_000), sdl_path=SDL) as server:

        def search(query: str, page: int) -> requests.Response:
            return get(server, f"/search/repositories?q={query}&sort=stars&per_page=100&page={page}")

        found = [item for page in range(1, 11) for item in search("stars:>10000", page).json()["items"]]
        assert len({item["id"] for item in found}) == 1_000
        assert [item["stargazers_count"] for item in found[:21]] == [90_000] * 20 + [12_345]
        over = search("stars:>10000", 11)
        assert (over.status_code, over.json()["message"]) == (422, "Only the first 1000 search results are available")
        assert search("stars:12345", 1).json()["total_count"] == 1_300
        last = urlsplit(search("stars:12345", 1).links["last"]["url"])
        assert parse_qs(last.query)["page"] == ["10"]
        halves = [f"stars:12345+created:{years}" for years in ("2012-01-01..2017-12-31", "2018-01-01..2024-12-31")]
        ids: set[int] = set()
        for half in halves:
            total = search(half, 1).json()["total_count"]
            assert total < 1_000
            ids |= {item["id"] for page in range(1, 11) for item in search(half, page).json()["items"]}
        assert len(ids) == 1_300


def test_made_up_pull_requests_are_the_same_each_time_and_made_only_when_looked_at(tmp_path: Path) -> None:
    world, again = SyntheticWorld([(20_000, 3)], pulls=1_000), SyntheticWorld([(20_000, 3)], pulls=1_000)
    other = SyntheticWorld([(20_000, 3)], pulls=1_000, seed=1)
    facts = world.repositories()[1]
    with GitHubServer(world, VirtualClock(), sdl_path=SDL) as server:
        page = ask(server, PAGE, owner=facts.owner, name=facts.name, first=50, direction="DESC").json()["data"]
        assert world._pull.cache_info().misses == 50
        node = page["repository"]["pullRequests"]["nodes"][7]
        assert page["repository"]["pullRequests"]["totalCount"] == 1_000
        diff = get(server, f"/repos/{facts.full_name}/pulls/{node['number']}", Accept="application/vnd.github.v3.diff")
        (tmp_path / "one.diff").write_bytes(diff.content)
        numstat = git("apply", "--numstat", "one.diff", cwd=tmp_path)
        assert counts(numstat) == (node["additions"], node["deletions"])
    pull = world.pull(facts, node["number"])
    assert pull == again.pull(again.repositories()[1], node["number"])
    others = other.pull(other.repositories()[1], node["number"])
    assert pull
    assert others
    assert pull.files != others.files


def test_the_port_is_free_when_the_server_has_ended(world: DemoWorld) -> None:
    with GitHubServer(world, sdl_path=SDL) as server, requests.Session() as session:
        session.get(f"{server.api_url}/rate_limit", timeout=30)  # a connection that stays open
        address = urlsplit(server.api_url)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=5)
