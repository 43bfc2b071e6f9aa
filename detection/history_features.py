"""Features of past transactions, from the profiles and labels as they were at the time of each.

Profiles, features and labels use the code of the functions. The label of a fraud arrives a fixed time after
its transaction. Genuine transactions get no label, as in the pipeline.
"""

import gc
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from detection.data.columns import LabelledTransaction
from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.features import compute_features
from functions.common.domain.merchant_profile import MerchantProfile
from functions.common.domain.profiles import count_fraud, count_transaction
from functions.common.domain.transaction_event import TransactionInserted

FeaturedTransaction = tuple[LabelledTransaction, list[float] | None]
"""A transaction with its features, or None for a transaction that only counts as history."""


def compute_history_features(
    rows: Iterable[LabelledTransaction], *, label_delay_ms: int, label_delay_days: int, from_ms: int = 0
) -> Iterator[FeaturedTransaction]:
    """The transactions with their features; transactions before `from_ms` have no features.

    `rows`: in order of time. `label_delay_ms`: the time from a fraud to its label. `label_delay_days`: the
    label delay that the features assume. Memory holds one profile for each account and merchant.
    """
    accounts: dict[str, AccountProfile] = {}
    merchants: dict[str, MerchantProfile] = {}
    pending_labels: deque[tuple[int, TransactionInserted]] = deque()
    with _paused_garbage_collection():
        for labelled in rows:
            transaction = labelled.transaction
            time_ms = transaction.timestamp
            while pending_labels and pending_labels[0][0] <= time_ms:
                fraud = pending_labels.popleft()[1]
                count_fraud(accounts[fraud.account_id], merchants[fraud.merchant_id], fraud)
            account = accounts.get(transaction.account_id)
            if account is None:
                account = accounts[transaction.account_id] = AccountProfile()
            merchant = merchants.get(transaction.merchant_id)
            if merchant is None:
                merchant = merchants[transaction.merchant_id] = MerchantProfile()
            values = (
                compute_features(account, merchant, transaction, label_delay_days)
                if time_ms >= from_ms
                else None
            )
            count_transaction(account, merchant, transaction)
            if labelled.is_fraud:
                pending_labels.append((time_ms + label_delay_ms, transaction))
            yield labelled, values


@contextmanager
def _paused_garbage_collection() -> Iterator[None]:
    """Profiles form no reference cycles, and each collection would visit all of them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
