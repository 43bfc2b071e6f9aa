"""Shows the mails in the mailbox of the embedded AWS. In an AWS account, subscribers have their own."""

import json
import sys
import threading
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from rich.text import Text

from local.mailbox import Mail, Mailbox
from terminal.command_line import command_line
from terminal.output import console, print_json, print_message


def show_alerts(mailbox: Mailbox, *, follow: bool = False, full: bool = False, as_json: bool = False) -> int:
    """Print time, subject and transaction id of each mail, with its text if `full`; returns 0.

    JSON is one array, or one object per line with `follow`. Ctrl-C ends following.
    """
    if follow:
        return _follow_mailbox(mailbox, full=full, as_json=as_json)
    mails = mailbox.messages()
    if as_json:
        print_json([_mail_to_json(mail) for mail in mails])
    elif mails:
        _print_mails(mails, full=full)
    else:
        print_message(f"No alerts yet. Post some transactions: {command_line('demo')}")
    return 0


def _follow_mailbox(mailbox: Mailbox, *, full: bool, as_json: bool) -> int:
    stop = threading.Event()
    try:
        for mail in mailbox.follow(stop):
            if as_json:
                sys.stdout.write(json.dumps(_mail_to_json(mail)) + "\n")
                sys.stdout.flush()
            else:
                _print_mails([mail], full=full)
    except KeyboardInterrupt:
        stop.set()
    return 0


def _mail_to_json(mail: Mail) -> dict[str, Any]:
    return {
        "received_ms": mail.received_ms,
        "subject": mail.subject,
        "to": mail.to,
        "attributes": mail.attributes,
        "body": mail.body,
    }


def _print_mails(mails: Iterable[Mail], *, full: bool) -> None:
    for mail in mails:
        received = datetime.fromtimestamp(mail.received_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        transaction_id = mail.attributes.get("transaction_id", "")
        console.print(
            Text.assemble((received, "dim"), "  ", (mail.subject, "bold"), "  ", (transaction_id, "cyan"))
        )
        if full:
            console.print(Text("  " + mail.body.rstrip().replace("\n", "\n  ")), end="\n\n")
