"""Made-up candidates in any number, of natural shape: a hundred repositories, ten languages, marks with many ties."""

import random

from pipeline.pooling.candidates import Candidate
from pipeline.pooling.quotas import Quota, pool_quotas

SUB_DOMAINS = {"front-end": 4, "back-end": 4, "deployment": 3, "debugging": 4, "optimization": 3}
LANGUAGES = ("Python", "Go", "Rust", "JavaScript", "TypeScript", "Java", "C++", "Ruby", "C", "PHP")
PEOPLE, PULLS = 60, 18


def world(count: int, seed: int, repositories: int = 100) -> list[Candidate]:
    """So many candidates, 70 of them real-world queries."""
    drawn = random.Random(seed)  # noqa: S311 - made-up queries
    homes = [drawn.choice(LANGUAGES) for _ in range(repositories)]
    found = [
        Candidate(f"rw-{at:05}", {"origin": "real_world", "sub_domain": drawn.choice([*SUB_DOMAINS])}, {})
        for at in range(PEOPLE + 10)
    ]
    for at in range(count - len(found)):
        repository = drawn.randrange(repositories)
        attributes = {
            "origin": "github_pr",
            "domain": drawn.choice(["vibe-coding"] * 9 + ["research-workflow"]),
            "sub_domain": drawn.choice([*SUB_DOMAINS]),
            "language": homes[repository] if drawn.random() < 0.8 else drawn.choice(LANGUAGES),
            "repository": f"owner/name{repository}",
            "text": f"like {drawn.randrange(count)}",
        }
        marks = {
            "agreement": drawn.choice((500, 750, 1000)),
            "domain_fit": drawn.choice((500, 750, 1000)),
            "alignment": drawn.choice((500, 750, 875, 1000)),
            "leakage": drawn.choice((0, 0, drawn.randrange(400))),
            "realism": drawn.choice((3000, 3500, 4000, 4500, 5000)),
        }
        found.append(Candidate(f"gh-{at:012x}", attributes, marks))
    return found


def quotas(per_repository: int = 1) -> list[Quota]:
    """60 and 18, exact sub-domains, and limits that cut across each other."""
    return [
        *pool_quotas({"real_world": PEOPLE, "github_pr": PULLS}, SUB_DOMAINS, per_repository),
        Quota(each="language", most=3),
        Quota({"origin": "github_pr", "domain": "research-workflow"}, 2, 6),
        Quota({"language": "Rust"}, 1),
        Quota(each="text", most=1),
    ]
