"""What the Hub calls a licence (the list in its documentation of repository licences), and how it calls sizes."""

# Only the ids that differ from SPDX's by more than case stand here with both names.
_SAME = frozenset(
    """afl-3.0 apache-2.0 artistic-2.0 bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0
    cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0
    cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0 cdla-permissive-1.0 cdla-permissive-2.0 cdla-sharing-1.0 ecl-2.0 epl-1.0 epl-2.0 eupl-1.1 eupl-1.2
    isc lppl-1.3c mit mpl-2.0 ms-pl ncsa ofl-1.1 osl-3.0 postgresql unlicense wtfpl zlib""".split()
)
_OTHER_NAME = {
    **{
        f"{family}-{version}": f"{family}-{version}"
        for family, version in (("agpl", "3.0"), ("gpl", "2.0"), ("gpl", "3.0"))
    },
    **{f"lgpl-{version}": f"lgpl-{version}" for version in ("2.1", "3.0")},
    "odbl-1.0": "odbl",
    "odc-by-1.0": "odc-by",
    "pddl-1.0": "pddl",
}
OTHER = "other"
_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)


def hub_licence(spdx: str) -> str:
    """The Hub's id of an SPDX licence; `other` where it has none."""
    name = spdx.lower().removesuffix("-only").removesuffix("-or-later").removesuffix("+")
    return name if name in _SAME else _OTHER_NAME.get(name, OTHER)


def size_category(rows: int) -> str:
    """The Hub's category of a number of rows."""
    return next((name for most, name in _SIZES if rows < most), "10M<n<100M")
