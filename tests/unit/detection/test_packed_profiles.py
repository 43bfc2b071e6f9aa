import random
from typing import Any

import msgspec
import pytest

from detection.data.columns import LabelledTransaction
from detection.history_features import compute_history_features
from detection.packed_profiles import (
    ACCOUNTS,
    MERCHANTS,
    PackedProfiles,
    pack_account,
    pack_merchant,
    unpack_account,
    unpack_merchant,
)
from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.merchant_profile import MerchantProfile, count_in_merchant
from functions.common.domain.time_buckets import DAY_MS, HOUR_MS
from tests.unit.detection.transactions import BEGIN_MS
from tests.unit.functions.builders import inserted
from tests.unit.functions.common.dynamodb.account_histories import build_account


def build_merchant(per_day: float, seed: int = 1) -> MerchantProfile:
    rng, merchant = random.Random(seed), MerchantProfile()  # noqa: S311  # transactions, not a secret
    for number in range(int(60 * per_day)):
        timestamp = BEGIN_MS + int(number * DAY_MS / per_day) + rng.randint(0, HOUR_MS)
        count_in_merchant(merchant, timestamp, rng.choice([None, 1, rng.randint(1, 10**7)]))
        if rng.random() < 0.05:
            merchant.half_days.add_fraud(timestamp, 1, is_unusual=rng.random() < 0.5)
    return merchant


def comparable(profile: Any) -> Any:
    """All values of a profile, and the order of dictionaries whose oldest entry is removed first."""
    if isinstance(profile, MerchantProfile):
        # An unpacked merchant has a row of zeros for a half day without transactions.
        table = profile.half_days
        rows = zip(table.numbers, table.counts, table.frauds, table.unusual, strict=True)
        return [row for row in rows if any(row[1:])], msgspec.to_builtins(profile.activity)
    names = [name for name in profile.__struct_fields__ if name.startswith("first_")]
    return msgspec.to_builtins(profile), [list(getattr(profile, name)) for name in names]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("per_day", [0.02, 0.3, 4, 60])
def test_unpacked_account_is_the_same(per_day: float, seed: int) -> None:
    account = build_account(per_day=per_day, seed=seed)
    assert comparable(unpack_account(pack_account(account))) == comparable(account)


@pytest.mark.parametrize("per_day", [0.02, 0.3, 4, 200])
def test_unpacked_merchant_is_the_same(per_day: float) -> None:
    merchant = build_merchant(per_day)
    assert comparable(unpack_merchant(pack_merchant(merchant))) == comparable(merchant)


def test_empty_profiles_are_the_same() -> None:
    assert unpack_account(pack_account(AccountProfile())) == AccountProfile()
    assert unpack_merchant(pack_merchant(MerchantProfile())) == MerchantProfile()


def test_profiles_are_the_same_however_many_are_packed() -> None:
    rng = random.Random(1)  # noqa: S311  # as above
    uses = [(f"m{rng.randrange(40)}", BEGIN_MS + number * HOUR_MS) for number in range(2_000)]
    tables = [PackedProfiles(MERCHANTS, max_unpacked) for max_unpacked in (1, 7, 1_000)]
    for identifier, timestamp in uses:
        for table in tables:
            count_in_merchant(table.find(identifier), timestamp, 100)
    for table in tables:
        assert len(table) == 40
    first, *others = [[comparable(table.find(f"m{number}")) for number in range(40)] for table in tables]
    assert all(profiles == first for profiles in others)


def test_profile_is_the_same_object_for_some_further_ids() -> None:
    table = PackedProfiles(ACCOUNTS, max_unpacked=3)
    profile = table.find("a")
    for identifier in ("b", "c", "d"):
        table.find(identifier)
    assert table.find("a") is profile
    for identifier in "efghijk":
        table.find(identifier)
    assert table.find("a") is not profile


def test_packed_profiles_give_the_same_features() -> None:
    rows = make_random_history(600)
    replays = [
        list(
            compute_history_features(
                rows, label_delay_ms=7 * DAY_MS, label_delay_days=7, max_unpacked=max_unpacked
            )
        )
        for max_unpacked in (1, 1_000)
    ]
    # NaN is not equal to itself, but its text is.
    packed, unpacked = ([str(values) for _, values in replayed] for replayed in replays)
    assert packed == unpacked


def make_random_history(count: int) -> list[LabelledTransaction]:
    """Transactions of 30 accounts at 8 merchants, with refunds, devices and addresses that some share."""
    rng, timestamp = random.Random(5), BEGIN_MS  # noqa: S311  # as above
    history = []
    for number in range(count):
        timestamp += rng.choice([1_000, 60_000, HOUR_MS, 5 * HOUR_MS])
        account = rng.randrange(30)
        transaction = inserted(
            transaction_id=f"t-{number}",
            account_id=f"a-{account}",
            merchant_id=f"m-{rng.randrange(8)}",
            amount=rng.choice(["0.5", "12.5", "900"]),
            currency=rng.choice(["EUR", "USD", "XAU"]),
            timestamp=timestamp,
            received_at=timestamp,
            country=rng.choice(["DE", "FR", None]),
            device_id=rng.choice([f"device {account // 3}", None]),
            ip_address=f"192.0.{account}.1",
            merchant_category=f"category {rng.randrange(5)}",
            type=rng.choice([None, None, None, "refund"]),
        )
        history.append(LabelledTransaction(transaction, rng.random() < 0.1, ""))
    return history
