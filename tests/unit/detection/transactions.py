"""Transactions for tests."""

from decimal import Decimal

from functions.common.event import TransactionInserted


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
