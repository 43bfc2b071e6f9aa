"""Reads one transaction from the table, with its decision and label."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from functions.common.domain import transaction
from functions.common.domain.decision import Decision
from functions.common.dynamodb.client import Item
from functions.common.dynamodb.decision_attribute import decode_decision
from operations.review import arguments
from terminal.aws_errors import translate_aws_errors
from terminal.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class RecordedLabel:
    """The label of a transaction. Times are epoch milliseconds."""

    label: str
    source: str | None
    reported_at: int | None
    labelled_at: int | None


@dataclass(frozen=True)
class TransactionRecord:
    """A transaction in the table. `fields` are the posted fields without the amount.

    `decision` is None while it is pending. Times are epoch milliseconds; `alerted_at` is the time at which
    the topic accepted the alert, None before.
    """

    fields: Mapping[str, str | int]
    amount: Decimal
    received_at: int | None
    decision: Decision | None
    label: RecordedLabel | None
    alerted_at: int | None = None


def find_transaction(client: "DynamoDBClient", table: str, transaction_id: str) -> TransactionRecord:
    """Read the transaction. Raises UserError if it does not exist."""
    identifier = arguments.read_identifier("transaction", transaction_id)
    with translate_aws_errors():
        # Timestamp 0 is the guard item of the id.
        items = client.query(
            TableName=table,
            KeyConditionExpression="transaction_id = :id AND #timestamp > :guard",
            ExpressionAttributeNames={"#timestamp": "timestamp"},
            ExpressionAttributeValues={":id": {"S": identifier}, ":guard": {"N": "0"}},
            ConsistentRead=True,
        )["Items"]
    if not items:
        raise UserError(
            f"The transaction '{identifier}' does not exist.",
            "Check the environment. Transactions expire at the end of their retention.",
        )
    return decode_record(items[0])


def decode_record(item: Item) -> TransactionRecord:
    """The transaction in an item of the table. Raises UserError for a decision in an unsupported format."""
    values = {name: _decode_attribute(attribute) for name, attribute in item.items() if name != "amount"}
    posted = {field.name: values.get(field.name) for field in transaction.TRANSACTION_FIELDS}
    return TransactionRecord(
        fields={name: value for name, value in posted.items() if value is not None},
        amount=Decimal(item["amount"]["N"]),
        received_at=values.get("received_at"),
        decision=_decode_decision(item),
        label=_decode_label(values),
        alerted_at=values.get("alerted_at"),
    )


def _decode_decision(item: Item) -> Decision | None:
    if "decision" not in item:
        return None
    try:
        return decode_decision(item["decision"])
    except msgspec.DecodeError as error:
        raise UserError(
            f"The decision on '{item['transaction_id']['S']}' has an unsupported format: {error}.",
            "Update this git tree to the deployed version.",
        ) from error


def _decode_label(values: Mapping[str, Any]) -> RecordedLabel | None:
    if values.get("label") is None:
        return None
    return RecordedLabel(
        values["label"], values.get("label_source"), values.get("reported_at"), values.get("labelled_at")
    )


def _decode_attribute(attribute: Mapping[str, Any]) -> Any:
    """Return the value of a DynamoDB attribute. Every number except the amount is an integer."""
    return int(attribute["N"]) if "N" in attribute else attribute.get("S")
