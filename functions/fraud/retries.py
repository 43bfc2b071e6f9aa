"""Retries of failed events, delivered in batches from the retry queue.

A message is Lambda's record of a failed asynchronous invocation; `requestPayload` is the event.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from functions.common.domain.transaction_event import TransactionInserted
from functions.common.runtime.telemetry import Telemetry
from functions.fraud.senders import UnreadableMessageSender
from functions.fraud.service import MAX_GROUP_SIZE, FraudDetector, UnreadableEventError, read_event

# The maximum duration of one group, attempts included. A function that times out returns no response, and
# then every message of the batch is delivered again.
_MAX_DECISION_MS = 12_000


class _FailedInvocation(Struct, frozen=True):
    requestPayload: object  # noqa: N815  # Lambda's name


class _Retry(NamedTuple):
    """A transaction and the messages that contain it."""

    transaction: TransactionInserted
    message_ids: list[str]


class RetryProcessor:
    """Decides on the transactions of a batch in the order in which the API received them.

    Transactions of one account are decided in one write, so that they do not wait for each other.
    """

    def __init__(
        self, detector: FraudDetector, failures: UnreadableMessageSender, telemetry: Telemetry
    ) -> None:
        self._detector = detector
        self._failures = failures
        self._telemetry = telemetry

    def process_batch(self, event: dict[str, Any], remaining_ms: Callable[[], int]) -> dict[str, Any]:
        """Process an event of an SQS event source mapping.

        `remaining_ms` returns the time left to the invocation. Returns the partial batch response: the IDs of
        the messages to deliver again.
        """
        failed: list[str] = []
        retries: dict[tuple[str, int], _Retry] = {}
        for record in event["Records"]:
            try:
                transaction = _read_transaction(record["body"])
            except (msgspec.DecodeError, UnreadableEventError) as error:
                if not self._move_to_failures(record, error):
                    failed.append(record["messageId"])
            else:
                key = (transaction.transaction_id, transaction.timestamp)
                retries.setdefault(key, _Retry(transaction, [])).message_ids.append(record["messageId"])
        for number, group in enumerate(_group_by_account(retries.values())):
            if number == 0 or remaining_ms() > _MAX_DECISION_MS:
                failed += self._process_group(group)
            else:
                failed += _list_messages(group)
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}

    def _process_group(self, group: Sequence[_Retry]) -> Iterator[str]:
        """Decide on the transactions of one account. Yields the messages to deliver again."""
        transactions = [retry.transaction for retry in group]
        try:
            decisions = self._detector.decide_group(transactions)
        except Exception as error:
            # Any error affects this group only: SQS delivers it again.
            self._telemetry.set_transaction(transactions[0].transaction_id)
            self._telemetry.error("retry failed", error)
            yield from _list_messages(group)
            return
        for retry, decision in zip(group, decisions, strict=True):
            self._telemetry.set_transaction(retry.transaction.transaction_id)
            try:
                self._detector.send(retry.transaction, decision)
            except Exception as error:
                self._telemetry.error("retry failed", error)
                yield from retry.message_ids

    def _move_to_failures(self, record: dict[str, Any], error: Exception) -> bool:
        """Move an unreadable message to the failure queue. Returns False if the queue does not accept it."""
        self._telemetry.error(f"unreadable message {record['messageId']}", error)
        try:
            self._failures.send(record["body"])
        except Exception as send_error:
            self._telemetry.error(f"message {record['messageId']} not moved", send_error)
            return False
        return True


def _group_by_account(retries: Iterable[_Retry]) -> list[list[_Retry]]:
    """Groups of at most MAX_GROUP_SIZE transactions of one account, ordered by their time of receipt."""
    accounts: defaultdict[str, list[_Retry]] = defaultdict(list)
    for retry in sorted(retries, key=lambda retry: retry.transaction.received_at):
        accounts[retry.transaction.account_id].append(retry)
    return [
        account[start : start + MAX_GROUP_SIZE]
        for account in accounts.values()
        for start in range(0, len(account), MAX_GROUP_SIZE)
    ]


def _list_messages(group: Iterable[_Retry]) -> list[str]:
    return [message_id for retry in group for message_id in retry.message_ids]


def _read_transaction(body: str) -> TransactionInserted:
    return read_event(msgspec.json.decode(body, type=_FailedInvocation).requestPayload)
