"""What happens to a new transaction: read, scored, and sent on if it is suspicious."""

import msgspec

from functions.common.clock import Clock
from functions.common.event import TransactionInserted
from functions.common.suspicious import SuspiciousTransaction
from functions.common.telemetry import Telemetry
from functions.fraud.event import read_event
from functions.fraud.queue import SuspiciousQueue
from functions.fraud.rules import RuleSet
from functions.fraud.scoring import NO_FEATURES, Decision, score


class FraudDetector:
    """Scores transactions by one set of rules. The same event always leads to the same message."""

    def __init__(self, ruleset: RuleSet, queue: SuspiciousQueue, telemetry: Telemetry, clock: Clock) -> None:
        self._ruleset = ruleset
        self._queue = queue
        self._telemetry = telemetry
        self._clock = clock

    def inspect(self, event: object) -> Decision:
        """Scores the transaction of an event. Raises whatever keeps it from being scored or sent."""
        transaction = read_event(event)
        self._telemetry.about(transaction.transaction_id)
        decision = score(transaction, NO_FEATURES, self._ruleset)
        if decision.suspicious:
            self._queue.send(message(transaction, decision))
        self._tell(transaction, decision)
        return decision

    def _tell(self, transaction: TransactionInserted, decision: Decision) -> None:
        telemetry = self._telemetry
        telemetry.count("TransactionsScored")
        telemetry.duration("PostToScore", self._clock() - transaction.received_at)
        if decision.suspicious:
            telemetry.count("TransactionsFlagged")
        rules = [reason.rule_id for reason in decision.reasons]
        facts = {"score": decision.score, "suspicious": decision.suspicious, "rules": rules}
        telemetry.info("transaction scored", **facts)


def message(transaction: TransactionInserted, decision: Decision) -> SuspiciousTransaction:
    """The transaction with its score and reasons, for the queue."""
    return SuspiciousTransaction(
        **msgspec.structs.asdict(transaction), score=decision.score, reasons=decision.reasons
    )
