"""Reads the decisions of recently posted transactions from the table `transactions`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from functions.common.domain.decision import Decision, decode_decision
from functions.common.domain.transaction import Transaction
from functions.common.domain.transaction_event import transaction_key
from operations.batches import split_batches
from terminal.aws_errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The limit of BatchGetItem.
_MAX_KEYS = 100


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
        return {item["transaction_id"]["S"]: decode_decision(item["decision"]["S"]) for item in items}
