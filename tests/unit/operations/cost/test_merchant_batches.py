import random

import pytest

from operations.cost.assumptions import NEW_DEVICE_SHARE
from operations.cost.merchant_batches import MerchantBatches, count_distinct


def batches(**changes: float) -> MerchantBatches:
    values = {
        "per_day": 864_000,
        "window_seconds": 300,
        "max_records": 10_000,
        "shards": 4,
        "record_bytes": 1_000,
    }
    return MerchantBatches(**(values | changes))  # type: ignore[arg-type]


def test_batch_has_the_transactions_of_a_window_in_one_shard() -> None:
    assert batches().transactions == 750


@pytest.mark.parametrize(
    ("changes", "transactions"),
    [
        ({"max_records": 100}, 100),
        # 6 MB of records.
        ({"record_bytes": 10_000}, 629),
        # The transaction that begins the window.
        ({"per_day": 0}, 1),
    ],
)
def test_batch_is_within_the_limits_of_lambda(changes: dict[str, float], transactions: int) -> None:
    assert batches(**changes).transactions == transactions


def test_expected_number_of_different_merchants_is_that_of_a_simulation() -> None:
    draw = random.Random(1).choices  # noqa: S311  # a simulation
    weights = [rank**-1.2 for rank in range(1, 1001)]
    counts = [len(set(draw(range(1000), weights, k=500))) for _ in range(200)]
    assert count_distinct(500, 1000, 1.2) == pytest.approx(sum(counts) / len(counts), rel=0.02)


def test_merchant_of_a_single_transaction_is_written_once_and_again_for_a_new_device() -> None:
    assert batches(per_day=0).merchants_per_transaction == pytest.approx(1 + NEW_DEVICE_SHARE.value)
    assert batches(per_day=0).categories_per_transaction == pytest.approx(1)


def test_batch_has_fewer_different_categories_than_merchants() -> None:
    assert batches().categories_per_transaction < batches().merchants_per_transaction
