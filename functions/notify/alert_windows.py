"""Counts of an account's alerts in its alert windows, read from the account's profile item."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from functions.common.dynamodb.client import read_item
from functions.common.dynamodb.profile_items import decode_alert_history, profile_key, profile_subject

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The second alert of a window triggers the summary, so at least two alerts were counted.
_MIN_ALERTS = 2


class AlertWindows:
    """Alert windows in the table `profiles`. `connect` is called only for a summary, which most processes
    never publish.
    """

    def __init__(self, connect: "Callable[[], DynamoDBClient]", table_name: str) -> None:
        self._connect = connect
        self._table = table_name

    def count(self, account_id: str, started_at: int) -> int:
        """The number of the account's alerts in the window that started at this time (epoch milliseconds)."""
        key = profile_key(profile_subject("account", account_id))
        history = decode_alert_history(read_item(self._connect(), self._table, key))
        counts = {
            history.previous_started_at: history.previous_count,
            history.started_at: history.count,
        }
        return max(counts.get(started_at, 0), _MIN_ALERTS)
