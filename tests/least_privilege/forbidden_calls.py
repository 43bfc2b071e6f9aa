"""Calls that no code in a role may make, and the few roles that may make one of them.

They are made from inside each role of the embedded AWS. They are also made from inside a role that is given
every permission, and that only its boundary limits.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from shared.names import FUNCTIONS, GATEWAY_LOGS, Names
from tests.least_privilege.embedded_roles import RoleSession

_DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")
_NAMES = Names()
_QUEUES = (
    "suspicious",
    "suspicious-dlq",
    "fraud-retry",
    "fraud-failures",
    "pipe-failures",
    "events-failures",
)
_SENDERS = {"suspicious": ("fraud",), "fraud-retry": ("fraud",), "fraud-failures": ("fraud",)}
_READERS = {"suspicious": ("notify",), "fraud-retry": ("fraud",)}
_KEY = {
    "transactions": {"transaction_id": {"S": "missing"}, "timestamp": {"N": "1"}},
    "profiles": {"subject": {"S": "account#missing"}, "part": {"S": "profile"}},
}


@dataclass(frozen=True)
class ForbiddenCall:
    """An operation of a service. `allowed`: the purposes of the roles that may call it."""

    purpose: str
    service: str
    operation: str
    arguments: Mapping[str, Any]
    allowed: tuple[str, ...] = field(default=())

    def is_denied(self, session: RoleSession) -> bool:
        """Whether the role of the session may not make the call."""
        try:
            getattr(session.client(self.service), self.operation)(**self.arguments)
        except ClientError as error:
            return is_denial(error)
        return False


@dataclass(frozen=True)
class Account:
    """The account and region of the embedded AWS, its URL, and its keys by purpose."""

    url: str
    account: str
    region: str
    keys: Mapping[str, str]

    def arn(self, service: str, resource: str) -> str:
        region = "" if service == "iam" else self.region
        return f"arn:aws:{service}:{region}:{self.account}:{resource}"


def is_denial(error: ClientError) -> bool:
    """Whether AWS denied a call."""
    return error.response["Error"]["Code"] in _DENIED


def list_forbidden_calls(account: Account) -> list[ForbiddenCall]:
    """Every forbidden call."""
    return [
        *_table_calls(),
        *_queue_calls(account),
        *_topic_and_bus_calls(account),
        *_key_calls(account),
        *_function_calls(account),
        *_account_calls(account),
    ]


def _table_calls() -> Iterator[ForbiddenCall]:
    """`tests/engine/test_function_roles.py` checks the calls on tables that some roles may make."""
    for table, key in _KEY.items():
        name, value = next(iter(key.items()))
        item = {"TableName": table, "Key": key}
        yield ForbiddenCall(f"delete an item of {table}", "dynamodb", "delete_item", item)
        yield ForbiddenCall(f"scan {table}", "dynamodb", "scan", {"TableName": table})
        yield ForbiddenCall(f"delete the table {table}", "dynamodb", "delete_table", {"TableName": table})
        query = {
            "TableName": table,
            "KeyConditionExpression": f"{name} = :value",
            "ExpressionAttributeValues": {":value": value},
        }
        readers = ("notify",) if table == "profiles" else ()
        yield ForbiddenCall(f"query {table}", "dynamodb", "query", query, readers)
        readers = ("notify",) if table == "profiles" else ("labels",)
        yield ForbiddenCall(f"get an item of {table}", "dynamodb", "get_item", item, readers)
        writers = ("api",) if table == "transactions" else ()
        put = {
            "TableName": table,
            "Item": key,
            "ConditionExpression": "attribute_exists(nothing)",
        }
        yield ForbiddenCall(f"put an item into {table}", "dynamodb", "put_item", put, writers)
        update = {
            **item,
            "UpdateExpression": "SET #state = :state",
            "ConditionExpression": "attribute_exists(nothing)",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {":state": {"S": "x"}},
        }
        yield ForbiddenCall(f"update an item of {table} alone", "dynamodb", "update_item", update)


def _queue_calls(account: Account) -> Iterator[ForbiddenCall]:
    for queue in _QUEUES:
        url = {"QueueUrl": f"{account.url}/{account.account}/{queue}"}
        senders = (*_SENDERS.get(queue, ()), *(["pipe"] if queue == "pipe-failures" else []))
        yield ForbiddenCall(
            f"send to {queue}", "sqs", "send_message", {**url, "MessageBody": "x"}, tuple(senders)
        )
        readers = _READERS.get(queue, ())
        yield ForbiddenCall(f"receive from {queue}", "sqs", "receive_message", url, readers)
        yield ForbiddenCall(f"purge {queue}", "sqs", "purge_queue", url)


def _topic_and_bus_calls(account: Account) -> Iterator[ForbiddenCall]:
    for topic, publishers in ((_NAMES.alerts_topic, ("notify",)), (_NAMES.operations_topic, ())):
        arguments = {"TopicArn": account.arn("sns", topic), "Message": "x"}
        yield ForbiddenCall(f"publish to {topic}", "sns", "publish", arguments, publishers)
    arn = account.arn("sns", _NAMES.alerts_topic)
    subscription = {"TopicArn": arn, "Protocol": "email", "Endpoint": "stranger@example.com"}
    yield ForbiddenCall("subscribe to the alerts", "sns", "subscribe", subscription)
    for bus, senders in ((_NAMES.bus, ("pipe",)), ("default", ())):
        entry = {"EventBusName": bus, "Source": "x", "DetailType": "x", "Detail": "{}"}
        yield ForbiddenCall(f"put an event on {bus}", "events", "put_events", {"Entries": [entry]}, senders)


def _key_calls(account: Account) -> Iterator[ForbiddenCall]:
    """A role uses a key through a service only, and so never directly."""
    for purpose, key in account.keys.items():
        yield ForbiddenCall(
            f"make a data key with the key {purpose}",
            "kms",
            "generate_data_key",
            {"KeyId": key, "KeySpec": "AES_256"},
        )
        yield ForbiddenCall(
            f"encrypt with the key {purpose}", "kms", "encrypt", {"KeyId": key, "Plaintext": b"x"}
        )
        text = base64.b64encode(b"unreadable")
        yield ForbiddenCall(
            f"decrypt with the key {purpose}", "kms", "decrypt", {"KeyId": key, "CiphertextBlob": text}
        )


def _function_calls(account: Account) -> Iterator[ForbiddenCall]:
    for function in FUNCTIONS:
        name = {"FunctionName": _NAMES.function(function)}
        for purpose, operation in (
            ("read the variables of", "get_function_configuration"),
            ("read the code of", "get_function"),
            ("invoke", "invoke"),
        ):
            yield ForbiddenCall(f"{purpose} {function}", "lambda", operation, name)
        group = {"logGroupName": _NAMES.function_log_group(function)}
        # API Gateway refuses a logging role that may not read logs.
        yield ForbiddenCall(
            f"read the logs of {function}", "logs", "filter_log_events", group, (GATEWAY_LOGS,)
        )
        role = {"RoleArn": account.arn("iam", f"role/{_NAMES.role(function)}"), "RoleSessionName": "inside"}
        yield ForbiddenCall(f"assume the role of {function}", "sts", "assume_role", role)


def _account_calls(account: Account) -> Iterator[ForbiddenCall]:
    role = _NAMES.role("fraud")
    policy = {"RoleName": role, "PolicyName": "more", "PolicyDocument": "{}"}
    yield ForbiddenCall("extend a role", "iam", "put_role_policy", policy)
    yield ForbiddenCall("read a role", "iam", "get_role", {"RoleName": role})
    yield ForbiddenCall("remove a boundary", "iam", "delete_role_permissions_boundary", {"RoleName": role})
    yield ForbiddenCall("create a user", "iam", "create_user", {"UserName": "stranger"})
    yield ForbiddenCall("list buckets", "s3", "list_buckets", {})
    yield ForbiddenCall("read parameters", "ssm", "get_parameter", {"Name": "x"})
    yield ForbiddenCall("read secrets", "secretsmanager", "get_secret_value", {"SecretId": "x"})
    yield ForbiddenCall("find resources by tag", "resourcegroupstaggingapi", "get_resources", {})
