"""The part of `limi plan` about the model: how many requests, and what they will cost at most and as a rule."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from limi.screen import line
from pipeline.llm.budget import NANO
from pipeline.llm.estimate import Estimate, estimate
from pipeline.llm.opening import FOLDER
from pipeline.llm.reply import read_completion
from pipeline.llm.request import Request, key_of
from pipeline.llm.store import Store
from pipeline.params import Params
from pipeline.sections import Model
from pipeline.synthesis.plan import first_round
from pipeline.synthesis.queries import needs_model
from pipeline.tables import SAMPLED

SAMPLE = Path("data/sampled.parquet")


def show_model(params: Params) -> None:
    """Print the estimate. Raises UserError where a model's price is not known, or the store is in use by a run."""
    chosen, model = params.synthesize, params.model
    if not needs_model(chosen):
        line(f"synthesize.writer is {chosen.writer} and nobody judges: no model is asked, and nothing is paid.")
        return
    if not SAMPLE.exists():
        most = params.select.repositories * params.sample.per_repository
        line(
            f"Which pull requests are sampled is not known yet, at most {most:,}. After `dvc repro sample_prs` this plan knows the prompts."
        )
        return
    sampled = SAMPLED.read(SAMPLE)
    with closing(Store(FOLDER)) as store:
        asked = first_round(sampled, chosen, params.checks, model, lambda request: _answered(request, model, store))
        found = estimate(asked, model, store, datetime.now(UTC).date())
        spent = store.spent
    line(f"{sampled.height:,} queries by {model.name} at {model.endpoint}, {chosen.judgements} judgements each:")
    line(
        f"  {found.requests:,} requests in the first round; {found.stored:,} are answered already, {found.to_pay:,} are to be paid"
    )
    line(
        f"  one by one   {_dollars(found.expected)} as a rule, {_dollars(found.most)} if each reply is as long as it may be"
    )
    line(
        f"  in batches   {_dollars(found.expected_by_batch)} as a rule, {_dollars(found.most_by_batch)} likewise; within a day"
    )
    again = f", and a query that fails up to {chosen.rewrites} times" if chosen.rewrites else ""
    line(
        f"  On top of that, a reply that cannot be used is asked for once more{again}, each about as dear as the first."
    )
    _cap(params, found, spent)


def _answered(request: Request, model: Model, store: Store) -> str | None:
    kept = store.reply(key_of(request, model))
    said = read_completion(kept.raw) if kept else None
    return said.text if said else None


def _cap(params: Params, found: Estimate, spent: int) -> None:
    left = max(0, round(params.model.max_usd * NANO) - spent)
    by_batch = params.model.mode == "batch"
    enough = left >= (found.expected_by_batch if by_batch else found.expected)
    line(
        f"model.max_usd is {params.model.max_usd:.2f} dollars: {_dollars(spent)} are spent, {_dollars(left)} left, "
        f"which is {'enough as a rule' if enough else 'not enough; the run will stop there, and go on when it is raised'}."
    )


def _dollars(amount: int) -> str:
    return f"{amount / NANO:.4f} dollars"
