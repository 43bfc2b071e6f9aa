"""The replay in columns and the definition of features for one transaction give the same values."""

import math
import random
from collections.abc import Sequence
from decimal import Decimal

import pytest

from detection.data.columns import LabelledTransaction, batch_rows
from detection.replay.replay import replay_batches
from functions.common.domain.features import FEATURE_NAMES
from functions.common.domain.time_buckets import DAY_MS, HOUR_MS
from functions.common.domain.transaction_event import TransactionInserted
from tests.unit.detection.defined_features import compute_history_features

BEGIN_MS = 1_780_000_000_000
GAPS_MS = {
    "busy": (0, 0, 0, 1, 900, 60_000),
    "mixed": (0, 1_000, 40_000, 600_000, 3 * HOUR_MS),
    "sparse": (0, 30_000, HOUR_MS, DAY_MS, 3 * DAY_MS, 20 * DAY_MS),
}
CENTS = (1, 99, 100, 199, 200, 1_234, 2_500, 90_000, 10**9, 10**14 - 1)


def make_rows(
    seed: int, count: int, *, gaps: str = "mixed", accounts: int = 12, merchants: int = 5, fraud: float = 0.1
) -> list[LabelledTransaction]:
    """Bursts, pauses and equal times; few or many values of each field, some of them missing."""
    rng, time_ms = random.Random(seed), BEGIN_MS + seed * 7 * HOUR_MS  # noqa: S311  # transactions, not a secret
    variety = rng.choice([2, 9, 40])
    most = rng.choice([4, 8, len(CENTS)])
    rows = []
    for number in range(count):
        time_ms += rng.choice(GAPS_MS[gaps]) * rng.choice([1, 1, 3])
        transaction = TransactionInserted(
            transaction_id=f"t{number}",
            timestamp=time_ms,
            account_id=f"a{int(accounts * rng.random() ** 2)}",
            merchant_id=f"m{int(merchants * rng.random() ** 2)}",
            amount=Decimal(rng.choice(CENTS[:most])) / 100 * rng.choice([1, 1, 2]),
            currency=rng.choice(["EUR", "EUR", "USD", "JPY", "XAU"]),
            type=rng.choice([None] * 15 + ["refund"]),
            country=rng.choice(
                ["DE", "DE", "FR", "US", "JP", "BR", "IN", "ZA", "AU", "CA", "PL", "SE", None]
            ),
            device_id=rng.choice([f"d{rng.randrange(variety)}", None]),
            ip_address=rng.choice([f"10.0.{rng.randrange(variety)}.{rng.randrange(3)}", "2001:db8::1", None]),
            merchant_category=rng.choice([f"c{rng.randrange(variety)}", "C 1", "c_1", None]),
            received_at=time_ms,
        )
        label = rng.choice([None, False, False]) if rng.random() > fraud else True
        rows.append(LabelledTransaction(transaction, label, ""))
    return rows


def replay_rows(
    rows: Sequence[LabelledTransaction], *, delay_ms: int, delay_days: int = 7, min_rows: int = 1 << 16
) -> list[list[float] | None]:
    """The features by the replay in columns, in segments of at least `min_rows`."""
    return [
        values if is_scored else None
        for featured in replay_batches(
            batch_rows(rows, min_rows),
            label_delay_ms=delay_ms,
            label_delay_days=delay_days,
            min_rows=min_rows,
        )
        for values, is_scored in zip(featured.values.tolist(), featured.is_scored.tolist(), strict=True)
    ]


def find_differences(
    rows: Sequence[LabelledTransaction], *, delay_ms: int, delay_days: int = 7, min_rows: int = 1 << 16
) -> list[tuple[int, str, float, float]]:
    """Row, name and both values of each feature that is not the same."""
    defined = compute_history_features(rows, label_delay_ms=delay_ms, label_delay_days=delay_days)
    replayed = replay_rows(rows, delay_ms=delay_ms, delay_days=delay_days, min_rows=min_rows)
    different = []
    for number, ((_, expected), values) in enumerate(zip(defined, replayed, strict=True)):
        assert (values is None) == (expected is None)
        if values is None or expected is None:
            continue
        for name, value, truth in zip(FEATURE_NAMES, values, expected, strict=True):
            if not (math.isclose(value, truth, rel_tol=1e-9) or (math.isnan(value) and math.isnan(truth))):
                different.append((number, name, value, truth))
    return different


@pytest.mark.parametrize("gaps", GAPS_MS)
@pytest.mark.parametrize("delay_ms", [0, HOUR_MS, 7 * DAY_MS, 45 * DAY_MS])
@pytest.mark.parametrize("seed", range(3))
def test_features_are_those_of_the_definition(seed: int, delay_ms: int, gaps: str) -> None:
    rows = make_rows(seed, 700, gaps=gaps)
    assert find_differences(rows, delay_ms=delay_ms, delay_days=1 + 14 * seed, min_rows=150) == []
