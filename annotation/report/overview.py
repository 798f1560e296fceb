"""The first screen of the page: how much is judged, whether annotators agree, what comes of it, and what is open; then who did what."""

from typing import Any

from annotation.report.charts import stack
from annotation.report.words import count, estimate_words, listed, moment, strength
from pipeline.html import Markup, element, join, table

DECIDES = "side"  # the question whose alpha stands first: what the merge counts


def overview(metrics: dict[str, Any]) -> Markup:
    """Four short answers side by side."""
    progress = metrics["progress"]
    by_name = {question["name"]: question for question in metrics["questions"]}
    return element(
        "section",
        _judged(progress),
        _agreed(by_name[DECIDES], by_name["verdict"]),
        _outcome(progress),
        _open(progress),
        class_="tiles",
    )


def _tile(title: str, large: object, *more: object) -> Markup:
    return element("div", element("h2", title), element("p", large, class_="large"), *more, class_="tile")


def _line(*words: object) -> Markup:
    return element("p", *words, class_="faint")


def _judged(progress: dict[str, Any]) -> Markup:
    total, complete, overlap = progress["queries"], progress["complete"], progress["overlap"]
    shares = [("good", "complete", complete), ("half", "begun", progress["begun"])]
    busy = sum(1 for person in progress["annotators"] if person["done"])
    return _tile(
        "Judged",
        f"{complete:,} of {total:,}",
        stack(shares, total),
        _line(
            f"queries have their {count(overlap, 'judgement')}; {progress['begun']:,} begun, {progress['untouched']:,} untouched."
        ),
        _line(
            f"{count(progress['judgements'], 'judgement')} by {busy} of {count(len(progress['annotators']), 'annotator')}"
            + (
                f", {moment(progress['first_at'])} to {moment(progress['last_at'])} UTC."
                if progress["first_at"]
                else "."
            )
        ),
    )


def _agreed(sides: dict[str, Any], verdict: dict[str, Any]) -> Markup:
    alpha, same = sides["alpha"], verdict["same"]
    if alpha["value"] is None:
        return _tile("Do they agree?", "not known", _line(f"Of keep against reject: {alpha['reason']}."))
    # By the interval's lower end, as the dataset's card and the run report have it.
    word = strength(alpha["value"] if alpha["low"] is None else alpha["low"])
    shade = {"reliable": "good", "tentative": "half"}.get(word, "bad")
    end = "" if alpha["low"] is None else ", read by its lower end"
    return _tile(
        "Do they agree?",
        join(f"{alpha['value']:.2f} ", element("span", word, class_=f"badge {shade}")),
        _line("Krippendorff's alpha of keep against reject, ", estimate_words(alpha), end, "."),
        _line(f"The same verdict (accept, edit, reject) in {same['value']:.0%} of the pairs.")
        if same["value"] is not None
        else None,
    )


def _outcome(progress: dict[str, Any]) -> Markup:
    outcome = {name: progress["outcome"].get(name, 0) for name in ("accept", "disputed", "reject")}
    shares = [
        ("good", "accepted", outcome["accept"]),
        ("half", "undecided", outcome["disputed"]),
        ("bad", "rejected", outcome["reject"]),
    ]
    return _tile(
        "What comes of it",
        f"{outcome['accept']:,} accepted",
        stack(shares, progress["queries"]),
        _line(f"{outcome['reject']:,} rejected, {outcome['disputed']:,} tied and so kept out."),
        _line("Of the queries that have their judgements; decisions are counted in."),
    )


def _open(progress: dict[str, Any]) -> Markup:
    waiting, missing = progress["disputes_open"], progress["begun"] + progress["untouched"]
    people = listed([person["name"] for person in progress["adjudicators"]])
    return _tile(
        "Open",
        element("a", f"{waiting:,} to decide", href="#disagreements") if waiting else "0 to decide",
        _line(
            f"{count(progress['disputes'], 'dispute')} so far, {count(progress['adjudicated'], 'query', 'queries')} decided. "
            + (
                f"{people} decide{'s' if len(progress['adjudicators']) == 1 else ''}."
                if people
                else "No adjudicator is named in params.yaml: a tie stays out."
            )
        ),
        _line(
            f"{count(missing, 'query', 'queries')} with judgements missing." if missing else "No judgement is missing."
        ),
    )


def people(metrics: dict[str, Any]) -> Markup:
    """Everyone with how much they have done, what they answered, and how often as the others did."""
    progress = metrics["progress"]
    (verdicts,) = [question for question in metrics["questions"] if question["name"] == "verdict"]
    same = {one["name"]: one["same_as_others"] for one in verdicts["annotators"]}
    rows = [_person(person, "", same.get(person["name"])) for person in progress["annotators"]]
    rows += [_person(person, "decides", None) for person in progress["adjudicators"]]
    return element(
        "section",
        element("h2", "Who did what", id="people"),
        table(["", "done", "", "accept, edit, reject", "same verdict as the others", "last (UTC)"], rows),
    )


def _person(person: dict[str, Any], role: str, same: dict[str, Any] | None) -> list[object]:
    done, assigned, given = person["done"], person["assigned"], person["verdicts"]
    shares = [("good", "accept", given["accept"]), ("half", "edit", given["edit"]), ("bad", "reject", given["reject"])]
    return [
        join(person["name"], element("span", f" {role}", class_="faint") if role else None),
        element("span", f"{done:,}" if assigned is None else f"{done:,} of {assigned:,}", class_="number"),
        stack([("good", "done", min(done, assigned))], assigned) if assigned else "",
        join(
            stack(shares, done),
            element("span", " · ".join(f"{times:,}" for times in given.values()), class_="number faint"),
        )
        if done
        else element("span", "nothing yet", class_="faint"),
        estimate_words(same) if same else "",
        element("span", moment(person["last_at"]), class_="number") if done else "",
    ]
