"""What came of the transactions of one run, against what should have come of them."""

from dataclasses import dataclass, field
from math import ceil

from functions.common.domain.decision import Decision
from functions.common.domain.transaction import Transaction
from local.mailbox import Mail
from operations.ingest.responses import Verdict


@dataclass(frozen=True)
class Alert:
    """A mail about a transaction of this run; `latency_ms` is from its POST to the mail."""

    mail: Mail
    transaction: Transaction
    latency_ms: float


@dataclass
class Findings:
    """What was posted and what came of it, by the transactions' ids."""

    posted: dict[str, Transaction] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=dict)
    refused: dict[str, Verdict] = field(default_factory=dict)
    labels: int = 0
    refused_labels: dict[str, Verdict] = field(default_factory=dict)
    repeated: int = 0
    interrupted: bool = False

    @property
    def undecided(self) -> list[Transaction]:
        """Stored, and nothing is recorded of it."""
        return [
            each
            for transaction_id, each in self.posted.items()
            if transaction_id not in self.decisions and transaction_id not in self.refused
        ]

    @property
    def flagged(self) -> list[str]:
        """Decided to be suspicious, whoever is told of it."""
        return sorted(name for name, decision in self.decisions.items() if decision.suspicious)

    @property
    def due(self) -> set[str]:
        """An alert of its own is due at once."""
        return self._told("sent")

    @property
    def folded(self) -> list[str]:
        """In one alert with others of its account, which comes when the window of that account ends."""
        return sorted(self._told("folded", "summary"))

    @property
    def missing(self) -> list[str]:
        """An alert is due, and nobody was told."""
        return sorted(self.due - self.alerts.keys())

    @property
    def unexpected(self) -> list[str]:
        """Somebody was told of what no alert is due for."""
        return sorted(self.alerts.keys() - self._told("sent", "summary"))

    @property
    def as_it_should(self) -> bool:
        """Everything was stored and decided, every alert that is due came, and no other."""
        refused = self.refused or self.refused_labels
        return not (self.missing or self.unexpected or self.undecided or refused or self.interrupted)

    def latency_ms(self, percent: float) -> float | None:
        """The latency that `percent` of the alerts that are due at once do not exceed; None without any."""
        ordered = sorted(alert.latency_ms for name, alert in self.alerts.items() if name in self.due)
        return ordered[ceil(len(ordered) * percent / 100) - 1] if ordered else None

    def _told(self, *ways: str) -> set[str]:
        return {name for name, decision in self.decisions.items() if decision.told in ways}
