"""The head of the run report: the demo's notice, the run in one sentence, and its five figures."""

from annotation.report.words import count, estimate_words, strength
from curated.making.metrics import Interval
from curated.report.about_section import SOURCES, merged
from curated.report.evidence import Evidence
from curated.report.parts import code, note, share
from pipeline.html import Markup, element, join


def head(evidence: Evidence) -> Markup:
    """The demo's notice where it is one, the whole run as a sentence, and the tiles."""
    params = evidence.run.params
    of = [
        join("profile ", code(params.profile)),
        SOURCES[params.source.kind],
        join("seed ", code(params.seed)),
        merged(evidence),
        element("a", "more on this run", href="#run"),
    ]
    return join(
        _demo(evidence),
        element("p", _sentence(evidence), class_="lede"),
        note(*(join(" · ", one) if at else one for at, one in enumerate(of))),
        _tiles(evidence),
    )


def _demo(evidence: Evidence) -> Markup | None:
    if not evidence.run.demo:
        return None
    return element(
        "p",
        element("strong", "This is a demo. "),
        "Its repositories, pull requests, queries or reviews were written for this project so that everything can be run without an "
        "account, and no person judged: language models wrote the reviews. They are no sample of GitHub, and no figure here says anything "
        "about real repositories.",
        class_="important",
    )


def _sentence(evidence: Evidence) -> str:
    kept = {step["stage"]: step["kept"] for step in evidence.run.steps}
    listed = evidence.run.steps[0]["entered"] if evidence.run.steps else 0
    told = [
        (kept.get("filter_prs"), "passed the rules"),
        (kept.get("sample_prs"), "were drawn"),
        (kept.get("merge_reviews"), "were accepted by people as queries"),
        (kept.get("build_pool", 0), "have a place in the pool"),
    ]
    steps = [f"{number:,} {words}" for number, words in told if number is not None]
    real = sum(row.origin == "real_world" for row in evidence.run.pool)
    beside = f", beside {count(real, 'real-world query', 'real-world queries')}" if real else ""
    return (
        f"Of {count(listed, 'merged pull request')} of {count(evidence.repos.height, 'repository', 'repositories')}, "
        f"{', '.join(steps[:-1])}{' and ' if steps[:-1] else ''}{steps[-1]}{beside}."
    )


def _tiles(evidence: Evidence) -> Markup:
    run = evidence.run
    pulls = [row for row in run.pool if row.review is not None]
    clean = sum(row.review["leakage"] == 0 for row in pulls if row.review)
    listed = run.steps[0]["entered"] if run.steps else 0
    made = run.synthesis
    return element(
        "div",
        _tile(
            "The pool",
            f"{len(run.pool):,} queries",
            f"{len(run.pool) - len(pulls):,} real-world, {len(pulls):,} of pull requests.",
        ),
        _tile(
            "How strict was it?",
            f"{len(pulls):,} of {listed:,}",
            f"pull requests came through, {share(len(pulls), listed)} of those listed.",
        ),
        _agreed(run.reviews.alpha.get("side")),
        _tile(
            "Does it give solutions away?",
            f"{clean:,} of {len(pulls):,}" if pulls else "not known",
            "queries of pull requests in the pool have nothing of their patch by the measure below."
            if pulls
            else "The pool has no query of a pull request.",
        ),
        _tile(
            "What did it cost?",
            f"{made.cost_usd:,.2f} USD",
            f"for {count(made.calls, 'model call')}."
            if made.calls
            else "No model was called: rules wrote the queries.",
            " The work of people is not counted.",
        ),
        class_="tiles",
    )


def _agreed(found: Interval | None) -> Markup:
    if found is None or found.value is None:
        return _tile("Do people agree?", "not known", "There is no Krippendorff's alpha of keep against reject.")
    # By the lower end, as everywhere here: what the data does not exclude must not be called better than it may be.
    word = strength(found.value if found.low is None else found.low)
    shade = {"reliable": "good", "tentative": "half"}.get(word, "bad")
    return _tile(
        "Do people agree?",
        join(f"{found.value:.2f} ", element("span", word, class_=f"badge {shade}")),
        "Krippendorff's alpha of keep against reject, ",
        estimate_words({"value": found.value, "low": found.low, "high": found.high, "reason": ""}),
        "; judged by the interval's lower end.",
    )


def _tile(title: str, large: object, *words: object) -> Markup:
    return element(
        "div",
        element("p", title, class_="label"),
        element("p", large, class_="large"),
        element("p", *words, class_="faint"),
        class_="tile",
    )
