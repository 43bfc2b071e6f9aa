"""Client of the deployed pipeline for tests: posts, reads the tables, and waits for decisions and mails."""

import json
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar

from botocore.credentials import Credentials

from functions.common.domain.decision import Decision
from functions.common.domain.overrides import ProfileKind
from functions.common.dynamodb import profile_items
from functions.common.dynamodb.decision_attribute import decode_decision
from local.embedded import EmbeddedAws
from local.mailbox import Mail, Mailbox
from operations.api_target import ApiTarget
from operations.deployed import DeployedPipeline
from operations.ingest.api_client import ApiClient, ApiResponse, RetryPolicy
from operations.monitoring.queues import count_messages, find_failure_queues
from shared.contracts import Contract, DataOutputs, require_string
from tests.waiting import wait_for

T = TypeVar("T")
C = TypeVar("C", bound=Contract)
TIMEOUT_SECONDS = 60.0
# A response with `Retry-After` is a result that tests look at.
RETRIES = RetryPolicy(max_retry_after_seconds=0)


@dataclass(frozen=True)
class Reply:
    """A response of the API, with its JSON body."""

    response: ApiResponse

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def content_type(self) -> str:
        return self.response.headers["Content-Type"]

    def json(self) -> Any:
        return json.loads(self.response.body)


@dataclass
class PipelineClient:
    """Uses the four deployed stacks on an embedded AWS."""

    aws: EmbeddedAws
    deployed: DeployedPipeline
    _clients: dict[str, ApiClient] = field(default_factory=dict)

    @cached_property
    def target(self) -> ApiTarget:
        return self.deployed.transactions_target()

    def outputs(self, contract: type[C]) -> C:
        return self.deployed.outputs(contract)

    def post(self, body: dict[str, Any]) -> Reply:
        return self.post_raw(json.dumps(body).encode())

    def post_raw(self, body: bytes, *, content_type: str = "application/json", path: str = "") -> Reply:
        url = self.target.url.removesuffix("/transactions") + (path or "/transactions")
        return Reply(self._client(replace(self.target, url=url)).post(body, content_type))

    def post_all(self, bodies: Iterable[dict[str, Any]]) -> None:
        with ThreadPoolExecutor(8) as threads:
            assert {reply.status for reply in threads.map(self.post, bodies)} == {201}

    def create_stranger(self, target: ApiTarget | None = None) -> ApiClient:
        """Create a user without permissions, and a client that signs as this user."""
        iam = self.aws.client("iam")
        name = f"stranger-{uuid.uuid4().hex[:8]}"
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
        return self._client(replace(target or self.target, credentials=credentials))

    @cached_property
    def table_name(self) -> str:
        return require_string(self.outputs(DataOutputs).transactions_table_name)

    def read_items(self, transaction_id: str) -> list[dict[str, Any]]:
        """Read the stored transactions with the id, without their guard item."""
        answer = self.aws.client("dynamodb").query(
            TableName=self.table_name,
            KeyConditionExpression="transaction_id = :id AND #t > :guard",
            ExpressionAttributeNames={"#t": "timestamp"},
            ExpressionAttributeValues={":id": {"S": transaction_id}, ":guard": {"N": "0"}},
            ConsistentRead=True,
        )
        return list(answer["Items"])

    def read_item(self, transaction: dict[str, Any]) -> dict[str, Any]:
        (item,) = self.read_items(transaction["transaction_id"])
        return item

    def count_invocations(self, function: str) -> int:
        """Return the number of invocations of a function, from its metric."""
        now = datetime.now(UTC)
        points = self.aws.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName="Invocations",
            Dimensions=[{"Name": "FunctionName", "Value": self.deployed.function_names()[function]}],
            StartTime=now - timedelta(days=1),
            EndTime=now + timedelta(days=1),
            Period=86_400,
            Statistics=["Sum"],
        )["Datapoints"]
        return int(sum(point["Sum"] for point in points))

    def read_mails_about(self, transaction: dict[str, Any]) -> list[Mail]:
        mails = Mailbox(self.aws.emulator.layout.mailbox).messages()
        return [mail for mail in mails if transaction["transaction_id"] in mail.body]

    def wait_for_mail_about(self, transaction: dict[str, Any]) -> Mail:
        """Wait for the first mail that contains the transaction id."""
        return _wait_for(
            lambda: self.read_mails_about(transaction), f"mail about {transaction['transaction_id']}"
        )[0]

    def wait_for_log_lines(self, function: str, containing: str = "") -> list[str]:
        """Wait for at least one log line of the function that contains the text."""
        pages = self.aws.client("logs").get_paginator("filter_log_events")
        group = f"/aws/lambda/{self.deployed.function_names()[function]}"

        def lines() -> list[str]:
            events = (event for page in pages.paginate(logGroupName=group) for event in page["events"])
            return [event["message"] for event in events if containing in event["message"]]

        return _wait_for(lines, f"{function} logs {containing}")

    def wait_for_decision(self, transaction: dict[str, Any]) -> Decision:
        """Wait for the decision on the transaction."""
        items = _wait_for(
            lambda: [item for item in self.read_items(transaction["transaction_id"]) if "decision" in item],
            f"decision on {transaction['transaction_id']}",
        )
        return decode_decision(items[0]["decision"])

    def post_label(self, transaction: dict[str, Any], label: str, **fields: Any) -> Reply:
        """Post a label for the transaction."""
        body = {
            "transaction_id": transaction["transaction_id"],
            "timestamp": transaction["timestamp"],
            "label": label,
        }
        return self.post_raw(json.dumps({**body, **fields}).encode(), path="/labels")

    def read_profile(self, kind: ProfileKind, identifier: str) -> dict[str, Any]:
        """Read the profile's item; empty if it does not exist."""
        answer = self.aws.client("dynamodb").get_item(
            TableName=require_string(self.outputs(DataOutputs).profiles_table_name),
            Key=profile_items.profile_key(profile_items.profile_subject(kind, identifier)),
            ConsistentRead=True,
        )
        return dict(answer.get("Item", {}))

    def count_failed_messages(self) -> dict[str, int]:
        """Return the message count of each failure queue that is not empty."""
        urls = {queue.name: queue.url for queue in find_failure_queues(self.deployed)}
        counts = count_messages(self.aws.client("sqs"), urls)
        return {name: count for name, count in counts.items() if count}

    def _client(self, target: ApiTarget) -> ApiClient:
        key = f"{target.url} {target.credentials.access_key}"
        if key not in self._clients:
            self._clients[key] = ApiClient(target, connections=8, retries=RETRIES)
        return self._clients[key]


def _wait_for(look: Callable[[], list[T]], subject: str) -> list[T]:
    return wait_for(look, seconds=TIMEOUT_SECONDS, what=subject)
