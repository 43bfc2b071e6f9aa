"""The fraud function on virtual AWS: how the detector is built, and how profiles are stored."""

import io
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.virtual_aws.asynchronous_function import AsynchronousFunction, Environment, FunctionLimits
from benchmarks.virtual_aws.database import Database, KeySchema
from benchmarks.virtual_aws.dynamodb_client import DynamoDbClient
from benchmarks.virtual_aws.expressions import Item
from benchmarks.virtual_aws.stream_consumer import StreamConsumer
from benchmarks.virtual_aws.virtual_time import VirtualTime
from detection.rules.rule_file import read_rules
from functions.common.domain.decision import FRAUD
from functions.common.domain.origin_profile import OriginProfile, count_in_origin
from functions.common.domain.profiles import count_transaction
from functions.common.domain.time_buckets import DAY_MS, HALF_DAY_MS
from functions.common.domain.transaction_event import (
    TRANSACTION_FORMAT,
    build_event_detail,
    decode_transaction,
)
from functions.common.dynamodb.client import StoreBusyError
from functions.common.dynamodb.origin_items import decode_origin
from functions.common.dynamodb.profile_items import (
    build_update,
    decode_account,
    decode_category,
    decode_merchant,
    profile_key,
    profile_subject,
)
from functions.common.runtime.telemetry import Telemetry
from functions.fraud.profile_store import ProfileStore
from functions.fraud.retries import RetryProcessor
from functions.fraud.scoring.decider import Decider
from functions.fraud.scoring.scorer import Scorer
from functions.fraud.senders import RetrySender, SuspiciousTransactionSender, UnreadableMessageSender
from functions.fraud.service import FraudDetector
from functions.labels.label import Label
from functions.labels.label_store import LabelStore
from functions.merchants.merchant_counter import MerchantCounter, Task
from stacks.processing.fraud_function import RETRY_BATCH_SIZE, RETRY_WINDOW_SECONDS
from stacks.processing.settings import ProcessingSettings

RULES = Path(__file__).parents[1] / "stacks/processing/rules.yaml"
TRANSACTIONS, PROFILES = "transactions", "profiles"
# Noon, so that no simulation ends in the next half day.
START_MS = 1_780_012_800_000 // DAY_MS * DAY_MS + HALF_DAY_MS
HISTORY_DAYS = 90
HISTORY_MERCHANT_COUNT = 5_000
RESERVED_CONCURRENCY = 200
SEND_SECONDS = (0.005, 0.015)
# A table on demand starts with four partitions. The window of the deployed function is longer, so that it
# writes each merchant less often.
SHARDS, MERCHANT_WINDOW_SECONDS = 4, 1.0
RETRY_QUEUE_URL = "retries"
HOT_MERCHANT = "hot"
# Every transaction has it.
CATEGORY = "groceries"
STORED_LABELS, FAILED_LABELS, COUNTED_FRAUDS = "stored labels", "failed labels", "counted frauds"


class Arrival(NamedTuple):
    """A transaction that arrives at the function's queue after `seconds`.

    `device`: empty for the account's own device.
    """

    seconds: float
    account: str
    merchant: str
    device: str = ""

    @property
    def used_device(self) -> str:
        return self.device or f"device-{self.account}"


class LabelWave(NamedTuple):
    """Labels of frauds of the day before, all at the merchant HOT_MERCHANT, at random times."""

    number: int = 0
    seconds: float = 0.0


NO_LABELS = LabelWave()


class PathResult(NamedTuple):
    """Seconds from arrival to decision by transaction, or None; counters; subjects with wrong counts."""

    latencies: list[float | None]
    counts: Counter[str]
    wrong_counts: int


class _QueueClient:
    """The operation of SQS that senders need. Messages to the retry queue arrive there."""

    def __init__(self, time: VirtualTime, chance: random.Random, send_retry: Callable[[str], None]) -> None:
        self._time = time
        self._chance = chance
        self._send_retry = send_retry

    def send_message(self, *, QueueUrl: str, MessageBody: str, **_: object) -> None:  # noqa: N803
        self._time.sleep(self._chance.uniform(*SEND_SECONDS))
        if QueueUrl == RETRY_QUEUE_URL:
            self._send_retry(MessageBody)


class _DiscardingStream(io.StringIO):
    def write(self, text: str, /) -> int:
        return len(text)


class DecisionPath:
    """The function with its tables. `run` simulates arrivals until all events are processed."""

    def __init__(self, arrivals: list[Arrival], seed: int, labels: LabelWave = NO_LABELS) -> None:
        self._arrivals = arrivals
        self._labels = labels
        self._label_counts: Counter[str] = Counter()
        self._time = VirtualTime()
        self._chance = random.Random(seed)  # noqa: S311
        self._scorer = Scorer(read_rules(RULES))
        self._database = Database(
            {TRANSACTIONS: KeySchema("transaction_id", "timestamp"), PROFILES: KeySchema("subject", "part")},
            lambda: self._time.now,
            random.Random(seed),  # noqa: S311
        )
        self._decided_at: dict[str, float] = {}
        settings = ProcessingSettings()
        limits = FunctionLimits(
            RESERVED_CONCURRENCY,
            settings.fraud_retries,
            settings.retry_concurrency,
            settings.retry_receives,
            RETRY_BATCH_SIZE,
            RETRY_WINDOW_SECONDS,
        )
        self._function = AsynchronousFunction(self._time, limits, self._create_environment)
        self._consumer = StreamConsumer(
            self._time,
            MerchantCounter(
                self._create_client(),
                PROFILES,
                Telemetry("merchants", _DiscardingStream()),
                self._now_ms,
                sleep=self._time.sleep,
                run_all=_run_in_turn,
            ).count_batch,
            shards=SHARDS,
            window_seconds=MERCHANT_WINDOW_SECONDS,
        )

    def run(self) -> PathResult:
        """Simulate all arrivals and retries."""
        # The back-off of the functions draws from the module's generator.
        random.seed(0)
        items = [_build_item(number, arrival) for number, arrival in enumerate(self._arrivals)]
        self._store_history()
        self._database.subscribe(TRANSACTIONS, self._observe_decision)
        self._database.subscribe(TRANSACTIONS, self._consumer.observe)
        for item, arrival in zip(items, self._arrivals, strict=True):
            self._time.call_later(arrival.seconds, partial(self._accept, item))
        self._schedule_labels()
        try:
            self._time.run()
        finally:
            self._time.close()
        return PathResult(
            [self._find_latency(number, arrival) for number, arrival in enumerate(self._arrivals)],
            self._database.counts
            + self._function.counts
            + self._consumer.counts
            + self._label_counts
            + Counter({COUNTED_FRAUDS: self._count_frauds()}),
            self._count_wrong_subjects(),
        )

    def _accept(self, item: Item) -> None:
        """Store a transaction and invoke the function, as the API, the stream, the pipe and the bus do."""
        self._database.put(TRANSACTIONS, item)
        self._function.invoke({"detail": build_event_detail(item)})

    def _schedule_labels(self) -> None:
        """Store decided transactions of the day before, and label them during the simulation."""
        for number in range(self._labels.number):
            item = _build_item(number, Arrival(-DAY_MS / 1000, f"labelled-{number}", HOT_MERCHANT))
            item |= {"transaction_id": {"S": f"labelled-{number}"}, "decision": {"S": "{}"}}
            self._database.put(TRANSACTIONS, item)
            seconds = self._chance.uniform(0, self._labels.seconds)
            self._time.call_later(seconds, partial(self._time.start, partial(self._label, item)))

    def _label(self, item: Item) -> None:
        """Store a label, as the function `labels` does."""
        label = Label(transaction_id=item["transaction_id"]["S"], label=FRAUD)
        store = LabelStore(self._create_client(), TRANSACTIONS, PROFILES, self._time.sleep)
        try:
            store.put(label, int(item["timestamp"]["N"]), self._now_ms())
        except StoreBusyError:
            self._label_counts[FAILED_LABELS] += 1
        else:
            self._label_counts[STORED_LABELS] += 1

    def _count_frauds(self) -> int:
        key = profile_key(profile_subject("merchant", HOT_MERCHANT))
        return sum(decode_merchant(HOT_MERCHANT, self._database.get(PROFILES, key)).profile.half_days.frauds)

    def _observe_decision(self, _before: Item | None, after: Item | None) -> None:
        if after and "decision" in after:
            self._decided_at.setdefault(after["transaction_id"]["S"], self._time.now)

    def _find_latency(self, number: int, arrival: Arrival) -> float | None:
        decided_at = self._decided_at.get(str(number))
        return None if decided_at is None else decided_at - arrival.seconds

    def _create_environment(self) -> Environment:
        """An execution environment, as `functions/fraud/handler.py` builds it."""
        client = self._create_client()
        queues: Any = _QueueClient(self._time, self._chance, self._function.send_retry)
        telemetry = Telemetry("fraud", _DiscardingStream())
        detector = FraudDetector(
            decider=Decider(self._scorer, None, ProcessingSettings().alert_window_seconds),
            profiles=ProfileStore(client, TRANSACTIONS, PROFILES),
            sender=SuspiciousTransactionSender(queues, "suspicious"),
            retries=RetrySender(queues, RETRY_QUEUE_URL),
            telemetry=telemetry,
            clock=self._now_ms,
            sleep=self._time.sleep,
        )
        retries = RetryProcessor(detector, UnreadableMessageSender(queues, "failures"), telemetry)

        def handle(event: dict[str, Any], remaining_ms: Callable[[], int]) -> dict[str, Any] | None:
            with telemetry.invocation():
                if "Records" in event:
                    return retries.process_batch(event, remaining_ms)
                detector.process_event(event)
            return None

        return handle

    def _create_client(self) -> Any:
        return DynamoDbClient(self._database, self._time, self._chance)

    def _now_ms(self) -> int:
        return START_MS + int(self._time.now * 1000)

    def _store_history(self) -> None:
        """Store profiles of an account, a merchant and a category with a full history, for all subjects."""
        account, merchant = decode_account("account", None), decode_merchant("merchant", None)
        category = decode_category(CATEGORY, None)
        for day in range(HISTORY_DAYS, 0, -1):
            for half_day in range(2):
                past = _build_item(
                    0, Arrival(-(day * DAY_MS + half_day * HALF_DAY_MS) / 1000, "account", "merchant")
                )
                count_transaction(
                    account.profile, merchant.profile, decode_transaction(past), category.profile
                )
        for half_days in (merchant.profile.half_days, category.profile.half_days):
            half_days.counts[:] = [HISTORY_MERCHANT_COUNT] * len(half_days.counts)
        accounts = {profile_subject("account", arrival.account) for arrival in self._arrivals}
        merchants = {profile_subject("merchant", arrival.merchant) for arrival in self._arrivals}
        self._store_copies(build_update(PROFILES, account, START_MS), accounts)
        self._store_copies(build_update(PROFILES, merchant, START_MS), merchants)
        self._store_copies(build_update(PROFILES, category, START_MS), {category.subject})

    def _store_copies(self, update: Item, subjects: set[str]) -> None:
        self._database.write("Update", update)
        stored = self._database.get(PROFILES, update["Key"]) or {}
        for subject in subjects:
            self._database.put(PROFILES, {**stored, **profile_key(subject)})

    def _count_wrong_subjects(self) -> int:
        """The number of accounts, merchants, categories and devices with wrong profiles.

        An account, a merchant and the category count each decided transaction once. A device has the accounts
        of all.
        """
        decided = [
            arrival for number, arrival in enumerate(self._arrivals) if str(number) in self._decided_at
        ]
        accounts = Counter(arrival.account for arrival in decided)
        merchants = Counter(arrival.merchant for arrival in decided)
        return (
            sum(
                self._read_account_count(account) != accounts[account]
                for account in {arrival.account for arrival in self._arrivals}
            )
            + sum(
                self._read_merchant_count(merchant) != merchants[merchant]
                for merchant in {arrival.merchant for arrival in self._arrivals}
            )
            + (self._read_category_count() != len(decided))
            + sum(
                self._read_origin(device) != origin
                for device, origin in self._expect_origins(decided).items()
            )
        )

    def _expect_origins(self, decided: list[Arrival]) -> dict[str, OriginProfile]:
        """The profiles of the devices of these transactions."""
        origins: defaultdict[str, OriginProfile] = defaultdict(OriginProfile)
        for arrival in decided:
            timestamp = START_MS + int(arrival.seconds * 1000)
            count_in_origin(origins[arrival.used_device], arrival.account, timestamp)
        return origins

    def _read_origin(self, device: str) -> OriginProfile:
        key = profile_key(profile_subject("device", device))
        return decode_origin(self._database.get(PROFILES, key) or {})

    def _read_account_count(self, account: str) -> int:
        key = profile_key(profile_subject("account", account))
        days = decode_account(account, self._database.get(PROFILES, key)).profile.days
        return _sum_counts(days.numbers, days.counts, START_MS // DAY_MS)

    def _read_merchant_count(self, merchant: str) -> int:
        key = profile_key(profile_subject("merchant", merchant))
        half_days = decode_merchant(merchant, self._database.get(PROFILES, key)).profile.half_days
        return _sum_counts(half_days.numbers, half_days.counts, START_MS // HALF_DAY_MS)

    def _read_category_count(self) -> int:
        key = profile_key(profile_subject("category", CATEGORY))
        half_days = decode_category(CATEGORY, self._database.get(PROFILES, key)).profile.half_days
        return _sum_counts(half_days.numbers, half_days.counts, START_MS // HALF_DAY_MS)


def _run_in_turn(tasks: Sequence[Task]) -> list[Exception | None]:
    return [task() for task in tasks]


def _sum_counts(numbers: list[int], counts: list[int], begin: int) -> int:
    return sum(count for number, count in zip(numbers, counts, strict=True) if number >= begin)


def _build_item(number: int, arrival: Arrival) -> Item:
    """The transaction's item. Its values are typical, and the same in each run."""
    made_at = str(START_MS + int(arrival.seconds * 1000))
    return {
        "transaction_id": {"S": str(number)},
        "timestamp": {"N": made_at},
        "account_id": {"S": arrival.account},
        "merchant_id": {"S": arrival.merchant},
        "amount": {"N": f"{10 + number % 90}.5"},
        "currency": {"S": "EUR"},
        "channel": {"S": "ecommerce"},
        "country": {"S": "DE"},
        "device_id": {"S": arrival.used_device},
        "merchant_category": {"S": CATEGORY},
        "received_at": {"N": made_at},
        "format": {"N": str(TRANSACTION_FORMAT)},
    }
