"""Transactions for tests."""

from collections.abc import Iterable
from decimal import Decimal

from detection.data.columns import Labelled
from functions.common.domain.transaction_event import TransactionInserted


def transaction(
    transaction_id: str = "t1",
    account_id: str = "a1",
    merchant_id: str = "m1",
    *,
    amount: str = "12.50",
    timestamp: int = 1_522_540_800_000,
) -> TransactionInserted:
    """One in euros."""
    return TransactionInserted(
        transaction_id=transaction_id,
        timestamp=timestamp,
        account_id=account_id,
        merchant_id=merchant_id,
        amount=Decimal(amount),
        currency="EUR",
        received_at=timestamp,
    )


def past(made: Iterable[tuple[int, str, str, bool]]) -> list[Labelled]:
    """Transactions by milliseconds since 2018-04-01, account, merchant, and whether they were fraud."""
    begin = 1_522_540_800_000
    return [
        Labelled(transaction(f"t{number}", account, merchant, timestamp=begin + time), is_fraud, "")
        for number, (time, account, merchant, is_fraud) in enumerate(made)
    ]
