"""Result of a run: the decisions and alerts that arrived, compared with those that are expected."""

from dataclasses import dataclass, field
from math import ceil

from functions.common.domain.decision import Decision, Notification
from functions.common.domain.transaction import Transaction
from local.mailbox import Mail
from operations.ingest.responses import PostResult


@dataclass(frozen=True)
class ReceivedAlert:
    """A mail about a transaction of this run. `latency_ms` is the time from its POST to the mail."""

    mail: Mail
    transaction: Transaction
    latency_ms: float


@dataclass
class RunResult:
    """Transactions, decisions, alerts and refusals of a run by transaction id.

    `labels` counts the accepted labels, `repeated_alerts` the alerts that were published more than once.
    """

    posted: dict[str, Transaction] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    alerts: dict[str, ReceivedAlert] = field(default_factory=dict)
    refused: dict[str, PostResult] = field(default_factory=dict)
    labels: int = 0
    refused_labels: dict[str, PostResult] = field(default_factory=dict)
    repeated_alerts: int = 0
    interrupted: bool = False

    @property
    def pending(self) -> list[Transaction]:
        """Stored transactions without a decision."""
        return [
            transaction
            for transaction_id, transaction in self.posted.items()
            if transaction_id not in self.decisions and transaction_id not in self.refused
        ]

    @property
    def flagged(self) -> list[str]:
        """Ids of suspicious transactions, with or without an alert."""
        return sorted(name for name, decision in self.decisions.items() if decision.suspicious)

    @property
    def expected_alerts(self) -> set[str]:
        """Ids of transactions that have an alert of their own, sent at once."""
        return self._select(Notification.SENT)

    @property
    def grouped(self) -> list[str]:
        """Ids of transactions in the summary that their account gets at the end of the alert window."""
        return sorted(self._select(Notification.FOLDED, Notification.SUMMARY))

    @property
    def missing_alerts(self) -> list[str]:
        """Ids of expected alerts that did not arrive."""
        return sorted(self.expected_alerts - self.alerts.keys())

    @property
    def unexpected_alerts(self) -> list[str]:
        """Ids of alerts that arrived without a decision that causes them."""
        return sorted(self.alerts.keys() - self._select(Notification.SENT, Notification.SUMMARY))

    @property
    def ok(self) -> bool:
        """Whether everything is stored and decided, and exactly the expected alerts arrived."""
        refused = self.refused or self.refused_labels
        return not (
            self.missing_alerts or self.unexpected_alerts or self.pending or refused or self.interrupted
        )

    def latency_ms(self, percent: float) -> float | None:
        """Return the given percentile of the latencies of expected alerts; None if there are no alerts."""
        latencies = sorted(
            alert.latency_ms for name, alert in self.alerts.items() if name in self.expected_alerts
        )
        return latencies[ceil(len(latencies) * percent / 100) - 1] if latencies else None

    def _select(self, *notifications: Notification) -> set[str]:
        return {name for name, decision in self.decisions.items() if decision.notification in notifications}
