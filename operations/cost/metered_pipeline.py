"""The functions `api`, `fraud`, `merchants` and `notify` in one process, with the usage of an invocation."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from functions.api import post_batch, post_transaction
from functions.api.transaction_parser import TransactionParser
from functions.api.transaction_store import TransactionStore
from functions.common.domain.transaction_event import (
    DETAIL_TYPE,
    EVENT_NAME,
    SOURCE,
    build_event_detail,
    transaction_key,
)
from functions.common.http.batch_schema import BATCH_FIELD
from functions.common.runtime.telemetry import InvocationFailedError, Telemetry
from functions.fraud.profile_store import ProfileStore
from functions.fraud.scoring.decider import Decider
from functions.fraud.scoring.scorer import create_scorers
from functions.fraud.senders import RetrySender, SuspiciousTransactionSender
from functions.fraud.service import FraudDetector
from functions.merchants.merchant_counter import MerchantCounter
from functions.notify.alert_records import AlertRecords
from functions.notify.notifier import Notifier
from functions.notify.publisher import AlertPublisher
from operations.cost.metered_table import MeteredDynamoDb, RequestUnits
from stacks.processing import files
from terminal.errors import UserError

TRANSACTIONS, PROFILES = "transactions", "profiles"
_TABLE_KEYS = {TRANSACTIONS: ("transaction_id", "timestamp"), PROFILES: ("subject", "part")}
_UUID = "00000000-0000-0000-0000-000000000000"
_STREAM_ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/transactions/stream/2026-01-31T00:00:00.000"
_PARSER = TransactionParser(max_age_days=30, extra_decimals="refuse")
_CREATED = 201
_INVOCATION_MS = 60_000


class FunctionFailedError(UserError):
    """A function failed on a valid transaction, so its usage is unknown."""

    def __init__(self, function: str, log_lines: Sequence[str]) -> None:
        super().__init__(
            f"The function {function} failed on a typical transaction: {' '.join(log_lines)}",
            "Extend operations/cost if the function has a new request.",
        )


@dataclass(frozen=True)
class FunctionUsage:
    """The usage of AWS by one invocation: units of DynamoDB, and the lines in its log."""

    requests: tuple[RequestUnits, ...]
    log_lines: tuple[str, ...]

    @property
    def metrics(self) -> frozenset[str]:
        """The names of the custom metrics that the invocation writes."""
        directives = [
            directive
            for line in self.log_lines
            for directive in json.loads(line).get("_aws", {}).get("CloudWatchMetrics", ())
        ]
        return frozenset(metric["Name"] for directive in directives for metric in directive["Metrics"])


class MessageRecorder:
    """The operations of SQS and SNS that the functions use. `sizes`: the bytes of each message."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.sizes: list[int] = []

    def send_message(self, *, MessageBody: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        self._record(MessageBody, [])
        return {}

    def publish(self, *, Message: str, Subject: str, MessageAttributes: Mapping[str, Any], **_: Any) -> Any:  # noqa: N803
        self._record(Message, [Subject, json.dumps(MessageAttributes)])
        return {"MessageId": "00000000-0000-0000-0000-000000000000"}

    def _record(self, body: str, other_parts: list[str]) -> None:
        self.bodies.append(body)
        self.sizes.append(sum(len(part.encode()) for part in (body, *other_parts)))


class MeteredPipeline:
    """The functions on one metered table. `usage`: the last invocation of each function.

    `package`: the rules and models of `fraud`, as `stacks.processing.files` reads them. `now_ms`: the time of
    all clocks.
    """

    def __init__(self, package: Mapping[str, bytes], retention_days: int, alert_window_seconds: int) -> None:
        self.table = MeteredDynamoDb(_TABLE_KEYS)
        self.queue, self.topic = MessageRecorder(), MessageRecorder()
        self.usage: dict[str, FunctionUsage] = {}
        self.now_ms = 0
        self._streams = {name: io.StringIO() for name in ("api", "fraud", "merchants", "notify")}
        self._telemetry = {name: Telemetry(name, stream) for name, stream in self._streams.items()}
        client: Any = self.table
        store = TransactionStore(client, TRANSACTIONS, retention_days)
        api = store, _PARSER, self._telemetry["api"], self._read_clock
        self._endpoint = post_transaction.create_endpoint(*api)
        self._batch_endpoint = post_batch.create_batch_endpoint(*api, lambda: _INVOCATION_MS)
        self._detector = FraudDetector(
            decider=Decider(
                *create_scorers(lambda name: package.get(f"{files.FOLDER}/{name}")),
                alert_window_seconds=alert_window_seconds,
            ),
            profiles=ProfileStore(client, TRANSACTIONS, PROFILES),
            sender=SuspiciousTransactionSender(cast(Any, self.queue), "queue"),
            retries=RetrySender(cast(Any, self.queue), "retries"),
            telemetry=self._telemetry["fraud"],
            clock=self._read_clock,
        )
        self._counter = MerchantCounter(
            client,
            PROFILES,
            self._telemetry["merchants"],
            self._read_clock,
            run_all=lambda tasks: [task() for task in tasks],
        )
        self._notifier = Notifier(
            publisher=AlertPublisher(cast(Any, self.topic), "topic"),
            records=AlertRecords(lambda: client, TRANSACTIONS, PROFILES),
            telemetry=self._telemetry["notify"],
            clock=self._read_clock,
        )

    def post(self, transaction: Mapping[str, Any]) -> dict[str, Any]:
        """Post a transaction to `api`. Returns the response. Raises FunctionFailedError."""
        with self._measure("api"):
            response = self._endpoint.respond(_build_request(transaction))
        if response["statusCode"] != _CREATED:
            raise FunctionFailedError("api", self.usage["api"].log_lines)
        return response

    def post_batch(self, transactions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Post new transactions to `api` in one request. Returns the response. Raises FunctionFailedError."""
        with self._measure("api"):
            response = self._batch_endpoint.respond(_build_request({BATCH_FIELD: transactions}))
        results = json.loads(response["body"]).get("results", [])
        if [result["status"] for result in results] != [_CREATED] * len(transactions):
            raise FunctionFailedError("api", self.usage["api"].log_lines)
        return response

    def decide(self, transaction: Mapping[str, Any]) -> dict[str, Any]:
        """Send the event of a posted transaction to `fraud`, and return it. Raises FunctionFailedError."""
        item = self._find_transaction(transaction)
        event = {
            "version": "0",
            "id": _UUID,
            "detail-type": DETAIL_TYPE,
            "source": SOURCE,
            "account": "000000000000",
            "time": "2026-01-31T00:00:00Z",
            "region": "us-east-1",
            "resources": [],
            "detail": build_event_detail(item),
        }
        with self._measure("fraud"):
            self._detector.process_event(event)
        return event

    def count_merchant(self, transaction: Mapping[str, Any], *, shard: str, sequence: int) -> dict[str, Any]:
        """Send a batch with one posted transaction to `merchants`, and return it.

        Raises FunctionFailedError.
        """
        item = self._find_transaction(transaction)
        keys = {name: item[name] for name in _TABLE_KEYS[TRANSACTIONS]}
        change = {
            "ApproximateCreationDateTime": self.now_ms / 1000,
            "Keys": keys,
            # The item as it was inserted, before its decision.
            "NewImage": {
                name: value for name, value in item.items() if name not in {"decision", "new_device"}
            },
            "SequenceNumber": str(sequence),
            "SizeBytes": 0,
            "StreamViewType": "NEW_IMAGE",
        }
        record = {
            "eventID": _UUID.replace("-", ""),
            "eventName": EVENT_NAME,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1",
            "dynamodb": change,
            "eventSourceARN": _STREAM_ARN,
        }
        event = {"Records": [record], "shardId": shard}
        with self._measure("merchants"):
            self._counter.count_batch(event)
        return event

    def alert(self) -> None:
        """Deliver the last message of the queue to `notify`. Raises FunctionFailedError."""
        batch = {"Records": [{"messageId": _UUID, "body": self.queue.bodies[-1]}]}
        with self._measure("notify"):
            response = self._notifier.process_batch(batch, lambda: _INVOCATION_MS)
        if response["batchItemFailures"]:
            raise FunctionFailedError("notify", self.usage["notify"].log_lines)

    def _find_transaction(self, transaction: Mapping[str, Any]) -> dict[str, Any]:
        key = transaction_key(transaction["transaction_id"], transaction["timestamp"])
        item = self.table.find_item(TRANSACTIONS, key)
        if item is None:
            raise FunctionFailedError("api", ["no item has the key of the transaction"])
        return item

    def _read_clock(self) -> int:
        return self.now_ms

    @contextmanager
    def _measure(self, function: str) -> Iterator[None]:
        self.table.requests.clear()
        stream = self._streams[function]
        begin = stream.tell()
        try:
            with self._telemetry[function].invocation():
                yield
        except InvocationFailedError:
            raise FunctionFailedError(function, stream.getvalue()[begin:].splitlines()) from None
        log_lines = tuple(stream.getvalue()[begin:].splitlines())
        self.usage[function] = FunctionUsage(tuple(self.table.requests), log_lines)


def _build_request(body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
