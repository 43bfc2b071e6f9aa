"""Profiles as transactions make them."""

from decimal import Decimal

from functions.common.domain.features import NAMES, features
from functions.common.domain.profiles import AccountProfile, MerchantProfile, observe, relabel
from functions.common.domain.transaction_event import TransactionInserted

HOUR = 3_600_000
DAY = 24 * HOUR
BEGIN = 1_522_540_800_000
"""2018-04-01T00:00:00Z, a Sunday."""


def bought(amount: float | str = "10", at: int = 0, **changes: str | None) -> TransactionInserted:
    """`at`: milliseconds after BEGIN."""
    facts: dict[str, object] = {
        "transaction_id": "t",
        "timestamp": BEGIN + at,
        "account_id": "a",
        "merchant_id": "m",
        "amount": Decimal(str(amount)),
        "currency": "EUR",
        "received_at": BEGIN + at,
    }
    return TransactionInserted(**(facts | changes))  # type: ignore[arg-type]  # of the types above


class History:
    """One account at one merchant."""

    def __init__(self, *made: TransactionInserted) -> None:
        self.account, self.merchant = AccountProfile(), MerchantProfile()
        for transaction in made:
            self.count(transaction)

    def count(self, transaction: TransactionInserted, *, fraud: bool = False) -> None:
        observe(self.account, self.merchant, transaction)
        if fraud:
            self.label(transaction, 1)

    def label(self, transaction: TransactionInserted, change: int) -> None:
        relabel(self.account, self.merchant, transaction, change)

    def of(self, transaction: TransactionInserted, *names: str, delay_days: int = 7) -> list[float]:
        """These features of a transaction that is not counted."""
        values = features(self.account, self.merchant, transaction, delay_days)
        return [values[NAMES.index(name)] for name in names]
