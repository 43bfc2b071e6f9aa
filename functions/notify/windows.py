"""How many alerts of an account a window held: what the notify function needs of its profile."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from functions.common.dynamodb import profile_items
from functions.common.dynamodb.client import read_one

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A summary is sent for the second alert of a window, so that at least these were counted.
AT_LEAST = 2


class AlertWindows(Protocol):
    """Knows the latest windows of alerts of each account."""

    def count(self, account_id: str, since: int) -> int:
        """The alerts of the account in the window that began then (epoch ms), the first one included."""


class DynamoDbAlertWindows:
    """The table `profiles`; the client is made when a summary is due, which for most processes is never."""

    def __init__(self, connect: "Callable[[], DynamoDBClient]", table_name: str) -> None:
        self._connect = connect
        self._table = table_name

    def count(self, account_id: str, since: int) -> int:
        key = profile_items.profile_key(profile_items.profile_subject("account", account_id))
        alerts = profile_items.alerts_of(read_one(self._connect(), self._table, key))
        counts = {alerts.earlier_since: alerts.earlier_count, alerts.since: alerts.count}
        return max(counts.get(since, 0), AT_LEAST)
