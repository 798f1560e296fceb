"""Choose the repositories: data/frame.parquet (all that could be), data/repos.parquet (the chosen)."""

from pathlib import Path

from pipeline.clones.facts import read_repositories
from pipeline.errors import UserError
from pipeline.params import read_params
from pipeline.selection import choose_repositories, chosen_repositories
from pipeline.tables import FRAME, REPOS
from stages.run import run_stage
from stages.source import open_clones


def main() -> None:
    """See the module's docstring."""
    params = read_params()
    folder, facts = open_clones(params.source)
    frame = choose_repositories(read_repositories(facts, folder), params.select, params.seed)
    repos = chosen_repositories(frame)
    if repos.is_empty():
        raise UserError(
            f"none of the {frame.height} repositories of {facts} has more than {params.select.min_stars} stars and an "
            "allowed licence; lower select.min_stars or widen select.licences in params.yaml"
        )
    FRAME.write(frame, Path("data/frame.parquet"))
    REPOS.write(repos, Path("data/repos.parquet"))


if __name__ == "__main__":
    run_stage(main)
