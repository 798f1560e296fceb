import pytest

from ledgerline.money import MoneyError, format_amount, parse_amount


@pytest.mark.parametrize(("text", "currency", "minor"), [
    ("12.50", "EUR", 1250),
    ("-3.05", "EUR", -305),
    ("7", "EUR", 700),
    ("900", "JPY", 900),
    ("1.005", "BHD", 1005),
])
def test_an_amount_is_read_as_minor_units(text, currency, minor):
    assert parse_amount(text, currency) == minor


def test_too_many_decimal_places_are_refused():
    with pytest.raises(MoneyError, match="JPY has 0 decimal places"):
        parse_amount("1.5", "JPY")


def test_amounts_are_written_with_all_their_decimal_places():
    assert format_amount(-305, "EUR") == "-3.05"
    assert format_amount(900, "JPY") == "900"
