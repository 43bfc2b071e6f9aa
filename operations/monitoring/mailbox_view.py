"""Shows the mail that the alerts' subscribers received. In an AWS account that is in their own mailboxes."""

import json
import sys
import threading
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Protocol

from rich.text import Text

from local.mailbox import Mail
from terminal.output import console, print_json, say


class Mailbox(Protocol):
    """What showing mail needs of the mailbox."""

    def messages(self) -> list[Mail]:
        """All mails, in the order they came."""

    def follow(self, stop: threading.Event) -> Iterator[Mail]:
        """All mails, then each as it comes, until `stop` is set."""


def alerts(mailbox: Mailbox, *, follow: bool = False, full: bool = False, as_json: bool = False) -> int:
    """Print each mail: when, subject and transaction id, with its text if `full`; returns 0.

    As JSON it is one array, or one object per line when following. Following ends with Ctrl-C, no failure.
    """
    if follow:
        return _follow(mailbox, full=full, as_json=as_json)
    mails = mailbox.messages()
    if as_json:
        print_json([as_object(mail) for mail in mails])
    elif mails:
        _print(mails, full=full)
    else:
        say("No alerts yet. Send some transactions: invoke demo, or invoke send examples/transactions.jsonl")
    return 0


def _follow(mailbox: Mailbox, *, full: bool, as_json: bool) -> int:
    stop = threading.Event()
    try:
        for mail in mailbox.follow(stop):
            if as_json:
                sys.stdout.write(json.dumps(as_object(mail)) + "\n")
                sys.stdout.flush()
            else:
                _print([mail], full=full)
    except KeyboardInterrupt:
        stop.set()
    return 0


def as_object(mail: Mail) -> dict[str, Any]:
    """The mail for scripts."""
    return {
        "received_ms": mail.received_ms,
        "subject": mail.subject,
        "to": mail.to,
        "attributes": mail.attributes,
        "body": mail.body,
    }


def _print(mails: Iterable[Mail], *, full: bool) -> None:
    for mail in mails:
        time = datetime.fromtimestamp(mail.received_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        transaction_id = mail.attributes.get("transaction_id", "")
        console.print(
            Text.assemble((time, "dim"), "  ", (mail.subject, "bold"), "  ", (transaction_id, "cyan"))
        )
        if full:
            console.print(Text("  " + mail.body.rstrip().replace("\n", "\n  ")), end="\n\n")
