import threading
from typing import Any

import pytest

from functions.api.transaction_store import build_guard_item
from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.merchant_profile import CategoryProfile, MerchantProfile
from functions.common.domain.profiles import count_transaction
from functions.common.domain.time_buckets import DAY_MS
from functions.common.domain.transaction_event import decode_transaction, transaction_key
from functions.common.dynamodb.client import StoreBusyError, TransactionNotFoundError
from functions.common.dynamodb.profile_items import (
    build_update,
    decode_account,
    decode_category,
    decode_merchant,
    profile_key,
    profile_subject,
)
from functions.labels.label import Label
from functions.labels.label_store import LabelStore, LabelWriteResult
from tests.unit.functions.builders import NOW, attributes, transaction
from tests.unit.functions.in_memory_dynamodb import PROFILES, TRANSACTIONS, InMemoryDynamoDb

ACCOUNT, MERCHANT, CATEGORY = "account-123456789", "merchant_1", "groceries"
NO_CATEGORY: dict[str, Any] = {"NULL": True}
USUAL, UNUSUAL = {"N": "12.5"}, {"N": "999"}


class Store:
    """A label store with its own tables."""

    def __init__(self) -> None:
        self.dynamodb = InMemoryDynamoDb()
        self._store = LabelStore(self.dynamodb.client, TRANSACTIONS, PROFILES, lambda _: None)

    def add_decided(self, transaction_id: str = "tx-1", account: str = ACCOUNT, **changes: Any) -> None:
        """Store a transaction that is decided and counted, with four earlier ones of its account."""
        item = attributes(transaction_id={"S": transaction_id}, account_id={"S": account}, **changes)
        self.dynamodb.database.put(TRANSACTIONS, {**item, "decision": {"S": "{}"}})
        profile, merchant = decode_account(account, None), decode_merchant(MERCHANT, None)
        category = decode_category(CATEGORY, None)
        for day in range(4, 0, -1):
            earlier = attributes(timestamp={"N": str(NOW - day * DAY_MS)})
            count_transaction(profile.profile, MerchantProfile(), decode_transaction(earlier))
        count_transaction(profile.profile, merchant.profile, decode_transaction(item), category.profile)
        for record in (profile, merchant, category):
            update = build_update(PROFILES, record, NOW)
            self.dynamodb.database.put(PROFILES, dict(update["Key"]))
            self.dynamodb.database.write("Update", update)

    def label(self, label: Any = "fraud", transaction_id: str = "tx-1") -> LabelWriteResult:
        return self._store.put(Label(transaction_id=transaction_id, label=label), NOW, NOW)

    def find_timestamp(self, transaction_id: str) -> int:
        return self._store.find_timestamp(transaction_id)

    def find_transaction(self) -> dict[str, Any]:
        return self.dynamodb.database.get(TRANSACTIONS, transaction_key("tx-1", NOW)) or {}

    def read_merchant(self) -> MerchantProfile:
        key = profile_key(profile_subject("merchant", MERCHANT))
        return decode_merchant(MERCHANT, self.dynamodb.database.get(PROFILES, key)).profile

    def read_category(self) -> CategoryProfile:
        key = profile_key(profile_subject("category", CATEGORY))
        return decode_category(CATEGORY, self.dynamodb.database.get(PROFILES, key)).profile

    def read_account(self, account: str = ACCOUNT) -> AccountProfile:
        key = profile_key(profile_subject("account", account))
        return decode_account(account, self.dynamodb.database.get(PROFILES, key)).profile


@pytest.mark.parametrize(("amount", "unusual"), [(USUAL, 0), (UNUSUAL, 1)])
def test_fraud_is_counted_and_can_be_reverted(amount: dict[str, str], unusual: int) -> None:
    store = Store()
    store.add_decided(amount=amount)
    before = store.read_account(), store.read_merchant(), store.read_category()
    assert store.label() is LabelWriteResult.STORED
    half_days = store.read_merchant().half_days
    assert (half_days.counts, half_days.frauds, half_days.unusual) == ([1], [1], [unusual])
    half_days = store.read_category().half_days
    assert (half_days.counts, half_days.frauds) == ([1], [1])
    assert sum(store.read_account().days.frauds) == 1
    assert store.label("genuine") is LabelWriteResult.CHANGED
    assert (store.read_account(), store.read_merchant(), store.read_category()) == before


@pytest.mark.parametrize("spelling", ["Groceries", " GROCERIES"])
def test_fraud_is_counted_in_the_category_whatever_its_spelling(spelling: str) -> None:
    store = Store()
    store.add_decided(merchant_category={"S": spelling})
    store.label()
    assert store.read_category().half_days.frauds == [1]
    assert store.dynamodb.calls == ["GetItem", "BatchGetItem", "TransactWriteItems"]


def test_fraud_without_a_category_writes_no_category() -> None:
    store = Store()
    store.add_decided(merchant_category=NO_CATEGORY)
    store.label()
    assert store.read_merchant().half_days.frauds == [1]
    assert store.read_category().half_days.frauds == [0]


def test_label_that_an_older_version_did_not_count_in_the_category_is_reverted() -> None:
    """No fraud is taken away that was never counted, so that counts stay above 0."""
    store = Store()
    store.add_decided()
    item = store.find_transaction()
    store.dynamodb.database.put(
        TRANSACTIONS, {**item, "label": {"S": "fraud"}, "unusual_amount": {"BOOL": False}}
    )
    assert store.label("genuine") is LabelWriteResult.CHANGED
    assert (store.read_category().half_days.counts, store.read_category().half_days.frauds) == ([1], [0])


def test_fraud_of_an_unusual_amount_is_reverted_as_it_was_counted() -> None:
    """Later transactions change which amounts are unusual. The item has the answer of its time."""
    store = Store()
    store.add_decided(amount=UNUSUAL)
    store.label()
    account = decode_account(ACCOUNT, None)
    key = profile_key(profile_subject("account", ACCOUNT))
    account = decode_account(ACCOUNT, store.dynamodb.database.get(PROFILES, key))
    for minute in range(40):
        later = attributes(amount=UNUSUAL, timestamp={"N": str(NOW + minute * 60_000 + 1)})
        count_transaction(account.profile, MerchantProfile(), decode_transaction(later))
    store.dynamodb.database.write("Update", build_update(PROFILES, account, NOW))
    store.label("genuine")
    half_days = store.read_merchant().half_days
    assert sum(half_days.frauds) == sum(half_days.unusual) == 0


def test_label_of_an_older_version_is_reverted() -> None:
    store = Store()
    store.add_decided(amount=UNUSUAL)
    store.label()
    item = store.find_transaction()
    del item["unusual_amount"]
    store.dynamodb.database.put(TRANSACTIONS, item)
    store.label("genuine")
    half_days = store.read_merchant().half_days
    assert sum(half_days.frauds) == sum(half_days.unusual) == 0


def test_label_before_the_decision_is_only_stored() -> None:
    store = Store()
    store.dynamodb.database.put(TRANSACTIONS, attributes())
    assert store.label() is LabelWriteResult.STORED
    assert store.find_transaction()["label"] == {"S": "fraud"}
    assert (store.read_merchant(), store.read_account()) == (MerchantProfile(), AccountProfile())
    assert store.read_category() == CategoryProfile()


def test_label_is_counted_once() -> None:
    store = Store()
    store.add_decided()
    assert [store.label(), store.label()] == [LabelWriteResult.STORED, LabelWriteResult.UNCHANGED]
    assert store.read_merchant().half_days.frauds == [1]


def test_unknown_transaction_is_refused() -> None:
    with pytest.raises(TransactionNotFoundError):
        Store().label()


def test_timestamp_is_found_by_the_id_alone() -> None:
    store = Store()
    guard = build_guard_item(transaction(transaction_id="tx-9", timestamp=NOW - 7), expires_at=NOW // 1000)
    store.dynamodb.database.put(TRANSACTIONS, dict(guard))
    assert store.find_timestamp("tx-9") == NOW - 7


def test_timestamp_of_an_unknown_id_is_not_found() -> None:
    with pytest.raises(TransactionNotFoundError):
        Store().find_timestamp("tx-9")


@pytest.mark.parametrize("fault", ["before", "after"])
def test_crash_around_the_write_leaves_exact_counts(fault: str) -> None:
    store = Store()
    store.add_decided()
    store.dynamodb.faults = {0: fault}
    with pytest.raises(StoreBusyError):
        store.label()
    store.label()
    assert store.read_merchant().half_days.frauds == [1]


def test_simultaneous_labels_of_one_merchant_are_all_counted() -> None:
    store = Store()
    for number in range(40):
        store.add_decided(f"tx-{number}", f"account-{number}")
    threads = [
        threading.Thread(target=store.label, kwargs={"transaction_id": f"tx-{number}"})
        for number in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.read_merchant().half_days.frauds == [40]
    assert store.read_category().half_days.frauds == [40]
