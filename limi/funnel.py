"""`limi funnel`: how many, lost where, why."""

from limi.screen import OUT, line, table
from pipeline.errors import UserError
from pipeline.ledger import current, funnel, lives, read_fates


def show_funnel() -> None:
    """Print the funnel and prove that it adds up. Raises UserError if no stage has run yet."""
    written = read_fates()
    fates = current(written)
    if not fates:
        raise UserError("there is no ledger yet in data/ledger; `dvc repro` writes it")
    rows = table("stage", ">entered", ">kept", ">lost", "why")
    for step in funnel(fates):
        losses = [*step["dropped"].items(), *((f"failed: {reason}", count) for reason, count in step["failed"].items())]
        rows.add_row(step["stage"], f"{step['entered']:,}", f"{step['kept']:,}", "", "")
        for reason, count in losses:
            rows.add_row("", "", "", f"{count:,}", reason)
    OUT.print(rows)
    last = lives(fates)
    listed = next(iter(fates.values())).height
    totals = dict(last.group_by("fate").len().iter_rows())
    line(
        f"{listed:,} listed = {totals.get('kept', 0):,} kept + {totals.get('dropped', 0):,} dropped + {totals.get('failed', 0):,} failed"
    )
    if len(fates) < len(written):
        late = [stage for stage in written if stage not in fates]
        line(f"{', '.join(late)}: of an earlier run; `dvc repro` brings them up to date")
