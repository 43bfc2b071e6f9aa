"""ministack's pipes from a table's stream to an event bus, with their roles and permissions."""

import base64
import json
import os
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from ministack.core.arn import parse_arn  # type: ignore[import-untyped]
from ministack.services import iam, pipes, sts  # type: ignore[import-untyped]

from local.aws_json import AwsError, AwsJson, Caller
from local.delivery import metrics
from local.delivery.emulated_services import allows_service, matches_pattern, queue_url
from local.delivery.patches.pipes import POSITION_KEY
from local.delivery.pipes.settings import PipeSettings
from local.delivery.streams.records import StreamRecord


class EmulatedPipe:
    """A pipe from a table's stream to an event bus."""

    def __init__(self, account: str, region: str, record: dict[str, Any], url: str) -> None:
        self._account = account
        self._region = region
        self._record = record
        self._url = url
        self.name = str(record["Name"])
        # Calls in the region of the pipe.
        self.aws = AwsJson(url, region)

    @property
    def key(self) -> object:
        """Identifies the pipe, also among deleted pipes of the same name."""
        return id(self._record)

    def settings(self) -> PipeSettings:
        """The current settings."""
        return PipeSettings.from_description(self._record)

    def is_running(self) -> bool:
        """True if the pipe exists and is in the state RUNNING."""
        stored = pipes._pipes.get_scoped(self._account, self._region, self.name)
        return stored is self._record and self._record["CurrentState"] == "RUNNING"

    def position(self) -> str | None:
        """Sequence number of the last processed record; None before the first."""
        return self._record.get(POSITION_KEY)

    def advance(self, sequence_number: str) -> None:
        """Store the position; it survives a restart."""
        self._record[POSITION_KEY] = sequence_number

    def assume_role(self) -> Caller:
        """A session of the pipe's role. Raises AwsError if the role is missing or does not trust the pipe."""
        settings = self.settings()
        spec = parse_arn(settings.role_arn)
        name = spec.resource.rsplit("/", 1)[-1]
        role = iam._roles.get_scoped(spec.account_id, None, name)
        if role is None:
            raise AwsError("AccessDenied", f"the role {settings.role_arn} does not exist")
        if not allows_service(
            _trust_policy(role), "pipes.amazonaws.com", "sts:AssumeRole", "*", settings.arn
        ):
            raise AwsError("AccessDenied", f"the role {settings.role_arn} does not trust {settings.arn}")
        return _create_session(settings.role_arn, self.name[:64])

    def matches_pattern(self, pattern: str, record: StreamRecord) -> bool:
        """Whether an event pattern (JSON text) matches a record."""
        return matches_pattern(pattern, record)

    def queue_url(self, arn: str) -> str:
        return queue_url(self._url, arn)

    def count_failure(self) -> None:
        """Publish the metric ExecutionFailed."""
        name = {"PipeName": self.name}
        metrics.count_event(self._record["Arn"], "AWS/EventBridge/Pipes", "ExecutionFailed", name)


def list_bus_pipes(url: str) -> Sequence[EmulatedPipe]:
    """All pipes from a table's stream to an event bus."""
    return [
        EmulatedPipe(account, region, record, url)
        for account, region, record in pipes._iter_all_pipes()
        if ":event-bus/" in record["Target"] and ":dynamodb:" in record["Source"]
    ]


def _trust_policy(role: dict[str, Any]) -> dict[str, Any]:
    """A role's trust policy with the `Resource` that the evaluation of a resource policy requires."""
    document = role.get("AssumeRolePolicyDocument") or "{}"
    parsed = json.loads(document) if isinstance(document, str) else document
    statements = parsed.get("Statement", [])
    statements = [statements] if isinstance(statements, dict) else statements
    return {"Statement": [{**statement, "Resource": "*"} for statement in statements]}


def _create_session(role_arn: str, session_name: str) -> Caller:
    """Credentials of a role; ministack enforces the role's permissions for them."""
    spec = parse_arn(role_arn)
    role = spec.resource.rsplit("/", 1)[-1]
    digest = sha256(f"{role_arn}/{session_name}".encode()).digest()
    access_key = "ASIA" + base64.b32encode(digest[:10]).decode()
    secret, token = base64.b64encode(os.urandom(30)).decode(), base64.b64encode(os.urandom(60)).decode()
    sts.register_session(
        access_key,
        {
            "Arn": f"arn:aws:sts::{spec.account_id}:assumed-role/{role}/{session_name}",
            "UserId": f"{role}:{session_name}",
            "SecretAccessKey": secret,
            "SessionToken": token,
            "AccountId": spec.account_id,
            "PrincipalType": "AssumedRole",
        },
    )
    return Caller(access_key, secret, token)
