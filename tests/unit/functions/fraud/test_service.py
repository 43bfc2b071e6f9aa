import io
import json
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
import pytest

from functions.common.domain.decision import Decision
from functions.common.domain.lists_and_snoozes import Listing, Snooze
from functions.common.domain.suspicious_message import Reason, SuspiciousTransaction
from functions.common.dynamodb.client import StoreBusyError
from functions.common.runtime.telemetry import Telemetry
from functions.fraud.queue import SqsQueue
from functions.fraud.scoring.decider import Judge
from functions.fraud.scoring.rules import Rule, RuleSet
from functions.fraud.scoring.scorer import Scorer
from functions.fraud.service import FraudDetector, UnreadableEventError
from tests.unit.functions.builders import NOW, inserted_event
from tests.unit.functions.fakes import InMemoryProfiles, InMemoryQueue, RecordingClient, client_error

LATER = NOW + 3_600_000
OVER = Rule(id="over", weight=0.6, reason="Over the limit", when=[">", "amount", 5000])
RULES = RuleSet(threshold=0.5, rules=(OVER,))
EVERYTHING = RuleSet(
    threshold=0.5, rules=(Rule(id="all", weight=0.9, reason="Any", when=[">", "amount", 0]),)
)
LARGE = {"N": "12500.5"}


@dataclass
class World:
    """A detector with profiles and a queue of its own; the clock stands at `now`."""

    queue: InMemoryQueue = field(default_factory=InMemoryQueue)
    profiles: InMemoryProfiles = field(default_factory=InMemoryProfiles)
    candidate: RuleSet | None = None
    window_seconds: int = 600
    now: int = NOW + 140
    log: io.StringIO = field(default_factory=io.StringIO)

    def inspect(self, transaction_id: str = "tx-1", **changes: Any) -> Decision | None:
        candidate = Scorer(self.candidate) if self.candidate else None
        self.telemetry = Telemetry("fraud", self.log)
        detector = FraudDetector(
            judge=Judge(Scorer(RULES), candidate, self.window_seconds),
            profiles=self.profiles,
            queue=self.queue,
            telemetry=self.telemetry,
            clock=lambda: self.now,
            sleep=lambda _: None,
        )
        return detector.inspect(inserted_event(transaction_id={"S": transaction_id}, **changes))

    def large(self, transaction_id: str = "tx-1") -> Decision:
        """What is decided of a suspicious transaction."""
        decision = self.inspect(transaction_id, amount=LARGE)
        assert decision is not None
        return decision


def test_suspicious_transaction_is_sent_with_score_and_reasons() -> None:
    world = World()
    world.large()
    [sent] = world.queue.sent
    assert (sent.transaction_id, str(sent.amount), sent.score) == ("tx-1", "12500.5", 0.6)
    assert sent.reasons == (Reason(rule_id="over", weight=0.6, text="Over the limit"),)
    assert world.queue.delays == [0]


def test_message_holds_no_device() -> None:
    world = World()
    world.large()
    assert "device" not in msgspec.json.encode(world.queue.sent[0]).decode()


def test_ordinary_transaction_is_recorded_and_not_sent() -> None:
    world = World()
    decision = world.inspect()
    assert decision == world.profiles.decisions["tx-1"]
    assert (decision.suspicious, decision.told, decision.latency_ms) == (False, "none", 100)
    assert world.queue.sent == []


def test_decision_names_the_rules_and_keeps_what_it_was_made_of() -> None:
    decision = World().large()
    assert decision.rules == RULES.version
    assert (decision.decided_by, decision.rules_score, decision.model) == ("rules", 0.6, "")
    assert len(decision.features) > 20


def test_same_event_again_counts_once_and_gives_the_same_message() -> None:
    world = World()
    first = world.large()
    world.now += 5000
    assert world.large() == first
    assert world.queue.sent[0] == world.queue.sent[1]
    assert world.profiles.account.profile.days.counts == [1]


def test_profile_that_was_changed_meanwhile_is_read_again() -> None:
    world = World(profiles=InMemoryProfiles(changes=3))
    world.inspect()
    assert world.profiles.account.profile.days.counts == [1]


def test_label_that_came_before_the_decision_is_counted_with_it() -> None:
    world = World()
    world.profiles.label = "fraud"
    world.inspect()
    half_days = world.profiles.merchant.profile.half_days
    assert (half_days.counts, half_days.frauds) == ([1], [1])


def test_profile_that_never_rests_is_busy() -> None:
    with pytest.raises(StoreBusyError):
        World(profiles=InMemoryProfiles(changes=1000)).inspect()


def test_transaction_that_is_gone_is_not_told_of() -> None:
    world = World()
    world.profiles.gone.add("tx-1")
    assert world.inspect(amount=LARGE) is None
    assert world.queue.sent == []


def test_alerts_of_one_account_within_a_window_become_one_and_a_summary_at_its_end() -> None:
    world = World()
    told = [world.large("tx-1").told]
    world.now += 60_000
    told += [world.large(f"tx-{number}").told for number in (2, 3, 4)]
    assert told == ["sent", "summary", "folded", "folded"]
    assert world.queue.delays == [0, 540]
    assert [sent.summary_since for sent in world.queue.sent] == [0, NOW + 140]
    assert world.profiles.account.alerts.count == 4


def test_summary_sent_again_waits_only_for_the_rest_of_its_window() -> None:
    world = World()
    world.large("tx-1")
    world.large("tx-2")
    world.now += 599_001
    world.large("tx-2")
    world.now += 600_000
    world.large("tx-2")
    assert world.queue.delays == [0, 600, 1, 0]


def test_snoozed_account_is_decided_on_and_not_told_of() -> None:
    world = World()
    world.profiles.account.snooze = Snooze(
        kind="account", id="a", reason="known", author="me", added_at=NOW, until=LATER
    )
    assert (world.large().suspicious, world.profiles.decisions["tx-1"].told) == (True, "snoozed")
    world.now = LATER
    assert world.large("tx-2").told == "sent"
    assert len(world.queue.sent) == 1


def test_transaction_that_only_a_snoozed_rule_flags_is_not_told_of() -> None:
    world = World()
    world.profiles.snoozes["over"] = Snooze(
        kind="rule", id="over", reason="noisy", author="me", added_at=NOW, until=LATER
    )
    assert (world.large().suspicious, world.profiles.decisions["tx-1"].told) == (True, "snoozed")
    world.now = LATER
    assert world.large("tx-2").told == "sent"


def test_listed_merchant_of_an_allowed_account_is_blocked() -> None:
    world = World()
    entry = Listing(list="allow", kind="account", id="a", reason="r", author="me", added_at=NOW, until=LATER)
    world.profiles.account.listing = entry
    assert (world.large().suspicious, world.large().decided_by) == (False, "allow-list")
    world.profiles.merchant.listing = msgspec.structs.replace(entry, list="block", kind="merchant")
    assert world.inspect("tx-2") == world.profiles.decisions["tx-2"]
    assert world.profiles.decisions["tx-2"].decided_by == "block-list"


def test_candidate_is_recorded_and_nobody_hears_of_it() -> None:
    world = World(candidate=EVERYTHING)
    decision = world.inspect()
    assert decision is not None
    assert decision.candidate is not None
    assert (decision.candidate.suspicious, decision.candidate.rules) == (True, EVERYTHING.version)
    assert (decision.suspicious, world.queue.sent) == (False, [])


def test_message_to_sqs_is_json_with_its_delay() -> None:
    client = RecordingClient()
    SqsQueue(cast(Any, client), "https://queue").send(_sent(), 30)
    [call] = client.calls
    assert (call["QueueUrl"], call["DelaySeconds"]) == ("https://queue", 30)
    assert msgspec.json.decode(call["MessageBody"], type=SuspiciousTransaction).transaction_id == "tx-1"


def test_event_that_cannot_be_read_is_raised() -> None:
    with pytest.raises(UnreadableEventError):
        World().inspect(amount={"S": "much"})


def test_message_that_cannot_be_sent_is_raised_and_sent_when_the_event_comes_again() -> None:
    error = client_error("AWS.SimpleQueueService.NonExistentQueue")
    world = World(queue=InMemoryQueue(error))
    with pytest.raises(type(error)):
        world.large()
    world.queue = InMemoryQueue()
    world.large()
    assert len(world.queue.sent) == 1


def test_log_and_metrics_tell_of_the_decision_without_personal_data() -> None:
    world = World()
    world.large()
    world.telemetry.flush()
    line, metrics = [json.loads(text) for text in world.log.getvalue().splitlines()]
    assert (line["correlation_id"], line["score"], line["reasons"]) == ("tx-1", 0.6, ["over"])
    assert (metrics["TransactionsScored"], metrics["TransactionsFlagged"]) == ([1], [1])
    assert metrics["PostToScore"] == [100]
    assert "account-123456789" not in world.log.getvalue()


def _sent() -> SuspiciousTransaction:
    world = World()
    world.large()
    return world.queue.sent[0]
