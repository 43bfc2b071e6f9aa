"""Steps of a fault test: post while something is broken, see it in the health, repair, lose nothing."""

import json
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from functions.common.runtime.clock import now_ms
from operations.health.check import unhealthy
from operations.health.report import run_checks
from operations.monitoring import queues
from operations.repair import replay_command
from operations.repair.redrive_command import redrive
from operations.repair.undecided import Period
from shared.contracts import DataOutputs, text
from shared.names import Names
from tests.e2e import faults
from tests.e2e.pipeline import Pipeline, Reply
from tests.e2e.transactions import suspicious, transaction
from tests.waiting import wait_for

NAMES = Names()
SECONDS = 30.0
# Fewer than turn a service level red when they are decided late.
MOST_POSTED = 6
# Service levels look back for hours (scaled: half a minute), over the late decisions of other tests, too.
LOOKS_BACK = frozenset(
    {"alarm fraud-pipeline-processing-decided-in-time", "alarm fraud-pipeline-edge-available"}
)


@dataclass
class Bench:
    """A pipeline, and the transactions that a test posted to it."""

    pipeline: Pipeline
    sent: list[dict[str, Any]] = field(default_factory=list)

    def client(self, service: str) -> Any:
        return self.pipeline.aws.client(service)

    def post(self, **fields: Any) -> dict[str, Any]:
        """Post a suspicious transaction, which must be accepted."""
        body = suspicious(**fields)
        reply = self.pipeline.post(body)
        assert reply.status == 201, reply.answer
        self.sent.append(body)
        return body

    def post_harmless(self) -> Reply:
        """Post a transaction that may be refused, and is not looked for."""
        return self.pipeline.post(transaction())

    def problems(self) -> set[str]:
        """The subjects that the health names."""
        return {check.subject for check in unhealthy(list(run_checks(self.pipeline.deployed)))}

    def names(self, subject: str) -> bool:
        """Whether the health names the subject; what it checks later is not looked at."""
        checks = run_checks(self.pipeline.deployed)
        return any(check.subject == subject and check.state != "ok" for check in checks)

    def wait_red(self, *subjects: str, posting: bool = False) -> None:
        """Wait until the health names all subjects; `posting` keeps the fault visible in metrics."""

        def red(subject: str) -> bool:
            if posting and len(self.sent) < MOST_POSTED:
                self.post()
            return self.names(subject)

        for subject in subjects:
            wait_for(partial(red, subject), seconds=SECONDS, what=f"{subject} in the health")

    def wait_green(self) -> None:
        """Wait until the health names nothing but what looks back."""
        left: list[set[str]] = []

        def green() -> bool:
            left[:] = [self.problems() - LOOKS_BACK]
            return not left[0]

        try:
            wait_for(green, seconds=SECONDS)
        except AssertionError:
            details = list(unhealthy(list(run_checks(self.pipeline.deployed))))
            raise AssertionError(f"still wrong: {details}") from None

    def expect_nothing_lost(self) -> None:
        """Every posted transaction is decided, and alerted on once; the failure queues are empty."""
        for body in self.sent:
            assert self.pipeline.decision(body).suspicious
            self.pipeline.mail_about(body)
        # One more, posted last and mailed: whatever was to come twice has come.
        self.post()
        self.pipeline.mail_about(self.sent[-1])
        for body in self.sent:
            assert len(self.pipeline.mails_about(body)) == 1, body["transaction_id"]
        assert self.pipeline.dead_letters() == {}

    def replay(self) -> int:
        """Decide whatever is stored without a decision."""
        period = Period(0, now_ms())
        return replay_command.replay(
            self.pipeline.deployed, period, None, dry_run=False, yes=True, as_json=True
        )

    def redrive(self, queue: str) -> int:
        return redrive(self.pipeline.deployed, queue=queue, limit=None, dry_run=False, yes=True, as_json=True)

    def empty(self, queue: str) -> None:
        """Delete what cannot be processed, as the runbook says."""
        self.client("sqs").purge_queue(QueueUrl=faults.queue(self.pipeline, queue).url)

    def send(self, queue_url: str, body: str) -> None:
        self.client("sqs").send_message(QueueUrl=queue_url, MessageBody=body)

    @cached_property
    def suspicious_url(self) -> str:
        return self.pipeline.deployed.queue_url(text(self.pipeline.outputs(DataOutputs).suspicious_queue_url))

    @cached_property
    def retry_url(self) -> str:
        return faults.queue(self.pipeline, queues.RETRY).url

    def put_event(self, detail: dict[str, Any]) -> None:
        """Put an event on the bus, as the pipe does."""
        entry = {
            "EventBusName": NAMES.bus,
            "Source": "fraud.transactions",
            "DetailType": "TransactionInserted",
            "Detail": json.dumps(detail),
        }
        assert self.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0

    def event(self, body: dict[str, Any]) -> dict[str, Any]:
        """The event of a stored transaction."""
        return {"event_name": "INSERT", "transaction": _attributes(self.pipeline.item(body))}

    def message(self, body: dict[str, Any]) -> dict[str, Any]:
        """The message to the notify function about a decided transaction."""
        item, decision = self.pipeline.item(body), self.pipeline.decision(body)
        facts = {name: _plain(value) for name, value in _attributes(item).items() if name != "device_id"}
        return {**facts, "score": decision.score, "reasons": []}


_FIELDS = (
    *("transaction_id", "timestamp", "account_id", "merchant_id", "amount", "currency", "channel"),
    *("country", "merchant_category", "received_at", "device_id"),
)


def _attributes(item: dict[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in _FIELDS}


def _plain(attribute: dict[str, Any]) -> Any:
    if "NULL" in attribute:
        return None
    return attribute["S"] if "S" in attribute else json.loads(attribute["N"])
