"""The `driftwood` command."""

import argparse
import csv
import sys
from pathlib import Path

from driftwood import report
from driftwood.metrics import summarise
from driftwood.store import Store


def build_parser():
    parser = argparse.ArgumentParser(prog="driftwood")
    parser.add_argument("--db", default="driftwood.db", help="the file that holds the runs")
    commands = parser.add_subparsers(dest="command", required=True)

    listing = commands.add_parser("list", help="list the recorded runs")
    listing.add_argument("--status", help="only runs in this status")

    show = commands.add_parser("show", help="parameters and metrics of one run")
    show.add_argument("run", type=int)

    export = commands.add_parser("export", help="write one run's metrics as CSV")
    export.add_argument("run", type=int)

    page = commands.add_parser("report", help="write an HTML report of some runs")
    page.add_argument("runs", type=int, nargs="+")
    page.add_argument("--out", default="report.html")
    page.add_argument("--smooth", type=int, default=1, metavar="STEPS")
    return parser


def list_runs(store, args):
    for run in store.runs(args.status):
        print(f"{run.id:>5}  {run.status:<9}  {run.name}")


def show_run(store, args):
    run = store.run(args.run)
    print(f"{run.name} #{run.id} ({run.status})")
    for key, value in run.params.items():
        print(f"  {key} = {value}")
    for name in store.metric_names(run.id):
        numbers = summarise(store.series(run.id, name))
        print(f"  {name}: " + ", ".join(f"{key} {value:.6g}" for key, value in numbers.items()))


def export_run(store, args):
    writer = csv.writer(sys.stdout)
    writer.writerow(["metric", "step", "value"])
    for name in store.metric_names(args.run):
        writer.writerows([name, step, value] for step, value in store.series(args.run, name))


def write_report(store, args):
    Path(args.out).write_text(report.render(store, args.runs, smooth=args.smooth), encoding="utf-8")
    print(args.out)


COMMANDS = {"list": list_runs, "show": show_run, "export": export_run, "report": write_report}


def main(argv=None):
    args = build_parser().parse_args(argv)
    store = Store(args.db)
    try:
        COMMANDS[args.command](store, args)
    except KeyError as error:
        print(f"driftwood: {error.args[0]}", file=sys.stderr)
        return 1
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
