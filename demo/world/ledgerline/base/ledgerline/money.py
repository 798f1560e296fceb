"""Amounts are whole numbers of minor units. Text exists only at the edges of the service."""

EXPONENTS = {"BHD": 3, "CHF": 2, "EUR": 2, "GBP": 2, "INR": 2, "JPY": 0, "SEK": 2, "USD": 2}


class MoneyError(ValueError):
    """The amount or the currency makes no sense; the message is shown to the client."""


def exponent(currency: str) -> int:
    """How many decimal places the currency has."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise MoneyError(f"unknown currency {currency!r}") from None


def parse_amount(text: str, currency: str) -> int:
    """Read an amount such as "-12.50" as minor units."""
    digits = exponent(currency)
    whole, _, fraction = text.strip().partition(".")
    if len(fraction) > digits:
        raise MoneyError(f"{currency} has {digits} decimal places, {text!r} has more")
    try:
        units = int(whole) * 10**digits
        rest = int(fraction.ljust(digits, "0") or "0")
    except ValueError:
        raise MoneyError(f"{text!r} is not an amount") from None
    return units - rest if units < 0 else units + rest


def format_amount(minor: int, currency: str) -> str:
    """The opposite of `parse_amount`."""
    digits = exponent(currency)
    sign = "-" if minor < 0 else ""
    whole, rest = divmod(abs(minor), 10**digits)
    return f"{sign}{whole}.{rest:0{digits}d}" if digits else f"{sign}{whole}"
