"""Builders for transactions and the profiles that they lead to."""

from decimal import Decimal

from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.features import FEATURE_NAMES, compute_features
from functions.common.domain.merchant_profile import MerchantProfile
from functions.common.domain.origin_profile import OriginProfile, find_origin
from functions.common.domain.profiles import count_fraud, count_transaction, revert_fraud
from functions.common.domain.transaction_event import TransactionInserted

START_MS = 1_522_540_800_000
"""2018-04-01T00:00:00Z, a Sunday."""


def purchase(amount: float | str = "10", at: int = 0, **changes: str | None) -> TransactionInserted:
    """A transaction made `at` milliseconds after START_MS."""
    values: dict[str, object] = {
        "transaction_id": "t",
        "timestamp": START_MS + at,
        "account_id": "a",
        "merchant_id": "m",
        "amount": Decimal(str(amount)),
        "currency": "EUR",
        "received_at": START_MS + at,
    }
    return TransactionInserted(**(values | changes))  # type: ignore[arg-type]  # the types of the fields


class History:
    """The profiles of one account, one merchant and one origin."""

    def __init__(self, *transactions: TransactionInserted) -> None:
        self.account, self.merchant = AccountProfile(), MerchantProfile()
        self.origin = OriginProfile()
        self._is_unusual = False
        for transaction in transactions:
            self.count(transaction)

    def count(self, transaction: TransactionInserted, *, fraud: bool = False) -> None:
        count_transaction(self.account, self.merchant, transaction)
        if fraud:
            self.label(transaction, 1)

    def label(self, transaction: TransactionInserted, change: int) -> None:
        """Mark a transaction as fraud (`change` 1), or revert the last mark (`change` -1)."""
        if change > 0:
            self._is_unusual = count_fraud(self.account, self.merchant, transaction)
        else:
            revert_fraud(self.account, self.merchant, transaction, was_unusual=self._is_unusual)

    def compute(self, transaction: TransactionInserted, *names: str, delay_days: int = 7) -> list[float]:
        """The named features of a transaction that is not counted."""
        origin = self.origin if find_origin(transaction) else None
        values = compute_features(self.account, self.merchant, transaction, delay_days, origin=origin)
        return [values[FEATURE_NAMES.index(name)] for name in names]
