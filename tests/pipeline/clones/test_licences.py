"""A licence is told by phrases that only it has, and NOASSERTION is said of every other text."""

from pathlib import Path

import pytest

from pipeline.clones.git import open_clone
from pipeline.clones.licences import PHRASES, UNKNOWN, licence_of, licence_of_text
from tests.conftest import Repository

# What stands at the head, or in the body where there is no head, of each real text.
BEGINNINGS = {
    "MIT": (
        "MIT License\n"
        "\n"
        "Copyright (c) 2020 Ada\n"
        "\n"
        "Permission is hereby granted, free of charge, to any person obtaining a copy\n"
        'of this software and associated documentation files (the "Software"), to deal\n'
        "in the Software without restriction"
    ),
    "Apache-2.0": ("  Apache License\n  Version 2.0, January 2004\n  http://www.apache.org/licenses/\n"),
    "GPL-3.0-only": (
        "  GNU GENERAL PUBLIC LICENSE\n"
        "  Version 3, 29 June 2007\n"
        "\n"
        " 13. Use with the GNU Affero General Public License.\n"
        "  Notwithstanding any other provision of this License, you have\n"
        "permission to link or combine any covered work with a work licensed\n"
        "under version 3 of the GNU Affero General Public License into a single\n"
    ),
    "GPL-2.0-only": (
        "  GNU GENERAL PUBLIC LICENSE\n  Version 2, June 1991\n\nthe GNU Lesser General Public License instead.)"
    ),
    "LGPL-3.0-only": (
        "  GNU LESSER GENERAL PUBLIC LICENSE\n"
        "  Version 3, 29 June 2007\n"
        "\n"
        "  This version of the GNU Lesser General Public License incorporates\n"
        "the terms and conditions of version 3 of the GNU General Public\n"
        'License. "the GNU GPL" refers to version 3 of the GNU\n'
        "General Public License."
    ),
    "LGPL-2.1-only": (
        "  GNU LESSER GENERAL PUBLIC LICENSE\n"
        "  Version 2.1, February 1999\n"
        "\n"
        " the GNU Library Public\n"
        " License, version 2, hence the version number 2.1.]\n"
        "  3. You may opt to apply the terms of the ordinary GNU General Public\n"
        "License, version 2, instead of to this License."
    ),
    "AGPL-3.0-only": (
        "  GNU AFFERO GENERAL PUBLIC LICENSE\n"
        "  Version 3, 19 November 2007\n"
        "\n"
        "  Notwithstanding any other provision of this License, you have\n"
        "permission to link or combine any covered work with a work licensed\n"
        "under version 3 of the GNU General Public License into a single"
    ),
    "MPL-2.0": (
        "Mozilla Public License Version 2.0\n"
        "==================================\n"
        "\n"
        '1.12. "Secondary License"\n'
        "  means either the GNU General Public License, Version 2.0, the GNU\n"
        "  Lesser General Public License, Version 2.1, the GNU Affero General\n"
        "  Public License, Version 3.0, or any later versions of those\n"
        "  licenses."
    ),
    "EPL-2.0": (
        "Eclipse Public License - v 2.0\n"
        "\n"
        '"Secondary License" means either the GNU General Public License,\n'
        "Version 2.0, or any later versions of that license, including any\n"
        "exceptions or additional permissions as identified by the initial\n"
        "Contributor."
    ),
    "BSL-1.0": (
        "Boost Software License - Version 1.0 - August 17th, 2003\n"
        "\n"
        "Permission is hereby granted, free of charge, to any person or organization\n"
        "obtaining a copy"
    ),
    "Unlicense": (
        "This is free and unencumbered software released into the public domain.\n"
        "\n"
        "Anyone is free to copy, modify, publish"
    ),
    "BSD-3-Clause": (
        "Redistribution and use in source and binary forms, with or without\n"
        "modification, are permitted\n"
        "\n"
        "* Redistributions in binary form must reproduce the above copyright notice\n"
        "\n"
        "* Neither the name of the copyright holder nor the names of its\n"
        "  contributors"
    ),
    "BSD-2-Clause": (
        "Redistribution and use in source and binary forms, with or without\n"
        "modification, are permitted\n"
        "\n"
        "2. Redistributions in binary form must reproduce the above copyright\n"
        "  notice, this list of conditions"
    ),
    "ISC": (
        "ISC License\n"
        "\n"
        "Copyright (c) Ada\n"
        "\n"
        "Permission to use, copy, modify, and/or distribute this software for any\n"
        "purpose with or without fee is hereby granted, provided that the above\n"
        "copyright notice and this permission notice appear in all copies."
    ),
    "0BSD": (
        "Permission to use, copy, modify, and/or distribute this software for any\n"
        "purpose with or without fee is hereby granted.\n"
        "\n"
        'THE SOFTWARE IS PROVIDED "AS IS"'
    ),
    "LGPL-2.0-only": (
        "  GNU LIBRARY GENERAL PUBLIC LICENSE\n"
        "  Version 2, June 1991\n"
        "\n"
        " 3. You may opt to apply the terms of the ordinary GNU General Public\n"
        "License, version 2, instead of to this License."
    ),
}
OTHERS = {
    "Zlib": (
        "This software is provided 'as-is', without any express or implied\n"
        "warranty. Permission is granted to anyone to use this software"
    ),
    "MPL-1.1": ("  MOZILLA PUBLIC LICENSE\n  Version 1.1"),
    "proprietary": "All rights reserved. No licence is given.",
    "empty": "",
}


def told(repository: Repository, files: dict[str, str | bytes | None]) -> str:
    repository.commit("Licence", files)
    with open_clone(repository.path) as clone:
        return licence_of(clone, repository.git("rev-parse", "HEAD"))


def test_every_known_licence_has_its_text_here() -> None:
    assert set(BEGINNINGS) == {spdx for spdx, _ in PHRASES}


@pytest.mark.parametrize("spdx", sorted(BEGINNINGS))
def test_a_licence_is_told_by_its_text(spdx: str) -> None:
    assert licence_of_text(BEGINNINGS[spdx]) == spdx


@pytest.mark.parametrize("spdx", sorted(BEGINNINGS))
@pytest.mark.parametrize("change", ["upper", "lower", "wrap", "windows", "markdown"])
def test_a_licence_is_told_however_it_is_set(spdx: str, change: str) -> None:
    text = BEGINNINGS[spdx]
    changed = {
        "upper": text.upper(),
        "lower": text.lower(),
        "wrap": "\n".join(text.split()),
        "windows": text.replace("\n", "\r\n"),
        "markdown": "# " + text,
    }[change]
    assert licence_of_text(changed) == spdx


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_another_text_is_not_told_as_one_of_them(name: str) -> None:
    assert licence_of_text(OTHERS[name]) == UNKNOWN


@pytest.mark.parametrize(
    "name",
    [
        "LICENSE",
        "LICENCE",
        "license",
        "License.md",
        "LICENSE.txt",
        "COPYING",
        "Copying.rst",
        "UNLICENSE",
        "LICENSE-MIT",
        "MIT-LICENSE",
    ],
)
def test_a_licence_file_at_the_root_is_read(repository: Repository, name: str) -> None:
    assert told(repository, {name: BEGINNINGS["MIT"]}) == "MIT"


@pytest.mark.parametrize("name", ["docs/LICENSE", "LICENSES.py", "NOTICE", "README", "license_check.py", "MYLICENSE"])
def test_no_other_file_is_read(repository: Repository, name: str) -> None:
    assert told(repository, {name: BEGINNINGS["MIT"]}) == UNKNOWN


def test_a_folder_of_licences_is_passed_over(repository: Repository) -> None:
    assert told(repository, {"LICENSE/MIT.txt": BEGINNINGS["ISC"], "LICENSE.md": BEGINNINGS["MIT"]}) == "MIT"


def test_an_unknown_licence_file_is_passed_over_for_a_known_one(repository: Repository) -> None:
    assert told(repository, {"COPYING": "Ask me.", "LICENSE": BEGINNINGS["MIT"]}) == "MIT"


def test_a_library_under_the_lesser_licence_is_not_told_as_the_general_one(repository: Repository) -> None:
    """As the FSF says to do it: the GPL in COPYING, the LGPL in COPYING.LESSER."""
    files: dict[str, str | bytes | None] = {
        "COPYING": BEGINNINGS["GPL-3.0-only"],
        "COPYING.LESSER": BEGINNINGS["LGPL-3.0-only"],
    }
    assert told(repository, files) == "LGPL-3.0-only"


def test_a_licence_in_another_commit_plays_no_part(repository: Repository) -> None:
    first = repository.git("rev-parse", "HEAD")
    assert told(repository, {"LICENSE": BEGINNINGS["MIT"]}) == "MIT"
    with open_clone(repository.path) as clone:
        assert licence_of(clone, first) == UNKNOWN


def test_a_licence_that_is_not_utf8_is_read(repository: Repository) -> None:
    assert told(repository, {"LICENSE": b"\xa9 Ada \xff\n" + BEGINNINGS["MIT"].encode()}) == "MIT"


def test_a_licence_file_that_is_missing_from_the_clone_is_passed_over(repository: Repository) -> None:
    repository.commit("Licence", {"LICENSE": BEGINNINGS["MIT"]})
    oid = repository.git("rev-parse", "HEAD:LICENSE")
    Path(repository.path, ".git/objects", oid[:2], oid[2:]).unlink()
    with open_clone(repository.path) as clone:
        assert licence_of(clone, repository.git("rev-parse", "HEAD")) == UNKNOWN


def test_a_licence_file_with_an_odd_name_is_read_or_passed_over(repository: Repository) -> None:
    assert told(repository, {"LICENSE.ü\n:x": BEGINNINGS["MIT"]}) in ("MIT", UNKNOWN)
    assert told(repository, {"LICENSE": BEGINNINGS["ISC"]}) == "ISC"
