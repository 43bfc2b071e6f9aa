"""Steps of a fault test: post during a fault, see the fault in the health, repair it, lose no transaction."""

import json
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from functions.common.domain.transaction_event import EVENT_FIELDS, STORED_FIELDS
from functions.common.runtime.clock import now_ms
from operations.health.check import select_unhealthy
from operations.health.report import run_checks
from operations.monitoring import queues
from operations.repair import replay_command
from operations.repair.redrive_command import run_redrive
from operations.repair.transaction_reader import Period
from shared.contracts import DataOutputs, require_string
from shared.names import Names
from tests.e2e import faults
from tests.e2e.pipeline import PipelineClient, Reply
from tests.e2e.transactions import build_suspicious_transaction, build_transaction
from tests.waiting import wait_for

NAMES = Names()
TIMEOUT_SECONDS = 30.0
# More late decisions would set off a service level alarm.
MAX_POSTED = 6
# Service level alarms have windows of hours (half a minute when scaled) that include other tests.
LONG_WINDOWS = frozenset(
    {"alarm fraud-pipeline-processing-decided-in-time", "alarm fraud-pipeline-edge-available"}
)


@dataclass
class FaultScenario:
    """A pipeline and the transactions that a test posted to it."""

    pipeline: PipelineClient
    posted: list[dict[str, Any]] = field(default_factory=list)

    def client(self, service: str) -> Any:
        return self.pipeline.aws.client(service)

    def post(self, **fields: Any) -> dict[str, Any]:
        """Post a suspicious transaction, which the API must accept."""
        body = build_suspicious_transaction(**fields)
        reply = self.pipeline.post(body)
        assert reply.status == 201, reply.response
        self.posted.append(body)
        return body

    def post_harmless(self) -> Reply:
        """Post a transaction that the API may refuse."""
        return self.pipeline.post(build_transaction())

    def is_healthy(self) -> bool:
        """Return whether every check is ok, except alarms with long windows."""
        checks = run_checks(self.pipeline.deployed)
        return all(check.state == "ok" or check.subject in LONG_WINDOWS for check in checks)

    def reports(self, subject: str) -> bool:
        """Return whether the check of the subject is unhealthy, without running later checks."""
        checks = run_checks(self.pipeline.deployed)
        return any(check.subject == subject and check.state != "ok" for check in checks)

    def wait_until_unhealthy(self, *subjects: str, posting: bool = False) -> None:
        """Wait until all subjects are unhealthy; `posting` keeps the fault visible in metrics."""

        def is_unhealthy(subject: str) -> bool:
            if posting and len(self.posted) < MAX_POSTED:
                self.post()
            return self.reports(subject)

        for subject in subjects:
            look = partial(is_unhealthy, subject)
            wait_for(look, seconds=TIMEOUT_SECONDS, what=f"{subject} in the health")

    def wait_until_healthy(self) -> None:
        """Wait until every check is ok, except alarms with long windows."""
        try:
            wait_for(self.is_healthy, seconds=TIMEOUT_SECONDS)
        except AssertionError:
            details = list(select_unhealthy(list(run_checks(self.pipeline.deployed))))
            raise AssertionError(f"still wrong: {details}") from None

    def expect_nothing_lost(self) -> None:
        """Expect one decision and one alert for every transaction, and empty failure queues."""
        for body in self.posted:
            assert self.pipeline.wait_for_decision(body).suspicious
            self.pipeline.wait_for_mail_about(body)
        # After the mail about a last transaction, any repeated mail has arrived.
        self.post()
        self.pipeline.wait_for_mail_about(self.posted[-1])
        for body in self.posted:
            assert len(self.pipeline.read_mails_about(body)) == 1, body["transaction_id"]
        assert self.pipeline.count_failed_messages() == {}

    def replay(self) -> int:
        """Replay every undecided transaction."""
        period = Period(0, now_ms())
        return replay_command.run_replay(
            self.pipeline.deployed, period, None, dry_run=False, yes=True, as_json=True
        )

    def redrive(self, queue: str) -> int:
        return run_redrive(
            self.pipeline.deployed, queue=queue, limit=None, dry_run=False, yes=True, as_json=True
        )

    def purge_queue(self, queue: str) -> None:
        """Delete unreadable messages, as the runbook instructs."""
        self.client("sqs").purge_queue(QueueUrl=faults.find_queue(self.pipeline, queue).url)

    def send_message(self, queue_url: str, body: str) -> None:
        self.client("sqs").send_message(QueueUrl=queue_url, MessageBody=body)

    @cached_property
    def suspicious_url(self) -> str:
        return self.pipeline.deployed.queue_url(
            require_string(self.pipeline.outputs(DataOutputs).suspicious_queue_url)
        )

    @cached_property
    def retry_url(self) -> str:
        return faults.find_queue(self.pipeline, queues.RETRY).url

    def put_event(self, detail: dict[str, Any]) -> None:
        """Put an event on the bus like the pipe."""
        entry = {
            "EventBusName": NAMES.bus,
            "Source": "fraud.transactions",
            "DetailType": "TransactionInserted",
            "Detail": json.dumps(detail),
        }
        assert self.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0

    def build_event(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the event of a stored transaction."""
        return {"event_name": "INSERT", "transaction": _attributes(self.pipeline.read_item(body))}

    def build_message(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the message to the notify function about a decided transaction."""
        item, decision = self.pipeline.read_item(body), self.pipeline.wait_for_decision(body)
        facts = {name: _plain(item[name]) for name in STORED_FIELDS}
        return {**facts, "score": decision.score, "reasons": []}


def _attributes(item: dict[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in EVENT_FIELDS if name in item}


def _plain(attribute: dict[str, Any]) -> Any:
    if "NULL" in attribute:
        return None
    return attribute["S"] if "S" in attribute else json.loads(attribute["N"])
