"""Posts transactions and labels at a rate, then waits for their decisions and alerts."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from functions.common.domain.decision import Decision
from functions.common.domain.transaction import Transaction
from functions.common.domain.transaction_event import transaction_key
from functions.common.dynamodb.decision_attribute import decode_decision
from functions.labels.label import Label
from local.mailbox import Mail, Mailbox
from operations.batches import split_batches
from operations.demo.run_result import ReceivedAlert, RunResult
from operations.ingest.ordered_workers import OrderedWorkers
from operations.ingest.payloads import encode_payload
from operations.ingest.poster import Post
from operations.ingest.responses import read_label_response, read_transaction_response
from terminal.aws_errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_CONCURRENT_POSTS = 16
# After the last expected alert, an unexpected one arrives within this time.
SETTLE_SECONDS = 0.5
_POLL_SECONDS = 0.2
# The limit of BatchGetItem.
_MAX_KEYS = 100


@dataclass
class PipelineRun:
    """One run of transactions through the pipeline.

    `post` and `post_label` send one body to the API; without `post_label`, labels are skipped.
    `read_decisions` returns the existing decisions by transaction id. `show` gets each alert, `progress` the
    number of responses. Mails up to the one with the id `after` are ignored.
    """

    post: Post
    mailbox: Mailbox
    read_decisions: Callable[[Sequence[Transaction]], Mapping[str, Decision]]
    show: Callable[[ReceivedAlert], None]
    progress: Callable[[int], None]
    post_label: Post | None = None
    after: str = ""
    settle_seconds: float = SETTLE_SECONDS
    result: RunResult = field(default_factory=RunResult, init=False)
    _posted_at_ms: dict[str, float] = field(default_factory=dict, init=False)
    _changed: threading.Condition = field(default_factory=threading.Condition, init=False)
    _responses: int = field(default=0, init=False)

    def execute(
        self, steps: Iterable[Transaction | Label], per_second: float, patience_seconds: float
    ) -> RunResult:
        """Post all steps and wait up to `patience_seconds` after the last response for decisions and alerts.

        Transactions of one account are posted in their order, a label after everything before it. Ctrl-C
        ends the run early and sets `interrupted` in the result. Raises UserError if the API refuses the
        caller or cannot be reached.
        """
        stop = threading.Event()
        follower = threading.Thread(target=self._follow_mailbox, args=(stop,), daemon=True)
        follower.start()
        try:
            self._post_all(steps, per_second, stop)
            deadline = time.monotonic() + patience_seconds
            self._wait_for_decisions(deadline, stop)
            self._wait_for_alerts(deadline, stop)
        except KeyboardInterrupt:
            self.result.interrupted = True
        finally:
            stop.set()
        follower.join(self.settle_seconds)
        return self.result

    def _post_all(
        self, steps: Iterable[Transaction | Label], per_second: float, stop: threading.Event
    ) -> None:
        workers: OrderedWorkers[Transaction, None] = OrderedWorkers(
            self._send_transactions, MAX_CONCURRENT_POSTS, attrgetter("account_id")
        )
        started, pending = time.monotonic(), list[Future[None]]()
        try:
            for step in steps:
                if isinstance(step, Label):
                    _wait_for_all(pending)
                    self._send_label(step)
                    continue
                number = len(self.result.posted)
                # Times are relative to the start, so that a slow response does not lower the rate.
                stop.wait(max(0.0, started + number / per_second - time.monotonic()))
                with self._changed:
                    self.result.posted[step.transaction_id] = step
                pending.append(workers.submit(step))
                if number == 0:
                    # The first transaction starts idle functions. Without this wait, many copies would start.
                    _wait_for_all(pending)
                    started = time.monotonic()
                pending = _drop_finished(pending)
            _wait_for_all(pending)
        finally:
            for response in pending:
                response.cancel()
            workers.close()

    def _send_transactions(self, transactions: Sequence[Transaction]) -> list[None]:
        for transaction in transactions:
            self._send_transaction(transaction)
        return [None] * len(transactions)

    def _send_transaction(self, transaction: Transaction) -> None:
        # Recorded before the POST: the latency of an alert includes the POST.
        self._posted_at_ms[transaction.transaction_id] = time.time() * 1000
        result = read_transaction_response(self.post(encode_payload(transaction)))
        with self._changed:
            if not result.accepted:
                self.result.refused[transaction.transaction_id] = result
            self._responses += 1
            self.progress(self._responses)

    def _send_label(self, label: Label) -> None:
        if self.post_label is None or label.transaction_id in self.result.refused:
            return
        result = read_label_response(self.post_label(encode_payload(label)))
        if result.accepted:
            self.result.labels += 1
        else:
            self.result.refused_labels[label.transaction_id] = result

    def _wait_for_decisions(self, deadline: float, stop: threading.Event) -> None:
        while pending := self.result.pending:
            decisions = self.read_decisions(pending)
            with self._changed:
                self.result.decisions.update(decisions)
            if len(decisions) < len(pending):
                if time.monotonic() >= deadline:
                    return
                stop.wait(_POLL_SECONDS)

    def _wait_for_alerts(self, deadline: float, stop: threading.Event) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: not self.result.missing_alerts, max(0.0, deadline - time.monotonic())
            )
        stop.wait(self.settle_seconds)

    def _follow_mailbox(self, stop: threading.Event) -> None:
        for mail in self.mailbox.follow(stop, after=self.after):
            self._receive(mail)

    def _receive(self, mail: Mail) -> None:
        transaction_id = mail.attributes.get("transaction_id", "")
        with self._changed:
            transaction = self.result.posted.get(transaction_id)
            if transaction is None:
                # The mail is about a transaction of another run.
                return
            if earlier := self.result.alerts.get(transaction_id):
                # Each subscriber gets a mail of the same message. Another message id is a repetition.
                self.result.repeated_alerts += mail.message_id != earlier.mail.message_id
                return
            alert = ReceivedAlert(mail, transaction, mail.received_ms - self._posted_at_ms[transaction_id])
            self.result.alerts[transaction_id] = alert
            self.show(alert)
            self._changed.notify_all()


class DecisionReader:
    """Reads decisions from the table with the name `table`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def read(self, transactions: Sequence[Transaction]) -> Mapping[str, Decision]:
        """Return the decisions that exist by transaction id. Raises UserError."""
        decisions_by_id: dict[str, Decision] = {}
        with translate_aws_errors():
            for batch in split_batches(transactions, _MAX_KEYS):
                decisions_by_id |= self._read_batch(batch)
        return decisions_by_id

    def _read_batch(self, transactions: Sequence[Transaction]) -> dict[str, Decision]:
        request: Any = {
            "Keys": [transaction_key(row.transaction_id, row.timestamp) for row in transactions],
            "ProjectionExpression": "transaction_id, decision",
            "ConsistentRead": True,
        }
        # Unprocessed keys are left out: the caller polls until every decision is there.
        answer = self._client.batch_get_item(RequestItems={self._table: request})
        items = [item for item in answer["Responses"].get(self._table, []) if "decision" in item]
        return {item["transaction_id"]["S"]: decode_decision(item["decision"]) for item in items}


def _wait_for_all(futures: list[Future[None]]) -> None:
    """Wait for all futures and clear the list. Raises the exception of a failed one."""
    for future in futures:
        future.result()
    futures.clear()


def _drop_finished(futures: list[Future[None]]) -> list[Future[None]]:
    """Return the unfinished futures. Raises the exception of a failed one at once."""
    for future in futures:
        if future.done():
            future.result()
    return [future for future in futures if not future.done()]
