"""Export of everything that is stored of an account, for a data-subject's request for access."""

import json
import os
from pathlib import Path
from typing import Any

import msgspec

from functions.common.domain.origin_profile import TAG_BITS
from functions.common.domain.time_buckets import MINUTE_MS
from functions.common.dynamodb.client import Item
from functions.common.dynamodb.decision_attribute import decode_decision
from functions.common.dynamodb.profile_items import ProfileFormatError, decode_account
from operations.privacy import privacy_view
from operations.privacy.access import PersonalDataStores
from operations.privacy.account_data import AccountData, OriginSlot
from operations.privacy.queue_messages import AccountPattern, find_messages
from terminal.errors import UserError
from terminal.output import print_json, print_message

_TECHNICAL = frozenset({"fingerprint", "format"})


def check_new_file(path: str) -> None:
    """Raise UserError unless the file can be created and does not exist."""
    file = Path(path)
    if file.exists():
        raise UserError(f"--out: {path} exists.", "Use a new file, or delete this one.")
    if not file.absolute().parent.is_dir():
        raise UserError(
            f"--out: the folder {file.absolute().parent} does not exist.", "Create it, or use another one."
        )


def run_export(stores: PersonalDataStores, account_id: str, *, out: str, as_json: bool) -> int:
    """Print the numbers of items by kind, and write their content to `out` or as JSON. Returns 0.

    Raises UserError.
    """
    size = stores.read_size()
    print_message(
        "This reads the whole table of transactions once: no index leads to an account's transactions"
        f" (about ${size.scan_dollars:.2f})."
    )
    with privacy_view.show_reading() as progress:
        data = stores.finder(size.segments, progress).find(account_id)
    found = find_messages(stores.sqs, stores.failure_queues, AccountPattern(account_id))
    messages = {queue: [json_text(message.body) for message in bodies] for queue, bodies in found.items()}
    content = build_export(account_id, data, messages, stores.clock())
    if out:
        _write(out, json.dumps(content, indent=2) + "\n")
    if as_json:
        print_json(content)
        return 0
    counts = {name: len(bodies) for name, bodies in messages.items()}
    privacy_view.show_found(data.counts(), counts, out=out)
    return 0


def build_export(
    account_id: str, data: AccountData, messages: dict[str, list[Any]], now_ms: int
) -> dict[str, Any]:
    """The content of the export. Times are epoch milliseconds, `expires_at` epoch seconds."""
    profile_items = [item for item in data.account_items if item["part"]["S"] == "profile"]
    return {
        "account_id": account_id,
        "exported_at": now_ms,
        "transactions": [
            _decode_transaction(item)
            for item in sorted(data.transactions, key=lambda item: int(item["timestamp"]["N"]))
        ],
        "profile": _decode_profile(account_id, profile_items[0]) if profile_items else None,
        "suspicious_list": [
            json_text(item["decision"]["S"]) for item in data.account_items if item not in profile_items
        ],
        "lists_and_snoozes": [json_text(item["entry"]["S"]) for item in data.registrations],
        "audit_entries": [json_text(item["entry"]["S"]) for item in data.audit_entries],
        "devices_and_addresses": [_decode_slot(slot) for slot in data.slots],
        "messages": messages,
    }


def json_text(text: str) -> Any:
    """The JSON value in a text, or the text if it is not JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _decode_transaction(item: Item) -> dict[str, Any]:
    values = {
        name: _decode_attribute(attribute)
        for name, attribute in sorted(item.items())
        if name not in _TECHNICAL and name != "decision"
    }
    if "decision" in item:
        try:
            values["decision"] = msgspec.to_builtins(decode_decision(item["decision"]))
        except msgspec.DecodeError:
            values["decision"] = "in a format of newer code"
    return values


def _decode_attribute(attribute: Any) -> Any:
    ((kind, value),) = attribute.items()
    if kind == "NULL":
        return None
    if kind == "N":
        return int(value) if value.lstrip("-").isdigit() else value
    return bytes(value).hex() if kind == "B" else value


def _decode_profile(account_id: str, item: Item) -> Any:
    try:
        record = decode_account(account_id, item)
    except ProfileFormatError as error:
        raise UserError(f"The profile cannot be read: {error}.", "Use the deployed version.") from error
    profile = {name: getattr(record.profile, name) for name in record.profile.__struct_fields__}
    return {
        "counts": {name: _to_plain(value) for name, value in profile.items()},
        "list_entry": msgspec.to_builtins(record.list_entry),
        "snooze": msgspec.to_builtins(record.snooze),
        "alert_windows": msgspec.to_builtins(record.alert_history),
        "expires_at": _decode_attribute(item["expires_at"]) if "expires_at" in item else None,
    }


def _to_plain(value: object) -> Any:
    if isinstance(value, msgspec.Struct):
        return {name: getattr(value, name) for name in value.__struct_fields__}
    return {str(key): count for key, count in value.items()} if isinstance(value, dict) else value


def _decode_slot(slot: OriginSlot) -> dict[str, Any]:
    minute = int.from_bytes(slot.entry, "big") >> TAG_BITS
    return {
        "kind": slot.origin.kind,
        "id": slot.origin.identifier,
        "last_used_at": minute * MINUTE_MS,
    }


def _write(path: str, text: str) -> None:
    """Write a new file that only the user can read."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UserError(f"Cannot write {path}: {error.strerror}.", "Use another file.") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
