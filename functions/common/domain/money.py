"""Amounts of money as text."""

from decimal import Decimal

from functions.common.domain.currencies import decimals


def plain(amount: Decimal) -> str:
    """The amount in canonical form, without exponent or trailing zeros: '12.5' for 12.50, '100' for 1E+2."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def readable(amount: Decimal, currency: str) -> str:
    """The amount for people, never rounded: '12,500.00 USD', '1,200 JPY', '0.1234 EUR'."""
    whole, _, fraction = plain(amount).partition(".")
    fraction = fraction.ljust(decimals(currency), "0")
    return f"{int(whole):,}{'.' if fraction else ''}{fraction} {currency}"
