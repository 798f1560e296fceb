"""What this run is: its profile, source and seed, who wrote and judged, and the hashes that tell it from another one."""

from annotation.report.words import count
from curated.making.provenance import Provenance
from curated.report.evidence import Evidence
from curated.report.parts import code, facts, note, section, several
from pipeline.html import Markup, join

SOURCES = {
    "demo": "the embedded demo world",
    "clones": "local git clones, with facts on their repositories from a file",
    "github": "GitHub's API",
}


def about(evidence: Evidence, made: Provenance) -> Markup:
    """The section on what this run is and how it is told from another one."""
    params = evidence.run.params
    rows: list[tuple[object, object]] = [
        ("Profile", join(code(params.profile), " (the file of parameters that this run began with)")),
        (
            "Source",
            join(SOURCES[params.source.kind], "; ", count(evidence.repos.height, "repository", "repositories")),
        ),
        ("Seed", join(code(params.seed), ": every draw is a hash of it and a name")),
        ("Pull requests", merged(evidence)),
        ("Queries written by", code(evidence.run.synthesis.writer)),
        ("Judged by", join(several(evidence.run.reviews.annotators), _decided_by(evidence))),
        *_made(made),
        *((join("sha256 of ", code(path)), code(digest)) for path, digest in evidence.hashes.items()),
    ]
    return section(
        "run",
        "What this run is",
        facts(rows),
        note(
            "When it was run is not told: no clock is in this page, so that the same inputs give the same bytes. Two runs with the same "
            "three hashes made the same decisions. Where they differ, ",
            code("dvc params diff"),
            " and ",
            code("dvc metrics diff"),
            " name what changed, and this page of either run says whom it touched.",
        ),
    )


def merged(evidence: Evidence) -> str:
    """From when to when the sampled pull requests were merged."""
    days = sorted(f"{moment:%Y-%m-%d}" for moment in evidence.run.sampled["merged_at"].drop_nulls())
    return f"sampled ones merged from {days[0]} to {days[-1]} (UTC)" if days else "none was sampled"


def _decided_by(evidence: Evidence) -> Markup | None:
    deciding = sorted(set(evidence.run.reviewed["adjudicated_by"]) - {""})
    return join("; where they disagreed, ", several(deciding), " decided") if deciding else None


def _made(made: Provenance) -> list[tuple[object, object]]:
    if made.commit:
        return [
            ("Commit", join(code(made.commit), f" of {made.day}")),
            (join("sha256 of ", code("dvc.lock")), code(made.lock_sha256)),
        ]
    return [
        (
            join("Commit, ", code("dvc.lock")),
            "not known to this page: the stage that writes it runs before the lock is complete and committed",
        )
    ]
