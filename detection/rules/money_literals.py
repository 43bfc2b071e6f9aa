"""What a money(…) comes to beside what it is compared with: a limit for every currency, or euros."""

from decimal import Decimal

from detection.rules.operands import Value, WrongError
from functions.common.domain.currencies import CURRENCIES, in_euros
from functions.fraud.scoring.expressions import LIMIT

_DIGITS = 4


def euros(value: Value) -> Value:
    """The amount in euros. Raises WrongError for a currency without a rate."""
    amount, currency = value.form
    found = in_euros(amount, currency)
    if found is None:
        raise WrongError(value.node, f"there is no rate for {currency}: write a limit for each currency")
    return value._replace(kind="euros", form=round(found, _DIGITS))


def own(value: Value, tables: dict[str, dict[str, Decimal]]) -> Value:
    """The amount in the currency of the transaction, by a table of limits that is added to `tables`.

    Raises WrongError for a currency without a rate.
    """
    amount, currency = value.form
    name = f"{amount} {currency}"
    tables[name] = _everywhere(euros(value).form) | {currency: amount}
    return value._replace(kind="own money", form=LIMIT + name)


def _everywhere(amount: float) -> dict[str, Decimal]:
    units = {currency: in_euros(Decimal(1), currency) for currency in sorted(CURRENCIES)}
    return {
        currency: Decimal(str(round(amount / euros_each, _DIGITS)))
        for currency, euros_each in units.items()
        if euros_each is not None
    }
