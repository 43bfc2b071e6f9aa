import random

import msgspec
import pytest

from functions.common.domain import currencies
from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.merchant_profile import MerchantProfile
from functions.common.domain.time_buckets import DAY_MS, HOUR_MS
from functions.common.dynamodb import account_state
from tests.unit.functions.common.domain.histories import History, purchase

# With amounts of up to 100 million euros.
MAX_ACCOUNT_BYTES = 1_150
MAX_MERCHANT_BYTES = 1_500


def test_profiles_stay_small_however_long_the_history() -> None:
    rng, history = random.Random(1), History()  # noqa: S311  # transactions, not a secret
    for number in range(100_000):
        transaction = purchase(
            rng.randint(1, 10**8),
            number * HOUR_MS // 10,
            country=rng.choice(["DE", "FR", "US", "JP", "BR", "IN", "NG", "GB", "PL", "SE"]),
            device_id=f"device {number}",
            merchant_category=f"category {number % 99}",
        )
        history.count(transaction, fraud=number % 50 == 0)
    assert len(account_state.encode(history.account)) < MAX_ACCOUNT_BYTES
    assert len(msgspec.msgpack.encode(history.merchant)) < MAX_MERCHANT_BYTES


def test_profiles_are_restored_from_their_bytes() -> None:
    history = History(purchase(10, 0, country="DE", device_id="d"), purchase(11, DAY_MS))
    account = msgspec.msgpack.decode(msgspec.msgpack.encode(history.account), type=AccountProfile)
    merchant = msgspec.msgpack.decode(msgspec.msgpack.encode(history.merchant), type=MerchantProfile)
    assert (account, merchant) == (history.account, history.merchant)


@pytest.mark.parametrize("amount", [10, 100])
def test_reverted_label_restores_the_profiles(amount: int) -> None:
    history = History(*(purchase(10, day * DAY_MS) for day in range(5)), purchase(amount, 5 * DAY_MS))
    before = msgspec.msgpack.encode((history.account, history.merchant))
    history.label(purchase(amount, 5 * DAY_MS), 1)
    assert msgspec.msgpack.encode((history.account, history.merchant)) != before
    history.label(purchase(amount, 5 * DAY_MS), -1)
    assert msgspec.msgpack.encode((history.account, history.merchant)) == before


def test_label_finds_the_amount_after_a_change_of_the_exchange_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(purchase(10), fraud := purchase(99, currency="USD"))
    before = list(history.account.amounts)
    monkeypatch.setitem(currencies._EUROS_PER_UNIT, "USD", 0.5)
    history.label(fraud, 1)
    assert history.account.amounts == [before[0], -before[1]]
    history.label(fraud, -1)
    assert history.account.amounts == before


def test_label_of_an_expired_transaction_changes_nothing() -> None:
    history = History(purchase(10, 0), purchase(10, 200 * DAY_MS))
    before = msgspec.msgpack.encode((history.account.days, history.merchant))
    history.label(purchase(10, 0), 1)
    assert msgspec.msgpack.encode((history.account.days, history.merchant)) == before


def test_transaction_before_the_retained_period_is_ignored() -> None:
    history = History(purchase(10, 200 * DAY_MS))
    history.count(purchase(10, 100 * DAY_MS))
    assert history.account.days.counts == history.merchant.half_days.counts == [1]
