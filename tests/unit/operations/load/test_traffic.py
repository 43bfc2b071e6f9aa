"""Arrivals, transactions and bounds of synthetic traffic."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from functions.common.domain.transaction import Transaction
from operations.ingest.payloads import encode_payload
from operations.load.traffic import PREFIX, Traffic, TransactionGenerator, generate_arrivals
from terminal.errors import UserError

HOUR = Traffic(rate=10, minutes=60)


def merchants(zipf: float, count: int = 20_000) -> Counter[str]:
    generator = TransactionGenerator(Traffic(10, 1, zipf=zipf, merchants=100), "r")
    return Counter(generator.generate(number, 1).merchant_id for number in range(count))


def test_arrivals_have_the_rate_and_stay_within_the_duration() -> None:
    arrivals = list(generate_arrivals(HOUR))
    assert arrivals == sorted(arrivals)
    assert 0 < arrivals[0] < arrivals[-1] < 3600
    assert len(arrivals) == pytest.approx(36_000, rel=0.02)


def test_gaps_are_exponentially_distributed() -> None:
    arrivals = list(generate_arrivals(HOUR))
    gaps = [later - earlier for earlier, later in pairwise(arrivals)]
    # 1 - 1/e of the gaps are below the mean. Evenly spaced arrivals would have 0 or all.
    assert sum(gap < 0.1 for gap in gaps) / len(gaps) == pytest.approx(0.632, abs=0.01)


def test_same_seed_gives_the_same_traffic_and_another_seed_does_not() -> None:
    assert list(generate_arrivals(HOUR)) == list(generate_arrivals(replace(HOUR)))
    assert list(generate_arrivals(HOUR)) != list(generate_arrivals(replace(HOUR, seed=2)))
    first, second = (TransactionGenerator(HOUR, run) for run in ("a", "b"))
    assert first.generate(0, 1).merchant_id == second.generate(0, 1).merchant_id


def test_merchants_follow_zipfs_law() -> None:
    counts = merchants(zipf=1.0)
    # The share of merchant 1 is 1 / (1 + 1/2 + … + 1/100) = 0.193.
    assert counts[f"{PREFIX}merchant-1"] / 20_000 == pytest.approx(0.193, abs=0.01)
    ratio = counts[f"{PREFIX}merchant-1"] / counts[f"{PREFIX}merchant-10"]
    assert ratio == pytest.approx(10, rel=0.2)


def test_merchants_are_nearly_equal_with_an_exponent_near_zero() -> None:
    counts = merchants(zipf=0.001)
    assert len(counts) == 100
    assert max(counts.values()) < 2 * min(counts.values())


def test_accounts_are_equally_likely() -> None:
    generator = TransactionGenerator(Traffic(10, 1, accounts=10), "r")
    counts = Counter(generator.generate(number, 1).account_id for number in range(10_000))
    assert len(counts) == 10
    assert max(counts.values()) < 1.3 * min(counts.values())


def test_transactions_are_valid_unique_and_recognizable() -> None:
    generator = TransactionGenerator(Traffic(10, 1), "18f0")
    transactions = [generator.generate(number, 1_790_000_000_000) for number in range(1000)]
    assert len({row.transaction_id for row in transactions}) == 1000
    for row in transactions:
        assert msgspec.json.decode(encode_payload(row), type=Transaction) == row
        assert row.transaction_id.startswith(f"{PREFIX}18f0-")
        assert row.account_id.startswith(PREFIX)
        assert row.merchant_id.startswith(PREFIX)


@pytest.mark.parametrize(
    "settings",
    [
        {"rate": 0.01}, {"rate": 1001}, {"minutes": 0.0001}, {"minutes": 61}, {"zipf": 5.1},
        {"merchants": 0}, {"merchants": 1_000_001}, {"accounts": 0}, {"accounts": 10_000_001},
    ],
)  # fmt: skip
def test_setting_out_of_bounds_is_refused_by_its_option(settings: dict[str, Any]) -> None:
    (option,) = settings
    with pytest.raises(UserError, match=f"--{option}: "):
        Traffic(**{"rate": 10, "minutes": 1, **settings})
