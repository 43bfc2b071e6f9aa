"""Features of past transactions, from the profiles and labels as they were at the time of each.

Profiles, features and labels use the code of the functions. The label of a fraud arrives a fixed time after
its transaction. Genuine transactions get no label, as in the pipeline. The functions count a merchant up to
two minutes late; features leave these minutes out, so that they are the same here.
"""

import gc
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from detection.data.columns import LabelledTransaction
from detection.origin_table import OriginTable
from detection.packed_profiles import ACCOUNTS, MAX_UNPACKED, MERCHANTS, PackedProfiles
from functions.common.domain.features import compute_features
from functions.common.domain.profiles import count_fraud, count_transaction
from functions.common.domain.transaction_event import TransactionInserted

FeaturedTransaction = tuple[LabelledTransaction, list[float] | None]
"""A transaction with its features, or None for a transaction or refund that only counts as history."""


def compute_history_features(
    rows: Iterable[LabelledTransaction],
    *,
    label_delay_ms: int,
    label_delay_days: int,
    from_ms: int = 0,
    max_unpacked: int = MAX_UNPACKED,
) -> Iterator[FeaturedTransaction]:
    """The transactions with their features; transactions before `from_ms` have no features.

    `rows`: in order of time. `label_delay_ms`: the time from a fraud to its label. `label_delay_days`: the
    label delay that the features assume. Memory holds one profile for each account, merchant, device and
    IP address, packed if more than `max_unpacked` others were used since.
    """
    accounts = PackedProfiles(ACCOUNTS, max_unpacked)
    merchants = PackedProfiles(MERCHANTS, max_unpacked)
    origins = OriginTable()
    pending_labels: deque[tuple[int, TransactionInserted]] = deque()
    with _paused_garbage_collection():
        for labelled in rows:
            transaction = labelled.transaction
            time_ms = transaction.timestamp
            while pending_labels and pending_labels[0][0] <= time_ms:
                fraud = pending_labels.popleft()[1]
                count_fraud(accounts.find(fraud.account_id), merchants.find(fraud.merchant_id), fraud)
            account = accounts.find(transaction.account_id)
            merchant = merchants.find(transaction.merchant_id)
            origin = origins.use(transaction)
            is_scored = time_ms >= from_ms and not transaction.is_refund
            values = (
                compute_features(account, merchant, transaction, label_delay_days, origin)
                if is_scored
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
