"""The deployed pipeline as a test sees it: post, look into the table, wait for mail."""

import json
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from botocore.credentials import Credentials

from functions.common.domain import decision as decisions
from functions.common.domain.decision import Decision
from functions.common.domain.lists_and_snoozes import Kind
from functions.common.dynamodb import profile_items
from local.embedded import EmbeddedAws
from local.mailbox import Mail, Mailbox
from operations.deployed import Deployed
from operations.ingest.api_client import Answer, ApiClient, Target
from operations.monitoring.dead_letters import depths
from shared.contracts import Contract, DataOutputs, text
from tests.waiting import wait_for

T = TypeVar("T")
C = TypeVar("C", bound=Contract)
DEADLINE_SECONDS = 60.0


@dataclass(frozen=True)
class Reply:
    """An answer of the API, easy to ask."""

    answer: Answer

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def content_type(self) -> str:
        return self.answer.headers["Content-Type"]

    def json(self) -> Any:
        return json.loads(self.answer.body)


@dataclass
class Pipeline:
    """Four deployed stacks on an embedded AWS."""

    aws: EmbeddedAws
    deployed: Deployed
    _clients: dict[str, ApiClient] = field(default_factory=dict)

    @cached_property
    def target(self) -> Target:
        return self.deployed.target()

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

    def as_stranger(self, target: Target | None = None) -> ApiClient:
        """A client that signs as a user of the account who may do nothing."""
        iam = self.aws.client("iam")
        name = f"stranger-{uuid.uuid4().hex[:8]}"
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
        return self._client(replace(target or self.target, credentials=credentials))

    @cached_property
    def table(self) -> str:
        return text(self.outputs(DataOutputs).table_name)

    def items(self, transaction_id: str) -> list[dict[str, Any]]:
        """The stored transactions of that id, without their guard item."""
        found = self.aws.client("dynamodb").query(
            TableName=self.table,
            KeyConditionExpression="transaction_id = :id AND #t > :guard",
            ExpressionAttributeNames={"#t": "timestamp"},
            ExpressionAttributeValues={":id": {"S": transaction_id}, ":guard": {"N": "0"}},
            ConsistentRead=True,
        )
        return list(found["Items"])

    def item(self, sent: dict[str, Any]) -> dict[str, Any]:
        (item,) = self.items(sent["transaction_id"])
        return item

    def mails_about(self, sent: dict[str, Any]) -> list[Mail]:
        mails = Mailbox(self.aws.emulator.layout.mailbox).messages()
        return [mail for mail in mails if sent["transaction_id"] in mail.body]

    def mail_about(self, sent: dict[str, Any]) -> Mail:
        """The first mail that names the transaction."""
        return _wait(lambda: self.mails_about(sent), f"mail about {sent['transaction_id']}")[0]

    def log_lines(self, function: str, containing: str = "") -> list[str]:
        """Lines that the function logged and that hold the text; at least one, waited for."""
        pages = self.aws.client("logs").get_paginator("filter_log_events")
        group = f"/aws/lambda/{self.deployed.functions()[function]}"

        def lines() -> list[str]:
            events = (event for page in pages.paginate(logGroupName=group) for event in page["events"])
            return [event["message"] for event in events if containing in event["message"]]

        return _wait(lines, f"{function} logs {containing}")

    def decision(self, sent: dict[str, Any]) -> Decision:
        """What was decided of the transaction, waited for."""
        found = _wait(
            lambda: [item for item in self.items(sent["transaction_id"]) if "decision" in item],
            f"decision on {sent['transaction_id']}",
        )
        return decisions.from_text(found[0]["decision"]["S"])

    def label(self, sent: dict[str, Any], label: str, **fields: Any) -> Reply:
        """Post what became known of a transaction."""
        body = {"transaction_id": sent["transaction_id"], "timestamp": sent["timestamp"], "label": label}
        return self.post_raw(json.dumps({**body, **fields}).encode(), path="/labels")

    def profile(self, kind: Kind, identifier: str) -> dict[str, Any]:
        """The item of an account's or merchant's profile."""
        answer = self.aws.client("dynamodb").get_item(
            TableName=text(self.outputs(DataOutputs).profiles_table_name),
            Key=profile_items.profile_key(profile_items.profile_subject(kind, identifier)),
            ConsistentRead=True,
        )
        return dict(answer.get("Item", {}))

    def dead_letters(self) -> dict[str, int]:
        """How many messages each queue for what failed holds, the empty ones left out."""
        counts = depths(self.aws.client("sqs"), self.deployed.dead_letters())
        return {hop: count for hop, count in counts.items() if count}

    def _client(self, target: Target) -> ApiClient:
        key = f"{target.url} {target.credentials.access_key}"
        if key not in self._clients:
            self._clients[key] = ApiClient(target, connections=8)
        return self._clients[key]


def _wait(look: Callable[[], list[T]], what: str) -> list[T]:
    return wait_for(look, seconds=DEADLINE_SECONDS, what=what)
