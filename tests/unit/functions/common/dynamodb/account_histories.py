"""Builders for the profiles of accounts with long histories."""

import random
from decimal import Decimal

from functions.common.domain.account_profile import AccountProfile, count_account_fraud, count_in_account
from functions.common.domain.time_buckets import DAY_MS
from tests.unit.functions.builders import NOW, inserted

COUNTRIES = ("DE", "FR", "US", "JP", "BR", "IN", "NG", "GB", "PL", "SE")


def build_account(
    *,
    per_day: float,
    days: int = 60,
    max_euros: int = 1_000,
    variety: int = 100,
    unrated: float = 0.02,
    refunds: float = 0.02,
    seed: int = 1,
) -> AccountProfile:
    """An account with 20 merchants. Some transactions arrive out of order, and some are confirmed frauds.

    `variety`: the number of its devices, networks and categories, and of at most 10 countries. `unrated`:
    the share of amounts without a euro rate. `refunds`: the share of refunds.
    """
    rng, account = random.Random(seed), AccountProfile()  # noqa: S311  # transactions, not a secret
    for number in range(int(days * per_day)):
        transaction = inserted(
            timestamp=NOW + int(number * DAY_MS / per_day) + rng.randint(0, int(2 * DAY_MS / per_day)),
            amount=Decimal(rng.randint(1, max_euros * 100)) / 100,
            currency="XAU" if rng.random() < unrated else rng.choice(["EUR", "USD"]),
            country=rng.choice([*COUNTRIES[:variety], None]),
            device_id=rng.choice([f"device {rng.randrange(variety)}", None]),
            ip_address=f"192.0.{rng.randrange(variety)}.1",
            merchant_id=f"merchant-{rng.randrange(20)}",
            merchant_category=f"category {rng.randrange(variety)}",
            type="refund" if rng.random() < refunds else None,
        )
        count_in_account(account, transaction)
        if rng.random() < 0.05:
            count_account_fraud(account, transaction, 1)
    return account
