"""Transactions as they are in the table: what was posted, what was decided, what they turned out to be."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from functions.common.domain import decision as decisions
from functions.common.domain import transaction
from functions.common.domain.decision import Decision
from functions.common.dynamodb.client import Item
from operations.review import arguments
from terminal.aws_errors import told_to_users
from terminal.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class Labelled:
    """What a transaction turned out to be; times are epoch milliseconds."""

    label: str
    source: str | None
    reported_at: int | None
    labelled_at: int | None


@dataclass(frozen=True)
class Stored:
    """A transaction in the table; `fields` are those that were posted beside the amount.

    `decision` is None before there is one. `alerted_at`: when the topic accepted the alert (epoch
    milliseconds), None before.
    """

    fields: Mapping[str, str | int]
    amount: Decimal
    received_at: int | None
    decision: Decision | None
    label: Labelled | None
    alerted_at: int | None = None


def find(client: "DynamoDBClient", table: str, transaction_id: str) -> Stored:
    """The transaction with that id, as it is now. Raises UserError if there is none."""
    wanted = arguments.identifier("transaction", transaction_id)
    with told_to_users():
        # Timestamp 0 is the guard item of the id.
        items = client.query(
            TableName=table,
            KeyConditionExpression="transaction_id = :id AND #timestamp > :guard",
            ExpressionAttributeNames={"#timestamp": "timestamp"},
            ExpressionAttributeValues={":id": {"S": wanted}, ":guard": {"N": "0"}},
            ConsistentRead=True,
        )["Items"]
    if not items:
        raise UserError(
            f"There is no transaction '{wanted}'.",
            "Was it posted to this environment? Transactions expire at the end of their retention.",
        )
    return _stored(items[0])


def _stored(item: Item) -> Stored:
    values = {name: _plain(attribute) for name, attribute in item.items() if name != "amount"}
    posted = {field.name: values.get(field.name) for field in transaction.FIELDS}
    return Stored(
        fields={name: value for name, value in posted.items() if value is not None},
        amount=Decimal(item["amount"]["N"]),
        received_at=values.get("received_at"),
        decision=_decision(values),
        label=_label(values),
        alerted_at=values.get("alerted_at"),
    )


def _decision(values: Mapping[str, Any]) -> Decision | None:
    if values.get("decision") is None:
        return None
    try:
        return decisions.from_text(values["decision"])
    except msgspec.DecodeError as error:
        raise UserError(
            f"The decision of '{values['transaction_id']}' cannot be read: {error}.",
            "Is this tree older than what is deployed? Pull it, and try again.",
        ) from error


def _label(values: Mapping[str, Any]) -> Labelled | None:
    if values.get("label") is None:
        return None
    return Labelled(
        values["label"], values.get("label_source"), values.get("reported_at"), values.get("labelled_at")
    )


def _plain(attribute: Mapping[str, Any]) -> Any:
    """The value of an attribute as DynamoDB types it; every number but the amount is whole."""
    return int(attribute["N"]) if "N" in attribute else attribute.get("S")
