"""Conversion of a money(…) literal into the kind of money of the operand that it is compared with."""

from decimal import Decimal

from detection.rules.operands import ExpressionError, Operand
from functions.common.domain.currencies import CURRENCIES, convert_to_euros
from functions.fraud.scoring.expressions import LIMIT_PREFIX

_DIGITS = 4


def euro_operand(literal: Operand) -> Operand:
    """The amount in euros. Raises ExpressionError for a currency without an exchange rate."""
    amount, currency = literal.form
    amount_euros = convert_to_euros(amount, currency)
    if amount_euros is None:
        raise ExpressionError(
            literal.node, f"no exchange rate for {currency}: use limits.NAME with an amount for each currency"
        )
    return literal._replace(kind="euros", form=round(amount_euros, _DIGITS))


def own_money_operand(literal: Operand, tables: dict[str, dict[str, Decimal]]) -> Operand:
    """The amount in the currency of the transaction: a reference to a limit, which is added to `tables`.

    Raises ExpressionError for a currency without an exchange rate.
    """
    amount, currency = literal.form
    name = f"{amount} {currency}"
    tables[name] = _amounts_by_currency(euro_operand(literal).form) | {currency: amount}
    return literal._replace(kind="own money", form=LIMIT_PREFIX + name)


def _amounts_by_currency(amount_euros: float) -> dict[str, Decimal]:
    rates = {currency: convert_to_euros(Decimal(1), currency) for currency in sorted(CURRENCIES)}
    return {
        currency: Decimal(str(round(amount_euros / rate, _DIGITS)))
        for currency, rate in rates.items()
        if rate is not None
    }
