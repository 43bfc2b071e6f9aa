"""History as the pipeline lives through it: each transaction meets what was known when it was made.

Profiles, features and labels are the functions' own. A fraud's label arrives a fixed time after its
transaction; what is genuine gets no label, as in the pipeline.
"""

import gc
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from detection.data.columns import Labelled
from functions.common.domain.features import features
from functions.common.domain.profiles import AccountProfile, MerchantProfile, observe, relabel
from functions.common.domain.transaction_event import TransactionInserted

Replayed = tuple[Labelled, list[float] | None]


def replay(
    rows: Iterable[Labelled], *, label_delay_ms: int, label_delay_days: int, from_ms: int = 0
) -> Iterator[Replayed]:
    """The transactions, in order of time, with their features; None for those made before `from_ms`.

    `label_delay_ms`: how long after it was made a fraud is reported. `label_delay_days`: after how long the
    features take it that labels have come. In memory are the profiles, one for each account and merchant.
    """
    accounts: dict[str, AccountProfile] = {}
    merchants: dict[str, MerchantProfile] = {}
    coming: deque[tuple[int, TransactionInserted]] = deque()
    with _no_cycles():
        for labelled in rows:
            transaction = labelled.transaction
            time = transaction.timestamp
            while coming and coming[0][0] <= time:
                fraud = coming.popleft()[1]
                relabel(accounts[fraud.account_id], merchants[fraud.merchant_id], fraud, 1)
            account = accounts.get(transaction.account_id)
            if account is None:
                account = accounts[transaction.account_id] = AccountProfile()
            merchant = merchants.get(transaction.merchant_id)
            if merchant is None:
                merchant = merchants[transaction.merchant_id] = MerchantProfile()
            values = features(account, merchant, transaction, label_delay_days) if time >= from_ms else None
            observe(account, merchant, transaction)
            if labelled.is_fraud:
                coming.append((time + label_delay_ms, transaction))
            yield labelled, values


@contextmanager
def _no_cycles() -> Iterator[None]:
    """Without looking for cyclic garbage: there is none, and every search would go through all profiles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
