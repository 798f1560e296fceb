"""GraphQL over the demo world, held against the official schema and GitHub's own example of a cost."""

import pytest
from graphql import get_operation_ast, parse

from tests.servers.contract.sdl import SDL
from tests.servers.github.asking import PAGE, ask
from tests.servers.github.graphql_cost import demand
from tests.servers.github.graphql_run import official_schema
from tests.servers.github.server import TOKEN, GitHubServer
from tests.servers.github.world import DemoWorld


def test_graphql_pages_hold_every_pull_request_once(server: GitHubServer, world: DemoWorld) -> None:
    for facts in world.repositories()[:3]:
        orders = {}
        for direction in ("ASC", "DESC"):
            found, after = [], None
            while True:
                answer = ask(
                    server, PAGE, owner=facts.owner, name=facts.name, first=5, after=after, direction=direction
                ).json()
                page = answer["data"]["repository"]["pullRequests"]
                assert [edge["node"]["number"] for edge in page["edges"]] == [node["number"] for node in page["nodes"]]
                found += page["nodes"]
                after = page["pageInfo"]["endCursor"]
                if not page["pageInfo"]["hasNextPage"]:
                    break
            orders[direction] = [node["number"] for node in found]
            assert page["totalCount"] == len(found)
        wanted = [pull.number for pull in world.pulls(facts, ["MERGED"])]
        assert orders == {"ASC": wanted, "DESC": wanted[::-1]}


def test_a_node_is_found_again_by_its_id(server: GitHubServer, world: DemoWorld) -> None:
    facts = world.repositories()[0]
    page = ask(server, PAGE, owner=facts.owner, name=facts.name, first=3).json()["data"]["repository"]["pullRequests"]
    ids = [edge["node"]["id"] for edge in page["edges"]]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on PullRequest { number } } }"
    answer = ask(server, query, ids=[*ids, "PR_nothing"]).json()
    assert answer["data"]["nodes"] == [*({"number": node["number"]} for node in page["nodes"]), None]
    assert (answer["errors"][0]["type"], answer["errors"][0]["path"]) == ("NOT_FOUND", ["nodes", 3])
    assert ask(server, query, ids=ids * 40).json()["errors"][0]["type"] == "ARGUMENT_LIMIT"


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ('{ repository(owner: "no", name: "body") { id } }', "NOT_FOUND"),
        ('{ repository(owner: "a", name: "b") { pullRequests { nodes { id } } } }', "MISSING_PAGINATION_BOUNDARIES"),
        ('{ repository(owner: "a", name: "b") { pullRequests(first: 101) { nodes { id } } } }', "EXCESSIVE_PAGINATION"),
        (
            '{ repository(owner: "a", name: "b") { pullRequests(first: 100) { nodes { labels(first: 100) { nodes { issues(first: 100)'
            " { nodes { id } } } } } } } }",
            "MAX_NODE_LIMIT_EXCEEDED",
        ),
    ],
)
def test_graphql_refuses_as_github_does(server: GitHubServer, query: str, kind: str) -> None:
    answer = ask(server, query)
    assert (answer.status_code, answer.json()["errors"][0]["type"]) == (200, kind)


def test_a_query_is_held_against_the_official_schema(server: GitHubServer) -> None:
    answer = ask(server, '{ repository(owner: "a", name: "b") { stargazers } }').json()
    assert "data" not in answer
    assert "stargazers" in answer["errors"][0]["message"]
    assert ask(server, "{ repository(", token=TOKEN).json()["errors"][0]["message"].startswith("Syntax Error")


def test_the_cost_is_that_of_githubs_own_example(server: GitHubServer) -> None:
    # docs.github.com: 1 + 50 + 5,000 requests to the connections, so 51 points.
    example = """{ rateLimit { cost nodeCount } viewer { repositories(first: 50) { edges { node { name
      issues(first: 100) { totalCount edges { node { title labels(first: 60) { totalCount edges { node { name } } } } } } } } } } }"""
    answer = ask(server, example)
    assert server.log.of("graphql")[0].cost == 51
    assert answer.headers["x-ratelimit-used"] == "51"
    document = parse(example)
    asked = demand(official_schema(SDL), document, get_operation_ast(document), {})  # type: ignore[arg-type]
    assert (asked.cost, asked.nodes) == (51, 50 + 5_000 + 300_000)
    assert ask(server, "{ rateLimit { cost used } }").json()["data"]["rateLimit"] == {"cost": 1, "used": 52}
