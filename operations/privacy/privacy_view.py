"""Tables and notes of the privacy tasks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.table import Table
from rich.text import Text

from operations.privacy.erasure_records import ErasureRecord
from terminal import durations
from terminal.output import console, print_json, print_result
from terminal.progress import open_progress

_EFFECTS = {
    "transactions": "deleted; their ids stay reserved until their retention ends",
    "profile": "deleted, with its list entry and snooze",
    "suspicious_list": "deleted",
    "lists_and_snoozes": "deleted",
    "audit_entries": "the account becomes a pseudonym, the reason is removed",
    "devices_and_addresses": "the account's slot is removed",
}


@contextmanager
def show_reading() -> Iterator[Callable[[int], None]]:
    """Show the number of items that were read, on a terminal."""
    with open_progress("reading", None) as display:
        yield lambda count: display.update(count, f"{count:,} items read")


def build_found_table(counts: Mapping[str, int], messages: Mapping[str, int], retained: int) -> Table:
    """The numbers of items and messages by kind, and what an erasure does to them."""
    table = Table("kind", "found", "an erasure")
    for kind, count in counts.items():
        effect = _EFFECTS[kind] if count else ""
        if kind == "transactions" and retained:
            effect += f"; {retained} fraud decisions are retained under a pseudonym"
        table.add_row(kind.replace("_", " "), str(count), effect)
    for queue, count in messages.items():
        table.add_row(f"messages in {queue}", str(count), "deleted")
    return table


def show_found(counts: Mapping[str, int], messages: Mapping[str, int], *, out: str) -> None:
    """Print the numbers of items and messages by kind, and where their content is."""
    table = Table("kind", "found")
    for kind, count in counts.items():
        table.add_row(kind.replace("_", " "), str(count))
    for queue, count in messages.items():
        table.add_row(f"messages in {queue}", str(count))
    console.print(table)
    print_result(f"Written to {out}." if out else "Write the content to a file with --out FILE.")


def show_erased(pseudonym: str, erased: Mapping[str, int]) -> None:
    """Print the erased items by kind."""
    if not erased:
        print_result("Nothing is stored of the account.")
        return
    table = Table("erased", "number")
    for kind, count in sorted(erased.items()):
        table.add_row(kind.replace("_", " "), str(count))
    console.print(table)
    print_result(f"Recorded under the pseudonym {pseudonym}.")


def list_notes(hidden_messages: Mapping[str, int], exports: int | None) -> list[str]:
    """What the erasure could not look at, or cannot change."""
    notes = []
    if hidden_messages:
        queues = ", ".join(f"{count} in {name}" for name, count in hidden_messages.items())
        notes.append(
            f"Hidden messages of all accounts: {queues}. A function processes them within 15 minutes, and"
            " finds no transaction of the account. To look at them, run the same command again then."
        )
    if exports:
        notes.append(
            f"The table was exported to a bucket {exports} times in 35 days. Delete these files yourself:"
            " aws dynamodb list-exports"
        )
    notes.append(
        "Point-in-time recovery has the data for up to 35 days. After a restore, erase the account again."
    )
    return notes


def show_records(records: Sequence[ErasureRecord], *, as_json: bool) -> None:
    """Print the records of erasures."""
    if as_json:
        print_json(
            [
                {
                    "at": record.at,
                    "account": record.account,
                    "caller": record.caller,
                    "complete": record.complete,
                    "counts": dict(record.counts),
                }
                for record in records
            ]
        )
        return
    if not records:
        print_result("No account was erased.")
        return
    table = Table("when", "account", "by", "complete", "erased")
    for record in records:
        table.add_row(
            durations.format_time(record.at),
            record.account,
            Text(record.caller),
            "yes" if record.complete else "no",
            ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in record.counts.items()),
        )
    console.print(table)
