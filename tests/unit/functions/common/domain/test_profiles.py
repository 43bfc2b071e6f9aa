import random

import msgspec
import pytest

from functions.common.domain.profiles import AccountProfile, MerchantProfile
from tests.unit.functions.common.domain.histories import DAY, HOUR, History, bought

MOST_ACCOUNT_BYTES = 2_100
MOST_MERCHANT_BYTES = 1_500


def test_profiles_stay_small_however_long_the_history() -> None:
    rolled, history = random.Random(1), History()  # noqa: S311  # transactions, not a secret
    for number in range(100_000):
        now = bought(
            rolled.randint(1, 10**8),
            number * HOUR // 10,
            country=rolled.choice(["DE", "FR", "US", "JP", "BR", "IN", "NG", "GB", "PL", "SE"]),
            device_id=f"device {number}",
            merchant_category=f"category {number % 99}",
        )
        history.count(now, fraud=number % 50 == 0)
    assert len(msgspec.msgpack.encode(history.account)) < MOST_ACCOUNT_BYTES
    assert len(msgspec.msgpack.encode(history.merchant)) < MOST_MERCHANT_BYTES


def test_profiles_come_back_from_their_bytes() -> None:
    history = History(bought(10, 0, country="DE", device_id="d"), bought(11, DAY))
    account = msgspec.msgpack.decode(msgspec.msgpack.encode(history.account), type=AccountProfile)
    merchant = msgspec.msgpack.decode(msgspec.msgpack.encode(history.merchant), type=MerchantProfile)
    assert (account, merchant) == (history.account, history.merchant)


def test_device_is_not_kept_as_it_is() -> None:
    assert b"my device" not in msgspec.msgpack.encode(History(bought(device_id="my device")).account)


@pytest.mark.parametrize("amount", [10, 100])
def test_label_that_is_taken_back_leaves_nothing(amount: int) -> None:
    history = History(*(bought(10, day * DAY) for day in range(5)), bought(amount, 5 * DAY))
    before = msgspec.msgpack.encode((history.account, history.merchant))
    history.label(bought(amount, 5 * DAY), 1)
    assert msgspec.msgpack.encode((history.account, history.merchant)) != before
    history.label(bought(amount, 5 * DAY), -1)
    assert msgspec.msgpack.encode((history.account, history.merchant)) == before


def test_label_of_what_is_no_longer_kept_changes_nothing() -> None:
    history = History(bought(10, 0), bought(10, 200 * DAY))
    before = msgspec.msgpack.encode((history.account.days, history.merchant))
    history.label(bought(10, 0), 1)
    assert msgspec.msgpack.encode((history.account.days, history.merchant)) == before


def test_what_is_too_old_to_be_kept_is_left_out() -> None:
    history = History(bought(10, 200 * DAY))
    history.count(bought(10, 100 * DAY))
    assert history.account.days.counts == history.merchant.half_days.counts == [1]
