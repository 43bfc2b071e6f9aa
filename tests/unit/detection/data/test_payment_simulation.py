from collections.abc import Callable, Sequence

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from detection.data.columns import LabelledTransaction
from detection.data.payment_simulation import (
    COLUMNS,
    START_MS,
    PaymentColumns,
    simulate_payment_columns,
    simulate_payments,
)
from detection.data.payments.events import SCENARIOS, UNKNOWN
from functions.api.transaction_parser import TransactionParser
from functions.common.domain.currencies import decimal_places
from functions.common.domain.time_buckets import DAY_MS
from functions.common.domain.transaction import TRANSACTION_FIELDS
from functions.common.http.body import JsonObject

SIZE = {"accounts": 1500, "merchants": 900, "days": 90}
KINDS = SCENARIOS[1:]
Rows = Sequence[LabelledTransaction]


@pytest.fixture(scope="module")
def columns() -> PaymentColumns:
    return simulate_payment_columns(**SIZE, seed=1)


@pytest.fixture(scope="module")
def rows() -> Rows:
    return list(simulate_payments(**SIZE, seed=1))


def test_payments_depend_on_the_seed_only() -> None:
    small = {"accounts": 100, "merchants": 100, "days": 30}
    first, repeated, different = (list(simulate_payments(**small, seed=seed)) for seed in (3, 3, 4))
    assert first == repeated
    assert first != different


def test_payments_are_in_order_of_time_and_within_the_period(rows: Rows) -> None:
    times = [row.transaction.timestamp for row in rows]
    assert times == sorted(times)
    assert times[0] >= START_MS
    assert times[-1] < START_MS + SIZE["days"] * DAY_MS


def test_ids_are_unique(rows: Rows) -> None:
    assert len({row.transaction.transaction_id for row in rows}) == len(rows)


def test_the_api_accepts_the_payments(rows: Rows) -> None:
    parser = TransactionParser(max_age_days=30, extra_decimals="refuse")
    for row in rows[::50]:
        transaction = row.transaction
        fields = [(field.name, getattr(transaction, field.name)) for field in TRANSACTION_FIELDS]
        values = JsonObject([(name, value) for name, value in fields if value is not None])
        parsed = parser.parse(values, transaction.timestamp)
        assert (parsed.transaction_id, parsed.amount) == (transaction.transaction_id, transaction.amount)


def test_amounts_have_the_decimals_of_their_currencies(rows: Rows) -> None:
    for row in rows:
        exponent = row.transaction.amount.as_tuple().exponent
        assert row.transaction.amount > 0
        assert exponent == -decimal_places(row.transaction.currency)
    assert {0, 2, 3} == {decimal_places(row.transaction.currency) for row in rows}


def test_amounts_are_of_a_realistic_size_in_each_currency(columns: PaymentColumns) -> None:
    for currency in np.unique(columns.currencies):
        assert 3 < np.median(columns.euros[columns.currencies == currency]) < 60


def test_every_optional_column_is_sometimes_filled_and_sometimes_empty(rows: Rows) -> None:
    for name in set(COLUMNS) - {"currency", "channel", "merchant_category"}:
        values = [getattr(row.transaction, name) for row in rows]
        assert any(values), name
        assert None in values, name


def test_every_kind_of_fraud_occurs_and_fraud_is_rare(columns: PaymentColumns) -> None:
    counts = np.bincount(columns.scenarios, minlength=len(SCENARIOS))
    assert (counts[1:] > 20).all(), dict(zip(SCENARIOS, counts.tolist(), strict=True))
    assert 0.003 < (columns.scenarios > 0).mean() < 0.009


def test_a_small_world_has_as_much_fraud_as_a_large_one() -> None:
    shares = [
        (simulate_payment_columns(accounts=400, merchants=300, days=120, seed=seed).scenarios > 0).mean()
        for seed in range(4)
    ]
    assert 0.003 < np.mean(shares) < 0.01


def test_refunds_follow_their_purchase_and_repeat_its_amount(rows: Rows) -> None:
    purchases = {row.transaction.transaction_id: row.transaction for row in rows}
    refunds = [row for row in rows if row.transaction.is_refund]
    assert len(refunds) > 50
    for row in refunds:
        assert row.transaction.original_transaction_id
        purchase = purchases[row.transaction.original_transaction_id]
        assert purchase.timestamp <= row.transaction.timestamp
        assert (purchase.amount, purchase.account_id) == (row.transaction.amount, row.transaction.account_id)
        assert not row.is_fraud


def test_many_accounts_share_an_address_and_some_share_a_device(columns: PaymentColumns) -> None:
    genuine = columns.scenarios == 0
    for entities, minimum in ((columns.addresses, 30), (columns.devices, 2)):
        used = genuine & (entities != UNKNOWN)
        pairs = np.unique(np.column_stack([entities[used], columns.accounts[used]]), axis=0)
        assert np.bincount(pairs[:, 0] - pairs[:, 0].min()).max() >= minimum


@pytest.mark.parametrize("name", ["account_id", "merchant_id", "device_id"])
def test_names_do_not_show_who_commits_fraud(rows: Rows, name: str) -> None:
    frauds: dict[str, bool] = {}
    for row in rows:
        if value := getattr(row.transaction, name):
            frauds[value] = frauds.get(value, False) or bool(row.is_fraud)
    numbers = [int(value.rpartition("-")[2]) for value in frauds]
    assert roc_auc_score(list(frauds.values()), numbers) == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize(
    "read",
    [
        lambda row: row.transaction.timestamp % 1000,
        lambda row: row.transaction.timestamp // 1000 % 3600,
        lambda row: int(row.transaction.transaction_id.rpartition("-n")[2]) % 1000,
    ],
    ids=["milliseconds", "second of the hour", "place in the order"],
)
def test_times_and_order_do_not_show_fraud(rows: Rows, read: Callable[[LabelledTransaction], int]) -> None:
    labels = [bool(row.is_fraud) for row in rows]
    assert roc_auc_score(labels, [read(row) for row in rows]) == pytest.approx(0.5, abs=0.05)


def test_amounts_are_rounded_in_the_same_way_for_fraud(columns: PaymentColumns) -> None:
    # Online prices in currencies with cents.
    shares = []
    for fraud in (False, True):
        online = (columns.devices != UNKNOWN) & (columns.euros < 1000) & (columns.currencies == 0)
        chosen = online & ((columns.scenarios > 0) == fraud)
        shares.append((columns.amounts[chosen] % 100 == 99).mean())
    assert shares[0] == pytest.approx(shares[1], abs=0.12)


def test_accounts_and_merchants_of_fraud_have_genuine_payments_too(columns: PaymentColumns) -> None:
    fraud = columns.scenarios > 0
    for entities in (columns.accounts, columns.merchants):
        with_fraud = np.unique(entities[fraud])
        assert np.isin(with_fraud, entities[~fraud]).mean() > 0.95


@pytest.mark.parametrize(("accounts", "days"), [(1, 1), (3, 2), (40, 10)])
def test_simulation_works_for_few_accounts_and_days(accounts: int, days: int) -> None:
    assert len(list(simulate_payments(accounts=accounts, merchants=50, days=days, seed=1))) >= 0
