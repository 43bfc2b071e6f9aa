import math
from collections.abc import Sequence

from detection.data.columns import LabelledTransaction
from functions.common.domain.features import FEATURE_NAMES
from functions.common.domain.time_buckets import DAY_MS
from tests.unit.detection.defined_features import compute_history_features
from tests.unit.detection.transactions import make_history

DELAY_MS = 7 * DAY_MS


def replay_features(
    rows: Sequence[LabelledTransaction], *, from_ms: int = 0, delay_ms: int = DELAY_MS
) -> list[list[float] | None]:
    return [
        values
        for _, values in compute_history_features(
            rows, label_delay_ms=delay_ms, label_delay_days=7, from_ms=from_ms
        )
    ]


def make_comparable(rows: Sequence[Sequence[float] | None]) -> list[list[float | None] | None]:
    """Replace NaN, which is not equal to itself, with None."""
    return [
        None if values is None else [None if math.isnan(value) else value for value in values]
        for values in rows
    ]


def feature(values: Sequence[float] | None, name: str) -> float:
    assert values is not None
    return values[FEATURE_NAMES.index(name)]


def test_features_do_not_count_the_transaction_itself() -> None:
    first, second = replay_features(make_history([(0, "a", "m", False), (5, "a", "m", False)]))
    assert (feature(first, "account_count_30d"), feature(second, "account_count_30d")) == (0, 1)


def test_fraud_is_known_after_the_label_delay() -> None:
    rows = make_history([(0, "a", "m", True), (8 * DAY_MS, "b", "m", False)])
    for delay_ms, share in ((8 * DAY_MS, 1.0), (8 * DAY_MS + 1, 0.0)):
        assert feature(replay_features(rows, delay_ms=delay_ms)[1], "merchant_fraud_30d") == share


def test_features_do_not_depend_on_later_transactions_or_labels() -> None:
    days = range(60)
    rows = make_history([(day * DAY_MS, f"a{day % 3}", f"m{day % 2}", day % 5 == 0) for day in days])
    changed = make_history(
        [(day * DAY_MS, f"a{day % 3}", f"m{day % 2}", day % 5 == 0 and day < 33) for day in days]
    )
    # Labels of day 33 and later arrive on day 40 or later.
    assert make_comparable(replay_features(rows)[:40]) == make_comparable(replay_features(changed)[:40])
    assert make_comparable(replay_features(rows)) != make_comparable(replay_features(changed))
    assert make_comparable(replay_features(rows)[:40]) == make_comparable(replay_features(rows[:40]))


def test_history_counts_but_has_no_features() -> None:
    rows = make_history([(0, "a", "m", False), (5, "a", "m", False)])
    first, second = replay_features(rows, from_ms=rows[1].transaction.timestamp)
    assert first is None
    assert feature(second, "account_count_30d") == 1
