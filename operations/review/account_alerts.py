"""Lists the suspicious transactions of an account, with decision, reasons and label."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from functions.common.domain.currencies import format_money
from functions.common.domain.decision import Notification
from functions.common.domain.suspicious_decision import SuspiciousDecision
from functions.common.domain.transaction_event import transaction_key
from functions.common.dynamodb.client import StoreBusyError, read_items
from functions.common.dynamodb.suspicious_items import read_since
from operations.review.explain import explanation_to_json
from operations.review.transaction_record import TransactionRecord, decode_record
from terminal import durations
from terminal.aws_errors import translate_aws_errors
from terminal.errors import UserError
from terminal.output import console, print_json, print_message

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The longest alert window that the settings allow. A window may start before the time that is asked for.
_MAX_WINDOW_MS = 900_000
# The limit of BatchGetItem.
_MAX_KEYS = 100
_MAX_REASONS = 3
_ALERTS = {
    Notification.NONE: "none",
    Notification.SENT: "sent",
    Notification.SUMMARY: "in summary",
    Notification.FOLDED: "in summary",
    Notification.SNOOZED: "snoozed",
}


def read_account_alerts(
    client: "DynamoDBClient", transactions: str, profiles: str, account_id: str, since_ms: int
) -> Iterator[TransactionRecord]:
    """The suspicious transactions that were decided since this time, in the order of their decisions.

    Expired transactions are left out. Raises UserError.
    """
    try:
        with translate_aws_errors():
            entries = [
                entry
                for entry in read_since(client, profiles, account_id, since_ms - _MAX_WINDOW_MS)
                if entry.decided_at >= since_ms
            ]
            ordered = iter(sorted(entries, key=lambda entry: (entry.decided_at, entry.transaction_id)))
            while chunk := list(islice(ordered, _MAX_KEYS)):
                yield from _read_records(client, transactions, chunk)
    except StoreBusyError as error:
        raise UserError("DynamoDB is busy.", "Try again in a minute.") from error


def show_account_alerts(
    records: Sequence[TransactionRecord], account_id: str, since: str, *, as_json: bool = False
) -> None:
    """Print the transactions as a table, or as a JSON array with everything that `explain` prints."""
    if as_json:
        print_json([explanation_to_json(record) for record in records])
    elif records:
        console.print(_build_table(records))
        print_message(f"{len(records)} suspicious transactions of account {account_id} in {since}.")
    else:
        print_message(f"Account {account_id} has no suspicious transactions in {since}.")


def _read_records(
    client: "DynamoDBClient", table: str, entries: Sequence[SuspiciousDecision]
) -> Iterator[TransactionRecord]:
    keys = [transaction_key(entry.transaction_id, entry.timestamp) for entry in entries]
    items = {item["transaction_id"]["S"]: item for item in read_items(client, table, keys)}
    for entry in entries:
        if entry.transaction_id in items:
            yield decode_record(items[entry.transaction_id])


def _build_table(records: Sequence[TransactionRecord]) -> Table:
    table = Table("time", "transaction", "amount", "score", "by", "alert", "label", "reasons")
    for record in records:
        decision = record.decision
        if decision is None:
            continue
        table.add_row(
            durations.format_time(int(record.fields["timestamp"])),
            Text(str(record.fields["transaction_id"])),
            format_money(record.amount, str(record.fields["currency"])),
            f"{decision.score:.2f}",
            decision.decided_by,
            _ALERTS[decision.notification],
            record.label.label if record.label else "",
            Text("\n".join(reason.text for reason in decision.reasons[:_MAX_REASONS])),
        )
    return table
