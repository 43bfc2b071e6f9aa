"""Erasure as a command: finds, shows, asks, erases, looks again, and records the erasure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from operations.privacy import privacy_view
from operations.privacy.access import PersonalDataStores
from operations.privacy.account_data import AccountData, find_block
from operations.privacy.erasure import AccountEraser
from operations.privacy.erasure_records import ErasureRecord, write_record
from operations.privacy.pseudonyms import Pseudonyms, open_pseudonyms
from operations.privacy.queue_messages import (
    AccountPattern,
    count_hidden,
    delete_messages,
    find_messages,
)
from operations.privacy.retained_decisions import is_retained
from terminal import durations
from terminal.command_line import command_line
from terminal.errors import UserError
from terminal.output import console_for_question, print_json, print_message
from terminal.prompts import confirm_by_typing

# Each round erases what the look before it found. A further round is needed only if the account is in use.
_MAX_ROUNDS = 5
INCOMPLETE = 3


@dataclass
class ErasureResult:
    """`erased`: numbers by kind; messages as `messages in <queue>`. `left`: what the last look found."""

    account: str
    erased: Counter[str] = field(default_factory=Counter)
    left: Mapping[str, int] = field(default_factory=dict)
    hidden_messages: Mapping[str, int] = field(default_factory=dict)
    complete: bool = False


def run_erasure(stores: PersonalDataStores, account_id: str, *, yes: bool, as_json: bool) -> int:
    """Erase everything that is stored of an account.

    Returns the exit status: 0 if nothing is left, 3 if something is. Raises UserError.
    """
    size = stores.read_size()
    print_message(
        "This reads the whole table of transactions twice: no index leads to an account's transactions"
        f" (about ${2 * size.scan_dollars:.2f})."
    )
    with privacy_view.show_reading() as progress:
        data = stores.finder(size.segments, progress).find(account_id)
    _refuse_blocked(stores, data, account_id)
    pattern = AccountPattern(account_id)
    found = find_messages(stores.sqs, stores.failure_queues, pattern)
    messages = {queue: len(bodies) for queue, bodies in found.items()}
    retained = sum(map(is_retained, data.transactions))
    console = console_for_question(as_json=as_json)
    console.print(privacy_view.build_found_table(data.counts(), messages, retained))
    confirm_by_typing(f"Erase the data of account {account_id} in {stores.environment}?", account_id, yes=yes)
    pseudonyms = open_pseudonyms(stores.dynamodb, stores.profiles)
    result = ErasureResult(pseudonyms.make("account", account_id))
    try:
        _erase(stores, account_id, data, pseudonyms=pseudonyms, segments=size.segments, result=result)
    except (KeyboardInterrupt, UserError):
        print_message("The erasure is not complete. To complete it, run the same command again.")
        raise
    finally:
        # After Ctrl-C as well: some items are erased.
        if result.erased:
            _record(stores, result)
    result.hidden_messages = count_hidden(stores.sqs, stores.source_queues)
    _show_result(stores, account_id, result, as_json=as_json)
    return 0 if result.complete else INCOMPLETE


def _erase(
    stores: PersonalDataStores,
    account_id: str,
    data: AccountData,
    *,
    pseudonyms: Pseudonyms,
    segments: int,
    result: ErasureResult,
) -> None:
    """Erase and look again until nothing is found. Adds to `result`, also if it is interrupted."""
    eraser = AccountEraser(stores.dynamodb, stores.transactions, stores.profiles, pseudonyms)
    pattern, origins = AccountPattern(account_id), data.find_origins()
    # Counted where it happens, so that an interrupted run records it.
    eraser.counts = result.erased
    for _ in range(_MAX_ROUNDS):
        had_items = bool(data)
        eraser.erase(data, stores.clock())
        deleted = {
            name: count
            for queues in (stores.source_queues, stores.failure_queues)
            for name, count in delete_messages(stores.sqs, queues, pattern).items()
        }
        result.erased.update({f"messages in {name}": count for name, count in deleted.items()})
        if had_items:
            with privacy_view.show_reading() as progress:
                data = stores.finder(segments, progress).find(account_id, origins)
            origins |= data.find_origins()
        result.left = {kind: count for kind, count in data.counts().items() if count}
        if not data and not deleted:
            result.complete = True
            return


def _refuse_blocked(stores: PersonalDataStores, data: AccountData, account_id: str) -> None:
    """Raise UserError for an account on the block list: an erasure would unblock it unnoticed."""
    block = find_block(data, stores.clock())
    if block is not None:
        env = "" if stores.environment == "local" else stores.environment
        remove = command_line("lists.remove", "block", "account", account_id, reason="REASON", env=env)
        raise UserError(
            f"Account {account_id} is on the block list until {durations.format_end(block.until)},"
            " and its erasure would unblock it.",
            f"Decide whether to unblock it. If so, remove the entry first: {remove}",
        )


def _record(stores: PersonalDataStores, result: ErasureResult) -> None:
    record = ErasureRecord(
        at=stores.clock(),
        account=result.account,
        caller=stores.caller,
        counts=dict(sorted(result.erased.items())),
        complete=result.complete,
    )
    write_record(stores.dynamodb, stores.profiles, record, stores.audit_retention_days)


def _show_result(
    stores: PersonalDataStores, account_id: str, result: ErasureResult, *, as_json: bool
) -> None:
    exports = stores.count_table_exports()
    notes = privacy_view.list_notes(result.hidden_messages, exports)
    if as_json:
        values: dict[str, Any] = {
            "pseudonym": result.account,
            "complete": result.complete,
            "erased": dict(sorted(result.erased.items())),
            "left": dict(result.left),
            "hidden_messages": dict(result.hidden_messages),
            "notes": notes,
        }
        print_json(values)
    else:
        privacy_view.show_erased(result.account, result.erased)
        for note in notes:
            print_message(note)
    if not result.complete:
        left = ", ".join(f"{count} {kind}" for kind, count in result.left.items()) or "messages"
        print_message(
            f"Not complete: {left} of account {account_id} came while it was erased."
            " Stop its transactions, and run the same command again."
        )
