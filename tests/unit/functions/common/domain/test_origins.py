import math
import random

import pytest

from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.features import FEATURE_NAMES, compute_features
from functions.common.domain.merchant_profile import MerchantProfile
from functions.common.domain.origin_features import compute_origin_accounts
from functions.common.domain.origin_profile import (
    SLOTS,
    Origin,
    OriginProfile,
    build_entry,
    count_in_origin,
    find_origin,
)
from functions.common.domain.time_buckets import DAY_MS, HOUR_MS
from tests.unit.functions.common.domain.histories import START_MS, purchase

MINUTE = 60_000


def use(*uses: tuple[str, int]) -> OriginProfile:
    """The origin that these accounts used, each at a time after START_MS."""
    origin = OriginProfile()
    for account, at in uses:
        count_in_origin(origin, account, START_MS + at)
    return origin


def test_device_is_the_origin_before_the_address() -> None:
    both = purchase(device_id="d", ip_address="192.0.2.1")
    assert find_origin(both) == Origin("device", "d")
    assert find_origin(purchase(ip_address="192.0.2.1")) == Origin("address", "192.0.2.1")
    assert find_origin(purchase()) is None
    assert find_origin(purchase(device_id="d", type="refund")) is None


def test_other_accounts_are_counted_within_an_hour_a_day_and_30_days() -> None:
    now = 30 * DAY_MS
    origin = use(("b", now), ("c", now - 59 * MINUTE), ("d", now - HOUR_MS), ("e", MINUTE), ("f", 0))
    assert compute_origin_accounts(origin, "a", START_MS + now) == [2, 3, 4]


def test_own_account_and_later_uses_are_left_out() -> None:
    origin = use(("b", 0), ("a", 0), ("c", 2 * MINUTE))
    assert compute_origin_accounts(origin, "a", START_MS + MINUTE) == [1, 1, 1]


def test_repeated_event_gives_the_same_values() -> None:
    uses = [(f"account {number}", number * MINUTE) for number in range(200)]
    for account, at in uses:
        before = use(*(earlier for earlier in uses if earlier[1] < at))
        after = use(*(earlier for earlier in uses if earlier[1] <= at))
        values = compute_origin_accounts(before, account, START_MS + at)
        assert compute_origin_accounts(after, account, START_MS + at) == values


@pytest.mark.parametrize("seed", range(20))
def test_order_and_repetition_of_uses_change_nothing(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  # transactions, not a secret
    uses = [(f"account {rng.randrange(150)}", rng.randrange(40 * DAY_MS)) for _ in range(300)]
    shuffled = [*uses, *rng.choices(uses, k=100)]
    rng.shuffle(shuffled)
    assert use(*shuffled) == use(*uses)
    assert len(use(*uses).slots) <= SLOTS


def test_later_entry_of_a_slot_is_greater() -> None:
    accounts = [f"account {number}" for number in range(300)]
    _, last = max(build_entry(account, START_MS) for account in accounts)
    assert all(build_entry(account, START_MS + MINUTE)[1] > last for account in accounts)


def test_origin_is_unknown_without_a_device_and_address() -> None:
    values = compute_features(AccountProfile(), MerchantProfile(), purchase())
    names = [f"origin_accounts_{window}" for window in ("1h", "1d", "30d")]
    assert all(math.isnan(values[FEATURE_NAMES.index(name)]) for name in names)
