"""A self-contained HTML report of some runs."""

from html import escape
from pathlib import Path

from driftwood.metrics import moving_average, summarise
from driftwood.plots import line_plot

ASSETS = Path(__file__).with_name("assets")

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
{css}
</style>
</head>
<body>
<h1>{title}</h1>
{table}
{plots}
</body>
</html>
"""


def render(store, run_ids, title="Driftwood report", smooth=1):
    """The report of these runs as HTML text."""
    runs = [store.run(run_id) for run_id in run_ids]
    names = sorted({name for run in runs for name in store.metric_names(run.id)})
    return PAGE.format(
        title=escape(title),
        css=(ASSETS / "report.css").read_text(encoding="utf-8"),
        table=_table(store, runs, names),
        plots="\n".join(_plot(store, runs, name, smooth) for name in names),
    )


def _table(store, runs, names):
    head = "".join(f"<th>{escape(name)}</th>" for name in ["run", "status", *names])
    rows = []
    for run in runs:
        cells = [f"{run.name} #{run.id}", run.status]
        for name in names:
            series = store.series(run.id, name)
            cells.append(f"{summarise(series)['last']:.6g}" if series else "")
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    return f"<table>\n<tr>{head}</tr>\n" + "\n".join(rows) + "\n</table>"


def _plot(store, runs, name, smooth):
    series = {}
    for run in runs:
        points = store.series(run.id, name)
        values = moving_average([value for _, value in points], smooth)
        series[f"{run.name} #{run.id}"] = [(step, value) for (step, _), value in zip(points, values)]
    return f"<h2>{escape(name)}</h2>\n{line_plot(series, name)}"
