"""The table of prices: what holds on which day, and what is said of a row that is wrong."""

from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.llm.prices import FREE, TABLE, Price, price_of

OPENAI = "https://api.openai.com/v1"
DAY = date(2026, 11, 21)
ROW = '[[price]]\nmodel = "m"\nfrom = 2025-01-01\ninput = 2\ncached_input = 0.5\noutput = 8.0\nsource = "a page"\n'


def table(folder: Path, text: str) -> Path:
    path = folder / "prices.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "model",
    [
        "gpt-5",
        "gpt-5-mini",
        "gpt-5-nano",
        "gpt-4.1",
        "gpt-4.1-mini",
        "gpt-4.1-nano",
        "gpt-4o-mini",
        "gpt-5.1",
        "gpt-5.4-mini",
    ],
)
def test_the_tables_own_models_have_a_price(model: str) -> None:
    price = price_of(model, OPENAI, DAY)
    assert 0 < price.cached_input < price.input < price.output


def test_gpt_5_costs_what_openai_says() -> None:
    """1,000 new and 1,000 cached input tokens, 100 of output: 0.00125 + 0.000125 + 0.001 dollars; half of it by batch."""
    price = price_of("gpt-5", OPENAI, DAY)
    assert price.cost(2_000, 1_000, 100) == 2_375_000
    assert price.cost(2_000, 1_000, 100, batch=True) == 1_187_500


def test_a_cost_is_rounded_up() -> None:
    assert Price(1, 0, 0).cost(1, 0, 0) == 1
    assert Price(1, 0, 0).cost(1_000_001, 0, 0) == 2
    assert Price(3_000_000, 0, 0).cost(1, 0, 0, batch=True) == 2


def test_a_dated_snapshot_costs_what_its_model_does() -> None:
    assert price_of("gpt-5-2025-08-07", OPENAI, DAY) == price_of("gpt-5", OPENAI, DAY)
    assert price_of("gpt-5-mini-2025-08-07", OPENAI, DAY) == price_of("gpt-5-mini", OPENAI, DAY)


@pytest.mark.parametrize("model", ["gpt-5-pro", "gpt-5x", "gpt-5-2025-08-07-tuned", "gpt", "openai/gpt-5", ""])
def test_another_model_does_not_pass_for_one_that_is_known(model: str) -> None:
    with pytest.raises(UserError, match=r"add a \[\[price\]\] with model, from, input"):
        price_of(model, OPENAI, DAY)


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:8000/v1", "http://localhost/v1", "http://[::1]:1/v1", "http://127.9.9.9"]
)
def test_an_unknown_model_of_this_machine_is_free(endpoint: str) -> None:
    assert price_of("my-own", endpoint, DAY) == FREE


@pytest.mark.parametrize(
    "endpoint", ["http://10.0.0.1/v1", "https://localhost.example.com", "https://127.0.0.1.nip.io", "nonsense", ""]
)
def test_an_unknown_model_elsewhere_is_not_free(endpoint: str) -> None:
    with pytest.raises(UserError, match=r"has no price for model.name my-own"):
        price_of("my-own", endpoint, DAY)


def test_a_model_of_the_table_keeps_its_price_on_this_machine() -> None:
    assert price_of("gpt-5", "http://127.0.0.1:1/v1", DAY) != FREE


def test_the_row_of_the_day_holds(tmp_path: Path) -> None:
    later = ROW.replace("2025-01-01", "2026-01-01").replace("input = 2\n", "input = 1\n")
    path = table(tmp_path, f"batch_factor = 0.5\n{ROW}{later}")
    assert price_of("m", OPENAI, date(2025, 12, 31), path).input == 2 * 10**9
    assert price_of("m", OPENAI, date(2026, 1, 1), path).input == 10**9
    with pytest.raises(UserError, match="only from 2025-01-01 on"):
        price_of("m", OPENAI, date(2024, 12, 31), path)


def test_a_batch_factor_of_one_gives_no_discount(tmp_path: Path) -> None:
    price = price_of("m", OPENAI, DAY, table(tmp_path, f"batch_factor = 1\n{ROW}"))
    assert price.cost(5, 0, 5, batch=True) == price.cost(5, 0, 5)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("input = 2\n", "", r"\[\[price\]\] 1 \(m\) lacks or adds input"),
        ("input = 2\n", "input = 2\nimput = 2\n", "lacks or adds imput"),
        ("input = 2\n", 'input = "2"\n', "input must be dollars per million tokens"),
        ("input = 2\n", "input = -2\n", "input must be dollars"),
        ("input = 2\n", "input = nan\n", "input must be dollars"),
        ("input = 2\n", "input = inf\n", "input must be dollars"),
        ("input = 2\n", "input = true\n", "input must be dollars"),
        ("input = 2\n", "input = 0.1\n", "cached_input is more than input"),
        ("2025-01-01", '"2025-01-01"', "from a day such as"),
        ("2025-01-01", "2025-01-01T00:00:00", "from a day such as"),
        ("batch_factor = 0.5", "batch_factor = 2", "batch_factor must be a number from 0 to 1"),
        ("batch_factor = 0.5", "", "batch_factor must be"),
        ("batch_factor = 0.5", "batch_factor = 0.5\nbatch = 1", "the unknown key batch"),
        ("[[price]]", "[price]", r"has no \[\[price\]\]"),
        ("input = 2\n", "input = \n", "cannot be read"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_told_in_a_sentence(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = f"batch_factor = 0.5\n{ROW}"
    assert old in text
    path = table(tmp_path, text.replace(old, new, 1))
    with pytest.raises(UserError, match=said) as caught:
        price_of("m", OPENAI, DAY, path)
    assert "prices.toml" in str(caught.value)


def test_rows_out_of_order_are_told(tmp_path: Path) -> None:
    earlier = ROW.replace("2025-01-01", "2024-01-01")
    with pytest.raises(UserError, match="must stand by date, oldest first"):
        price_of("m", OPENAI, DAY, table(tmp_path, f"batch_factor = 0.5\n{ROW}{earlier}"))


def test_a_missing_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        price_of("m", OPENAI, DAY, tmp_path / "none.toml")
    assert TABLE.is_file()
