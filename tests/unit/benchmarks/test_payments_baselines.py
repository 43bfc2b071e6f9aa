import numpy as np
import pytest

from benchmarks._payments_baselines import MODELS, payment_features, read_history
from detection.data.payment_simulation import PaymentColumns, simulate_payment_columns
from detection.data.payments.catalogue import find_lines
from detection.data.payments.events import UNKNOWN

DAY_MS = 86_400_000
SHOP, ONLINE = find_lines("card_present", "5411")[0], find_lines("ecommerce", "5732")[0]
# The positions of features.
AMOUNT, COUNT_1D, RATIO, NEW_DEVICE, NEW_COUNTRY, NEW_CATEGORY, IDLE, HOUR = 0, 3, 15, 17, 18, 19, 20, 21
CATEGORY_RISK, DEVICE_ACCOUNTS = -2, -1


def make_payments(rows: list[dict[str, int]]) -> PaymentColumns:
    """Payments in euros, by default of account 0 in a shop at midnight of day 0."""
    names = ("times", "accounts", "merchants", "amounts", "lines", "places", "devices", "scenarios")
    defaults = {"amounts": 1000, "lines": SHOP, "devices": UNKNOWN}
    values = {name: np.array([row.get(name, defaults.get(name, 0)) for row in rows]) for name in names}
    nothing = np.zeros(len(rows), np.int64)
    return PaymentColumns(**values, currencies=nothing, addresses=nothing, refunded=nothing - 1)


def test_amount_is_compared_with_the_earlier_payments_of_the_account() -> None:
    features = payment_features(make_payments([{"amounts": 1000}, {"times": 1000, "amounts": 3000}]))
    assert features[:, AMOUNT].tolist() == [10, 30]
    assert features[:, RATIO].tolist() == [1, 3]
    assert features[:, COUNT_1D].tolist() == [1, 2]


def test_new_values_are_marked_at_their_first_use() -> None:
    rows = [{"devices": 4}, {"devices": 4, "places": 1}, {"devices": UNKNOWN, "lines": ONLINE}]
    features = payment_features(make_payments([row | {"times": i} for i, row in enumerate(rows)]))
    assert features[:, NEW_DEVICE].tolist() == [1, 0, 0]
    assert features[:, NEW_COUNTRY].tolist() == [1, 1, 0]
    assert features[:, NEW_CATEGORY].tolist() == [1, 0, 1]


def test_idle_time_and_hour_are_those_of_the_payment() -> None:
    features = payment_features(make_payments([{}, {"times": 2 * 3_600_000}]))
    assert features[1, [IDLE, HOUR]].tolist() == [7200, 2]


def test_risk_of_a_category_is_known_after_the_delay_of_labels() -> None:
    rows = [{"scenarios": 1}, {"times": 6 * DAY_MS}, {"times": 8 * DAY_MS}]
    assert payment_features(make_payments(rows))[:, CATEGORY_RISK].tolist() == [0, 0, 1]


def test_accounts_of_a_device_are_those_of_the_day() -> None:
    rows = [{"devices": 4}, {"accounts": 1, "devices": 4}, {"accounts": 2}]
    assert payment_features(make_payments(rows))[:, DEVICE_ACCOUNTS].tolist() == [1, 2, 0]


@pytest.mark.filterwarnings("ignore")
def test_every_model_accepts_the_features() -> None:
    columns = simulate_payment_columns(accounts=60, merchants=60, days=20, seed=1)
    purchases = columns.select(~columns.is_refund)
    values = payment_features(purchases)
    assert len(read_history(purchases).days) == len(values)
    labels = np.arange(len(values)) % 50 == 0
    for candidates in MODELS.values():
        candidates[0].fit(values, labels).predict_proba(values)
