"""Reads what was decided of transactions that somebody just posted, from the table."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from functions.common.domain import decision as decisions
from functions.common.domain.decision import Decision
from functions.common.domain.transaction import Transaction
from functions.common.domain.transaction_event import key_of
from terminal.aws_errors import told_to_users

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# As many as BatchGetItem takes.
_AT_ONCE = 100


class RecordedDecisions:
    """The decisions in the table `transactions`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def of(self, transactions: Sequence[Transaction]) -> Mapping[str, Decision]:
        """The decisions by transaction id; those that are not decided yet are left out. Raises UserError."""
        found: dict[str, Decision] = {}
        remaining = iter(transactions)
        with told_to_users():
            while some := list(islice(remaining, _AT_ONCE)):
                found |= self._read(some)
        return found

    def _read(self, transactions: Iterable[Transaction]) -> dict[str, Decision]:
        request: Any = {
            "Keys": [key_of(each.transaction_id, each.timestamp) for each in transactions],
            "ProjectionExpression": "transaction_id, decision",
            "ConsistentRead": True,
        }
        # What DynamoDB leaves out now is asked for again by who waits for it.
        answer = self._client.batch_get_item(RequestItems={self._table: request})
        items = [item for item in answer["Responses"].get(self._table, []) if "decision" in item]
        return {item["transaction_id"]["S"]: decisions.from_text(item["decision"]["S"]) for item in items}
