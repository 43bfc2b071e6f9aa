import io
import json
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
import pytest

from functions.common.domain.decision import Decision
from functions.common.domain.overrides import ListEntry, Snooze
from functions.common.domain.suspicious_message import Reason, SuspiciousTransaction
from functions.common.dynamodb.client import StoreBusyError
from functions.common.runtime.telemetry import Telemetry
from functions.fraud.scoring.decider import Decider
from functions.fraud.scoring.rules import Rule, RuleSet
from functions.fraud.scoring.scorer import Scorer
from functions.fraud.senders import SuspiciousTransactionSender
from functions.fraud.service import FraudDetector, UnreadableEventError
from tests.unit.functions.builders import NOW, inserted_event
from tests.unit.functions.fakes import FakeProfileStore, FakeSender, RecordingClient, client_error

LATER = NOW + 3_600_000
OVER = Rule(id="over", weight=0.6, reason="Over the limit", when=[">", "amount", 5000])
RULES = RuleSet(threshold=0.5, rules=(OVER,))
EVERYTHING = RuleSet(
    threshold=0.5, rules=(Rule(id="all", weight=0.9, reason="Any", when=[">", "amount", 0]),)
)
LARGE = {"N": "12500.5"}


@dataclass
class FraudFixture:
    """A detector with its own profiles, queue and log. The clock returns `now`."""

    sender: FakeSender = field(default_factory=FakeSender)
    profiles: FakeProfileStore = field(default_factory=FakeProfileStore)
    candidate: RuleSet | None = None
    window_seconds: int = 600
    now: int = NOW + 140
    log: io.StringIO = field(default_factory=io.StringIO)

    def process(self, transaction_id: str = "tx-1", **changes: Any) -> Decision | None:
        candidate = Scorer(self.candidate) if self.candidate else None
        self.telemetry = Telemetry("fraud", self.log)
        detector = FraudDetector(
            decider=Decider(Scorer(RULES), candidate, self.window_seconds),
            profiles=self.profiles,
            sender=self.sender,
            telemetry=self.telemetry,
            clock=lambda: self.now,
            sleep=lambda _: None,
        )
        return detector.process_event(inserted_event(transaction_id={"S": transaction_id}, **changes))

    def process_suspicious(self, transaction_id: str = "tx-1") -> Decision:
        decision = self.process(transaction_id, amount=LARGE)
        assert decision is not None
        return decision


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
    assert decision == fraud.profiles.decisions["tx-1"]
    assert (decision.suspicious, decision.notification, decision.latency_ms) == (False, "none", 100)
    assert fraud.sender.sent == []


def test_decision_has_the_rules_version_and_the_features() -> None:
    decision = FraudFixture().process_suspicious()
    assert decision.rules == RULES.version
    assert (decision.decided_by, decision.rules_score, decision.model) == ("rules", 0.6, "")
    assert len(decision.features) > 20


def test_replayed_transaction_is_counted_once_and_gives_the_same_message() -> None:
    fraud = FraudFixture()
    first = fraud.process_suspicious()
    fraud.now += 5000
    assert fraud.process_suspicious() == first
    assert fraud.sender.sent[0] == fraud.sender.sent[1]
    assert fraud.profiles.account.profile.days.counts == [1]


def test_profile_with_a_concurrent_change_is_read_again() -> None:
    fraud = FraudFixture(profiles=FakeProfileStore(conflicts=3))
    fraud.process()
    assert fraud.profiles.account.profile.days.counts == [1]


def test_label_before_the_decision_is_counted_with_it() -> None:
    fraud = FraudFixture()
    fraud.profiles.label = "fraud"
    fraud.process()
    half_days = fraud.profiles.merchant.profile.half_days
    assert (half_days.counts, half_days.frauds) == ([1], [1])


def test_persistent_conflict_is_busy() -> None:
    with pytest.raises(StoreBusyError):
        FraudFixture(profiles=FakeProfileStore(conflicts=1000)).process()


def test_deleted_transaction_is_not_sent() -> None:
    fraud = FraudFixture()
    fraud.profiles.deleted.add("tx-1")
    assert fraud.process(amount=LARGE) is None
    assert fraud.sender.sent == []


def test_alerts_of_one_account_within_a_window_become_one_alert_and_a_summary() -> None:
    fraud = FraudFixture()
    notifications = [fraud.process_suspicious("tx-1").notification]
    fraud.now += 60_000
    notifications += [fraud.process_suspicious(f"tx-{number}").notification for number in (2, 3, 4)]
    assert notifications == ["sent", "summary", "folded", "folded"]
    assert fraud.sender.delays == [0, 540]
    assert [sent.summary_since for sent in fraud.sender.sent] == [0, NOW + 140]
    assert fraud.profiles.account.alert_history.count == 4


def test_repeated_summary_waits_for_the_rest_of_its_window() -> None:
    fraud = FraudFixture()
    fraud.process_suspicious("tx-1")
    fraud.process_suspicious("tx-2")
    fraud.now += 599_001
    fraud.process_suspicious("tx-2")
    fraud.now += 600_000
    fraud.process_suspicious("tx-2")
    assert fraud.sender.delays == [0, 600, 1, 0]


def test_transaction_of_a_snoozed_account_is_decided_and_not_sent() -> None:
    fraud = FraudFixture()
    fraud.profiles.account.snooze = Snooze(
        kind="account", id="a", reason="known", author="me", added_at=NOW, until=LATER
    )
    assert (fraud.process_suspicious().suspicious, fraud.profiles.decisions["tx-1"].notification) == (
        True,
        "snoozed",
    )
    fraud.now = LATER
    assert fraud.process_suspicious("tx-2").notification == "sent"
    assert len(fraud.sender.sent) == 1


def test_transaction_flagged_by_a_snoozed_rule_alone_is_not_sent() -> None:
    fraud = FraudFixture()
    fraud.profiles.rule_snoozes["over"] = Snooze(
        kind="rule", id="over", reason="noisy", author="me", added_at=NOW, until=LATER
    )
    assert (fraud.process_suspicious().suspicious, fraud.profiles.decisions["tx-1"].notification) == (
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
    fraud.profiles.account.list_entry = entry
    assert (fraud.process_suspicious().suspicious, fraud.process_suspicious().decided_by) == (
        False,
        "allow-list",
    )
    fraud.profiles.merchant.list_entry = msgspec.structs.replace(entry, list="block", kind="merchant")
    assert fraud.process("tx-2") == fraud.profiles.decisions["tx-2"]
    assert fraud.profiles.decisions["tx-2"].decided_by == "block-list"


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


def test_unreadable_event_raises_an_error() -> None:
    with pytest.raises(UnreadableEventError):
        FraudFixture().process(amount={"S": "much"})


def test_failed_message_is_sent_with_the_repeated_event() -> None:
    error = client_error("AWS.SimpleQueueService.NonExistentQueue")
    fraud = FraudFixture(sender=FakeSender(error))
    with pytest.raises(type(error)):
        fraud.process_suspicious()
    fraud.sender = FakeSender()
    fraud.process_suspicious()
    assert len(fraud.sender.sent) == 1


def test_log_and_metrics_have_the_decision_and_no_personal_data() -> None:
    fraud = FraudFixture()
    fraud.process_suspicious()
    fraud.telemetry.flush()
    line, metrics = [json.loads(text) for text in fraud.log.getvalue().splitlines()]
    assert (line["correlation_id"], line["score"], line["reasons"]) == ("tx-1", 0.6, ["over"])
    assert line["told"] == "sent"
    assert (metrics["TransactionsScored"], metrics["TransactionsFlagged"]) == ([1], [1])
    assert metrics["PostToScore"] == [100]
    assert "account-123456789" not in fraud.log.getvalue()


def _build_message() -> SuspiciousTransaction:
    fraud = FraudFixture()
    fraud.process_suspicious()
    return fraud.sender.sent[0]
