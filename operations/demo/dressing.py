"""Gives a simulated transaction what the simulation leaves out: where, how and for what it was made."""

from functions.common.domain.transaction import Channel, Transaction
from functions.common.domain.transaction_event import TransactionInserted

# Of a customer, and of a terminal: the same each time.
COUNTRIES = ("DE", "FR", "ES", "NL", "IT")
TRADES: tuple[tuple[str, Channel], ...] = (
    ("5411", "card_present"),
    ("5812", "card_present"),
    ("5541", "card_present"),
    ("5912", "card_present"),
    ("5942", "ecommerce"),
    ("5651", "ecommerce"),
)


def dressed(simulated: TransactionInserted, transaction_id: str, run: str) -> Transaction:
    """The transaction as a client posts it, under that id; account and merchant are this run's own."""
    customer, terminal = _number(simulated.account_id), _number(simulated.merchant_id)
    category, channel = TRADES[terminal % len(TRADES)]
    return Transaction(
        transaction_id=transaction_id,
        account_id=f"{run}-customer-{customer:04}",
        merchant_id=f"{run}-terminal-{terminal:04}",
        amount=simulated.amount,
        currency=simulated.currency,
        timestamp=simulated.timestamp,
        channel=channel,
        country=COUNTRIES[customer % len(COUNTRIES)],
        device_id=f"device-{customer:04}" if channel == "ecommerce" else None,
        merchant_category=category,
    )


def _number(simulated_id: str) -> int:
    return int(simulated_id.rpartition("-")[2])
