"""Tell a repository's licence from its licence file, by phrases that only that licence has. Not legal advice."""

import re
from collections.abc import Iterable

from pipeline.clones.git import Clone, GitError

# In this order: a longer licence contains the phrases of shorter ones.
PHRASES = (
    # These two name others of the list as secondary licences.
    ("MPL-2.0", "mozilla public license version 2.0"),
    ("EPL-2.0", "eclipse public license - v 2.0"),
    ("AGPL-3.0-only", "gnu affero general public license version 3"),
    ("LGPL-3.0-only", "gnu lesser general public license version 3"),
    ("LGPL-2.1-only", "gnu lesser general public license version 2.1"),
    ("LGPL-2.0-only", "gnu library general public license version 2"),
    ("GPL-3.0-only", "gnu general public license version 3"),
    ("GPL-2.0-only", "gnu general public license version 2"),
    ("Apache-2.0", "apache license version 2.0"),
    ("BSL-1.0", "boost software license - version 1.0"),
    ("Unlicense", "this is free and unencumbered software released into the public domain"),
    ("BSD-3-Clause", "neither the name of"),
    ("BSD-2-Clause", "redistributions in binary form must reproduce"),
    ("ISC", "provided that the above copyright notice and this permission notice appear in all copies"),
    ("0BSD", "permission to use, copy, modify, and/or distribute this software for any purpose"),
    ("MIT", "permission is hereby granted, free of charge"),
)
UNKNOWN = "NOASSERTION"
_FILE = re.compile(r"(?:[a-z0-9.+]+-)?(?:licen[cs]e|copying|unlicense)(?:[.-].*)?", re.IGNORECASE)


def licence_files(clone: Clone, commit: str) -> list[str]:
    """The blobs of the licence files at the root of a commit, the one that says most about the code first. Raises GitError."""
    found = []
    for entry in clone.read(["ls-tree", "-z", commit]).decode("utf-8", "replace").split("\0"):
        described, _, name = entry.partition("\t")
        if _FILE.fullmatch(name) and described.split()[1] == "blob":  # there are folders of licences
            # COPYING.LESSER stands beside COPYING and says more about the code than it does.
            found.append(("lesser" not in name.lower(), name, described.split()[2]))
    return [blob for _, _, blob in sorted(found)]


def licence_of(clone: Clone, commit: str) -> str:
    """The SPDX id told from the licence files at the root of a commit; NOASSERTION if none is known. Raises GitError."""
    for blob in licence_files(clone, commit):
        try:
            text = clone.read(["cat-file", "blob", blob]).decode("utf-8", "replace")
        except GitError:
            continue  # a partial clone may lack the file
        if (found := licence_of_text(text)) != UNKNOWN:
            return found
    return UNKNOWN


def licences_at(clone: Clone, commits: Iterable[str]) -> dict[str, str]:
    """`commit -> SPDX id` (NOASSERTION where none is known) of those commits that are there."""
    told = {}
    for commit in sorted(set(commits)):
        try:
            told[commit] = licence_of(clone, commit)
        except GitError:
            continue
    return told


def licence_of_text(text: str) -> str:
    """The SPDX id of a licence text; NOASSERTION if it is not a known one."""
    words = " ".join(re.sub(r"[,*#]", "", text.lower()).split())
    return next((spdx for spdx, phrase in PHRASES if phrase.replace(",", "") in words), UNKNOWN)
