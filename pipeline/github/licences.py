"""The licences at given commits of a repository on GitHub: git brings the commits and the licence files alone, and no request is spent."""

from collections.abc import Collection

from pipeline.clones.git import open_clone
from pipeline.clones.licences import licence_files, licences_at
from pipeline.github.fetch import Fetched, FetchError
from pipeline.github.reading import Reading


def fetch_licences(reading: Reading, repo: str, commits: Collection[str]) -> dict[str, str]:
    """`commit -> SPDX id` (NOASSERTION where none is known) of those commits that GitHub still has."""
    fetched = Fetched(reading.repositories, reading.git, repo)
    try:
        fetched.commits(sorted(commits), 1)
        with open_clone(fetched.path, whole=False) as clone:
            there = [commit for commit, kind in clone.kinds(commits).items() if kind == "commit"]
            blobs = [blob for commit in there for blob in licence_files(clone, commit)]
        fetched.files(blobs)
    except FetchError as error:
        # The rows say then that their licence is the repository's as GitHub tells it.
        reading.log.say(f"the licence files of {repo} could not be fetched: {error}")
    with open_clone(fetched.path, whole=False) as clone:
        return licences_at(clone, commits)
