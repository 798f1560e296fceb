"""The dataset's card, made of evidence alone: no number in it is typed, and each comes from a file that `dvc repro` wrote."""

from collections import Counter
from typing import Any

from curated.making.blocks import Block, Bullets, Heading, Link, Mono, Note, Part, Program, Quoted, grid, say
from curated.making.card_choice import choice
from curated.making.card_sessions import by_hand, sessions
from curated.making.card_trust import trust
from curated.making.columns import CANDIDATES, CONFIGS, MEMBERS, POOL, TRAJECTORIES
from curated.making.inputs import Inputs
from curated.making.metadata import NAME
from curated.making.provenance import Provenance

PAPER = "https://arxiv.org/abs/2509.17567"
_EXAMPLES = 3
_Rows = list[dict[str, Any]]


def card_blocks(inputs: Inputs, rows: dict[str, _Rows], made: Provenance) -> list[Block]:
    """The whole card below its metadata. `rows` are those of each table, by its name."""
    pool, candidates, worked = rows[POOL.name], rows[CANDIDATES.name], rows.get(TRAJECTORIES.name, [])
    return [
        Heading(1, NAME),
        *_what(inputs, pool, candidates, worked),
        *_load([table.name for table in CONFIGS if table.name in rows]),
        *_examples(pool),
        *(sessions(worked, len(pool), inputs.params.trajectories) if worked else ()),
        *choice(inputs, pool, candidates),
        *trust(inputs, pool, candidates),
        *_rights(pool, candidates),
        *_limits(inputs, candidates),
        *_rebuild(inputs, made),
        *_columns(rows),
    ]


def _what(inputs: Inputs, pool: _Rows, candidates: _Rows, worked: _Rows) -> list[Block]:
    origins = Counter(row["origin"] for row in pool)
    blocks: list[Block] = [
        say(
            f"{len(pool):,} queries as developers and researchers ask them of an agent: {origins['real_world']:,} that people brought, and "
            f"{origins['github_pr']:,} that were written from merged pull requests, judged by people, and chosen by a stated rule. It "
            "rebuilds the data side of ",
            Link("LIMI: Less is More for Agency", PAPER),
            f" in the open. With them come all {len(candidates):,} reviewed candidates with their verdicts, chosen or not, so that the "
            "choice can be checked.",
        )
    ]
    if inputs.demo:
        what = (
            "Its repositories, pull requests, queries and reviews were"
            if inputs.params.source.kind == "demo"
            else "Its real-world queries were"
        )
        last = (
            "authored for the project, and what its annotators say was written by language models: no person judged. "
        )
        written = by_hand(worked)
        last += (
            f"Of its {len(worked)} sessions {written} were written by hand, and no model took part. " if written else ""
        )
        last += "It shows what the software does; train on nothing of it."
        blocks.append(Note((f"This is a demo. {what} {last}",)))
    return [*blocks, say("What its makers say of this pool:"), Quoted(inputs.params.pool.origin_note)]


def _load(names: list[str]) -> list[Block]:
    lines = [f'{name} = load_dataset("FOLDER_OR_REPOSITORY", "{name}", split="train")' for name in names]
    code = "\n".join(["from datasets import load_dataset", "", *lines])
    return [
        Heading(2, "Load it"),
        Program("python", code),
        say(
            "Each configuration lies here as parquet and as JSON lines with the same rows in the same order. ",
            Mono("croissant.json"),
            " describes the parquet files, and ",
            Mono("manifest.json"),
            " has size and sha256 of every file.",
        ),
    ]


def _examples(pool: _Rows) -> list[Block]:
    """The first real-world query, and the first of pull requests: chosen by their place alone."""
    first = [row for row in pool if row["origin"] == "real_world"][:1]
    blocks: list[Block] = [Heading(2, "Examples")]
    for row in [*first, *[row for row in pool if row["origin"] == "github_pr"][: _EXAMPLES - len(first)]]:
        blocks += [
            say(
                Mono(row["id"]),
                ", ",
                Mono(row["domain"]),
                ", ",
                Mono(row["sub_domain"]),
                ", ",
                Mono(row["licence"]),
                ":",
            ),
            Quoted(row["query"]),
            say("Done when:"),
            Quoted("\n".join(row["success_criteria"])),
        ]
    return blocks


def _rights(pool: _Rows, candidates: _Rows) -> list[Block]:
    in_pool, in_all = Counter(row["licence"] for row in pool), Counter(row["licence"] for row in candidates)
    repositories: dict[str, set[str]] = {}
    for row in candidates:
        repositories.setdefault(row["licence"], set()).add(row["repo"])
    names = sorted(in_pool.keys() | in_all.keys())
    as_of = Counter(row["licence_as_of"] for row in candidates)
    given = sum(row["licence_as_of"] == "contributor" for row in pool)
    return [
        Heading(2, "Licences and attribution"),
        say(
            "Every row has its licence (",
            Mono("licence"),
            ", an SPDX id), who is to be named (",
            Mono("attribution"),
            "), and for a pull request the repository, the author as given there, and the commit that the work begins at (",
            Mono("pull_request"),
            "). Keep them with every copy. A query takes over words of its pull request, so its repository's licence holds for it.",
        ),
        grid(
            ("licence", "rows of the pool", "candidates", "repositories"),
            [(Mono(name), in_pool[name], in_all[name], len(repositories.get(name, ()))) for name in names],
        ),
        say(
            f"Of the {len(candidates):,} candidates' licences {as_of['base_commit']:,} were read from the files at the base commit. "
            f"{as_of['repository_unconfirmed']:,} are what the source of facts says of the repository, since those files name none that is "
            f"known, and {as_of['repository']:,} since the commit was not at hand. {given:,} were given with a real-world query. ",
            Mono("licence_as_of"),
            " tells which. This is no legal advice.",
        ),
    ]


def _limits(inputs: Inputs, candidates: _Rows) -> list[Block]:
    sampled, params = inputs.sampled, inputs.params
    foreign = inputs.synthesis.found_in_queries.get("not_english", 0)
    repeats = sum(row["repeats"] != "" for row in candidates)
    items = [
        f"The sample covers {sampled['repo'].n_unique():,} repositories and only pull requests whose patch has fewer than "
        f"{params.filter.max_tokens:,} tokens: large changes are not in it.",
        "A query is held against its pull request by people and by measured leakage; nobody ran it in an environment, and the tests of a "
        "repository are no part of this dataset.",
        "Leakage is measured against the patch alone; what the rest of the repository gives away is not known.",
        f"{params.review.overlap} annotators judge a query at least; agreement says of each question how far they can be relied on.",
        "Masking finds what has a form (secrets, addresses, phone numbers, handles); names of people in running text stay.",
        f"Contamination is known for the {len(inputs.benchmarks):,} benchmarks whose lists the project has, and as they were then.",
        f"{foreign:,} written queries failed the check for English, and {repeats:,} candidates repeat another one.",
        "Real-world queries are as their contributors gave them; what they say of themselves was not verified.",
    ]
    if inputs.synthesis.calls == 0:
        items.append(
            "No model wrote these queries: they are sentences of the pull requests, put together by rules, and read like that."
        )
    return [Heading(2, "Known limits"), Bullets(tuple((item,) for item in items))]


def _rebuild(inputs: Inputs, made: Provenance) -> list[Block]:
    blocks: list[Block] = [Heading(2, "Rebuild it")]
    if made.commit:
        fetch = f"git clone {made.project} limi-curation\ncd limi-curation\n" if made.project else ""
        where: list[Part] = [" of the project at ", Mono(made.project)] if made.project else []
        blocks += [
            say(
                "Made at commit ",
                Mono(made.commit),
                " of ",
                made.day,
                *where,
                ", with the ",
                Mono("dvc.lock"),
                " whose sha256 is ",
                Mono(made.lock_sha256),
                ":",
            ),
            Program("sh", f"{fetch}git checkout {made.commit}\nmake repro\nsha256sum dvc.lock"),
        ]
    else:
        blocks += [
            say(
                "This copy was written by the stage itself, before its commit and the hash of its ",
                Mono("dvc.lock"),
                " could be known; a published copy names both. The data files are the same.",
            ),
            Program("sh", "make repro"),
        ]
    return [
        *blocks,
        say(
            "The same commit, inputs and answers of people and models give the same bytes of every file here; the parquet files with the "
            f"same version of Polars. Every draw is a hash of the seed {inputs.params.seed} and a name. ",
            Mono("docs/CHOOSING.md"),
            " in the project has a script that draws the sample again and holds the record to what was said. ",
            Mono("draw_again.py"),
            " here draws the pool again from ",
            Mono("choice.json"),
            " with another solver.",
        ),
    ]


def _columns(written: dict[str, _Rows]) -> list[Block]:
    blocks: list[Block] = [Heading(2, "Columns")]
    for table in (table for table in CONFIGS if table.name in written):
        rows = []
        for name, (kind, meaning) in table.columns.items():
            rows.append((Mono(name), Mono(str(kind).split("(")[0].lower()), meaning))
            rows += [
                (Mono(f"{name}.{member}"), Mono(str(of).split("(")[0].lower()), said)
                for member, (of, said) in MEMBERS.get(name, {}).items()
            ]
        blocks += [
            Heading(3, table.name),
            say(f"A row is {table.row}."),
            grid(("column", "type", "meaning"), rows),
        ]
    return blocks
