"""Each transaction meets what the pipeline would have known when it was made, and nothing later."""

import math
from collections.abc import Sequence

from detection.data.columns import Labelled
from detection.data.dates import DAY_MS
from detection.replay import replay
from functions.common.domain.features import NAMES
from tests.unit.detection.transactions import past

DELAY_MS = 7 * DAY_MS


def replayed(
    rows: Sequence[Labelled], *, from_ms: int = 0, delay_ms: int = DELAY_MS
) -> list[list[float] | None]:
    return [
        values for _, values in replay(rows, label_delay_ms=delay_ms, label_delay_days=7, from_ms=from_ms)
    ]


def known(values: Sequence[Sequence[float] | None]) -> list[list[float | None] | None]:
    """Comparable: NaN is not equal to itself."""
    return [
        None if one is None else [None if math.isnan(value) else value for value in one] for one in values
    ]


def value(values: Sequence[float] | None, name: str) -> float:
    assert values is not None
    return values[NAMES.index(name)]


def test_a_transaction_is_not_counted_among_those_before_it() -> None:
    first, second = replayed(past([(0, "a", "m", False), (5, "a", "m", False)]))
    assert (value(first, "account_count_30d"), value(second, "account_count_30d")) == (0, 1)


def test_a_fraud_is_known_when_its_delay_is_over_and_not_before() -> None:
    rows = past([(0, "a", "m", True), (8 * DAY_MS, "b", "m", False)])
    for delay_ms, share in ((8 * DAY_MS, 1.0), (8 * DAY_MS + 1, 0.0)):
        assert value(replayed(rows, delay_ms=delay_ms)[1], "merchant_fraud_30d") == share


def test_nothing_looks_at_what_is_made_or_reported_later() -> None:
    days = range(60)
    rows = past([(day * DAY_MS, f"a{day % 3}", f"m{day % 2}", day % 5 == 0) for day in days])
    changed = past([(day * DAY_MS, f"a{day % 3}", f"m{day % 2}", day % 5 == 0 and day < 33) for day in days])
    # Labels of day 33 and later come on day 40 at the earliest.
    assert known(replayed(rows)[:40]) == known(replayed(changed)[:40])
    assert known(replayed(rows)) != known(replayed(changed))
    assert known(replayed(rows)[:40]) == known(replayed(rows[:40]))


def test_history_is_counted_without_features() -> None:
    rows = past([(0, "a", "m", False), (5, "a", "m", False)])
    first, second = replayed(rows, from_ms=rows[1].transaction.timestamp)
    assert first is None
    assert value(second, "account_count_30d") == 1
