"""Transactions for tests."""

from collections.abc import Iterable
from decimal import Decimal

from detection.data.columns import LabelledTransaction
from functions.common.domain.transaction_event import TransactionInserted

BEGIN_MS = 1_522_540_800_000


def make_transaction(
    transaction_id: str = "t1",
    account_id: str = "a1",
    merchant_id: str = "m1",
    *,
    amount: str = "12.50",
    timestamp: int = BEGIN_MS,
) -> TransactionInserted:
    """A transaction in euros."""
    return TransactionInserted(
        transaction_id=transaction_id,
        timestamp=timestamp,
        account_id=account_id,
        merchant_id=merchant_id,
        amount=Decimal(amount),
        currency="EUR",
        received_at=timestamp,
    )


def make_history(rows: Iterable[tuple[int, str, str, bool]]) -> list[LabelledTransaction]:
    """Transactions from milliseconds since 2018-04-01, account, merchant and label."""
    history = []
    for number, (time_ms, account_id, merchant_id, is_fraud) in enumerate(rows):
        transaction = make_transaction(f"t{number}", account_id, merchant_id, timestamp=BEGIN_MS + time_ms)
        history.append(LabelledTransaction(transaction, is_fraud, ""))
    return history
