import io
import itertools
import json
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
import pytest
from botocore.exceptions import ClientError

from functions.common.domain.account_profile import AccountProfile, count_in_account
from functions.common.domain.decision import Decision
from functions.common.domain.features import FEATURE_NAMES
from functions.common.domain.merchant_profile import CategoryProfile, MerchantProfile
from functions.common.domain.overrides import ListEntry, ProfileKind, Snooze
from functions.common.domain.profile_record import ProfileRecord
from functions.common.domain.suspicious_decision import summarize_decision
from functions.common.domain.suspicious_message import Reason, SuspiciousTransaction
from functions.common.domain.time_buckets import DAY_MS, HALF_DAY_MS
from functions.common.domain.transaction_event import (
    TransactionInserted,
    decode_transaction,
    transaction_key,
)
from functions.common.dynamodb.client import StoreBusyError
from functions.common.dynamodb.decision_attribute import decode_decision
from functions.common.dynamodb.profile_items import (
    SubjectKind,
    build_update,
    decode_account,
    decode_category,
    decode_merchant,
    profile_key,
    profile_subject,
)
from functions.common.dynamodb.suspicious_items import build_suspicious_update
from functions.common.runtime.telemetry import Telemetry
from functions.fraud.profile_store import ProfileStore
from functions.fraud.scoring.decider import Decider
from functions.fraud.scoring.rules import Rule, RuleSet
from functions.fraud.scoring.scorer import Scorer
from functions.fraud.senders import RetrySender, SuspiciousTransactionSender
from functions.fraud.service import MAX_GROUP_SIZE, FraudDetector, UnreadableEventError
from tests.unit.functions.builders import NOW, attributes, inserted, inserted_event
from tests.unit.functions.fakes import FakeRetrySender, FakeSender, RecordingClient, client_error
from tests.unit.functions.in_memory_dynamodb import PROFILES, TRANSACTIONS, InMemoryDynamoDb

ACCOUNT, MERCHANT, CATEGORY = "account-123456789", "merchant_1", "groceries"
LATER = NOW + 3_600_000
OVER = Rule(id="over", weight=0.6, reason="Over the limit", when=[">", "amount", 5000])
RULES = RuleSet(threshold=0.5, rules=(OVER,))
EVERYTHING = RuleSet(
    threshold=0.5, rules=(Rule(id="all", weight=0.9, reason="Any", when=[">", "amount", 0]),)
)
LARGE = {"N": "12500.5"}
NO_DEVICE: dict[str, Any] = {"device_id": {"NULL": True}, "ip_address": {"NULL": True}}
ADDRESS: dict[str, Any] = {"device_id": {"NULL": True}, "ip_address": {"S": "192.0.2.1"}}
NO_CATEGORY: dict[str, Any] = {"merchant_category": {"NULL": True}}
CATEGORY_FEATURES = ("category_fraud_7d", "category_fraud_30d")
ORIGIN_FEATURES = tuple(f"origin_accounts_{window}" for window in ("1h", "1d", "30d"))


@dataclass
class FraudFixture:
    """A detector with its own tables, queues and log. The clock returns `now`.

    `stored`: the attributes that each transaction's item has in addition to those of the event.
    """

    sender: FakeSender = field(default_factory=FakeSender)
    dynamodb: InMemoryDynamoDb = field(default_factory=InMemoryDynamoDb)
    stored: dict[str, Any] = field(default_factory=lambda: {"format": {"N": "2"}})
    candidate: RuleSet | None = None
    window_seconds: int = 600
    now: int = NOW + 140
    log: io.StringIO = field(default_factory=io.StringIO)
    retries: FakeRetrySender = field(default_factory=FakeRetrySender)

    def __post_init__(self) -> None:
        self.telemetry = Telemetry("fraud", self.log)
        self.detector = FraudDetector(
            decider=Decider(
                Scorer(RULES), Scorer(self.candidate) if self.candidate else None, self.window_seconds
            ),
            profiles=ProfileStore(self.dynamodb.client, TRANSACTIONS, PROFILES),
            sender=self.sender,
            retries=self.retries,
            telemetry=self.telemetry,
            clock=lambda: self.now,
            sleep=lambda _: None,
        )

    def store(self, transaction_id: str = "tx-1", **changes: Any) -> TransactionInserted:
        """Store a transaction, unless it is stored already."""
        item = attributes(transaction_id={"S": transaction_id}, **changes)
        if self.dynamodb.database.get(TRANSACTIONS, item) is None:
            self.dynamodb.database.put(TRANSACTIONS, {**item, **self.stored})
        return decode_transaction(item)

    def process(self, transaction_id: str = "tx-1", **changes: Any) -> Decision | None:
        """Store a transaction and process its event."""
        self.store(transaction_id, **changes)
        return self.detector.process_event(inserted_event(transaction_id={"S": transaction_id}, **changes))

    def process_suspicious(self, transaction_id: str = "tx-1") -> Decision:
        decision = self.process(transaction_id, amount=LARGE)
        assert decision is not None
        return decision

    @property
    def account(self) -> ProfileRecord[AccountProfile]:
        return decode_account(ACCOUNT, self._find("account", ACCOUNT))

    @property
    def merchant(self) -> ProfileRecord[MerchantProfile]:
        return decode_merchant(MERCHANT, self._find("merchant", MERCHANT))

    @property
    def category(self) -> ProfileRecord[CategoryProfile]:
        return decode_category(CATEGORY, self._find("category", CATEGORY))

    def count_in_category(self, days_ago: int, count: int, frauds: int) -> None:
        """Count transactions of an earlier day, as `merchants` and `labels` do."""
        category, timestamp = self.category, NOW - days_ago * DAY_MS
        category.profile.half_days.add_count(timestamp // HALF_DAY_MS, count)
        category.profile.half_days.add_fraud(timestamp, frauds, is_unusual=False)
        self.dynamodb.database.write("Update", build_update(PROFILES, category, self.now))

    def find_decision(self, transaction_id: str = "tx-1") -> Decision | None:
        item = self.find_transaction(transaction_id)
        return decode_decision(item["decision"]) if "decision" in item else None

    def find_transaction(self, transaction_id: str = "tx-1") -> dict[str, Any]:
        return self.dynamodb.database.get(TRANSACTIONS, transaction_key(transaction_id, NOW)) or {}

    def is_listed(self, transaction_id: str, decision: Decision) -> bool:
        """Whether the account's list of suspicious decisions has this one."""
        entry = summarize_decision(inserted(transaction_id=transaction_id), decision)
        key = build_suspicious_update(PROFILES, ACCOUNT, entry)["Key"]
        return self.dynamodb.database.get(PROFILES, key) is not None

    def find_item(self, kind: SubjectKind, identifier: str) -> dict[str, Any]:
        key = profile_key(profile_subject(kind, identifier))
        return self.dynamodb.database.get(PROFILES, key) or {}

    def set_override(self, kind: ProfileKind, attribute: str, override: ListEntry | Snooze) -> None:
        """Set a list entry or a snooze on a profile's item, as `invoke lists.add` does."""
        key = profile_key(profile_subject(kind, ACCOUNT if kind == "account" else MERCHANT))
        item = self.dynamodb.database.get(PROFILES, key) or {**key, "version": {"N": "1"}}
        self.dynamodb.database.put(
            PROFILES, {**item, attribute: {"S": msgspec.json.encode(override).decode()}}
        )

    def change_account_before_each_write(self, times: int) -> None:
        """Count another transaction of the account before each of the next writes."""
        remaining = itertools.repeat(None, times)

        def change() -> None:
            if next(remaining, self) is None:
                account = self.account
                count_in_account(account.profile, inserted(timestamp=NOW - 1))
                self.dynamodb.database.write("Update", build_update(PROFILES, account, self.now))

        self.dynamodb.before_write = change

    def _find(self, kind: SubjectKind, identifier: str) -> dict[str, Any] | None:
        return self.dynamodb.database.get(PROFILES, profile_key(profile_subject(kind, identifier)))


def test_suspicious_transaction_is_sent_with_score_and_reasons() -> None:
    fraud = FraudFixture()
    fraud.process_suspicious()
    [sent] = fraud.sender.sent
    assert (sent.transaction_id, str(sent.amount), sent.score) == ("tx-1", "12500.5", 0.6)
    assert sent.reasons == (Reason(rule_id="over", weight=0.6, text="Over the limit"),)
    assert fraud.sender.delays == [0]


def test_message_has_no_device() -> None:
    fraud = FraudFixture()
    fraud.process_suspicious()
    assert "device" not in msgspec.json.encode(fraud.sender.sent[0]).decode()


def test_genuine_transaction_is_recorded_and_not_sent() -> None:
    fraud = FraudFixture()
    decision = fraud.process()
    assert decision == fraud.find_decision()
    assert (decision.suspicious, decision.notification, decision.latency_ms) == (False, "none", 100)
    assert fraud.sender.sent == []


def test_decision_has_the_rules_version_and_the_features() -> None:
    decision = FraudFixture().process_suspicious()
    assert decision.rules == RULES.version
    assert (decision.decided_by, decision.rules_score, decision.model) == ("rules", 0.6, "")
    assert len(decision.features) > 20
    assert decision.label_delay_days == 7


def test_replayed_transaction_is_counted_once_and_gives_the_same_message() -> None:
    fraud = FraudFixture()
    first = fraud.process_suspicious()
    fraud.now += 5000
    assert fraud.process_suspicious() == first
    assert fraud.sender.sent[0] == fraud.sender.sent[1]
    assert fraud.account.profile.days.counts == [1]


def test_account_that_changes_is_decided_again_without_another_read() -> None:
    fraud = FraudFixture()
    fraud.change_account_before_each_write(2)
    decision = fraud.process(**NO_DEVICE)
    assert fraud.account.profile.days.counts == [3]
    assert decision is not None
    assert decision.features[FEATURE_NAMES.index("account_count_1d")] == 2
    assert fraud.dynamodb.calls == ["BatchGetItem", *["TransactWriteItems"] * 3]


def test_write_of_another_transaction_in_progress_is_waited_for() -> None:
    fraud = FraudFixture()
    database = fraud.dynamodb.database
    account = decode_account(ACCOUNT, None)
    count_in_account(account.profile, inserted(timestamp=NOW - 1))
    writes = database.begin([{"Update": build_update(PROFILES, account, NOW)}])
    attempts = itertools.count()
    fraud.dynamodb.before_write = lambda: database.commit(writes) if next(attempts) == 1 else None
    fraud.process(**NO_DEVICE)
    assert fraud.account.profile.days.counts == [2]


def test_event_of_a_busy_account_waits_in_the_retry_queue() -> None:
    fraud = FraudFixture()
    fraud.change_account_before_each_write(1000)
    assert fraud.process(amount=LARGE) is None
    assert fraud.retries.events == [inserted_event(amount=LARGE)]
    assert (fraud.sender.sent, fraud.find_decision()) == ([], None)
    assert fraud.dynamodb.calls.count("TransactWriteItems") < 10


def test_transaction_is_counted_for_its_merchant_from_the_stream_only() -> None:
    fraud = FraudFixture()
    fraud.process()
    assert fraud.merchant.profile.half_days.counts == []
    assert fraud.category.version == 0


def test_transaction_of_an_older_api_function_is_counted_for_its_merchant_with_the_decision() -> None:
    fraud = FraudFixture(stored={})
    assert fraud.process() == fraud.find_decision()
    assert fraud.merchant.profile.half_days.counts == [1]
    fraud.process()
    assert (fraud.merchant.profile.half_days.counts, fraud.account.profile.days.counts) == ([1], [1])
    assert fraud.category.profile.half_days.counts == [1]


def test_fraud_labelled_before_the_decision_is_counted_with_it() -> None:
    fraud = FraudFixture(stored={"format": {"N": "2"}, "label": {"S": "fraud"}})
    fraud.process()
    half_days = fraud.merchant.profile.half_days
    assert (half_days.counts, half_days.frauds) == ([0], [1])
    assert fraud.category.profile.half_days.frauds == [1]
    assert fraud.account.profile.days.frauds == [1]
    assert fraud.find_transaction()["unusual_amount"] == {"BOOL": False}


def test_genuine_label_before_the_decision_changes_no_merchant() -> None:
    fraud = FraudFixture(stored={"format": {"N": "2"}, "label": {"S": "genuine"}})
    assert fraud.process() == fraud.find_decision()
    assert (fraud.merchant.version, fraud.category.version) == (0, 0)


def test_deleted_transaction_is_not_counted_and_not_sent() -> None:
    fraud = FraudFixture()
    assert fraud.detector.process_event(inserted_event(amount=LARGE)) is None
    assert (fraud.sender.sent, fraud.account.version) == ([], 0)


def test_transactions_of_one_account_are_decided_in_one_write() -> None:
    fraud = FraudFixture()
    group = [fraud.store(f"tx-{number}", merchant_id={"S": f"m{number}"}) for number in range(MAX_GROUP_SIZE)]
    decisions = fraud.detector.decide_group(group)
    assert decisions == [fraud.find_decision(f"tx-{number}") for number in range(MAX_GROUP_SIZE)]
    counts = [
        decision.features[FEATURE_NAMES.index("account_count_1d")] for decision in decisions if decision
    ]
    assert counts == list(range(MAX_GROUP_SIZE))
    assert fraud.dynamodb.calls == ["UpdateItem", "BatchGetItem", "TransactWriteItems"]


def test_group_in_which_each_transaction_changes_a_merchant_and_a_category_fits_in_one_write() -> None:
    fraud = FraudFixture(stored={"format": {"N": "2"}, "label": {"S": "fraud"}})
    group = [
        fraud.store(
            f"tx-{number}",
            amount=LARGE,
            merchant_id={"S": f"m{number}"},
            merchant_category={"S": f"c{number}"},
        )
        for number in range(MAX_GROUP_SIZE)
    ]
    decisions = fraud.detector.decide_group(group)
    assert decisions == [fraud.find_decision(f"tx-{number}") for number in range(MAX_GROUP_SIZE)]
    assert all(decision is not None and decision.suspicious for decision in decisions)
    categories = [fraud.find_item("category", f"c{number}") for number in range(MAX_GROUP_SIZE)]
    assert [sum(decode_category("", item).profile.half_days.frauds) for item in categories] == [
        1
    ] * MAX_GROUP_SIZE


def test_group_is_decided_without_the_transactions_that_are_decided_or_deleted() -> None:
    fraud = FraudFixture()
    first = fraud.process("tx-0")
    group = [fraud.store(f"tx-{number}") for number in range(3)]
    fraud.stored = {}
    group.append(fraud.store("tx-old"))
    deleted = decode_transaction(attributes(transaction_id={"S": "tx-deleted"}))
    decisions = fraud.detector.decide_group([deleted, *group])
    assert decisions[:2] == [None, first]
    assert decisions[2:] == [fraud.find_decision(name) for name in ("tx-1", "tx-2", "tx-old")]
    assert fraud.account.profile.days.counts == [4]
    assert fraud.merchant.profile.half_days.counts == [1]


@pytest.mark.parametrize("fault", ["before", "after"])
@pytest.mark.parametrize("write", [0, 1])
def test_crash_around_a_write_leaves_exact_counts(write: int, fault: str) -> None:
    fraud = FraudFixture()
    fraud.dynamodb.faults = {write: fault}
    with pytest.raises(StoreBusyError):
        fraud.process_suspicious()
    fraud.process_suspicious()
    assert fraud.account.profile.days.counts == [1]
    assert len(fraud.sender.sent) == 1


def test_alerts_of_one_account_within_a_window_become_one_alert_and_a_summary() -> None:
    fraud = FraudFixture()
    notifications = [fraud.process_suspicious("tx-1").notification]
    fraud.now += 60_000
    notifications += [fraud.process_suspicious(f"tx-{number}").notification for number in (2, 3, 4)]
    assert notifications == ["sent", "summary", "folded", "folded"]
    assert fraud.sender.delays == [0, 545]
    assert [sent.summary_since for sent in fraud.sender.sent] == [0, NOW + 140]
    assert fraud.account.alert_history.count == 4


def test_account_lists_each_suspicious_decision_of_a_window_and_no_others() -> None:
    fraud = FraudFixture()
    decisions = {}
    for number in range(4):
        fraud.now += 1_000
        decisions[f"tx-{number}"] = fraud.process_suspicious(f"tx-{number}")
    genuine = fraud.process("tx-genuine")
    assert genuine is not None
    assert all(fraud.is_listed(name, decision) for name, decision in decisions.items())
    assert not fraud.is_listed("tx-genuine", genuine)


def test_group_with_suspicious_transactions_is_decided_without_the_decided_one() -> None:
    fraud = FraudFixture()
    fraud.process_suspicious("tx-0")
    group = [fraud.store(f"tx-{number}", amount=LARGE) for number in range(3)]
    decisions = fraud.detector.decide_group(group)
    assert decisions == [fraud.find_decision(f"tx-{number}") for number in range(3)]
    assert fraud.account.alert_history.count == 3
    assert all(fraud.is_listed(f"tx-{number}", made) for number, made in enumerate(decisions) if made)


def test_repeated_summary_waits_for_the_rest_of_its_window() -> None:
    fraud = FraudFixture()
    fraud.process_suspicious("tx-1")
    fraud.process_suspicious("tx-2")
    fraud.now += 599_001
    fraud.process_suspicious("tx-2")
    fraud.now += 600_000
    fraud.process_suspicious("tx-2")
    assert fraud.sender.delays == [0, 605, 6, 0]


def test_summary_of_the_longest_window_waits_no_longer_than_sqs_allows() -> None:
    fraud = FraudFixture(window_seconds=900)
    fraud.process_suspicious("tx-1")
    fraud.process_suspicious("tx-2")
    assert fraud.sender.delays == [0, 900]


def test_transaction_of_a_snoozed_account_is_decided_and_not_sent() -> None:
    fraud = FraudFixture()
    fraud.set_override(
        "account",
        "snooze",
        Snooze(kind="account", id="a", reason="known", author="me", added_at=NOW, until=LATER),
    )
    assert (fraud.process_suspicious().suspicious, fraud.process_suspicious().notification) == (
        True,
        "snoozed",
    )
    fraud.now = LATER
    assert fraud.process_suspicious("tx-2").notification == "sent"
    assert len(fraud.sender.sent) == 1


def test_past_transaction_is_decided_and_counted_and_neither_sent_nor_grouped() -> None:
    fraud = FraudFixture()
    decision = fraud.process(amount=LARGE, historic={"BOOL": True})
    assert (decision.suspicious, decision.notification, decision.window_started_at) == (True, "none", 0)
    assert fraud.sender.sent == []
    assert fraud.account.version == 1
    # The objective of decisions in time is for other transactions.
    fraud.telemetry.flush()
    assert "DecidedLate" not in fraud.log.getvalue()
    # The account's window begins with the first alert.
    assert fraud.process("tx-2", amount=LARGE).notification == "sent"
    fraud.telemetry.flush()
    assert "DecidedLate" in fraud.log.getvalue()


def test_transaction_flagged_by_a_snoozed_rule_alone_is_not_sent() -> None:
    fraud = FraudFixture()
    snooze = Snooze(kind="rule", id="over", reason="noisy", author="me", added_at=NOW, until=LATER)
    snoozes = {"snoozes": {"S": msgspec.json.encode({"over": snooze}).decode()}}
    fraud.dynamodb.database.put(PROFILES, {**profile_key("control", "rules"), **snoozes})
    assert (fraud.process_suspicious().suspicious, fraud.process_suspicious().notification) == (
        True,
        "snoozed",
    )
    fraud.now = LATER
    assert fraud.process_suspicious("tx-2").notification == "sent"


def test_block_list_takes_precedence_over_the_allow_list() -> None:
    fraud = FraudFixture()
    entry = ListEntry(
        list="allow", kind="account", id="a", reason="r", author="me", added_at=NOW, until=LATER
    )
    fraud.set_override("account", "listing", entry)
    assert (fraud.process_suspicious().suspicious, fraud.process_suspicious().decided_by) == (
        False,
        "allow-list",
    )
    fraud.set_override("merchant", "listing", msgspec.structs.replace(entry, list="block", kind="merchant"))
    decision = fraud.process_suspicious("tx-2")
    assert decision.decided_by == "block-list"


def test_decision_of_the_candidate_is_recorded_and_not_sent() -> None:
    fraud = FraudFixture(candidate=EVERYTHING)
    decision = fraud.process()
    assert decision is not None
    assert decision.candidate is not None
    assert (decision.candidate.suspicious, decision.candidate.rules) == (True, EVERYTHING.version)
    assert (decision.suspicious, fraud.sender.sent) == (False, [])


def test_message_to_sqs_is_json_with_its_delay() -> None:
    client = RecordingClient()
    SuspiciousTransactionSender(cast(Any, client), "https://queue").send(_build_message(), 30)
    [call] = client.calls
    assert (call["QueueUrl"], call["DelaySeconds"]) == ("https://queue", 30)
    assert msgspec.json.decode(call["MessageBody"], type=SuspiciousTransaction).transaction_id == "tx-1"


def test_message_to_the_retry_queue_contains_the_event() -> None:
    client = RecordingClient()
    RetrySender(cast(Any, client), "https://retries").send(inserted_event())
    [call] = client.calls
    assert call["QueueUrl"] == "https://retries"
    assert msgspec.json.decode(call["MessageBody"]) == {"requestPayload": inserted_event()}


def test_unreadable_event_raises_an_error() -> None:
    with pytest.raises(UnreadableEventError):
        FraudFixture().detector.process_event(inserted_event(amount={"S": "much"}))


def test_failed_message_is_sent_with_the_repeated_event() -> None:
    error = client_error("AWS.SimpleQueueService.NonExistentQueue")
    fraud = FraudFixture(sender=FakeSender(error))
    with pytest.raises(type(error)):
        fraud.process_suspicious()
    recovered = FraudFixture(dynamodb=fraud.dynamodb)
    recovered.process_suspicious()
    assert len(recovered.sender.sent) == 1


def test_log_and_metrics_have_the_decision_and_no_personal_data() -> None:
    fraud = FraudFixture()
    fraud.process_suspicious()
    fraud.telemetry.flush()
    [line] = [json.loads(text) for text in fraud.log.getvalue().splitlines()]
    assert (line["correlation_id"], line["score"], line["reasons"]) == ("tx-1", 0.6, ["over"])
    assert line["told"] == "sent"
    assert (line["TransactionsScored"], line["TransactionsFlagged"]) == (1, 1)
    assert line["PostToScore"] == 100
    assert "account-123456789" not in fraud.log.getvalue()


def _build_message() -> SuspiciousTransaction:
    fraud = FraudFixture()
    fraud.process_suspicious()
    return fraud.sender.sent[0]


def find_features(decision: Decision | None, *names: str) -> list[float | None]:
    assert decision is not None
    return [decision.features[FEATURE_NAMES.index(name)] for name in names]


def test_device_or_address_needs_one_more_write_and_no_read() -> None:
    fraud = FraudFixture()
    fraud.process("tx-1", **NO_DEVICE)
    assert fraud.dynamodb.calls == ["BatchGetItem", "TransactWriteItems"]
    for transaction_id, changes in (("tx-2", {}), ("tx-3", ADDRESS)):
        fraud.dynamodb.calls.clear()
        fraud.process(transaction_id, **changes)
        assert fraud.dynamodb.calls == ["UpdateItem", "BatchGetItem", "TransactWriteItems"]


@pytest.mark.parametrize("changes", [{}, ADDRESS])
def test_decision_counts_the_other_accounts_of_the_device_or_address(changes: dict[str, Any]) -> None:
    fraud = FraudFixture()
    decisions = [
        fraud.process(f"tx-{number}", account_id={"S": f"account-{number % 2}"}, **changes)
        for number in range(3)
    ]
    counts = [find_features(decision, *ORIGIN_FEATURES) for decision in decisions]
    assert counts == [[0, 0, 0], [1, 1, 1], [1, 1, 1]]
    without = fraud.process("tx-9", **NO_DEVICE)
    assert find_features(without, *ORIGIN_FEATURES) == [None, None, None]


def test_device_is_stored_under_a_pseudonym_and_expires() -> None:
    fraud = FraudFixture()
    fraud.process()
    item = fraud.find_item("device", "device 7")
    assert int(item["expires_at"]["N"]) == fraud.now // 1000 + 32 * 86_400
    assert not any(text in str(item) for text in ("device 7", ACCOUNT))


@pytest.mark.parametrize("fault", ["before", "after"])
@pytest.mark.parametrize("write", [0, 1])
def test_event_that_is_processed_again_gives_the_same_decision(write: int, fault: str) -> None:
    fraud, undisturbed = FraudFixture(), FraudFixture()
    for fixture in (fraud, undisturbed):
        fixture.process("tx-0", account_id={"S": "another"})
    fraud.dynamodb.faults = {2 + write: fault}
    with pytest.raises(StoreBusyError):
        fraud.process("tx-1")
    assert fraud.process("tx-1") == undisturbed.process("tx-1")


def test_group_updates_each_device_once() -> None:
    fraud = FraudFixture()
    group = [
        fraud.store(
            f"tx-{number}", device_id={"S": f"device {number % 2}"}, timestamp={"N": str(NOW + number)}
        )
        for number in range(4)
    ]
    fraud.detector.decide_group(group)
    assert fraud.dynamodb.calls == ["UpdateItem", "UpdateItem", "BatchGetItem", "TransactWriteItems"]


def test_throttled_device_is_left_out_of_the_decision() -> None:
    fraud = FraudFixture()
    throttling = {"Error": {"Code": "ProvisionedThroughputExceededException"}}

    def throttle(**_: Any) -> None:
        raise ClientError(cast(Any, throttling), "UpdateItem")

    fraud.dynamodb.update_item = throttle  # type: ignore[assignment,method-assign]
    decision = fraud.process()
    assert find_features(decision, *ORIGIN_FEATURES, "account_count_30d") == [None, None, None, 0]


def test_decision_has_the_share_of_fraud_in_the_category() -> None:
    fraud = FraudFixture()
    fraud.count_in_category(days_ago=9, count=100, frauds=1)
    fraud.count_in_category(days_ago=20, count=300, frauds=7)
    # Labels of younger transactions are not due.
    fraud.count_in_category(days_ago=6, count=50, frauds=50)
    fraud.dynamodb.calls.clear()
    decision = fraud.process(merchant_category={"S": "Groceries "})
    assert find_features(decision, *CATEGORY_FEATURES) == [0.01, 0.02]
    assert fraud.dynamodb.calls == ["UpdateItem", "BatchGetItem", "TransactWriteItems"]


def test_item_of_a_decided_transaction_shows_a_new_device() -> None:
    fraud = FraudFixture()
    flags = []
    for number, device in enumerate(("d-1", "d-1", "d-2")):
        identifier, timestamp = f"tx-{number}", NOW + number * 60_000
        fraud.process(identifier, device_id={"S": device}, timestamp={"N": str(timestamp)})
        item = fraud.dynamodb.database.get(TRANSACTIONS, transaction_key(identifier, timestamp)) or {}
        flags.append(item.get("new_device"))
    # The first transaction of an account shows nothing about its device.
    assert flags == [None, None, {"BOOL": True}]


def test_category_without_counts_and_transaction_without_a_category_have_no_share() -> None:
    fraud = FraudFixture()
    assert find_features(fraud.process(), *CATEGORY_FEATURES) == [None, None]
    without = fraud.process("tx-2", **NO_CATEGORY)
    assert find_features(without, *CATEGORY_FEATURES) == [None, None]


def test_fraud_without_a_category_is_counted_for_its_merchant_only() -> None:
    fraud = FraudFixture(stored={"format": {"N": "2"}, "label": {"S": "fraud"}})
    fraud.process(**NO_CATEGORY)
    assert fraud.merchant.profile.half_days.frauds == [1]
    assert fraud.category.version == 0


def test_refund_is_counted_and_never_scored() -> None:
    fraud = FraudFixture(candidate=EVERYTHING)
    refund = fraud.process("tx-1", amount=LARGE, type={"S": "refund"}, original_transaction_id={"S": "tx-0"})
    assert refund is not None
    assert (refund.score, refund.suspicious, refund.decided_by) == (0, False, "refund")
    assert (refund.reasons, refund.candidate, fraud.sender.sent) == ((), None, [])
    assert fraud.dynamodb.calls == ["BatchGetItem", "TransactWriteItems"]
    purchase = fraud.process("tx-2")
    assert find_features(purchase, "account_refunds_30d", "account_count_30d") == [1, 0]
