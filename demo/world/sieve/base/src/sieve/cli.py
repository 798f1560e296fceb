"""The `sieve` command."""

from __future__ import annotations

import argparse
import csv
import re
import sys

import sieve
from sieve.expr import OPERATORS, Binary, Column, Expr, Literal
from sieve.profile import Profile

CONDITION = re.compile(r"^\s*(\w+)\s*(==|!=|<=|>=|<|>)\s*(.+?)\s*$")


def parse_condition(text: str) -> Expr:
    """`minutes > 45` or `city == Oslo` as an expression."""
    found = CONDITION.match(text)
    if not found or found[2] not in OPERATORS:
        raise argparse.ArgumentTypeError(f"not a condition: {text!r}")
    value: object = found[3].strip("'\"")
    for parse in (int, float):
        try:
            value = parse(found[3])
            break
        except ValueError:
            continue
    return Binary(found[2], Column(found[1]), Literal(value))


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sieve", description="Query CSV and siv files.")
    commands = parser.add_subparsers(dest="command", required=True)
    query = commands.add_parser("query", help="print some rows of a file as CSV")
    query.add_argument("file")
    query.add_argument("--where", type=parse_condition, action="append", default=[])
    query.add_argument("--select", type=lambda text: text.split(","))
    query.add_argument("--sort")
    query.add_argument("--descending", action="store_true")
    query.add_argument("--limit", type=int)
    query.add_argument("--profile", action="store_true", help="print where the time went")
    convert = commands.add_parser("convert", help="write a file's rows as a siv file")
    convert.add_argument("file")
    convert.add_argument("target")
    return parser


def main(argv: list[str] | None = None) -> int:
    arguments = build_parser().parse_args(argv)
    frame = sieve.scan(arguments.file)
    if arguments.command == "convert":
        rows = sieve.write_siv(frame.batches(), arguments.target)
        print(f"{rows} rows written to {arguments.target}", file=sys.stderr)
        return 0
    for predicate in arguments.where:
        frame = frame.filter(predicate)
    if arguments.sort:
        frame = frame.sort(arguments.sort, arguments.descending)
    if arguments.select:
        frame = frame.select(*arguments.select)
    if arguments.limit is not None:
        frame = frame.limit(arguments.limit)
    profile = Profile() if arguments.profile else None
    out = csv.writer(sys.stdout, lineterminator="\n")
    for at, batch in enumerate(frame.batches(profile)):
        if at == 0:
            out.writerow(batch)
        out.writerows(zip(*batch.values()))
    if profile:
        print(profile.render(), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
