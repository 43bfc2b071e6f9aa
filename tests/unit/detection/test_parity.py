"""Parity of the functions and the replay, with devices, addresses, refunds, late labels and late counts."""

import io
import math
import random
from collections import deque
from decimal import Decimal

import pytest

from detection.data.columns import LabelledTransaction
from functions.api.transaction_store import build_transaction_item
from functions.common.domain.features import FEATURE_NAMES
from functions.common.domain.time_buckets import DAY_MS
from functions.common.domain.transaction import Transaction
from functions.common.domain.transaction_event import EVENT_FIELDS, TransactionInserted, decode_transaction
from functions.common.dynamodb.client import Item
from functions.common.runtime.telemetry import Telemetry
from functions.fraud.profile_store import ProfileStore
from functions.fraud.scoring.decider import Decider
from functions.fraud.scoring.rules import RuleSet
from functions.fraud.scoring.scorer import Scorer
from functions.fraud.service import FraudDetector
from functions.labels.label import Label
from functions.labels.label_store import LabelStore
from functions.merchants.merchant_counter import MerchantCounter
from tests.unit.detection.defined_features import compute_history_features
from tests.unit.functions.builders import NOW
from tests.unit.functions.fakes import FakeRetrySender, FakeSender
from tests.unit.functions.in_memory_dynamodb import PROFILES, TRANSACTIONS, InMemoryDynamoDb

COUNT = 700
LABEL_DELAY_MS = 7 * DAY_MS
# The latest time at which a merchant is counted.
COUNTED_MS = 120_000
CHANCE_OF_FRAUD, CHANCE_OF_REFUND = 0.05, 0.03


def make_rows(seed: int) -> list[LabelledTransaction]:
    """Bursts and pauses: accounts share devices and addresses, and some currencies have no rate."""
    rng, time_ms = random.Random(seed), NOW  # noqa: S311  # transactions, not a secret
    rows = []
    for number in range(COUNT):
        time_ms += int(rng.choice([2_000, 40_000, 600_000, 20_000_000]) * rng.random())
        is_refund = rng.random() < CHANCE_OF_REFUND
        transaction = TransactionInserted(
            transaction_id=f"t{number}",
            timestamp=time_ms,
            account_id=f"a{rng.randrange(30)}",
            merchant_id=f"m{rng.randrange(6)}",
            amount=Decimal(rng.choice([1, 100, 2_500, 90_000])) / 100 + rng.randrange(50),
            currency=rng.choice(["EUR", "EUR", "USD", "XAU"]),
            type="refund" if is_refund else None,
            original_transaction_id="t0" if is_refund else None,
            channel="ecommerce",
            country=rng.choice(["DE", "FR", "US", None]),
            device_id=rng.choice([f"d{rng.randrange(12)}", None]),
            ip_address=rng.choice([f"10.0.{rng.randrange(8)}.1", "2001:db8::1", None]),
            merchant_category=rng.choice(["food", "Food", "fuel", None]),
            received_at=time_ms,
        )
        is_fraud = not is_refund and rng.random() < CHANCE_OF_FRAUD
        rows.append(LabelledTransaction(transaction, is_fraud, ""))
    return rows


class Pipeline:
    """The functions `fraud`, `labels` and `merchants` on tables in memory."""

    def __init__(self) -> None:
        self.now_ms = NOW
        self._dynamodb = InMemoryDynamoDb()
        client = self._dynamodb.client
        self._detector = FraudDetector(
            decider=Decider(Scorer(RuleSet(threshold=0.5))),
            profiles=ProfileStore(client, TRANSACTIONS, PROFILES),
            sender=FakeSender(),
            retries=FakeRetrySender(),
            telemetry=Telemetry("fraud", io.StringIO()),
            clock=self._read_clock,
        )
        self._labels = LabelStore(client, TRANSACTIONS, PROFILES)
        self._counter = MerchantCounter(
            client, PROFILES, Telemetry("merchants", io.StringIO()), self._read_clock, run_all=_run_in_turn
        )
        # The records of the stream: their time, kind and item.
        self._uncounted: deque[tuple[int, str, Item]] = deque()
        self._frauds: deque[TransactionInserted] = deque()
        self._sequence = 0

    def decide(self, row: LabelledTransaction, *, counts_late: bool) -> tuple[float | None, ...]:
        """Post a transaction and decide on it. Returns the features of the decision."""
        transaction = row.transaction
        self.now_ms = transaction.timestamp
        self._label_frauds()
        self._count_merchants(self.now_ms - COUNTED_MS if counts_late else self.now_ms)
        fields = {name: getattr(transaction, name) for name in Transaction.__struct_fields__}
        item = build_transaction_item(Transaction(**fields), self.now_ms, self.now_ms // 1000 + 10**7)
        self._dynamodb.database.put(TRANSACTIONS, dict(item))
        self._uncounted.append((self.now_ms, "INSERT", item))
        if row.is_fraud:
            self._frauds.append(transaction)
        event = {name: item[name] for name in EVENT_FIELDS if name in item}
        [decision] = self._detector.decide_group([decode_transaction(event)])
        assert decision is not None
        stored = self._dynamodb.database.get(TRANSACTIONS, item)
        if stored is not None and "new_device" in stored:
            self._uncounted.append((self.now_ms, "MODIFY", stored))
        return decision.features

    def _label_frauds(self) -> None:
        while self._frauds and self._frauds[0].timestamp + LABEL_DELAY_MS <= self.now_ms:
            fraud = self._frauds.popleft()
            label = Label(transaction_id=fraud.transaction_id, label="fraud")
            self._labels.put(label, fraud.timestamp, self.now_ms)

    def _count_merchants(self, until_ms: int) -> None:
        batch = []
        while self._uncounted and self._uncounted[0][0] <= until_ms:
            self._sequence += 1
            _, event_name, image = self._uncounted.popleft()
            change = {"SequenceNumber": str(self._sequence), "NewImage": image}
            batch.append({"eventName": event_name, "dynamodb": change})
        if batch:
            self._counter.count_batch({"shardId": "shard", "Records": batch})

    def _read_clock(self) -> int:
        return self.now_ms


def _run_in_turn(tasks: object) -> list[Exception | None]:
    return [task() for task in tasks]  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", range(3))
def test_functions_and_replay_compute_the_same_features(seed: int) -> None:
    rows, rng = make_rows(seed), random.Random(seed)  # noqa: S311  # transactions, not a secret
    pipeline = Pipeline()
    replayed = compute_history_features(rows, label_delay_ms=LABEL_DELAY_MS, label_delay_days=7)
    compared = 0
    for row, values in replayed:
        features = pipeline.decide(row, counts_late=rng.random() < 0.7)
        if values is None:
            assert row.transaction.is_refund
            continue
        compared += 1
        expected = [None if math.isnan(value) else value for value in values]
        different = {
            name: (value, other)
            for name, value, other in zip(FEATURE_NAMES, features, expected, strict=True)
            if value != other
        }
        assert different == {}, row.transaction
    assert compared > COUNT * 0.9


def test_rows_of_the_parity_test_have_each_feature() -> None:
    """Otherwise the parity test would compare unknown values and zeros only."""
    replayed = compute_history_features(make_rows(0), label_delay_ms=LABEL_DELAY_MS, label_delay_days=7)
    rows = [values for _, values in replayed if values is not None]
    for name, column in zip(FEATURE_NAMES, zip(*rows, strict=True), strict=True):
        assert any(value > 0 for value in column), name
