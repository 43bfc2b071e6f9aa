"""The features of past transactions by their definition: with the code of the functions, one after another.

The replay in columns must give the same values.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator

from detection.data.columns import LabelledTransaction
from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.categories import normalize_category
from functions.common.domain.features import compute_features, has_new_device
from functions.common.domain.merchant_profile import CategoryProfile, MerchantProfile, count_new_device
from functions.common.domain.origin_profile import Origin, OriginProfile, count_in_origin, find_origin
from functions.common.domain.profiles import count_fraud, count_transaction
from functions.common.domain.transaction_event import TransactionInserted

FeaturedTransaction = tuple[LabelledTransaction, list[float] | None]
"""A transaction with its features, or None for a transaction or refund that only counts as history."""


def compute_history_features(
    rows: Iterable[LabelledTransaction], *, label_delay_ms: int, label_delay_days: int, from_ms: int = 0
) -> Iterator[FeaturedTransaction]:
    """The transactions with their features; transactions before `from_ms` and refunds have none.

    `rows`: in order of time. `label_delay_ms`: the time from a fraud to its label. `label_delay_days`: the
    label delay that the features assume.
    """
    accounts: defaultdict[str, AccountProfile] = defaultdict(AccountProfile)
    merchants: defaultdict[str, MerchantProfile] = defaultdict(MerchantProfile)
    categories: defaultdict[str, CategoryProfile] = defaultdict(CategoryProfile)
    origins: defaultdict[Origin, OriginProfile] = defaultdict(lambda: OriginProfile({}))
    pending_labels: deque[tuple[int, TransactionInserted]] = deque()
    for labelled in rows:
        transaction = labelled.transaction
        time_ms = transaction.timestamp
        while pending_labels and pending_labels[0][0] <= time_ms:
            fraud = pending_labels.popleft()[1]
            category = _find_category(categories, fraud)
            count_fraud(accounts[fraud.account_id], merchants[fraud.merchant_id], fraud, category)
        account, merchant = accounts[transaction.account_id], merchants[transaction.merchant_id]
        category = _find_category(categories, transaction)
        origin = _use_origin(origins, transaction)
        values = None
        if not transaction.is_refund:
            values = compute_features(
                account, merchant, transaction, label_delay_days, origin=origin, category=category
            )
        count_transaction(account, merchant, transaction, category)
        if has_new_device(values or ()):
            count_new_device(merchant, time_ms)
        if labelled.is_fraud:
            pending_labels.append((time_ms + label_delay_ms, transaction))
        yield labelled, values if time_ms >= from_ms else None


def _find_category(
    categories: defaultdict[str, CategoryProfile], transaction: TransactionInserted
) -> CategoryProfile | None:
    category = normalize_category(transaction.merchant_category)
    return None if category is None else categories[category]


def _use_origin(
    origins: defaultdict[Origin, OriginProfile], transaction: TransactionInserted
) -> OriginProfile | None:
    """Add the transaction to its device or IP address. Returns the profile, None without either."""
    origin = find_origin(transaction)
    if origin is None:
        return None
    count_in_origin(origins[origin], transaction.account_id, transaction.timestamp)
    return origins[origin]
